/** What the page says of a model leads to a card: in the lesson, in notes, in openings, in lines. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync, existsSync } from "node:fs";
import test from "node:test";
import { renderToString } from "preact-render-to-string";
import { TABLES, wordsOf } from "../../frontend/src/i18n/language.ts";
import { lesson } from "../../frontend/src/panels/lesson/lesson.ts";
import { seedCard as cardPanel } from "../../frontend/src/panels/seed/card.ts";
import { LESSON, LOOKS_AT } from "../../frontend/src/seed/lesson.ts";
import { claimsOf } from "../../frontend/src/seed/markup.ts";
import { CLAIMS } from "../../frontend/src/seed/text.ts";
import { NOTES, proofsOf } from "../../frontend/src/state/seed/proofs.ts";
import { elsewhereOf, otherRunOf } from "../../frontend/src/state/seed/elsewhere.ts";
import { after, placed } from "./made.mjs";
import { seedCard, seedCards } from "./made-seed.mjs";

const t = wordsOf("en");
const MODELS = new URL("../../models/", import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, MODELS), "utf-8"));
const RUNS = readdirSync(MODELS).filter((name) => existsSync(new URL(`${name}/run.json`, MODELS)));

test("notes to a bundled run's examples rest on cards that the run has", () => {
  for (const run of RUNS.filter((name) =>
    read(`${name}/run.json`).examples.some((one) => one.note_en),
  )) {
    assert.ok(NOTES[run]?.length, `${run} has notes and no card`);
    for (const { of, id } of NOTES[run]) {
      const cards =
        of === "seed" ? read(`${run}/seed.json`).cards : read(`${run}/claims.json`).claims;
      assert.ok(
        cards.some((one) => one.id === id),
        `${run} has no card ${id}`,
      );
    }
  }
});

test("only cards that are here are led to", () => {
  const state = { ...placed(), run: "storyteller" };
  assert.deepEqual(proofsOf(state), []);
  const known = { ...state, seed: { ...state.seed, cards: { storyteller: [seedCard("1.3a")] } } };
  assert.deepEqual(proofsOf(known), [{ of: "seed", id: "1.3a" }]);
});

/** Words of a model as it is: each stands in a text only as a link to the claim that tests it. */
const TOLD = {
  en: {
    "2.1c": /sheet \*\*bends/,
    "2.1e": /known before/,
    "2.2c": /pushed to their center/,
    "2.2b": /pushed apart/,
    "1.4b": /Riemannian/,
    "1.1a": /far fewer dimensions/,
    "1.2b": /of its topic/,
    "1.2c": /king − queen/,
    "1.3a": /by a river/,
    "1.5a": /handled/,
    "1.5b": /lead off the shape/,
    "1.5c": /pruning/,
    "1.3c": /Markov/,
    "2.5a": /diffeomorphism/,
  },
  zh: {
    "2.1c": /纸\*\*弯/,
    "2.1e": /此前知道/,
    "2.2c": /推向同类的中心/,
    "2.2b": /类别被推开/,
    "1.4b": /黎曼/,
    "1.1a": /维数少得多/,
    "1.2b": /与它主题相同/,
    "1.2c": /国王 − 王后/,
    "1.3a": /河边的 bank/,
    "1.5a": /处理得好/,
    "1.5b": /离开这个形状/,
    "1.5c": /剪枝/,
    "1.3c": /马尔可夫/,
    "2.5a": /微分同胚/,
  },
};

test("what a chapter says of a model is a link to the claim that tests it, in both languages", () => {
  for (const language of ["en", "zh"]) {
    const lines = LESSON[language].flatMap(({ text }) => text);
    const bare = lines.map((line) => line.replace(/\[\[[^\]]*\]\]/g, "")).join("\n");
    const links = [...lines.join("\n").matchAll(/\[\[([\d.]+[a-z])\|([^]*?)\]\]/g)];
    for (const [id, words] of Object.entries(TOLD[language])) {
      assert.ok(
        links.some(([, of, said]) => of === id && words.test(said)),
        `${language}: ${id} is not led to`,
      );
      assert.doesNotMatch(bare, words, `${language}: ${id} is said without its card`);
    }
  }
  const both = ["en", "zh"].map((language) =>
    LESSON[language].map(({ text }) => claimsOf(text.join("\n"))),
  );
  assert.deepEqual(both[0], both[1]);
  for (const id of [...both[0].flat(), ...LOOKS_AT.flat()]) assert.ok(CLAIMS.includes(id), id);
});

test("a chapter shows what became of the claims in its text", () => {
  const state = after(
    [
      seedCards("tiny", [seedCard("2.1c", { verdict: "fails" })]),
      { type: "lesson.go", chapter: 3 },
    ],
    placed(),
  );
  const drawn = renderToString(lesson(state, t, () => {}));
  assert.match(
    drawn,
    /data-claim="2\.1c"[^>]*>the sheet <strong>bends<\/strong>[^]*?does not hold here/,
  );
});

test("a run's own words on the page of models say what it was trained on, not what it can do", () => {
  for (const run of RUNS)
    for (const table of [TABLES.en, TABLES.zh]) {
      const line = table[`shape.${run}.line`];
      assert.match(line, /^(Trained on|Its task:|读过|任务：)/, `${run}: ${line}`);
    }
});

test("a model that can be fetched stands with its verdict, and leads to where it is fetched", () => {
  const offer = { name: "smollm2", title: "SmolLM2", megabytes: 93, status: "absent" };
  const messages = [
    seedCards("tiny", [seedCard("1.1a")]),
    seedCards("smollm2", [seedCard("1.1a", { verdict: "weaker" })]),
    { type: "offers", offers: { models: [offer] } },
    { type: "seed.choose", card: "1.1a" },
  ];
  const drawn = renderToString(cardPanel(after(messages, placed()), t, () => {}, { readRun() {} }));
  assert.match(drawn, /data-offer="smollm2"[^>]*><span>SmolLM2<\/span>[^]*?weaker claim holds/);
});

test("a chapter that this model cannot show is opened in one that can", () => {
  const other = { name: "adam", title: "Adam" };
  const at = (verdict) => {
    const state = after(
      [
        seedCards("tiny", [seedCard("1.4b", { verdict })]),
        seedCards("adam", [seedCard("1.4b", { verdict: "weaker" })]),
        { type: "lesson.go", chapter: 6 },
      ],
      placed(),
    );
    return { ...state, runs: [...state.runs, other] };
  };
  assert.equal(otherRunOf(at("weaker")), null);
  assert.equal(otherRunOf(after([{ type: "lesson.go", chapter: 5 }], at("untestable"))), null);
  assert.deepEqual(
    [elsewhereOf(at("untestable")).run, elsewhereOf(at("untestable")).inside],
    ["adam", "optimizer-step"],
  );
  assert.match(
    renderToString(lesson(at("untestable"), t, () => {})),
    /This model does not show it: Adam will be opened/,
  );
});
