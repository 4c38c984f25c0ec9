/** What if: what is scaled, what is asked, the ghost beside the sentence, and the words for how far it is. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { figure } from "../../frontend/src/state/picture/figure.ts";
import { edgesInside, ghostsInside, wantedLooks } from "../../frontend/src/state/inside/inside.ts";
import {
  factorOf,
  farWords,
  headsOf,
  ablated,
  layerScaled,
  layersOf,
  nextWords,
  streamView,
  ablationOf,
  withFactor,
} from "../../frontend/src/state/inside/ablation.ts";
import { guardedAxes, meanTrust, recallShown } from "../../frontend/src/state/fidelity.ts";
import { after, card, placed } from "./made.mjs";

const SLIDERS = { part: "mlp", layer: 1, factor: 0 };

function opened() {
  const shaped = card({ architecture: { n_layer: 2, n_head: 2 } });
  return after(
    [
      { type: "run.card", card: shaped },
      { type: "go", step: 0, site: 2 },
      { type: "inside.toggle" },
      { type: "inside.set", tab: "ablation" },
    ],
    placed(),
  );
}

function look(id, divergence = 0.2) {
  const word = (/** @type {number} */ at, /** @type {number} */ value) => ({
    id: at,
    text: ` w${at}`,
    value,
  });
  const answer = {
    before: [word(1, 0.5), word(2, 0.1)],
    after: [word(2, 0.6), word(1, 0.2)],
    divergence,
  };
  return {
    type: "look",
    look: {
      kind: "ablation",
      id,
      run: "tiny",
      step: 0,
      answer,
      tensors: {
        positions: { dtype: "F32", shape: [5, 2, 3], data: new Float32Array(30).fill(1) },
      },
    },
  };
}

/** The state after its question has been answered. */
function answered(state, id = 9) {
  const { kind, key } = wantedLooks(state)[0];
  return after([{ type: "inside.asked", kind, id, key }, look(id)], state);
}

test("at 1 nothing is scaled, and nothing differs", () => {
  const state = answered(opened());
  assert.deepEqual(wantedLooks(state)[0].message.factors, []);
  assert.deepEqual([ghostsInside(state), edgesInside(state)], [[], []]);
  const back = after(
    [
      { type: "ablation.set", ...SLIDERS },
      { type: "ablation.set", ...SLIDERS, factor: 1 },
    ],
    state,
  );
  assert.equal(wantedLooks(back)[0].key, wantedLooks(state)[0].key);
});

test("a slider changes the question; the older answer stays until the newer has come", () => {
  const state = after([{ type: "ablation.set", ...SLIDERS, head: 1 }], answered(opened()));
  assert.deepEqual(wantedLooks(state)[0].message.factors, [SLIDERS]);
  assert.ok(ablated(state).look);
  assert.ok(!ablated(state).fresh);
  const next = answered(state, 10);
  assert.ok(ablated(next).fresh);
  assert.equal(after([look(9, 0.9)], next), next, "an answer to the older question");
  assert.equal(ablated(after([{ type: "go", step: 1 }], next)).look, null, "of another step");
});

test("the changed path is a ghost beside the untouched, without names", () => {
  const state = answered(after([{ type: "ablation.set", ...SLIDERS }], opened()));
  const shown = figure(state)?.sentences ?? [];
  assert.deepEqual(
    shown.map(({ id }) => id),
    ["s1", "s1~ablation"],
  );
  assert.deepEqual(shown[1].labels, ["", ""]);
  assert.ok(shown[0].trail && shown[1].trail);
  assert.equal(edgesInside(state).length, 2);
  const picked = after(
    [{ type: "pick", pick: { kind: "sentence", id: "s1~ablation", token: 1 } }],
    state,
  );
  assert.deepEqual(
    picked.picked,
    { kind: "sentence", id: "s1", token: 1 },
    "its token is the sentence's",
  );
});

