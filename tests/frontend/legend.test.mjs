/** The legend as a tree: what the colours mean, the projections to choose from, what is to be warned of. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";

import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { legend } from "../../frontend/src/panels/legend.ts";
import { REFERENCE, SITES, STEPS, after, card, placed, projection } from "./made.mjs";

const drawn = (state) => renderToString(h(() => legend(state, wordsOf(state.language), () => {})));
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, one]) => one);

test("the sources with their colours, the kinds of colouring, the projections", () => {
  const text = drawn(after([{ type: "set", colour: "source" }], placed()));
  assert.deepEqual(all(text, /<span dir="auto">([^<]*)/g), ["a novel", "a paper"]);
  assert.match(text, /<option selected value="source">/);
  assert.deepEqual(all(text, /data-name="(\w+)"[^>]*aria-checked="true"[^>]*tabindex="0"/g), [
    "umap",
  ]);
  assert.deepEqual(all(text, /id="(?:trails|axes)" aria-pressed="(\w+)"/g), ["true", "false"]);
  assert.match(text, /<p class="guard" hidden>/);
  assert.match(text, /id="stack" hidden/);
});

test("a scale has its ends and its unit; folded, only the choices are left; in Chinese too", () => {
  const state = after(
    [
      { type: "set", colour: "trust", language: "zh" },
      { type: "fold", panel: "legend" },
    ],
    placed(),
  );
  const text = drawn(state);
  assert.match(
    text,
    /<div class="ends"><span>0\.5<\/span><span class="quiet">邻域可信度<\/span><span>1<\/span><\/div>/,
  );
  assert.match(text, /<div class="body" hidden>/);
  assert.match(text, /<label for="colour">着色依据<\/label>/);
  assert.match(text, /icon-unfold/);
  assert.match(text, /<p class="quiet" hidden>谁在近旁有意义，距离没有意义。<\/p>/);
});

test("what comes round is a ring, shares of three are a triangle", () => {
  const label = (kind, values, more) => ({
    name: kind,
    kind,
    title_en: `A ${kind}`,
    title_zh: "",
    names: [],
    period: null,
    values,
    ...more,
  });
  const values = Array.from({ length: 6 }, (_, i) => [i % 4]);
  const shares = values.map(() => [0.2, 0.3, 0.5]);
  const labels = [
    label("cyclic", values, { period: 4 }),
    label("mixture", shares, { names: ["state A", "B", "C"] }),
  ];
  const state = after(
    [
      { type: "reference", reference: { ...REFERENCE, labels } },
      { type: "set", colour: "label:cyclic" },
    ],
    placed(),
  );
  const ring = drawn(state);
  assert.deepEqual(all(ring, /<span class="quarter"[^>]*>([^<]*)/g), ["0", "1", "2", "3"]);
  assert.match(ring, /title="A cyclic"/);
  assert.deepEqual(
    all(drawn({ ...state, colour: "label:mixture" }), /<span class="corner \w+">([^<]*)/g),
    [wordsOf("en")("colour.mixture.state", { name: "A" }), "B", "C"],
  );
});

test("an axis that is but a plain variable is warned of; a basis names its own", () => {
  const values = STEPS.map(() => SITES.map(() => [[0.97], [0.2], [0.1]]));
  const measures = {
    steps: STEPS,
    sites: SITES,
    measures: [],
    events: [],
    axes: { variables: ["position"], values },
  };
  const guarded = drawn(after([{ type: "measures", measures }], placed()));
  assert.match(guarded, /<p class="guard"><svg[^>]*icon-warn.*?<span>[^<]*0\.97/);
  const own = { ...projection("own", "basis", 1), title_en: "Own axes" };
  const projections = [own, projection("pca", "pca", 2)];
  const basis = drawn({ ...placed(), card: card({ projections }), projection: "own" });
  assert.match(basis, /<p class="axis-names"><span><b>1<\/b>1<\/span>/);
  assert.match(basis, /title="Own axes\. [^"]*"[^>]*>Own axes</);
});
