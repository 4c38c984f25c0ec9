import assert from "node:assert/strict";
import test from "node:test";
import { cloudColours, legendOf, modesOf } from "../../frontend/src/state/colour/colouring.ts";
import { figure } from "../../frontend/src/state/picture/figure.ts";
import { cyclic, mixture } from "../../frontend/src/state/colour/palettes.ts";
import {
  axisNames,
  frameShown,
  kindShown,
  measureIn,
} from "../../frontend/src/state/projections.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { guardedAxes, meanTrust } from "../../frontend/src/state/fidelity.ts";
import { shownAtlas } from "../../frontend/src/state/state.ts";
import { viewOfState } from "../../frontend/src/state/view.ts";
import { update } from "../../frontend/src/state/update.ts";
import { linkOf, viewOf } from "../../frontend/src/state/url.ts";
import {
  REFERENCE,
  after,
  atlasSlice,
  card,
  placed,
  placedSlice,
  projection,
  tokens,
} from "./made.mjs";

const bare = (step) => ({ ...atlasSlice(step), trust: null });

test("another projection waits until cloud and sentences are there, then all change at once", () => {
  const before = placed();
  const asked = update(before, { type: "projection", name: "pca" });
  assert.deepEqual(
    [asked.projection, asked.former.projection, asked.sentences[0].asked],
    ["pca", "umap", null],
  );
  assert.equal(shownAtlas(asked).a, before.atlas[512]);
  assert.equal(frameShown(asked).radius, 2);
  const clouded = after([{ type: "atlas.slice", slice: bare(512) }], {
    ...asked,
    connection: "open",
  });
  assert.equal(frameShown(clouded).radius, 2, "the sentence keeps it waiting");
  assert.deepEqual(figure(clouded).sentences[0].paths, before.sentences[0].slices[512].positions);
  const done = after(
    [
      { type: "asked", sentence: "s1", id: 2, text: "the bank" },
      { type: "tokens", id: 2, sentence: "s1", cut: 0, tokens: tokens(["the", " bank"]) },
      { type: "slice", id: 2, run: "tiny", sentence: "s1", slice: placedSlice(512) },
    ],
    clouded,
  );
  assert.deepEqual([done.former, frameShown(done).radius, kindShown(done)], [null, 10, "pca"]);
});

test("going back before it has come finds everything as it was", () => {
  const before = placed();
  const back = after(
    [
      { type: "projection", name: "pca" },
      { type: "projection", name: "umap" },
    ],
    before,
  );
  assert.deepEqual([back.projection, back.former, back.atlas], ["umap", null, before.atlas]);
  assert.equal(back.sentences[0].slices, before.sentences[0].slices);
  assert.equal(update(before, { type: "projection", name: "nonsense" }), before);
});

test("each projection has its own trust and its own words; the axis guard belongs to UMAP alone", () => {
  const axes = { variables: ["norm"], values: [[[[0.99], [0], [0]]]] };
  const measures = {
    steps: [512],
    sites: [],
    axes,
    events: [],
    measures: [{ name: "trust@pca", unit: "", group: "", values: [[0, 0, 0.8]] }],
  };
  const state = after(
    [
      { type: "measures", measures },
      { type: "go", site: 0 },
    ],
    placed(),
  );
  assert.equal(guardedAxes(state).length, 1);
  const pca = after(
    [
      { type: "projection", name: "pca" },
      { type: "sentence.remove", id: "s1" },
      { type: "atlas.slice", slice: bare(512) },
      { type: "go", site: 2 },
    ],
    state,
  );
  assert.equal(meanTrust(pca), 0.8);
  assert.deepEqual(guardedAxes(after([{ type: "go", site: 0 }], pca)), []);
  assert.deepEqual(axisNames(pca), ["1", "2", "3"]);
});

test("a link keeps the projection and a known variable; a run of a task opens in the plane it names", () => {
  const state = after([{ type: "projection", name: "pca" }], placed());
  assert.equal(viewOfState(state).projection, "pca");
  assert.equal(
    viewOf(linkOf({ projection: "pca", colour: "label:residue" })).view.colour,
    "label:residue",
  );
  assert.equal(viewOf("#v=1&projection=a b").view.projection, undefined);
  const projections = [projection("umap", "umap", 2), projection("fourier", "basis", 3)];
  const task = card({
    projections,
    task: { name: "modular-addition" },
    reads: { en: "two numbers", zh: "两个数", example: "1 + 2 =" },
  });
  assert.equal(after([{ type: "run.card", card: task }]).projection, "fourier");
  assert.equal(
    after([{ type: "run.card", card: task }], initialState({ view: { projection: "umap" } }))
      .projection,
    "umap",
  );
});

