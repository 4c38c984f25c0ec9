/** What a training's log says: figures beside the measures, and what somebody should look at. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { BEFORE, FLAT_LINES, LAST, findingsOf, median } from "../../frontend/src/charts/health.ts";
import { nominalOf } from "../../frontend/src/charts/measures.ts";
import { figuresIn, loggedAt, withLog } from "../../frontend/src/state/logged.ts";
import { arrowCount } from "../../frontend/src/scene/arrows.ts";
import { bestFor } from "../../frontend/src/state/inside/arrows.ts";
import { floorName } from "../../frontend/src/state/picture/tower.ts";
import { SITES, STEPS, after, placed } from "./made.mjs";

/** A log of so many lines; the loss falls by a hundredth a line unless told. */
const log = (count, of = () => ({})) =>
  Array.from({ length: count }, (_, step) => ({
    step,
    loss: 4 * 0.99 ** step,
    grad_norm: 1,
    ...of(step),
  }));
const kinds = (rows) => findingsOf(rows).map(({ kind }) => kind);
const norms = (values) => ({
  grad_norms: Object.fromEntries(values.map((value, i) => [`L${i}.mid`, value])),
});

test("a healthy log is no news", () => {
  assert.deepEqual(kinds([]), []);
  assert.deepEqual(kinds(log(90, (step) => norms([1, 0.5 + 0.1 * Math.sin(step), 0.2]))), []);
});

test("a loss that stands still is said so with where it began, but not of a few lines", () => {
  const still = (step) => ({
    loss: step < 30 ? 4 * 0.97 ** step : 1.6 + 0.001 * Math.sin(9 * step),
  });
  const [found] = findingsOf(log(90, still));
  assert.deepEqual([found.kind, found.values.from, found.values.percent < 0.5], ["flat", 60, true]);
  assert.deepEqual(kinds(log(3 * FLAT_LINES - 3, () => ({ loss: 2 }))), []);
  assert.deepEqual(kinds(log(3 * FLAT_LINES, () => ({ loss: 2 }))), ["flat"]);
});

test("a loss that stands where nothing is left to learn is no fault", () => {
  assert.deepEqual(kinds(log(90, (step) => ({ loss: step < 30 ? 4 * 0.7 ** step : 1e-4 }))), []);
  assert.deepEqual(kinds(log(90, () => ({ loss: 1, excess_loss: 0.001 }))), []);
});

test("a gradient that bursts is told with its step, the newest one", () => {
  const rows = log(80, (step) => ({ grad_norm: step === 30 || step === 60 ? 12 : 1 }));
  const [found] = findingsOf(rows);
  assert.deepEqual([found.kind, found.values.step, found.values.times], ["burst", 60, 12]);
  assert.deepEqual(
    kinds(log(80, (step) => ({ grad_norm: step === BEFORE - 1 ? 1000 : 1 }))),
    [],
    "too early to know",
  );
  assert.deepEqual(kinds(log(80, (step) => ({ grad_norm: step === 60 ? 9 : 1 }))), []);
});

test("a layer without any gradient is frozen, one with hardly any vanishes", () => {
  const rows = log(60, () => norms([1, 0, 5e-4, 0.5]));
  assert.deepEqual(
    findingsOf(rows).map(({ kind, values }) => [kind, values.sites]),
    [
      ["frozen", "L1.mid"],
      ["vanishing", "L2.mid"],
    ],
  );
  assert.deepEqual(
    kinds(log(60, (step) => norms([1, step < 59 ? 0 : 1, 1]))),
    ["frozen"],
    "one line does not make it move",
  );
  assert.deepEqual(kinds(log(60, () => norms([0, 0]))), [], "nothing moves: no layer stands out");
  assert.deepEqual(kinds(log(LAST - 1, () => norms([1, 0]))), []);
});

test("a loss that is no number comes first", () => {
  const rows = log(60, (step) => (step > 40 ? { loss: null } : {}));
  const broken = { kind: "broken", measure: "loss", values: { step: 41 } };
  assert.deepEqual(findingsOf(rows)[0], broken);
  const named = rows.map(({ loss, ...row }) =>
    loss === null ? { ...row, not_finite: ["loss"] } : { ...row, loss },
  );
  assert.deepEqual(findingsOf(named)[0], broken);
});

