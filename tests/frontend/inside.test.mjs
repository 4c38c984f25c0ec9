/** Looking inside a pass: what is asked, what an answer changes, and what the scene shows of it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";

import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { attention } from "../../frontend/src/panels/inside/attention.ts";
import { layerShown, pairsOf, patternOf } from "../../frontend/src/state/inside/attention.ts";
import {
  edgesInside,
  insideShown,
  lookOf,
  sentenceInside,
  tokenInside,
  wantedLooks,
} from "../../frontend/src/state/inside/inside.ts";
import { figure, pictureKey } from "../../frontend/src/state/picture/figure.ts";
import { bowed, groupKey } from "../../frontend/src/scene/edges.ts";
import { Motion } from "../../frontend/src/scene/motion.ts";
import { linkOf, viewOf } from "../../frontend/src/state/url.ts";
import { STEPS, after, placed, placedSlice, tokens } from "./made.mjs";

/** A state with a placed sentence of three tokens. */
function placedState() {
  return after(
    [
      { type: "sentence.edit", id: "s1", text: "the bank lent" },
      { type: "asked", sentence: "s1", id: 2, text: "the bank lent" },
      { type: "tokens", id: 2, sentence: "s1", cut: 0, tokens: tokens(["the", " bank", " lent"]) },
      ...STEPS.map((step) => ({
        type: "slice",
        id: 2,
        run: "tiny",
        sentence: "s1",
        slice: placedSlice(step, 3),
      })),
      { type: "done", id: 2, sentence: "s1", steps: 4, milliseconds: 3 },
      { type: "go", step: 0, site: 0 },
    ],
    placed(),
  );
}

/** A pattern of two layers of two heads over three tokens: head 0 looks back, head 1 at the first. */
function dissected(id = 5) {
  const back = [1, 0, 0, 1, 0, 0, 0, 1, 0];
  const first = [1, 0, 0, 0.5, 0.5, 0, 0.9, 0, 0.1];
  const data = Float32Array.from([...back, ...first, ...first, ...back]);
  return {
    type: "look",
    look: {
      kind: "decomposition",
      id,
      run: "fake",
      step: 0,
      answer: { layers: 2, heads: 2, head_types: [] },
      tensors: { patterns: { dtype: "F32", shape: [2, 2, 3, 3], data } },
    },
  };
}

/** A state with a placed sentence of three tokens whose pass is being looked into. */
function lookedInto() {
  const state = after([{ type: "inside.toggle" }], placedState());
  const [wanted] = wantedLooks(state);
  return after(
    [{ type: "inside.asked", kind: wanted.kind, id: 5, key: wanted.key }, dissected()],
    state,
  );
}

test("nothing is asked while nothing is open, and each question has what it is about", () => {
  const state = placedState();
  assert.deepEqual(wantedLooks(state), []);
  const open = after([{ type: "inside.toggle" }], state);
  const [{ kind, message }] = wantedLooks(open);
  assert.equal(kind, "decomposition");
  assert.equal(message.text, sentenceInside(open)?.asked);
  assert.equal(message.step, open.card?.steps[Math.round(open.step)]);
});

test("while it plays, and without a line or a sentence, nothing is asked", () => {
  const open = after([{ type: "inside.toggle" }], placedState());
  assert.deepEqual(wantedLooks(after([{ type: "play", axis: "layers" }], open)), []);
  assert.deepEqual(wantedLooks(after([{ type: "connection", status: "lost" }], open)), []);
  const id = open.active;
  assert.deepEqual(wantedLooks(after([{ type: "sentence.remove", id }], open)), []);
});

test("an answer to another question changes nothing, and one to an older question is stale", () => {
  const state = lookedInto();
  assert.ok(lookOf(state, "decomposition").fresh);
  assert.equal(after([dissected(4)], state), state);
  const moved = after([{ type: "go", step: 1 }], state);
  assert.ok(lookOf(moved, "decomposition").look);
  assert.ok(!lookOf(moved, "decomposition").fresh);
});

