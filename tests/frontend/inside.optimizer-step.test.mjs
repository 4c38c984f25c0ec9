/** One step of the optimizer in the page: what is tried, the moved sentence, and the corpus tokens
 * that go along. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { figure } from "../../frontend/src/state/picture/figure.ts";
import { wantedLooks } from "../../frontend/src/state/inside/inside.ts";
import { FACTORS, adaptiveOver, reachAt } from "../../frontend/src/state/inside/optimizer-step.ts";
import { REF, SITES, after, placed } from "./made.mjs";

const S = SITES.length;
const open = () =>
  after(
    [
      { type: "inside.toggle" },
      { type: "inside.set", tab: "optimizer-step" },
      { type: "go", step: 3, site: 2 },
    ],
    placed(),
  );
const asked = (state) => wantedLooks(state)[0]?.message;

/** An answer for two tokens; with a cloud that lies at 100. */
function strode(id, cloud = false) {
  const of = (shape, value) => ({
    dtype: "F32",
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => value(i)),
  });
  const tensors = {
    positions: of([S, 2, 3], (i) => i),
    norm: of([S, 2], () => 1),
    length: of([S, 2], (i) => i),
    trust: of([S, 2], () => 0.5),
  };
  if (cloud) tensors.cloud = of([S, REF, 3], () => 100);
  const answer = {
    component: "step",
    factor: 20,
    lengths: { gradient: 0.5, adaptive: 50 },
    groups: {},
  };
  return {
    type: "look",
    look: { kind: "optimizer_step", id, run: "tiny", step: 512, answer, tensors },
  };
}

/** The state once what it wants to know has been answered. */
function told(state, answer) {
  const [{ kind, key }] = wantedLooks(state);
  return after([{ type: "inside.asked", kind, id: answer.look.id, key }, answer], state);
}

test("the factor keeps its sign, and what is asked says the motion and whether the cloud goes along", () => {
  const { component: motion, factor, cloud, step } = asked(open());
  assert.deepEqual([motion, factor, cloud, step], ["step", 5, false, 512]);
  const back = asked(
    after(
      [{ type: "optimizer-step.set", motion: "adam", backwards: true, factor: 500, cloud: true }],
      open(),
    ),
  );
  assert.deepEqual([back.component, back.factor, back.cloud], ["adam", -500, true]);
  assert.deepEqual([FACTORS[0], FACTORS.at(-1)], [0.1, 1000]);
});

test("the moved sentence stands beside its own, with an arrow to each token", () => {
  const picture = figure(told(open(), strode(7)));
  assert.deepEqual(
    picture.sentences.map(({ id }) => id),
    ["s1", "s1~optimizer-step"],
  );
  assert.deepEqual(
    picture.edges.map(({ from, to, arrow }) => [from.id, to.id, to.token, arrow]),
    [
      ["s1", "s1~optimizer-step", 0, true],
      ["s1", "s1~optimizer-step", 1, true],
    ],
  );
});

test("while another motion is computed the one before stays; at another step it goes", () => {
  const state = told(open(), strode(7));
  assert.equal(
    figure(after([{ type: "optimizer-step.set", motion: "decay" }], state)).sentences.length,
    2,
  );
  assert.equal(figure(after([{ type: "go", step: 2 }], state)).sentences.length, 1);
  assert.equal(figure(after([{ type: "go", step: 2.5 }], state)).sentences.length, 1);
});

test("the corpus tokens go along only when asked to, only in this tab", () => {
  const state = told(after([{ type: "optimizer-step.set", cloud: true }], open()), strode(7, true));
  assert.ok(figure(state).cloud.positions.every((value) => value === 100));
  assert.ok(
    figure(after([{ type: "optimizer-step.set", cloud: false }], state)).cloud.positions[0] !== 100,
  );
  assert.ok(
    figure(after([{ type: "inside.set", tab: "gradients" }], state)).cloud.positions[0] !== 100,
  );
  assert.ok(figure(after([{ type: "inside.toggle" }], state)).cloud.positions[0] !== 100);
});

test("what is said of it is of the numbers", () => {
  const { look } = strode(1);
  assert.deepEqual(reachAt(look, 2), { length: 4.5, trust: 0.5 });
  assert.equal(adaptiveOver(look), 100);
  assert.equal(adaptiveOver({ answer: { lengths: { gradient: 0, adaptive: 1 } } }), null);
});