test("the middle of some numbers", () => {
  assert.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3])], [2, 2.5]);
});

test("figures stand at the step on screen, the loss first; counts are none", () => {
  const rows = [
    { step: 0, tokens: 0, lr: 1, loss: 5 },
    { step: 8, loss: 4 },
    { step: 9, loss: 3, mine: 7 },
  ];
  assert.deepEqual(figuresIn(rows), ["loss", "lr", "mine"]);
  assert.deepEqual(
    [loggedAt(rows, "loss", 8), loggedAt(rows, "lr", 8), loggedAt(rows, "mine", 8)],
    [4, 1, null],
  );
});

test("what only the log has becomes measures: a figure at every site, gradients at their own", () => {
  const table = {
    steps: STEPS,
    sites: SITES,
    events: [],
    measures: [{ name: "loss", unit: "nats", group: "training", values: [] }],
  };
  const rows = [
    { step: 0, loss: 5, mine: 1 },
    { step: 60, mine: 2, grad_norms: { embed: 3, "L0.mid": 4 } },
  ];
  const found = withLog(table, rows);
  assert.deepEqual(
    found.measures.map(({ name }) => name),
    ["loss", "mine", "grad_norms"],
  );
  const [, mine, gradients] = found.measures;
  assert.deepEqual(
    mine.values.map((row) => row[0]),
    [1, null, 2, null],
    "a step speaks of its own stretch",
  );
  assert.deepEqual(gradients.values[2], [3, 4, null, null, null]);
  assert.deepEqual(withLog(found, rows).measures.length, 3, "the same again changes nothing");
  assert.equal(withLog(table, []), table);
});

test("a log that comes joins the measures of the run on screen, and of no other", () => {
  const table = {
    steps: STEPS,
    sites: SITES,
    events: [],
    measures: [
      { name: "trust", unit: "", group: "fidelity", values: STEPS.map(() => SITES.map(() => 1)) },
    ],
  };
  const state = after([{ type: "measures", measures: table }], placed());
  const names = (messages) => after(messages, state).measures.measures.map(({ name }) => name);
  const rows = [{ step: 0, mine: 1 }];
  assert.deepEqual(names([{ type: "lab.log", run: "other", rows }]), ["trust"]);
  assert.deepEqual(names([{ type: "lab.log", run: state.run, rows }]), ["trust", "mine"]);
  assert.deepEqual(
    names([
      { type: "lab.log", run: state.run, rows },
      { type: "measures", measures: table },
    ]),
    ["trust", "mine"],
  );
});

test("curves of dimension know the dimension that states are written in", () => {
  const state = { card: { architecture: { d_model: 64 } } };
  assert.deepEqual(
    ["twonn_4", "rankme", "trust"].map((name) => nominalOf(state, name)),
    [64, 64, null],
  );
});

test("arrows too short to be seen are counted as they lie on the screen", () => {
  const edges = [
    [1, 0, 0],
    [0, 0, 1],
    [0.001, 0, 0],
  ].map((at) => ({
    arrow: true,
    from: { kind: "place", at: [0, 0, 0] },
    to: { kind: "place", at },
  }));
  const motion = {
    edges: [...edges, { ...edges[0], arrow: false }],
    reach: ({ at }, out) => (out.set(at), true),
  };
  // looking along the third axis: an arrow that comes toward the eye is a point
  const flat = Float64Array.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual(arrowCount(motion, flat, { width: 400, height: 400 }, 6), {
    count: 3,
    short: 2,
  });
});

test("each view says where it is drawn best, and whether that is on the screen", () => {
  const state = placed();
  assert.deepEqual(bestFor(state, "gradients"), { kind: "pca", name: "pca", here: false });
  assert.deepEqual(bestFor(state, "attention"), { kind: "umap", name: "umap", here: true });
  assert.equal(bestFor(state, "landscape"), null);
  const alone = { ...state, card: { ...state.card, projections: [state.card.projections[0]] } };
  assert.equal(bestFor(alone, "gradients").name, null);
});

test("sheets are named by the number of layers behind them", () => {
  assert.deepEqual(["embed", "L0.mid", "L0.post", "L3.mid", "x"].map(floorName), [
    "0",
    "½",
    "1",
    "3½",
    "x",
  ]);
});