test("a refusal stands where it was asked, and goes with the next question", () => {
  const state = after(
    [{ type: "inside.asked", kind: "decomposition", id: 9, key: "k" }],
    lookedInto(),
  );
  const refused = after(
    [
      {
        type: "error",
        id: 9,
        sentence: null,
        step: null,
        code: "bad_input",
        message: "Not this one.",
        message_zh: "不是这个。",
      },
    ],
    state,
  );
  assert.deepEqual(refused.inside.troubles.decomposition, {
    code: "bad_input",
    message: "Not this one.",
    message_zh: "不是这个。",
  });
  assert.equal(refused.notice, state.notice);
  assert.deepEqual(
    after([{ type: "inside.asked", kind: "decomposition", id: 10, key: "l" }], refused).inside
      .troubles,
    {},
  );
});

test("the mean and the largest over heads are what they say", () => {
  const { look } = lookOf(lookedInto(), "decomposition");
  assert.deepEqual([...(patternOf(look, 0, 0)?.values ?? [])], [1, 0, 0, 1, 0, 0, 0, 1, 0]);
  assert.deepEqual(
    [...(patternOf(look, 0, "mean")?.values ?? [])].map((v) => Math.round(100 * v)),
    [100, 0, 0, 75, 25, 0, 45, 50, 5],
  );
  assert.deepEqual(
    [...(patternOf(look, 0, "max")?.values ?? [])].map((v) => Math.round(100 * v)),
    [100, 0, 0, 100, 50, 0, 90, 100, 10],
  );
  assert.equal(patternOf(look, 2, "mean"), null);
  assert.equal(patternOf(look, 0, 7), null);
  assert.equal(patternOf(null, 0, 0), null);
});

test("edges lead from what is looked at to what looks, from a share on, and never to themselves", () => {
  const pattern = { values: Float32Array.from([1, 0, 0, 0.5, 0.5, 0, 0.9, 0.04, 0.06]), tokens: 3 };
  assert.deepEqual(
    pairsOf(pattern, 0.05).map(([from, to]) => [from, to]),
    [
      [0, 2],
      [0, 1],
    ],
  );
  assert.equal(pairsOf(pattern, 0.6).length, 1);
});

test("the layer is the one whose attention leads to the site on screen", () => {
  const state = placedState();
  const at = (/** @type {number} */ site) => layerShown(after([{ type: "go", site }], state));
  assert.deepEqual([0, 1, 2, 3, 4].map(at), [0, 0, 0, 1, 1]);
});

test("the scene shows the edges of the sentence in hand, those of a picked token alone", () => {
  const state = lookedInto();
  assert.equal(edgesInside(state).length, 3);
  assert.equal(figure(state)?.edges?.length, 3);
  assert.equal(figure(state)?.sentences[0].trail, false, "paths would hide them");
  const picked = after(
    [{ type: "pick", pick: { kind: "sentence", id: state.active, token: 1 } }],
    state,
  );
  assert.ok(
    edgesInside(picked).every(({ from, to }) =>
      [from, to].some((end) => end.kind === "sentence" && end.token === 1),
    ),
  );
  assert.equal(tokenInside(picked), 1);
  assert.notDeepEqual(pictureKey(picked), pictureKey(state));
  const closed = after([{ type: "inside.toggle" }], state);
  assert.equal(figure(closed)?.edges?.length, 0);
  assert.equal(figure(closed)?.sentences[0].trail, true);
});

test("another run leaves no answers behind", () => {
  const state = after([{ type: "run.choose", run: "other" }], lookedInto());
  assert.deepEqual([state.inside.looks, state.inside.asking], [{}, {}]);
  assert.ok(insideShown(state));
});

test("a link opens the tab it was made with", () => {
  const state = lookedInto();
  assert.equal(viewOf(linkOf({ run: "a", inside: "attention" }) ?? "").view?.inside, "attention");
  assert.equal(viewOf("#v=1&inside=nothing").view?.inside, undefined);
  assert.equal(state.inside.tab, "attention");
});

