import assert from "node:assert/strict";
import test from "node:test";
import { renderToString } from "preact-render-to-string";
import { messageOf } from "../../frontend/src/effects/keyboard.ts";
import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { lesson } from "../../frontend/src/panels/lesson/lesson.ts";
import { idsOfChapter } from "../../frontend/src/panels/lesson/tested.ts";
import { LESSON, LOOKS_AT } from "../../frontend/src/seed/lesson.ts";
import { piecesOf } from "../../frontend/src/seed/markup.ts";
import { CLAIMS } from "../../frontend/src/seed/text.ts";
import { CHAPTERS, sceneOf } from "../../frontend/src/state/seed/scenes.ts";
import { linkOf, viewOf } from "../../frontend/src/state/url.ts";
import { after, card, placed } from "./made.mjs";
import { seedCard, seedCards } from "./made-seed.mjs";

const t = wordsOf("en");
const go = (chapter) => ({ type: "lesson.go", chapter });
const drawn = (state) => renderToString(lesson(state, t, () => {}));

test("ten chapters in both languages, with the same parts, formulas and length of walk", () => {
  assert.equal(CHAPTERS, 10);
  for (const chapters of Object.values(LESSON)) assert.equal(chapters.length, CHAPTERS);
  assert.equal(LOOKS_AT.length, CHAPTERS);
  const formulas = ({ text }) =>
    text
      .flatMap((line) => piecesOf(line))
      .filter(({ kind }) => kind === "formula")
      .map(({ source }) => source);
  LESSON.en.forEach((one, i) => {
    assert.equal(one.points.length, LESSON.zh[i].points.length, one.title);
    assert.deepEqual(formulas(one), formulas(LESSON.zh[i]), one.title);
    for (const chapter of [one, LESSON.zh[i]])
      for (const part of Object.values(chapter)) assert.ok(part.length, one.title);
  });
  for (const id of LOOKS_AT.flat()) assert.ok(CLAIMS.includes(id), id);
});

test("the text holds no number about a model: figures come from cards", () => {
  for (const chapters of Object.values(LESSON))
    for (const { text, lead, points, look, notes } of chapters) {
      const words = [...text, lead, ...points, look, notes]
        .join(" ")
        .replace(/\\\(.*?\\\)|\d\.\d[a-z]/g, "");
      assert.doesNotMatch(words, /\d+[.,]\d|\d ?%/, words);
    }
});

test("each chapter's scene is a link that survives, on runs of text, of verse and of symbols", () => {
  const runs = [
    card(),
    card({ examples: [{ text: "床前明月光" }] }),
    card({ sites: ["embed"], steps: [3], reads: { en: "", zh: "" } }),
  ];
  for (const run of runs)
    for (let chapter = 1; chapter <= CHAPTERS; chapter++) {
      const { view } = sceneOf(chapter, run);
      assert.deepEqual(
        viewOf(linkOf(view)).view,
        JSON.parse(JSON.stringify(view)),
        String(chapter),
      );
      assert.ok(run.sites.includes(view.site) && run.steps.includes(view.step), String(chapter));
    }
  const texts = (run) =>
    sceneOf(2, run)
      .view.sentences.map(({ text }) => text)
      .join("");
  assert.match(texts(runs[0]), /[a-z]/);
  assert.match(texts(runs[1]), /\p{Script=Han}/u);
});

test("a chapter sets its scene, the next one clears what it had opened", () => {
  const state = after([go(2), { type: "lesson.show", view: sceneOf(2, card()).view }], placed());
  assert.deepEqual([state.panel, state.inside.tab, state.site], ["inside", "attention", 1]);
  const next = after([go(3)], state);
  assert.deepEqual([next.panel, next.seed.chapter, next.curves], [null, 3, false]);
  assert.equal(after([go(99)], next).seed.chapter, CHAPTERS);
  assert.deepEqual(
    after([{ type: "seed.read", reading: null }], next).sentences.map(({ text }) => text),
    ["the bank"],
  );
});

test("claims stand with their card's verdict and number; the last chapter lists what fails", () => {
  const cards = [
    seedCard("2.1a", { here: "0.31 beside 0.12" }),
    seedCard("1.3c", { verdict: "weaker" }),
    seedCard("1.3a", { verdict: "fails" }),
  ];
  const state = after([go(2), seedCards("tiny", cards)], placed());
  const text = drawn(state);
  assert.match(text, /0\.31 beside 0\.12/);
  assert.match(text, /data-claim="2\.1b"(?:(?!<\/a>).)*not computed/);
  assert.deepEqual(idsOfChapter(after([go(CHAPTERS)], state)), ["1.3a", "1.3c"]);
  assert.match(
    drawn(after([go(CHAPTERS), seedCards("tiny", [seedCard("1.1a")])], state)),
    /Every claim holds as it is worded/,
  );
});

test("before a class arrows and the clicker's keys turn the pages, N shows the notes, Escape leaves", () => {
  const state = after([go(2), { type: "lesson.set", presenting: true }], placed());
  const key = (name, one = state) => messageOf(one, { key: name, shiftKey: false });
  for (const name of ["ArrowRight", "PageDown"]) assert.deepEqual(key(name), go(3));
  for (const name of ["ArrowLeft", "PageUp"]) assert.deepEqual(key(name), go(1));
  assert.deepEqual(key("n"), { type: "lesson.set", notes: true });
  assert.deepEqual(key("Escape"), { type: "lesson.set", presenting: false });
  const reading = after([{ type: "lesson.set", presenting: false }], state);
  assert.equal(key("ArrowRight", reading).type, "go");
  assert.equal(key("PageDown", reading), null);
  const slide = drawn(after([{ type: "lesson.set", notes: true }], state));
  assert.match(slide, /class="lesson presenting"/);
  assert.ok(slide.includes("2 / 10") && slide.includes(LESSON.en[1].notes.slice(0, 20)));
});
