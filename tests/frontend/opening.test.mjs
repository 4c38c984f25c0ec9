import assert from "node:assert/strict";
import test from "node:test";
import { story } from "../../frontend/src/effects/tour.ts";
import { TABLES } from "../../frontend/src/i18n/language.ts";
import {
  openingRun,
  openingTexts,
  provenWords,
  told,
  turnsOf,
} from "../../frontend/src/state/opening.ts";
import { samplesOf } from "../../frontend/src/state/samples.ts";
import { after, card } from "./made.mjs";
import { seedCard, seedCards } from "./made-seed.mjs";

const claim = (id, more = {}) => ({
  id,
  title_en: "Title",
  title_zh: "标题",
  here: "0.97.",
  here_zh: "",
  holds: true,
  steps: [0, 8, 64, 512],
  values: [36, 1.2, 9, 18],
  controls: [],
  at_step: 512,
  ...more,
});
const state = (one, ...messages) => after([{ type: "run.card", card: one }, ...messages]);
const claims = (...list) => ({ type: "claims", claims: list });

test("without a card that bears it out nothing is said about the model", () => {
  const said = told(state(card()), card());
  assert.deepEqual(
    [said.train, said.turn, said.layers, said.end],
    [{ key: "tour.train" }, null, null, { key: "tour.end" }],
  );
  const failed = state(
    card(),
    claims(claim("phases-participation", { holds: false })),
    seedCards("tiny", [seedCard("1.1a", { verdict: "weak" })]),
  );
  assert.deepEqual(told(failed, card()), said);
});

test("collapse and expansion are told with the numbers of their card, each when it is reached", () => {
  const own = state(card(), claims(claim("phases-participation")));
  const said = told(own, card());
  const proof = { of: "claims", id: "phases-participation" };
  assert.deepEqual(said.train, {
    key: "tour.fold",
    values: { first: 36, least: 1.2, at: 8 },
    card: proof,
  });
  assert.deepEqual(said.turn, {
    at: 1,
    caption: { key: "tour.unfold", values: { last: 18 }, card: proof },
  });
  const long = card({ steps: Array.from({ length: 25 }, (_, i) => i) });
  const late = { ...said, turn: { ...said.turn, at: 9 } };
  const scenes = story(long, [], late);
  const at = scenes.find(({ caption }) => caption?.key === "tour.unfold");
  assert.equal(scenes.filter(({ caption }) => caption?.key === "tour.unfold").length, 1);
  assert.ok(at.messages[0].step > 9);
});

test("a fold falls twofold and rises twofold", () => {
  assert.deepEqual(turnsOf({ steps: [0, 1, 2], values: [4, 2, 4] }), {
    first: 4,
    least: 2,
    last: 4,
    at: 1,
  });
  assert.equal(turnsOf({ steps: [0, 1, 2], values: [4, 2.1, 4] }), null);
  assert.equal(turnsOf({ steps: [0, 1, 2], values: [4, 3, 1] }), null);
  assert.equal(turnsOf({ steps: [0, 1, 2], values: [4, null, 4] }), null);
});

test("a known shape is spoken of only when all that is said holds, verse by what was found of it", () => {
  const sums = card({ task: { name: "modular-addition" }, reads: { en: "", zh: "" } });
  const all = ["circle", "memorised", "understood"].map((id) => claim(id));
  assert.equal(told(state(sums, claims(...all)), sums).train.card.id, "circle");
  assert.equal(told(state(sums, claims(all[0], all[1])), sums).train.key, "tour.train");
  assert.equal(told(state(sums), sums).end.key, "tour.end.inputs");
  const poet = card({ name: "poet" });
  const verse = told(
    state(poet, claims(claim("line-ends"), claim("tones"), claim("rhyme"), claim("two-strands"))),
    poet,
  );
  assert.deepEqual(
    [verse.train, verse.layers, verse.end].map((one) => one.card.id),
    ["line-ends", "tones", "rhyme"],
  );
  assert.ok(!JSON.stringify(verse).includes("strand"));
});

test("where no published result is known, a claim of the seed that holds is told in its card's words", () => {
  const own = state(card(), seedCards("tiny", [seedCard("1.3b", { here: "12.5 of 192." })]));
  const { train } = told(own, card());
  assert.deepEqual(train, { key: "tour.card", card: { of: "seed", id: "1.3b" } });
  assert.deepEqual(provenWords(own, train.card), { title: "Few dimensions", here: "12.5 of 192" });
  assert.equal(provenWords({ ...own, language: "zh" }, train.card).here, "192 个方向中的 12.5 个");
  assert.deepEqual(provenWords(own, { of: "seed", id: "9.9z" }), {});
});

test("every caption that speaks of a model leads to a card", () => {
  const bare = new Set([
    "tour.start",
    "tour.train",
    "tour.sentences",
    "tour.sentences.plain",
    "tour.layers",
    "tour.end",
    "tour.end.inputs",
  ]);
  const backed = Object.keys(TABLES.en).filter((key) => key.startsWith("tour.") && !bare.has(key));
  assert.ok(backed.length);
  for (const key of backed) assert.match(TABLES.en[key], /\{(here|first|last)\}/, key);
});

test("verse is met first by who prefers Chinese, unless it cannot be opened", () => {
  const runs = [{ name: "storyteller", default: true }, { name: "poet" }];
  assert.deepEqual(
    ["en", "zh"].map((language) => openingRun(runs, language)),
    ["storyteller", "poet"],
  );
  assert.equal(
    openingRun([runs[0], { name: "poet", problem: { code: "x", message: "" } }], "zh"),
    "storyteller",
  );
  assert.equal(openingRun([], "zh"), undefined);
  assert.equal(openingTexts(card({ name: "poet" }))[0], "床前明月光，疑是地上霜。");
  assert.match(openingTexts(card({ name: "poet" }))[1], /^.{7}，.{7}。$/);
  assert.deepEqual(openingTexts(card()), ["the bank of the river", "the bank gave a loan"]);
});

test("a run without examples offers three sentences of its own text", () => {
  const window = (text) => text.split(/(?= )/);
  const windows = [
    "a beginning cut off. The captain found the river. No. And an end that is cut",
    "of something. The captain found the river. A quiet child slept well.",
    "nothing that ends",
    "先是半句。山中有老人坐在门前。后面又是半",
    "half of it. The queen painted the bank green! What",
  ].map(window);
  const card = { examples: [], reads: "" };
  assert.deepEqual(
    samplesOf({ card, reference: { windows } }).map(({ text }) => text),
    ["The captain found the river.", "A quiet child slept well.", "山中有老人坐在门前。"],
  );
  const own = [{ text: "its own" }];
  assert.deepEqual(samplesOf({ card: { ...card, examples: own }, reference: { windows } }), own);
  assert.deepEqual(samplesOf({ card: { ...card, reads: "residues" }, reference: { windows } }), []);
  assert.deepEqual(samplesOf({ card, reference: null }), []);
});
