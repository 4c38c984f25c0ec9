/** Scores of the map: what is asked when, how they colour, and how they are told beside chance. */

import assert from "node:assert/strict";
import test from "node:test";
import { renderToString } from "preact-render-to-string";
import { scoring } from "../../frontend/src/effects/discontinuity.ts";
import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { inspector } from "../../frontend/src/panels/inspect/inspector.ts";
import { legend } from "../../frontend/src/panels/legend.ts";
import { cloudColours, legendOf, modesOf } from "../../frontend/src/state/colour/colouring.ts";
import { magnitude } from "../../frontend/src/state/colour/colours.ts";
import { scoreWord, toldOf, wantedScores } from "../../frontend/src/state/discontinuity.ts";
import { siteIndex, stepNumber } from "../../frontend/src/state/state.ts";
import { createStore } from "../../frontend/src/state/store.ts";
import { after, placed } from "./made.mjs";

const t = wordsOf("en");
const coloured = (state = placed()) => after([{ type: "set", colour: "perturbation" }], state);
const tensor = (values) => ({
  dtype: "F32",
  shape: [values.length],
  data: Float32Array.from(values),
});

/** The state once its question has been answered. */
function answered(state, { values, control = [0.1, 0.2, 0.4, 0.8], token = [] }) {
  const key = JSON.stringify(wantedScores(state));
  const tensors = {};
  for (const kind of ["perturbation", "singularity"]) {
    tensors[kind] = tensor(values);
    tensors[`control_${kind}`] = tensor(control);
    tensors[`token_${kind}`] = tensor(token);
  }
  const look = { kind: "discontinuity", id: 9, run: state.run, step: stepNumber(state), tensors };
  return after(
    [
      { type: "discontinuity.asked", id: 9, key },
      { type: "look", look: { ...look, answer: { site: "x", length: 0.1 } } },
    ],
    state,
  );
}

test("scores are asked for when they colour the layout's cloud, of the slice on screen", () => {
  assert.equal(wantedScores(placed()), null);
  const state = coloured();
  assert.deepEqual(wantedScores(state), {
    type: "discontinuity",
    run: state.run,
    step: stepNumber(state),
    site: siteIndex(state),
  });
  assert.equal(wantedScores({ ...state, projection: "pca" }), null);
  assert.equal(wantedScores({ ...state, written: true }), null);
  assert.ok(!modesOf({ ...state, written: true }).includes("singularity"));
});

test("the cloud is grey until they come; then dark is steady, bright as if dealt at random", () => {
  const waiting = coloured();
  assert.deepEqual(legendOf(waiting), { kind: "none" });
  assert.match(renderToString(legend(waiting, t, () => {})), /being measured/);
  const count = waiting.reference.text.length;
  const values = Array.from({ length: count }, (_, i) =>
    i === 1 ? 0.9 : i === 2 ? Infinity : 0.01,
  );
  const state = answered(waiting, { values });
  assert.deepEqual(legendOf(state), {
    kind: "scale",
    low: Math.fround(0.01),
    high: Math.fround(0.4),
    log: true,
  });
  const colours = cloudColours(state, count, null);
  assert.deepEqual([...colours.slice(0, 3)], [...magnitude(0, state.theme)]);
  for (const i of [1, 2])
    assert.deepEqual([...colours.slice(4 * i, 4 * i + 3)], [...magnitude(1, state.theme)]);
  assert.doesNotMatch(renderToString(legend(state, t, () => {})), /being measured/);
});

