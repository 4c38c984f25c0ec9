import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { MODES } from "../../frontend/src/state/colour/colouring.ts";
import { KEYS } from "../../frontend/src/state/keys.ts";
import { TABLES, failureWords, number, wordsOf } from "../../frontend/src/i18n/language.ts";
import { contextOf, matches } from "../../frontend/src/state/search.ts";
import { sharedWord, story } from "../../frontend/src/effects/tour.ts";
import { outsideWord, trustWord } from "../../frontend/src/state/trust.ts";
import { told } from "../../frontend/src/state/opening.ts";
import { REFERENCE, after, card } from "./made.mjs";

const plain = (one) => told(after([{ type: "run.card", card: one }]), one);

const SRC = new URL("../../frontend/src/", import.meta.url);

test("both languages say the same things, with the same blanks to fill", () => {
  assert.deepEqual(Object.keys(TABLES.zh), Object.keys(TABLES.en));
  /** What the server says comes in both languages: each table has its own. */
  const blanks = (text) => (text.replace(/^\{zh\}$/, "{en}").match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(TABLES.en)) {
    assert.deepEqual(blanks(TABLES.zh[key]), blanks(TABLES.en[key]), key);
    assert.ok(TABLES.en[key].trim() && TABLES.zh[key].trim(), key);
  }
});

test("every key that the page uses is in the table, and every key in the table is used", () => {
  const files = readdirSync(SRC, { recursive: true }).filter(
    (name) => name.endsWith(".ts") && !name.includes("strings."),
  );
  const text = files.map((name) => readFileSync(new URL(name, SRC), "utf8")).join("\n");
  const used = new Set([...text.matchAll(/"([a-z_-]+(?:\.[a-z_-]+)+)"/g)].map(([, key]) => key));
  for (const [, key] of text.matchAll(/\bt\(\s*"([^"]+)"/g)) assert.ok(key in TABLES.en, key);
  const patterns = [...text.matchAll(/`([a-z.-]*)\$\{[^}`]+\}([a-z.-]*)`/g)]
    .map(([, a, b]) => [a, b])
    .filter(([a, b]) => a || b.length > 1);
  for (const key of Object.keys(TABLES.en)) {
    const spoken = used.has(key) || patterns.some(([a, b]) => key.startsWith(a) && key.endsWith(b));
    assert.ok(spoken, `unused: ${key}`);
  }
  for (const mode of MODES)
    assert.ok(`colour.${mode}` in TABLES.en && `colour.${mode}.note` in TABLES.en);
  for (const { words } of KEYS) assert.ok(words in TABLES.en);
});

test("blanks are filled, numbers as people write them", () => {
  assert.equal(wordsOf("en")("strip.step.value", { step: 6144 }), "step 6,144");
  assert.equal(wordsOf("zh")("strip.step.value", { step: 8 }), "第 8 步");
  assert.equal(wordsOf("en")("no.such.key"), "no.such.key");
  assert.equal(number(-0.123456, "en"), "\u22120.123");
  assert.equal(
    failureWords(wordsOf("en"), { code: "strange", message: "As the server says." }),
    "As the server says.",
  );
  assert.match(
    failureWords(
      wordsOf("zh"),
      { code: "text_too_long", message: "" },
      { length: 20001, limit: 20000 },
    ),
    /20,001/,
  );
});

test("an error whose values nobody gives is told in the server's words, never with blanks", () => {
  for (const language of ["en", "zh"]) {
    const t = wordsOf(language);
    for (const code of Object.keys(TABLES.en).filter((key) => key.startsWith("error."))) {
      const failure = { code: code.slice(6), message: "As it says.", message_zh: "如其所言。" };
      assert.doesNotMatch(failureWords(t, failure), /\{\w+\}/);
    }
    const cut = { code: "text_too_long", message: "70 tokens", message_zh: "70 个词元" };
    assert.match(failureWords(t, cut), /^70 /);
    assert.match(
      failureWords(t, { code: "unknown_symbol", message: "" }, { symbol: "{x}", reads: "a" }),
      /\{x\}/,
    );
    const busy = { code: "busy", message: "Try again.", message_zh: "请重试。" };
    assert.match(failureWords(t, busy), /^Try again|^请重试/, "sentences alone are sent anew");
    const elsewhere = { code: "unreachable", message: "no network", message_zh: "没有网络" };
    assert.match(failureWords(t, elsewhere), /no network|没有网络/, "not this server");
  }
});

test("search finds whole tokens first, then parts, then words in context", () => {
  assert.deepEqual(matches(REFERENCE, "bank"), [1, 3]);
  assert.deepEqual(matches(REFERENCE, "the"), [0, 5]);
  assert.deepEqual(matches(REFERENCE, "ban"), [1, 3]);
  assert.deepEqual(matches(REFERENCE, "the bank"), [1]);
  assert.deepEqual(matches(REFERENCE, "of the river"), [2]);
  assert.deepEqual(matches(REFERENCE, "  "), []);
  assert.deepEqual(matches(null, "x"), []);
});

test("a token is told in its context", () => {
  assert.deepEqual(contextOf(REFERENCE, 1, 8, 2), {
    before: "the",
    token: " bank",
    after: " of the …",
  });
  assert.deepEqual(contextOf(REFERENCE, 2, 2, 5), {
    before: "…  of the",
    token: " river",
    after: "",
  });
});

test("the tour starts in disorder, ends in structure, and takes about ten seconds", () => {
  const scenes = story(card(), ["s1", "s2"], plain(card()));
  assert.equal(scenes[0].messages[0].step, 0);
  const steps = scenes
    .flatMap((scene) => scene.messages)
    .filter((message) => message.step !== undefined)
    .map((message) => message.step);
  assert.deepEqual(steps, [0, 1, 2, 3]);
  assert.ok(scenes.every((scene, i) => i === 0 || scene.at >= scenes[i - 1].at));
  const long = card({
    steps: Array.from({ length: 25 }, (_, i) => i),
    sites: Array.from({ length: 13 }, (_, i) =>
      i ? `L${(i - 1) >> 1}.${i % 2 ? "mid" : "post"}` : "embed",
    ),
  });
  const end = story(long, ["s1", "s2"], plain(long)).find(
    (scene) => scene.caption?.key === "tour.end",
  );
  assert.ok(end.at > 8000 && end.at < 11500, String(end.at));
  for (const scene of scenes) if (scene.caption) assert.ok(scene.caption.key in TABLES.en);
  const short = card({ steps: [3], sites: ["embed"] });
  assert.ok(story(short, [], plain(short)).length >= 2);
});

test("the shared word is a word of weight", () => {
  assert.equal(sharedWord("She sat on the bank of the river", "The BANK gave her a loan"), "bank");
  assert.equal(sharedWord("the of and", "the of and"), "");
  assert.equal(sharedWord("a", ""), "");
});

test("words about trust follow the numbers", () => {
  assert.deepEqual([1, 0.95, 0.9, 0.6].map(trustWord), [
    "trust.very",
    "trust.mostly",
    "trust.partly",
    "trust.little",
  ]);
  assert.deepEqual([10, 60, 97, 100].map(outsideWord), [
    "outside.inside",
    "outside.usual",
    "outside.edge",
    "outside.far",
  ]);
});
