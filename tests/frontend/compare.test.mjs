import assert from "node:assert/strict";
import test from "node:test";
import { atOrBefore, depths, indexOn, matchedSites, otherRun, otherSite, otherStep, stepAxis, united } from "../../frontend/src/comparing.js";
import { initialState, viewOfState } from "../../frontend/src/state.js";
import { update } from "../../frontend/src/update.js";
import { linkOf, viewOf } from "../../frontend/src/url.js";
import { after, card, placed } from "./made.mjs";

const OTHER = { run: "other", card: card({ name: "other", steps: [0, 4, 64, 100], sites: ["embed", "L0.post", "L1.post", "L2.post"] }) };
const beside = () => after([{ type: "compare", with: "other", mode: "beside" }, { type: "compare.card", ...OTHER }], placed());

test("the last step at or before is found, the first where all are later", () => {
  assert.deepEqual([0, 7, 8, 9, 600, -1].map((step) => atOrBefore([0, 8, 64, 512], step)), [0, 0, 1, 1, 3, 0]);
  assert.deepEqual(united([0, 8, 64], [0, 4, 64, 100]), [0, 4, 8, 64, 100]);
});

test("between two steps of its own a run is between, elsewhere it waits", () => {
  const all = [0, 4, 8, 64, 100];
  assert.equal(indexOn([0, 8, 64], all, 2.5), 1.5);
  assert.equal(indexOn([0, 8, 64], all, 0.5), 0);
  assert.equal(indexOn([0, 8, 64], all, 4), 2);
  assert.equal(indexOn([0, 4, 64, 100], all, 2.5), 1);
});

test("comparing begins, follows the slider and ends", () => {
  const state = beside();
  assert.deepEqual(stepAxis(state).steps, [0, 4, 8, 64, 100, 512]);
  assert.equal(otherStep(update(state, { type: "go", step: 1 })), 4);
  const moved = update(state, { type: "go", along: 4 });
  assert.equal(moved.card.steps[moved.step], 64);
  assert.equal(otherStep(moved), 100);
  assert.equal(stepAxis(moved).at, 4);
  const back = update(moved, { type: "go", step: 2 });
  assert.equal(stepAxis(back).at, 3);
  assert.equal(otherStep(back), 64);
  const left = update(moved, { type: "compare.leave" });
  assert.equal(left.compare, null);
  assert.deepEqual(stepAxis(left), { steps: [0, 8, 64, 512], at: 2 });
});

test("a step of the same run is held where it was", () => {
  const state = after([{ type: "go", step: 1 }, { type: "compare", with: null, mode: "over" }, { type: "go", step: 3 }], placed());
  assert.equal(otherRun(state), "tiny");
  assert.equal(otherStep(state), 8);
  assert.equal(update(state, { type: "compare", with: "tiny", step: 64, mode: "over" }).compare.with, null);
});

test("sites belong together by relative depth", () => {
  assert.deepEqual(depths(["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"]), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(matchedSites(["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"], ["embed", "L0.post", "L1.post", "L2.post"]), [0, 1, 1, 2, 3]);
  const state = beside();
  assert.equal(otherSite(update(state, { type: "go", site: 4 })), 3);
  assert.equal(otherSite(update(state, { type: "go", site: 3.5 })), 2.5);
});

test("a link brings a comparison back, and rubbish does not", () => {
  const view = viewOfState(beside());
  assert.deepEqual(view.compare, { with: "other", step: undefined, mode: "beside" });
  const read = viewOf(linkOf(view)).view;
  assert.deepEqual(read.compare, { with: "other", mode: "beside" });
  assert.equal(initialState({ view: read }).compare.with, "other");
  assert.deepEqual(viewOf("#v=1&compare=over&other=64").view.compare, { with: null, step: 64, mode: "over" });
  for (const bad of ["compare=over", "compare=inside&with=a", "with=a&other=4", `compare=over&with=${"a".repeat(300)}`]) assert.equal(viewOf(`#v=1&${bad}`).view.compare, undefined);
});

test("another run in the place of this one ends the comparison, the same one at boot does not", () => {
  assert.equal(update(beside(), { type: "run.choose", run: "third" }).compare, null);
  const booted = initialState({ view: { run: "tiny", compare: { with: "other", mode: "over" } } });
  assert.equal(after([{ type: "run.choose", run: "tiny" }, { type: "run.card", card: card() }], booted).compare.with, "other");
});

test("what comes for a run that is not compared any more is dropped", () => {
  const state = beside();
  assert.equal(update(state, { type: "compare.card", run: "third", card: card() }), state);
  assert.deepEqual(update(state, { type: "compare.failed", run: "other", failure: { code: "atlas_missing", message: "" } }).compare.failure.code, "atlas_missing");
});
