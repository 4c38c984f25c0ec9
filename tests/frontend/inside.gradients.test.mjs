/** Gradients in the page: what is aimed at, and the arrows at the site on screen. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";

import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { gradients } from "../../frontend/src/panels/inside/gradients.ts";
import { figure } from "../../frontend/src/state/picture/figure.ts";
import { wantedLooks } from "../../frontend/src/state/inside/inside.ts";
import { PLAIN } from "../../frontend/src/state/colour/colouring.ts";
import { arrowsAt, lossColour, mostLoss } from "../../frontend/src/state/inside/gradients.ts";
import { SITES, after, placed } from "./made.mjs";

const S = SITES.length;
const open = () =>
  after(
    [
      { type: "inside.toggle" },
      { type: "inside.set", tab: "gradients" },
      { type: "go", step: 3, site: 2 },
    ],
    placed(),
  );

/** An answer for two tokens: the second is pushed four times as hard, and not at all at the embedding. */
function pushed(id) {
  const of = (shape, value) => ({
    dtype: "F32",
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => value(i)),
  });
  const length = of([S, 2], (i) => (i === 1 ? 0 : 1 + 3 * (i % 2)));
  const tensors = {
    tip: of([S, 2, 3], (i) => i),
    trust: of([S, 2], () => 1),
    length,
    losses: of([2], (i) => (i ? NaN : 2)),
    layers: of([2, 7], () => 1),
  };
  return {
    type: "look",
    look: {
      kind: "gradients",
      id,
      run: "tiny",
      step: 512,
      answer: { loss: 2, groups: [], outer: {}, agreement: 1 },
      tensors,
    },
  };
}

test("the aim is every next token, what follows the one in hand, or a word there", () => {
  const asked = (state) => wantedLooks(state)[0].message;
  assert.equal(asked(open()).position, undefined);
  const next = after(
    [
      { type: "gradients.set", aim: "next" },
      { type: "pick", pick: { kind: "sentence", id: "s1", token: 0 } },
    ],
    open(),
  );
  assert.deepEqual([asked(next).position, asked(next).target], [0, undefined]);
  const word = after([{ type: "gradients.set", aim: "target", target: " river" }], next);
  assert.deepEqual([asked(word).position, asked(word).target], [0, " river"]);
});

test("arrows stand at the tokens of the site on screen, as strong as they are", () => {
  const state = open();
  const [{ kind, key }] = wantedLooks(state);
  const told = after([{ type: "inside.asked", kind, id: 4, key }, pushed(4)], state);
  const edges = figure(told)?.edges ?? [];
  assert.deepEqual(
    edges.map(({ from, arrow, weight }) => [from.kind === "sentence" && from.token, arrow, weight]),
    [
      [0, true, 0.5],
      [1, true, 1],
    ],
  );
  assert.deepEqual([...edges[1].to.at], [15, 16, 17]);
  assert.equal(
    figure(after([{ type: "go", site: 0 }], told))?.edges?.length,
    1,
    "no arrow where nothing is pushed",
  );
});

test("beads take the colour of their own loss, and grey where no token follows", () => {
  const state = open();
  const [{ kind, key }] = wantedLooks(state);
  assert.equal(figure(state)?.sentences[0].tint, null);
  const told = after([{ type: "inside.asked", kind, id: 4, key }, pushed(4)], state);
  const tint = figure(told)?.sentences[0].tint;
  assert.deepEqual([...(tint ?? [])], [...lossColour(told, 2), ...PLAIN[told.theme]]);
  assert.notDeepEqual(lossColour(told, 2), lossColour(told, 0));
  assert.deepEqual(lossColour(told, 99), lossColour(told, mostLoss(told)));
  assert.equal(
    figure(after([{ type: "inside.set", tab: "decomposition" }], told))?.sentences[0].tint,
    null,
  );
});

test("what is nowhere pushed has no arrow that is not a number", () => {
  const { look } = pushed(1);
  look.tensors.length.data.fill(0);
  assert.ok(arrowsAt(look, 2).every(({ share }) => share === 0));
});

const drawn = (state) =>
  renderToString(h(() => gradients(state, wordsOf(state.language), () => {})));
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, one]) => one);

/** The tab with its answer, of two layers in two groups of weights. */
function answered(...more) {
  const [{ kind, key }] = wantedLooks(open());
  const { look } = pushed(4);
  const layers = { dtype: "F32", shape: [2, 2], data: Float32Array.from([1, 4, 0, 1]) };
  const answer = {
    loss: 2.3456,
    groups: ["q", "mlp"],
    outer: { embedding: 0.5 },
    agreement: 0.99996,
  };
  const told = { ...look, answer, tensors: { ...look.tensors, layers } };
  return after(
    [{ type: "inside.asked", kind, id: 4, key }, { type: "look", look: told }, ...more],
    open(),
  );
}

test("the tab: what is aimed at first, a word of one's own only where it is asked for", () => {
  const text = drawn(open());
  assert.match(
    text,
    /<option[^>]* value="all"[^>]* selected|<option[^>]* selected[^>]* value="all"/,
  );
  assert.match(
    text,
    /<label hidden><span[^>]*>[^<]*<\/span><input type="text" id="gradients-target"/,
  );
  assert.match(text, /<output for="gradients-reach"[^>]*>\d+ %</);
  assert.match(
    text,
    /<p class="told" role="status" hidden><\/p><\/div>$/,
    "nothing is told before it is known",
  );
  const word = drawn(after([{ type: "gradients.set", aim: "target", target: " river" }], open()));
  assert.match(
    word,
    /<label><span[^>]*>[^<]*<\/span><input type="text" id="gradients-target"[^>]* value=" river"/,
  );
});

test("the tab: each token's own loss and arrow, the groups of weights by layer", () => {
  const text = drawn(answered({ type: "pick", pick: { kind: "sentence", id: "s1", token: 1 } }));
  const [tokens, groups] = text.split('id="gradients-groups"');
  assert.deepEqual(all(tokens, /<tr class="own"><th[^>]*>([^<]*)/g), ["bank"]);
  assert.deepEqual(all(tokens, /<th scope="row" dir="auto">([^<]*)/g), ["the", "bank"]);
  assert.deepEqual(all(tokens, /<\/i>([^<]*)<\/td>/g), ["2", "–"]);
  assert.match(tokens, /<p class="told" role="status">[^<]*2\.35/);
  assert.deepEqual(all(groups, /style="--part:\s*([\d.]+)/g), ["0.5", "1", "0", "0.5"]);
  assert.deepEqual(all(groups, /<th scope="(?:col|row)">([^<]*)/g).slice(1), [
    "q",
    "mlp",
    "1",
    "2",
  ]);
});

test("the tab in Chinese", () => {
  const text = drawn(answered({ type: "set", language: "zh" }));
  for (const key of ["tokens", "groups"])
    assert.ok(text.includes(`<h3>${wordsOf("zh")(`gradients.${key}`)}</h3>`));
  assert.match(text, /<caption class="quiet">[^<]*0\.5/);
});
