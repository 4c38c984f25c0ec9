/** The lab as a tree: the trainings, one told of with its curves, the form; folded, a line. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";

import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { lab } from "../../frontend/src/panels/lab/lab.ts";
import { labCurves } from "../../frontend/src/panels/lab/labcurves.ts";
import { after, placed } from "./made.mjs";

const acts = { lab: {} };
const shown = (view, state) =>
  renderToString(h(() => view(state, wordsOf(state.language), () => {}, acts)));
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, one]) => one);

const numbers = [
  {
    name: "learning_rate",
    title_en: "Learning rate",
    title_zh: "学习率",
    low: 1e-5,
    high: 1,
    default: 0.001,
    log: true,
  },
  { name: "seed", title_en: "Seed", title_zh: "种子", low: 0, high: 1e9, default: 0, whole: true },
];
const task = (name, more = {}) => ({
  name,
  title_en: "Modular addition",
  title_zh: "模加法",
  about_en: "",
  about_zh: "",
  text: false,
  numbers,
  optimizer: "adamw",
  ...more,
});
const OFFER = {
  tasks: [
    task("modular-addition"),
    task("text", { title_en: "Text", title_zh: "文本", text: true }),
  ],
  optimizers: ["sgd", "adam", "adamw"],
  limits: { running: 2, kept: 8, minutes: 10, bytes: 1e8, text_bytes: 20 },
};
const JOB = {
  id: "a",
  run: "tiny",
  title: "a",
  task: "modular-addition",
  optimizer: "adamw",
  numbers: { seed: 3 },
  status: "finished",
  step: 512,
  steps: 512,
};
const OTHER = { ...JOB, id: "b", run: "other", optimizer: "sgd" };
const ROWS = [0, 8, 64, 512].map((step, i) => ({
  step,
  loss: 4 - i,
  train_accuracy: i / 3,
  test_loss: 4,
  test_accuracy: i / 6,
}));
const opened = (...more) =>
  after(
    [
      { type: "lab.jobs", jobs: [JOB, OTHER] },
      { type: "lab.toggle" },
      { type: "lab.offer", offer: OFFER },
      ...more,
    ],
    placed(),
  );

test("hidden it holds nothing at first; open it shows the trainings", () => {
  assert.match(
    shown(lab, placed()),
    /^<section id="lab" class="lab panel" aria-label="[^"]+" hidden><\/section>$/,
  );
  const text = shown(lab, opened());
  assert.match(text, /^<section id="lab" class="lab panel" aria-label="[^"]+"><header>/);
  assert.match(text, /id="lab-back"[^>]* hidden/);
  assert.deepEqual(all(text, /<h3 class="name">([^<]*)/g), ["Modular addition · AdamW"]);
  assert.deepEqual(all(text, /data-job="(\w)"/g), ["b"]);
  assert.match(text, /<form class="lab-form"[^>]* hidden/);
});

test("the form: what is offered, what stands in its fields and what is wrong there", () => {
  const page = { type: "lab.page", page: "new" };
  const text = shown(lab, opened(page));
  assert.match(text, /class="lab panel asking"/);
  assert.match(text, /<form class="lab-form" novalidate/i);
  assert.deepEqual(all(text, /name="lab-(?:task|optimizer)" value="([\w-]+)" checked/g), [
    "modular-addition",
    "adamw",
  ]);
  assert.equal(all(text, /type="range"/g).length, 1, "a seed has no slider");
  assert.match(text, /id="lab-start">/);
  const wrong = shown(
    lab,
    opened(page, { type: "lab.number", name: "learning_rate", text: "much" }),
  );
  assert.match(wrong, /id="lab-learning_rate"[^>]* aria-invalid="true" value="much"/);
  assert.match(wrong, /id="lab-learning_rate-wrong">A number, such as/);
  assert.match(wrong, /id="lab-start" disabled/);
  const closed = shown(
    lab,
    opened(page, {
      type: "lab.offer",
      offer: { ...OFFER, closed: { code: "closed", message: "No lab here." } },
    }),
  );
  assert.match(
    closed,
    new RegExp(
      '<p class="quiet" role="alert">No lab here\\.</p>' +
        '<button type="submit" class="start" id="lab-start" hidden',
    ),
  );
});

test("folded it says in a line what the training in hand has come to, in Chinese too", () => {
  const text = shown(lab, opened({ type: "set", language: "zh" }, { type: "lab.fold" }));
  assert.match(text, /class="lab panel folded"/);
  assert.match(text, /<p class="short quiet"><b>模加法 · AdamW<\/b> /);
  assert.match(text, /<div class="body scroll" tabindex="0" hidden>/);
  assert.match(
    shown(lab, opened({ type: "set", language: "zh" }, { type: "lab.page", page: "new" })),
    /<label for="lab-learning_rate">学习率</,
  );
});

test("the curves: none without a log; of one training what it was shown and what not", () => {
  assert.equal(shown(labCurves, opened()), "");
  const text = shown(
    labCurves,
    opened({ type: "lab.log", run: "tiny", rows: ROWS }, { type: "go", step: 3 }),
  );
  assert.match(
    text,
    /class="lab-curves tied"[^>]*aria-disabled="false"[^>]*aria-valuemax="3" aria-valuenow="3"/,
  );
  assert.deepEqual(all(text, /class="value of-(\w+)"/g), ["unseen", "shown", "unseen", "shown"]);
  assert.match(text, /aria-valuetext="step 512: [^"]*train 100/);
  assert.equal(all(text, /<g class="(here)"/g).length, 2);
  const away = shown(
    labCurves,
    opened({ type: "lab.log", run: "other", rows: ROWS }, { type: "lab.select", id: "b" }),
  );
  assert.match(away, /class="lab-curves" [^>]*aria-disabled="true"/);
  assert.doesNotMatch(away, /<g class="here"/);
});

test("the curves of two trainings beside each other: what neither was shown", () => {
  const logs = ["tiny", "other"].map((run) => ({ type: "lab.log", run, rows: ROWS }));
  const text = shown(
    labCurves,
    opened(
      ...logs,
      { type: "compare", with: "other", mode: "beside" },
      { type: "set", language: "zh" },
    ),
  );
  assert.deepEqual(all(text, /class="value of-(\w+)"/g), ["unseen", "other", "unseen", "other"]);
  assert.match(text, />AdamW [^<]*</);
});