test("sentences in another language are kept aside and come back", () => {
  const task = card({
    name: "sums",
    task: { name: "modular-addition" },
    reads: { en: "", zh: "" },
    examples: [{ text: "1 + 2 =" }, { text: "3 + 4 =" }],
  });
  const sums = after(
    [
      { type: "run.choose", run: "sums" },
      { type: "run.card", card: task },
    ],
    placed(),
  );
  assert.deepEqual(
    sums.sentences.map((one) => one.text),
    ["1 + 2 =", "3 + 4 ="],
  );
  const back = after(
    [
      { type: "run.choose", run: "tiny" },
      { type: "run.card", card: card() },
    ],
    sums,
  );
  assert.deepEqual(
    back.sentences.map((one) => one.text),
    ["the bank"],
  );
});

const label = (kind, values, more = {}) => ({
  name: kind,
  kind,
  title_en: kind,
  title_zh: kind,
  names: [],
  period: null,
  values,
  ...more,
});

test("a run with a known variable begins with its colours, until a person chooses others", () => {
  const values = [[0], [1], [2], [3], [4], [null]];
  const labels = [
    label("cyclic", values, { period: 5 }),
    label(
      "mixture",
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [0.2, 0.3, 0.5],
        [null, null, null],
        [1, 1, 1],
      ],
      { names: ["A", "B", "C"] },
    ),
  ];
  const reference = { ...REFERENCE, labels };
  const state = after([{ type: "reference", reference }], placed());
  assert.equal(state.colour, "label:cyclic");
  assert.deepEqual(legendOf(state), { kind: "ring", period: 5 });
  const colours = cloudColours(state, 6, null);
  assert.deepEqual([...colours.slice(0, 3)], cyclic(0, "dark"));
  assert.equal(colours[4 * 5 + 3] < colours[3], true, "a token without a value is quiet");
  assert.equal(modesOf(state)[1], "label:mixture");
  const named = label("category", [[0], [1], [null]], { names: ["noun", "verb"] });
  const told = { ...state, colour: "label:category", reference: { ...REFERENCE, labels: [named] } };
  assert.equal(legendOf(told).unlabeled, 1, "who has no label is counted");
  const chosen = after(
    [
      { type: "set", colour: "trust" },
      { type: "reference", reference },
    ],
    state,
  );
  assert.equal(chosen.colour, "trust");
  assert.equal(legendOf({ ...state, colour: "label:mixture" }).kind, "triangle");
});

/** What a person without the red-green cones' difference sees, in linear light (Machado et al.
 * 2009, deuteranopia). */
function deuteranope(rgb) {
  const [r, g, b] = rgb.map((one) => (one / 255) ** 2.2);
  return [
    0.367 * r + 0.861 * g - 0.228 * b,
    0.28 * r + 0.673 * g + 0.047 * b,
    -0.012 * r + 0.043 * g + 0.969 * b,
  ].map((one) => 255 * Math.max(0, one) ** (1 / 2.2));
}
const apart = (a, b) => Math.hypot(...a.map((one, k) => one - b[k]));

test("the circle of hues closes, and opposite places differ for every eye", () => {
  for (const theme of ["dark", "light"]) {
    assert.deepEqual(cyclic(1, theme), cyclic(0, theme));
    for (let i = 0; i < 24; i++) {
      const [here, next, far] = [
        cyclic(i / 24, theme),
        cyclic((i + 1) / 24, theme),
        cyclic(i / 24 + 0.5, theme),
      ];
      assert.ok(apart(here, next) < 60, `${theme} ${i}`);
      assert.ok(apart(here, far) > 90, `${theme} ${i}`);
      assert.ok(apart(deuteranope(here), deuteranope(far)) > 60, `deuteranope ${theme} ${i}`);
    }
  }
});

test("a mixture is its corner at a corner, grey of nothing, and finite of anything", () => {
  assert.deepEqual(mixture([1, 0, 0], "dark"), [255, 92, 80]);
  assert.deepEqual(mixture([0, 0, 0], "dark"), [128, 128, 128]);
  assert.ok(mixture([0.2, null, 3], "light").every((one) => one >= 0 && one <= 255));
});

test("a measure of the picture follows the picture; one of the model stays", () => {
  const measures = { measures: ["trust", "trust@pca", "twonn"].map((name) => ({ name })) };
  assert.equal(measureIn(measures, "trust", "pca"), "trust@pca");
  assert.equal(measureIn(measures, "trust@pca", "umap"), "trust");
  assert.equal(measureIn(measures, "twonn", "pca"), "twonn");
  assert.equal(measureIn(null, "trust", "pca"), "trust");
});
