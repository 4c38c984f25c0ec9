/** The weight trajectory in the page: what is asked and when, the colour scale, the path on the map. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { wantedLooks } from "../../frontend/src/state/inside/inside.ts";
import {
  banded,
  between,
  endsOf,
  heightsOf,
  pathOn,
  placeOn,
  shapeOf,
  computing,
} from "../../frontend/src/state/inside/landscape.ts";
import { STEPS, after, card, placed } from "./made.mjs";

const open = (state = placed()) =>
  after([{ type: "inside.toggle" }, { type: "inside.set", tab: "landscape" }], state);
const kinds = (state) => wantedLooks(state).map(({ kind }) => kind);
const of = (shape, values) => ({ dtype: "F32", shape, data: Float32Array.from(values) });
const looked = (loss, own) => ({
  answer: { steps: STEPS },
  tensors: {
    loss: of([2, 2], loss),
    own: of([4], own),
    places: of([4, 2], [0, 0, 1, 0, 1, 1, 2, 1]),
    a: of([2], [0, 2]),
    b: of([2], [-1, 1]),
  },
});

test("the plane is computed when a person says so, at once where it is cheap; it can be stopped", () => {
  assert.deepEqual(kinds(open()), []);
  const begun = after([{ type: "landscape.compute", on: true }], open());
  assert.deepEqual(wantedLooks(begun)[0].message, { type: "loss_landscape", run: "tiny" });
  const stopped = after(
    [
      { type: "inside.asked", kind: "loss_landscape", id: 3, key: "k" },
      { type: "landscape.compute", on: false },
    ],
    begun,
  );
  assert.deepEqual([kinds(stopped), stopped.inside.asking], [[], {}]);
  const small = {
    ...open(),
    card: card({ kind: "gpt", architecture: { n_layer: 2, d_model: 16, vocab_size: 50 } }),
  };
  assert.equal(computing(small), true);
  assert.equal(computing({ ...small, card: { ...small.card, kind: "hf" } }), false);
  assert.equal(
    computing({ ...small, card: { ...small.card, steps: [512] } }),
    false,
    "one checkpoint goes nowhere",
  );
});

test("it needs no sentence, and goes on while the training plays", () => {
  const bare = after([{ type: "landscape.compute", on: true }], {
    ...open(),
    sentences: [],
    playing: "steps",
  });
  assert.deepEqual(kinds(bare), ["loss_landscape"]);
  assert.deepEqual(kinds({ ...bare, run: "other" }), [], "of another run it was not asked");
});

test("the line is asked for between the steps chosen, else the first and the last", () => {
  const first = after([{ type: "landscape.line" }], open());
  assert.deepEqual(wantedLooks(first)[0].message, {
    type: "loss_line",
    run: "tiny",
    start: 0,
    end: 512,
  });
  const chosen = after([{ type: "landscape.set", start: 8 }], first);
  assert.equal(wantedLooks(chosen)[0].message.start, 0, "not before the button is pressed");
  assert.deepEqual(endsOf(chosen), { start: 8, end: 512 });
  assert.deepEqual(
    endsOf(after([{ type: "landscape.set", end: 77 }], chosen)),
    { start: 8, end: 512 },
    "there is no step 77",
  );
});

test("the colours reach half as far again above the path; what is no number is above them", () => {
  const heights = heightsOf(looked([2, 4, 90, NaN], [8, 6, 4, 2]));
  assert.deepEqual([heights.low, heights.high, heights.log, heights.cut], [2, 11, false, true]);
  assert.deepEqual([2, 6.5, 90, NaN].map(heights.at), [0, 0.5, 1, 1]);
  assert.equal(heights.back(0.5), 6.5);
  const wide = heightsOf(looked([1e-4, 1, 1, 1], [1, 1, 1, 1e-2]));
  assert.equal(wide.log, true);
  assert.ok(Math.abs(wide.back(wide.at(0.01)) - 0.01) < 1e-9);
  assert.deepEqual([banded(0), banded(0.999), banded(1)], [0, 1, 1]);
});

test("between the crossings heights are mixed", () => {
  const grid = Float32Array.from([0, 1, 2, 3]);
  assert.deepEqual(
    [between(grid, 2, 0, 0), between(grid, 2, 1, 1), between(grid, 2, 0.5, 0.5)],
    [0, 3, 1.5],
  );
});

test("the path lies on the map, and so does the slider between two steps", () => {
  const look = looked([0, 1, 2, 3], [1, 1, 1, 1]);
  assert.deepEqual(pathOn(look)[3], { x: 1, y: 1 });
  assert.deepEqual(placeOn(look, STEPS, 2.5), { x: 0.75, y: 1 });
  assert.deepEqual(placeOn(look, STEPS, 3), { x: 1, y: 1 });
  assert.equal(placeOn(look, [...STEPS, 1024], 4), null, "a step that has come since");
  assert.deepEqual(shapeOf(look), { height: 1, stretched: 1 });
});
