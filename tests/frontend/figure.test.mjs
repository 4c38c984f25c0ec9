import assert from "node:assert/strict";
import test from "node:test";
import { cloudColours, legendOf, sourcesOf } from "../../frontend/src/state/colour/colouring.ts";
import { HUES, cividis } from "../../frontend/src/state/colour/colours.ts";
import { blend, figure, labelOf, pictureKey } from "../../frontend/src/state/picture/figure.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { moveTrust } from "../../frontend/src/state/trust.ts";
import { REF, REFERENCE, after, placed } from "./made.mjs";

test("there is no picture before there is a cloud", () => {
  assert.equal(figure(initialState({})), null);
});

test("the picture is the slice at the step and site", () => {
  const picture = figure(after([{ type: "go", step: 1, site: 3 }], placed()));
  assert.deepEqual([...picture.cloud.positions.subarray(0, 6)], [8, 3, 0, 8, 3, 1]);
  assert.equal(picture.cloud.colors.length, 4 * REF);
  assert.equal(picture.cloud.sizes, null);
  assert.equal(picture.sentences[0].site, 3);
  assert.deepEqual([...picture.sentences[0].paths.subarray(0, 3)], [8, 0, 0.5]);
  assert.deepEqual(picture.sentences[0].labels, ["the", "bank"]);
});

test("between two steps and two sites everything is in between", () => {
  const picture = figure(after([{ type: "go", step: 0.5, site: 2.25 }], placed()));
  assert.deepEqual([...picture.cloud.positions.subarray(3, 6)], [4, 2.25, 1]);
  assert.deepEqual([...picture.sentences[0].paths.subarray(0, 3)], [4, 0, 0.5]);
  assert.equal(picture.sentences[0].site, 2.25);
});

test("while a slice is missing the nearest one is shown", () => {
  const picture = figure(
    after(
      [
        { type: "atlas.drop", steps: [64] },
        { type: "go", step: 2 },
      ],
      placed(),
    ),
  );
  assert.ok([8, 512].includes(picture.cloud.positions[0]));
  assert.equal(picture.sentences[0].paths[0], 64);
});

test("hidden and unplaced sentences are not drawn", () => {
  assert.equal(figure(after([{ type: "sentence.hide", id: "s1" }], placed())).sentences.length, 0);
  assert.equal(
    figure(after([{ type: "sentence.add", text: "new" }], placed())).sentences.length,
    1,
  );
});

test("labels are one line of whole characters", () => {
  const label = (text, piece = 0) => labelOf({ id: 0, text, piece, pieces: 2 });
  assert.equal(label(" bank"), "bank");
  assert.equal(label("é", 1), "");
  assert.equal(label("a\nb\u0007c\u2028d"), "a b c d");
  assert.equal(label(" "), "");
  assert.equal([...label("😀".repeat(60))].length, 24);
  assert.ok(!label("😀".repeat(60)).includes("\ufffd"));
});

test("a search brightens what matches and dims the rest", () => {
  const { cloud } = figure(after([{ type: "search", text: "bank" }], placed()));
  const alpha = Array.from({ length: REF }, (_, i) => cloud.colors[4 * i + 3]);
  assert.ok(alpha[1] > 200 && alpha[3] > 200 && alpha[0] < 60 && alpha[5] < 60);
  assert.ok(cloud.sizes[1] > 1 && cloud.sizes[0] === 1);
});

test("links lead from the picked token to its true neighbours, only at the place they were measured", () => {
  const base = after(
    [
      { type: "pick", pick: { kind: "sentence", id: "s1", token: 1 } },
      { type: "inspect.asked", id: 3 },
    ],
    placed(),
  );
  const state = after(
    [
      {
        type: "inspection",
        id: 3,
        step: 512,
        site: 2,
        neighbors: [
          { index: 4, distance: 1 },
          { index: 0, distance: 2 },
        ],
        lens: [],
      },
    ],
    base,
  );
  const { links } = figure(state);
  assert.deepEqual(
    links.map((link) => [link.from.token, link.to.index, link.weight]),
    [
      [1, 4, 1],
      [1, 0, 0.5],
    ],
  );
  assert.equal(figure(after([{ type: "go", site: 1 }], state)).links.length, 0);
});

test("every mode colours every point and has its legend", () => {
  const state = placed();
  for (const colour of ["source", "trust", "position", "frequency", "sentence", "none"]) {
    const colours = cloudColours({ ...state, colour }, REF, null);
    assert.ok([...colours].every((value) => value >= 0 && value <= 255));
    assert.ok(legendOf({ ...state, colour }).kind);
  }
  assert.deepEqual(
    sourcesOf(REFERENCE).map(({ name, count }) => [name, count]),
    [
      ["a novel", 3],
      ["a paper", 3],
    ],
  );
  const words = cloudColours({ ...state, colour: "sentence" }, REF, null);
  assert.deepEqual([...words.subarray(4, 7)], HUES.dark[0]);
  assert.deepEqual([...words.subarray(12, 15)], HUES.dark[0]);
  assert.deepEqual(legendOf({ ...state, colour: "frequency" }), {
    kind: "scale",
    low: 12,
    high: 50000,
    log: true,
  });
});

test("trust of segments is told to the scene only when it is the colour", () => {
  assert.equal(figure(placed()).sentences[0].trust, null);
  const { trust } = figure({ ...placed(), colour: "trust" }).sentences[0];
  assert.deepEqual([trust.length, Math.round(100 * trust[0])], [8, 80]);
  assert.deepEqual([0, 0.5, 1, 4, NaN].map(moveTrust), [0, 0.5, 1, 0.25, 0]);
});

test("equal keys mean equal pictures: slices that are not on screen change nothing", () => {
  const state = placed();
  const same = (a, b) => a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
  assert.ok(
    same(pictureKey(state), pictureKey(after([{ type: "atlas.drop", steps: [0] }], state))),
  );
  assert.ok(same(pictureKey(state), pictureKey(after([{ type: "set", language: "zh" }], state))));
  for (const message of [
    { type: "go", site: 0 },
    { type: "trails.next" },
    { type: "sentence.hue", id: "s1" },
    { type: "search", text: "a" },
    { type: "theme.toggle" },
  ]) {
    assert.ok(!same(pictureKey(state), pictureKey(after([message], state))), message.type);
  }
});

test("blend keeps the array when there is nothing to mix; cividis keeps its ends", () => {
  const a = Float32Array.of(1, 2);
  assert.equal(blend(a, Float32Array.of(3, 4), 0), a);
  assert.deepEqual([...blend(a, Float32Array.of(3, 4), 0.5)], [2, 3]);
  assert.equal(blend(a, Float32Array.of(3), 0.5), a);
  assert.deepEqual(
    [cividis(0), cividis(1), cividis(NaN)],
    [
      [0, 34, 78],
      [254, 232, 56],
      [128, 128, 128],
    ],
  );
});
