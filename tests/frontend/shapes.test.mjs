import assert from "node:assert/strict";
import test from "node:test";
import { raised, riseOf } from "../../frontend/src/scene/camera.ts";
import { chartOf, pathOf, rangeOf, said, valueAt } from "../../frontend/src/charts/claims.ts";
import { believed, glyphOf } from "../../frontend/src/charts/glyphs.ts";
import { claimsShown } from "../../frontend/src/state/shown.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { textOf } from "../../frontend/src/charts/svg.ts";
import { TABLES } from "../../frontend/src/i18n/language.ts";
import { after, card } from "./made.mjs";

const claim = (more = {}) => ({
  id: "sparse",
  title_en: "Few frequencies",
  title_zh: "",
  says_en: "",
  says_zh: "",
  caveat_en: "",
  caveat_zh: "",
  source: "",
  published: "0.912",
  published_zh: "",
  unit: "share",
  unit_zh: "份额",
  threshold: "",
  threshold_zh: "",
  bound: 0.8,
  steps: [0, 8, 512],
  values: [0.1, null, 0.9],
  controls: [],
  here: "",
  here_zh: "",
  holds: true,
  at_step: 512,
  ...more,
});

test("a claim's number is the step's, null where undefined, one for all where it has no steps", () => {
  assert.deepEqual(
    [0, 8, 64, 512].map((step) => valueAt(claim(), step)),
    [0.1, null, null, 0.9],
  );
  assert.equal(valueAt({ steps: [], values: [0.5] }, 8), 0.5);
  assert.deepEqual(
    [said(claim(), "unit", "zh"), said(claim(), "title_en", "zh"), said(claim(), "unit", "en")],
    ["份额", "Few frequencies", "share"],
  );
});

test("a claim's chart holds values, bar and controls, breaks at gaps, and shows where we are", () => {
  const controls = [{ name_en: "chance", name_zh: "", steps: [], values: [-1] }];
  const { low, high } = rangeOf(claim({ controls }));
  assert.ok(low < -1 && high > 0.9);
  assert.equal(
    pathOf([{ x: 0, y: 1 }, null, { x: 2, y: 3 }, { x: 4, y: 5 }]),
    "M0.0 1.0M2.0 3.0L4.0 5.0",
  );
  const text = textOf(chartOf(claim({ controls }), [0, 8, 64, 512], 3, { width: 100, height: 50 }));
  for (const part of ['class="now"', 'class="control"', 'class="bar-line"', 'class="cursor"'])
    assert.ok(text.includes(part), part);
  assert.ok(
    !textOf(chartOf(claim(), [0, 8, 64, 512], 1, { width: 100, height: 50 })).includes(
      'class="now"',
    ),
  );
  assert.doesNotMatch(
    textOf(
      chartOf(claim({ values: [null, null, null], bound: null }), [0], 0, {
        width: 9,
        height: 9,
        small: true,
      }),
    ),
    /NaN/,
  );
});

test("the card of claims is open for a task, folded for text, and gives way to what is picked", () => {
  const claims = { type: "claims", claims: [claim()] };
  const text = after([{ type: "run.card", card: card() }, claims]);
  const sums = after([
    { type: "run.card", card: card({ task: { name: "modular-addition" } }) },
    claims,
  ]);
  assert.deepEqual(
    [claimsShown(text), claimsShown(sums), claimsShown(initialState())],
    [false, true, false],
  );
  const picked = after([{ type: "pick", pick: { kind: "cloud", index: 1 } }], sums);
  assert.equal(claimsShown(picked), false);
  assert.equal(claimsShown(after([{ type: "claims.toggle" }], picked)), true);
  assert.equal(claimsShown(after([{ type: "claims.toggle" }], sums)), false);
  assert.equal(claimsShown(after([{ type: "claims.toggle" }], text)), true);
});

test("each known shape has a picture, a title and a line of its own in both languages", () => {
  for (const shape of ["storyteller", "modular-addition", "belief-simplex", "induction"]) {
    const text = textOf(glyphOf(shape, "dark"));
    assert.ok(text.length > 500 && !text.includes("NaN"), shape);
    for (const table of [TABLES.en, TABLES.zh])
      assert.ok(table[`shape.${shape}.title`] && table[`shape.${shape}.line`]);
  }
  assert.ok(textOf(glyphOf("constructor", "light")).length > 500);
});

test("a belief stays a belief, and moves to the state that a symbol speaks for", () => {
  const moved = believed([1 / 3, 1 / 3, 1 / 3], 1);
  assert.ok(Math.abs(moved.reduce((a, b) => a + b) - 1) < 1e-12);
  assert.ok(Math.abs(moved[1] - 0.6) < 1e-12 && Math.abs(moved[0] - moved[2]) < 1e-12);
});

test("the eye is raised without coming nearer or going round", () => {
  const camera = {
    eye: { x: 1, y: 1, z: 0.5 },
    center: { x: 0, y: 0, z: 0 },
    up: { x: 0, y: 0, z: 1 },
  };
  const high = raised(camera, 1.02);
  assert.ok(Math.abs(riseOf(high) - 1.02) < 1e-9);
  assert.ok(Math.abs(Math.hypot(high.eye.x, high.eye.y, high.eye.z) - 1.5) < 1e-9);
  assert.ok(Math.abs(high.eye.x - high.eye.y) < 1e-9);
});