test("a picked token's score stands beside the cloud's and a picture's that is dealt at random", () => {
  const open = after(
    [
      { type: "pick", pick: { kind: "sentence", id: "s1", token: 1 } },
      { type: "set", tab: "numbers" },
    ],
    coloured(),
  );
  const asked = wantedScores(open);
  assert.equal(asked.text, open.sentences.find((one) => one.id === "s1").asked);
  const state = answered(open, { values: [0.1, 0.2, 0.3, 0.5], token: [0.01, 0.45, 0.02] });
  const told = toldOf(state, "perturbation");
  assert.equal(told.value, Math.fround(0.45));
  assert.equal(told.below, 0.75);
  assert.equal(scoreWord(told), "score.random");
  assert.equal(scoreWord({ ...told, value: 0.3 }), "score.loose");
  assert.equal(scoreWord({ ...told, value: 0.1 }), "score.steady");
  const cloud = after([{ type: "pick", pick: { kind: "cloud", index: 3 } }], state);
  assert.equal(toldOf(cloud, "singularity").value, 0.5);
  const other = after([{ type: "sentence.edit", id: "s1", text: "another" }], state);
  assert.equal(
    toldOf(
      { ...other, sentences: other.sentences.map((one) => ({ ...one, asked: "x", shown: null })) },
      "perturbation",
    ),
    null,
  );
});

test("without the colour a button measures, once for the slice on screen", () => {
  const open = after(
    [
      { type: "pick", pick: { kind: "cloud", index: 1 } },
      { type: "set", tab: "numbers" },
      { type: "inspect.asked", id: 5 },
    ],
    placed(),
  );
  const token = { text: " bank", norm: 7.25, trust: 0.9, continuity: 0.8 };
  const place = { run: "tiny", step: stepNumber(open), site: siteIndex(open) };
  const answer = { type: "inspection", id: 5, ...place, token, neighbors: [], lens: [], near: [] };
  const state = after([answer], open);
  assert.equal(wantedScores(state), null);
  assert.match(renderToString(inspector(state, t, () => {})), /id="measure-map"/);
  const wished = after([{ type: "discontinuity.measure" }], state);
  assert.equal(wantedScores(wished).site, siteIndex(wished));
  const told = answered(wished, { values: [0.1, 0.3, 0.2, 0.5] });
  const text = renderToString(inspector(told, t, () => {}));
  assert.match(text, /<b>0\.3<\/b><span>loose[^<]*above 50% of the cloud; dealt at random: 0\.4/);
  const moved = after([{ type: "go", site: 0 }], told);
  assert.equal(wantedScores(moved), null, "elsewhere it is asked for again");
});

test("whoever goes on to another site is answered there", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.window ??= globalThis;
  const store = createStore(coloured());
  const sent = [];
  let id = 0;
  scoring(store, { send: (message) => sent.push(message) > 0 }, () => ++id);
  for (const site of [1, 0]) {
    store.dispatch({ type: "go", site });
    context.mock.timers.tick(1000);
  }
  assert.deepEqual(
    sent.map(({ type, site }) => [type, site]),
    [
      ["discontinuity", 1],
      ["cancel", undefined],
      ["discontinuity", 0],
    ],
  );
  assert.equal(JSON.parse(store.get().discontinuity.asking.key).site, 0);
});

test("what is not wanted any more is stopped, a refusal is said and not asked again", async () => {
  const store = createStore(placed());
  const sent = [];
  let id = 0;
  globalThis.window ??= globalThis;
  scoring(store, { send: (message) => sent.push(message) > 0 }, () => ++id);
  store.dispatch({ type: "set", colour: "singularity" });
  const { wanted } = { wanted: wantedScores(store.get()) };
  store.dispatch({ type: "discontinuity.asked", id: 1, key: JSON.stringify(wanted) });
  store.dispatch({ type: "set", colour: "none" });
  assert.deepEqual(sent.at(-1), { type: "cancel", sentence: "discontinuity" });
  assert.equal(store.get().discontinuity.asking, null);
  store.dispatch({ type: "set", colour: "singularity" });
  store.dispatch({ type: "discontinuity.asked", id: 2, key: JSON.stringify(wanted) });
  store.dispatch({ type: "error", id: 2, code: "input", message: "All reference states are one." });
  assert.match(renderToString(legend(store.get(), t, () => {})), /All reference states are one/);
  store.dispatch({ type: "set", colour: "none" });
});