test("another view moves sentence and cloud, hides what has no place in it, and brings its own ghost", () => {
  const state = after(
    [
      { type: "ablation.set", ...SLIDERS },
      { type: "inside.set", seen: "added" },
    ],
    answered(opened()),
  );
  const asked = wantedLooks(state).find(({ kind }) => kind === "stream_view");
  assert.deepEqual([asked?.message.view, asked?.message.factors], ["added", [SLIDERS]]);
  assert.equal(streamView(state), null);
  assert.deepEqual(ghostsInside(state), [], "no ghost of the other picture meanwhile");
  const of = (/** @type {number} */ n, /** @type {number} */ value) => ({
    dtype: "F32",
    shape: [5, n, 3],
    data: new Float32Array(15 * n).fill(value),
  });
  const ref = state.card?.reference ?? 0;
  const answer = {
    shares: [0.5, 0.2, 0.1],
    norm: [0.95, 0, 0],
    trust: [null, 1, 1, 1, 1],
    sample: 600,
  };
  const told = {
    kind: "stream_view",
    id: 12,
    run: "tiny",
    step: 0,
    answer,
    tensors: { positions: of(2, 3), moved: of(2, 4), cloud: of(ref, 5) },
  };
  const shown = after(
    [
      { type: "inside.asked", kind: "stream_view", id: 12, key: asked?.key },
      { type: "look", look: told },
    ],
    state,
  );
  const picture = figure(shown);
  assert.deepEqual(
    picture?.sentences.map(({ id, paths }) => [id, paths[0]]),
    [
      ["s1", 3],
      ["s1~ablation", 4],
    ],
  );
  assert.equal(picture?.cloud.positions[0], 5);
  const trusts = [0, 1].map((site) => [
    meanTrust({ ...shown, site }),
    recallShown({ ...shown, site }),
    guardedAxes({ ...shown, site }).length,
  ]);
  assert.deepEqual(
    trusts,
    [
      [null, null, 0],
      [1, null, 0],
    ],
    "what is said of trust is said of this view",
  );
  assert.equal(
    meanTrust(after([{ type: "inside.set", tab: "attention" }], shown)),
    meanTrust({ ...shown, inside: state.inside }),
    "and no longer in another tab",
  );
  assert.equal(
    figure(after([{ type: "inside.set", seen: "picture" }], shown))?.cloud.positions[0],
    figure(state)?.cloud.positions[0],
  );
});

test("factors stand in the order of the pass, one a part", () => {
  const list = [
    { part: "mlp", layer: 0, factor: 0 },
    { part: "head", layer: 0, head: 1, factor: 2 },
    { part: "residual", layer: 1, factor: 0.5 },
    { part: "attention", layer: 0, factor: 0.5 },
  ];
  const all = list.reduce((factors, one) => withFactor(factors, one), []);
  assert.deepEqual(
    all.map(({ part, layer }) => `${layer} ${part}`),
    ["0 attention", "0 head", "0 mlp", "1 residual"],
  );
  assert.equal(withFactor(all, { ...list[0], factor: 0.25 }).length, 4);
  assert.equal(withFactor(all, { ...list[1], factor: 1 }).length, 3);
  assert.equal(
    factorOf({ run: "", layer: 0, head: 0, factors: all }, { part: "head", layer: 0, head: 0 }),
    1,
  );
});

test("what is scaled of one run is not of another", () => {
  const state = after(
    [
      { type: "ablation.set", ...SLIDERS },
      { type: "run.choose", run: "other" },
    ],
    opened(),
  );
  assert.deepEqual(ablationOf(state).factors, []);
  assert.deepEqual(
    ablationOf(after([{ type: "ablation.set", ...SLIDERS }, { type: "ablation.reset" }], opened()))
      .factors,
    [],
  );
});

test("the sliders are those of the layer on screen until one is chosen", () => {
  const state = opened();
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((site) => layerScaled(after([{ type: "go", site }], state))),
    [0, 0, 0, 1, 1],
  );
  assert.equal(
    layerScaled(
      after(
        [
          { type: "ablation.choose", layer: 1 },
          { type: "go", site: 0 },
        ],
        state,
      ),
    ),
    1,
  );
  assert.deepEqual([layersOf(state), headsOf(state)], [2, 2]);
});

test("where the card does not say how many heads there are, the pass is asked", () => {
  const state = after([{ type: "run.card", card: card() }], opened());
  assert.deepEqual(
    wantedLooks(state).map(({ kind }) => kind),
    ["ablation", "decomposition"],
  );
});

test("words come with both probabilities, and how far they lie apart is said", () => {
  assert.deepEqual(nextWords(look(1).look), [
    { text: " w2", before: 0.1, after: 0.6 },
    { text: " w1", before: 0.5, after: 0.2 },
  ]);
  assert.deepEqual(
    [0, 0.001, 0.05, 0.2, 3].map((nats) => farWords(nats).split(".").at(-1)),
    ["same", "hardly", "little", "clear", "other"],
  );
});
