import assert from "node:assert/strict";
import test from "node:test";
import { backoff } from "../../frontend/src/effects/client.ts";
import { messageOf } from "../../frontend/src/effects/keyboard.ts";
import { lacking, unsent } from "../../frontend/src/effects/placing.ts";
import { following, keyframe, tick } from "../../frontend/src/state/player.ts";
import { plan } from "../../frontend/src/effects/prefetch.ts";
import { homeSite, outward, siteWords, sticky } from "../../frontend/src/state/sites.ts";
import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { SITES, STEPS, after, placed } from "./made.mjs";

test("play walks to the end and stops, or loops", () => {
  const state = after([{ type: "play", axis: "steps" }], placed());
  assert.deepEqual(tick(state), { type: "go", step: 1, glide: keyframe(1) });
  const end = { ...state, step: 3 };
  assert.deepEqual(tick(end), { type: "pause" });
  assert.equal(following({ ...end, loop: true }, "steps"), 0);
  assert.deepEqual(tick({ ...state, playing: "layers", site: 1.4, speed: 4 }), {
    type: "go",
    site: 2,
    glide: keyframe(4),
  });
  assert.equal(tick({ ...state, playing: null }), null);
});

test("training waits for a slice that is on its way, and passes one that is broken", () => {
  const state = after(
    [
      { type: "play", axis: "steps" },
      { type: "atlas.drop", steps: [8] },
    ],
    placed(),
  );
  assert.equal(tick(state), null);
  assert.equal(
    tick({ ...state, atlasFailures: { 8: { code: "damaged_run", message: "" } } }).step,
    1,
  );
});

test("slices are brought from the present step outward, as many as fit", () => {
  assert.deepEqual(plan(STEPS, 1, {}, 99), { load: [8, 64, 0, 512], drop: [] });
  assert.deepEqual(plan(STEPS, 3, { 0: 1, 8: 1, 512: 1 }, 2), { load: [64], drop: [0, 8] });
  assert.deepEqual(outward(5, 4), [4, 3, 2, 1, 0]);
});

test("slices that cannot be had take no room from the others", () => {
  const failed = { 64: "damaged", 512: "damaged" };
  assert.deepEqual(plan(STEPS, 3, {}, 2, undefined, failed), { load: [8, 0], drop: [] });
  const all = Object.fromEntries(STEPS.map((step) => [step, "damaged"]));
  assert.deepEqual(plan(STEPS, 3, {}, 2, undefined, all), { load: [], drop: [] });
  const lacks = () => true; // a slice without trust is asked for anew at the present step alone
  assert.deepEqual(plan(STEPS, 3, { 8: 1, 0: 1 }, 2, lacks, failed).load, []);
  assert.deepEqual(plan(STEPS, 1, { 8: 1, 0: 1 }, 2, lacks, failed).load, [8]);
});

test("a slider rests on its notches", () => {
  assert.equal(sticky(3), 3);
  assert.equal(sticky(2.5), 2.5);
  assert.ok(sticky(2.2) < 2.05 && sticky(2.8) > 2.95);
});

test("sites have plain names", () => {
  const t = wordsOf("en");
  assert.equal(siteWords(t, SITES, 0), "embedding");
  assert.equal(siteWords(t, SITES, 3), "layer 2 of 2 · after attention");
  assert.equal(siteWords(t, SITES, 99), "layer 2 of 2 · after the MLP");
  assert.equal(homeSite(SITES), 2);
  assert.equal(homeSite(["embed"]), 0);
});

test("the line is tried again later and later, to a limit", () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 50].map((attempt) => backoff(attempt, 0.5));
  assert.deepEqual(
    waits,
    [...waits].sort((a, b) => a - b),
  );
  assert.equal(waits.at(-1), 12);
  assert.ok(backoff(0, 0) >= 0.3 && backoff(99, 1) <= 15);
});

test("what must be sent is what differs from what was asked", () => {
  const [one] = placed().sentences;
  assert.equal(unsent(one), false);
  assert.equal(unsent({ ...one, text: "new" }), true);
  assert.equal(unsent({ ...one, text: " ", status: "blank" }), false);
  assert.equal(
    unsent({
      ...one,
      asked: null,
      status: "failed",
      failure: { code: "text_too_long", message: "" },
    }),
    false,
  );
  const state = placed();
  delete state.sentences[0].slices[8];
  delete state.sentences[0].slices[512];
  assert.deepEqual(lacking(state, state.sentences[0]), [512, 8]);
});

test("keys do what the sheet says", () => {
  const state = placed();
  const press = (key, shiftKey = false) => messageOf(state, { key, shiftKey });
  assert.deepEqual(press("ArrowRight"), { type: "go", site: 3, glide: 320 });
  assert.deepEqual(press("ArrowDown"), { type: "go", step: 2, glide: 320 });
  assert.deepEqual(press(" "), { type: "play", axis: "layers" });
  assert.deepEqual(press(" ", true), { type: "play", axis: "steps" });
  assert.deepEqual(press("]"), { type: "set", speed: 2 });
  assert.deepEqual(press("T"), { type: "trails.next" });
  assert.equal(press("q"), null);
  assert.equal(press("Escape"), null);
  assert.deepEqual(messageOf({ ...state, sheet: "search" }, { key: "Escape", shiftKey: false }), {
    type: "search.close",
  });
});
