import assert from "node:assert/strict";
import test from "node:test";
import {
  ALONG,
  behind,
  buildingOf,
  buildingWords,
  isLive,
  isTyped,
  placeIn,
  spokenWords,
} from "../../frontend/src/state/following.ts";
import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { shownAtlas, stepNumber } from "../../frontend/src/state/state.ts";
import { update } from "../../frontend/src/state/update.ts";
import { STEPS, atlasSlice, card, placed, placedSlice } from "./made.mjs";

const MORE = [...STEPS, 1024];
const grow = (more = {}) => ({ type: "run.grown", card: card({ steps: MORE, ...more }) });

/** The state of a person at the last step, with its sentence placed at every step there is. */
function standing() {
  let state = placed();
  for (const step of STEPS) state = update(state, { type: "atlas.slice", slice: atlasSlice(step) });
  const slices = Object.fromEntries(STEPS.map((step) => [step, placedSlice(step)]));
  return {
    ...state,
    connection: "open",
    sentences: state.sentences.map((one) => ({
      ...one,
      slices,
      status: "placed",
      asked: one.text,
    })),
  };
}

test("who stands at the last step glides to the new one, once cloud and sentence are there", () => {
  let state = update(standing(), grow());
  assert.deepEqual([stepNumber(state), state.along], [512, true]);
  state = update(state, { type: "atlas.slice", slice: atlasSlice(1024) });
  assert.equal(stepNumber(state), 512);
  const [one] = state.sentences;
  state = update(
    { ...state, sentences: [{ ...one, request: 9 }] },
    { type: "slice", id: 9, sentence: one.id, run: "tiny", slice: placedSlice(1024) },
  );
  assert.deepEqual([stepNumber(state), state.along, state.glide], [1024, false, ALONG]);
});

test("what is on screen does not move when steps come", () => {
  const before = standing();
  const state = update(before, grow());
  assert.equal(shownAtlas(state).a, shownAtlas(before).a);
  assert.equal(state.sentences, before.sentences);
  assert.equal(state.colour, before.colour);
});

test("who stands elsewhere, plays, scrubs or is on a tour stays where they are", () => {
  for (const [change, step, along] of [
    [{ step: 1 }, 8, false],
    [{ step: 3, playing: "steps" }, 512, false],
    [{ touring: true }, 512, false],
  ]) {
    const state = update({ ...standing(), ...change }, grow());
    assert.deepEqual(
      [stepNumber(state), state.along, state.playing],
      [step, along, change.playing ?? null],
    );
  }
  assert.equal(update({ ...standing(), step: 1.25 }, grow()).step, 1.25);
});

test("a step that comes between others leaves the step on screen the same", () => {
  const state = update({ ...standing(), step: 2 }, grow({ steps: [0, 8, 16, 64, 512] }));
  assert.deepEqual([state.step, stepNumber(state), state.along], [3, 64, false]);
  assert.equal(placeIn([0, 8, 64], [0, 8, 16, 64], 2), 3);
  assert.equal(placeIn([0, 8, 64], [0, 8, 64, 128], 1.5), 1.5);
  assert.equal(placeIn([0, 8], [0], 1), 0);
});

test("whoever moves meanwhile is not taken along", () => {
  for (const message of [
    { type: "go", step: 0 },
    { type: "play", axis: "steps" },
    { type: "projection", name: "pca" },
  ]) {
    const state = update(update(standing(), grow()), message);
    assert.equal(state.along, false);
  }
});

test("steps that come faster than they are read lead to the newest that is there", () => {
  let state = update({ ...standing(), sentences: [] }, grow());
  state = update(state, grow({ steps: [...MORE, 2048] }));
  state = update(state, { type: "atlas.slice", slice: atlasSlice(1024) });
  assert.deepEqual([stepNumber(state), state.along], [1024, true]);
  state = update(state, { type: "atlas.slice", slice: atlasSlice(2048) });
  assert.deepEqual([stepNumber(state), state.along], [2048, false]);
});

test("a lost line and a sentence that fails do not keep anybody waiting", () => {
  const lost = update({ ...standing(), connection: "lost" }, grow());
  assert.equal(stepNumber(update(lost, { type: "atlas.slice", slice: atlasSlice(1024) })), 1024);
  const failed = update(standing(), grow());
  const sentences = failed.sentences.map((one) => ({
    ...one,
    failure: { code: "x", message: "" },
  }));
  assert.equal(
    stepNumber(update({ ...failed, sentences }, { type: "atlas.slice", slice: atlasSlice(1024) })),
    1024,
  );
});

test("sentences are asked for at the new steps only, and not where nothing can be typed", () => {
  const state = update(standing(), grow());
  assert.deepEqual(behind(standing()), []);
  assert.deepEqual(behind(state), [state.sentences[0].id]);
  assert.deepEqual(behind({ ...state, card: { ...state.card, typed: false } }), []);
  assert.equal(isTyped(card({ typed: false })), false);
  assert.equal(isTyped(null), true);
});

test("a run without examples adds no sentence and complains of none", () => {
  const state = standing();
  assert.equal(update(state, { type: "sentence.many", list: [] }), state);
});

test("the same card changes nothing, another run's neither", () => {
  const state = standing();
  assert.equal(update(state, { type: "run.grown", card: card() }), state);
  assert.equal(
    update(state, { type: "run.grown", card: card({ name: "other", steps: MORE }) }),
    state,
  );
  assert.equal(update(initialState(), grow()).card, null);
});

test("clouds that were built anew take the place of those on screen when they have come", () => {
  const before = { ...standing(), card: card({ lineage: "a" }) };
  let state = update(before, grow({ lineage: "b", steps: STEPS }));
  assert.equal(shownAtlas(state).a, shownAtlas(before).a);
  assert.deepEqual(state.atlas, {});
  assert.equal(state.sentences[0].asked, null);
  const fresh = atlasSlice(512);
  state = update({ ...state, sentences: [] }, { type: "atlas.slice", slice: fresh });
  assert.equal(shownAtlas(state).a, fresh);
});

test("a projection that is gone gives way to the layout", () => {
  const state = update({ ...standing(), projection: "plane" }, grow());
  assert.equal(state.projection, "umap");
});

test("what is being made is told in words, to a voice by quarters", () => {
  const runs = [{ name: "tiny", live: true, building: { stage: "layout", share: 0.349 } }];
  const state = { ...initialState({ view: { run: "tiny" } }), runs };
  assert.equal(isLive(state), true);
  assert.equal(buildingWords(wordsOf("en"), buildingOf(state)), "being built: 34 % · layout");
  assert.equal(buildingWords(wordsOf("zh"), buildingOf(state)), "正在生成：34% · 布局");
  assert.equal(spokenWords(wordsOf("en"), buildingOf(state)), "being built: 25 % · layout");
  assert.equal(
    buildingWords(wordsOf("en"), { stage: "step 512", share: 0.5 }),
    "being built: 50 % · step 512",
  );
  assert.equal(buildingWords(wordsOf("en"), { stage: "line", share: 0 }), "waiting in line");
  assert.equal(
    buildingWords(wordsOf("en"), { stage: "something new", share: 0 }),
    "being built: 0 % · something new",
  );
  assert.equal(buildingOf(state, "other"), null);
});