test("an edge bows, an arrow is straight, and what is drawn together has one look", () => {
  const points = new Float32Array(12);
  bowed([0, 0, 0], [1, 0, 0], 0, points, 0);
  assert.deepEqual([...points], [-1, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0]);
  bowed([0, 0, 0], [1, 0, 0], 0.5, points, 0);
  assert.ok(points[2] < 0 && points[11] < 0, "both neighbours lie below, so that the curve rises");
  const edge = {
    from: { kind: "cloud", index: 0 },
    to: { kind: "cloud", index: 1 },
    weight: 0.9,
    color: [1, 2, 3],
    arrow: false,
  };
  assert.equal(groupKey(edge), groupKey({ ...edge, weight: 0.8 }));
  assert.notEqual(groupKey(edge), groupKey({ ...edge, weight: 0.1 }));
  assert.notEqual(groupKey(edge), groupKey({ ...edge, arrow: true }));
});

test("the end of an arrow stands where the picture says, in the frame", () => {
  const motion = new Motion();
  const frame = { center: [1, 1, 1], radius: 2 };
  const arrow = {
    from: { kind: "cloud", index: 0 },
    to: { kind: "place", at: [3, 1, 1] },
    weight: 1,
    color: [0, 0, 0],
    arrow: true,
  };
  const cloud = { positions: Float32Array.from([1, 1, 1]), colors: new Uint8Array(4), sizes: null };
  motion.begin({ frame, cloud, sentences: [], links: [], edges: [arrow] }, 0, 0, "inout");
  const out = new Float32Array(3);
  assert.ok(motion.reach(arrow.to, out, 0));
  assert.deepEqual([...out], [1, 0, 0]);
  assert.equal(motion.edges.length, 1);
  motion.begin({ frame, cloud, sentences: [], links: [] }, 0, 0, "inout");
  assert.equal(motion.edges.length, 0);
});

const drawn = (state) =>
  renderToString(h(() => attention(state, wordsOf(state.language), () => {})));
const types = [{ layer: 1, head: 0, role: "previous", score: 0.876 }];

/** The same, with what one of its heads was found to do. */
function typed(...more) {
  const state = lookedInto();
  const { look } = dissected();
  const [{ kind, key }] = wantedLooks(state);
  const answer = { ...look.answer, head_types: types };
  return after(
    [
      { type: "inside.asked", kind, id: 5, key },
      { type: "look", look: { ...look, answer } },
      ...more,
    ],
    state,
  );
}

test("the attention tab: without an answer no square, and no head but the mean and the largest", () => {
  const text = drawn(after([{ type: "inside.toggle" }], placedState()));
  assert.equal([...text.matchAll(/<option/g)].length, 2);
  assert.doesNotMatch(text, /canvas|matrix-scale/);
  assert.match(text, /<div class="roles"><\/div>/);
});

test("the attention tab: the heads, the share, the square, what heads do", () => {
  const text = drawn(typed({ type: "inside.set", head: 1, threshold: 0.25 }));
  assert.match(text, /<option[^>]* selected[^>]*>head 2</);
  assert.match(text, /<output for="attention-threshold"[^>]*>25 %</);
  assert.match(
    text,
    /<canvas id="attention-matrix" role="img" tabindex="0" aria-label="Attention of layer 1/,
  );
  assert.match(text, /<li>layer 2, head 1: previous-token head \(0\.88\)<\/li>/);
  const { id } = sentenceInside(typed());
  assert.match(
    drawn(typed({ type: "pick", pick: { kind: "sentence", id, token: 1 } })),
    /Only edges of “bank”/,
  );
  const state = typed();
  const sentences = state.sentences.map((one) => ({ ...one, tokens: one.tokens.slice(1) }));
  assert.doesNotMatch(
    drawn({ ...state, sentences }),
    /<canvas/,
    "a square of other tokens is not shown",
  );
});

test("the attention tab in Chinese", () => {
  const text = drawn(typed({ type: "set", language: "zh" }));
  assert.match(text, /<li>第 2 层第 1 头：前一词元头（0\.88）<\/li>/);
  assert.match(text, /第 1 层的注意力：行为查询，列为键/);
});
