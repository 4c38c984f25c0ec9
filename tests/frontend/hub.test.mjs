import assert from "node:assert/strict";
import test from "node:test";
import { siteWords } from "../../frontend/src/state/sites.ts";
import { story } from "../../frontend/src/effects/tour.ts";
import { told } from "../../frontend/src/state/opening.ts";
import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { after, card } from "./made.mjs";

const plain = (one) => told(after([{ type: "run.card", card: one }]), one);

const POSTS = ["embed", "L0.post", "L1.post", "L2.post"];

test("a model without states between attention and MLP has all of its layers named and visited", () => {
  const t = wordsOf("en");
  assert.equal(siteWords(t, POSTS, 3), "layer 3 of 3 · after the MLP");
  const visited = story(card({ sites: POSTS }), ["s1", "s2"], plain(card()))
    .flatMap(({ messages }) => messages)
    .filter(({ type, glide }) => type === "go" && glide !== 0);
  assert.deepEqual(
    visited.filter(({ site }) => site !== undefined).map(({ site }) => site),
    [0, 1, 2, 3],
  );
});

test("a model with one checkpoint is not said to be untrained", () => {
  const scenes = story(card({ steps: [0], sites: POSTS }), ["s1", "s2"], plain(card()));
  assert.ok(scenes.every(({ caption }) => caption?.key !== "tour.start"));
  assert.ok(
    story(card(), ["s1", "s2"], plain(card())).some(({ caption }) => caption?.key === "tour.start"),
  );
});
