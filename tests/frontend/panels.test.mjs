/** Panels as trees: what each shows of a state, without a browser. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";

import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { compare } from "../../frontend/src/panels/compare.ts";
import { ablation } from "../../frontend/src/panels/inside/ablation.ts";
import { generation } from "../../frontend/src/panels/inside/generation.ts";
import { inside } from "../../frontend/src/panels/inside/inside.ts";
import { landscape } from "../../frontend/src/panels/inside/landscape.ts";
import { optimizerStep } from "../../frontend/src/panels/inside/optimizer-step.ts";
import { jobTold } from "../../frontend/src/panels/lab/labjob.ts";
import { ownText } from "../../frontend/src/panels/lab/labtext.ts";
import { sentences } from "../../frontend/src/panels/sentences.ts";
import { strip } from "../../frontend/src/panels/strip/strip.ts";
import { top } from "../../frontend/src/panels/top.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { watch } from "../../frontend/src/ui/host.ts";
import { placeByKey } from "../../frontend/src/ui/keys.ts";
import { after, card, placed } from "./made.mjs";

const t = wordsOf("en");
/** A view drawn inside a component, so that it may have hooks. */
const drawn = (view, state, acts) => renderToString(h(() => view(state, t, () => {}, acts)));
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, one]) => one);
const chosen = (text, id) =>
  text.match(new RegExp(`id="${id}".*?<option[^>]* selected[^>]*>([^<]*)`))?.[1];

test("a piece that knows the places at rest alone hears nothing of those between two", () => {
  const [whole, every] = [watch(true), watch()];
  const state = after([{ type: "go", step: 1, site: 2 }], placed());
  for (const watched of [whole, every])
    assert.ok(watched.changed(state) && watched.state.step === 1);
  const between = after([{ type: "go", step: 1.3, glide: 0 }], state);
  assert.deepEqual([whole.changed(between), every.changed(between)], [false, true]);
  assert.deepEqual([whole.state.step, every.state.step], [1, 1.3]);
  assert.ok(whole.changed(after([{ type: "go", step: 1.7, glide: 0 }], state)));
});

test("a piece within a piece makes the one around it watch what it reads", () => {
  const outer = watch();
  const inner = watch(true);
  const state = after([{ type: "go", step: 1 }], placed());
  outer.changed(state);
  inner.changed(outer.state);
  assert.equal(inner.state.step, 1);
  const moved = after([{ type: "go", step: 2 }], state);
  assert.ok(outer.changed(moved), "the outer one has read it for the inner one");
  assert.ok(inner.changed(outer.state));
});

test("keys go along a line of places, and stay here", () => {
  const held = [];
  const key = (name) => ({
    key: name,
    preventDefault: () => held.push(name),
    stopPropagation() {},
  });
  const to = (name, page) => placeByKey(key(name), 2.4, 9, page);
  assert.deepEqual(
    ["ArrowLeft", "ArrowUp", "Home", "End", "PageUp", "a"].map((name) => to(name)),
    [1, 3, 0, 9, 6, null],
  );
  assert.equal(to("PageDown", 3), -1);
  assert.ok(!held.includes("a"));
});

test("sentences: the one in hand shows its tokens, the picked one pressed", () => {
  const state = after([{ type: "pick", pick: { kind: "sentence", id: "s1", token: 1 } }], placed());
  const text = drawn(sentences, state);
  assert.deepEqual(all(text, /class="token"[^>]*aria-pressed="(\w+)"/g), ["false", "true"]);
  assert.match(text, /<li [^>]*data-id="s1"/);
  assert.match(text, /class="sentence active/);
  assert.deepEqual(all(text, /class="sample"[^>]*><span>([^<]*)/g), [
    "the bank of the river",
    "the bank gave a loan",
  ]);
  const full = after(
    ["a", "b", "c"].map((one) => ({ type: "sentence.add", text: one })),
    placed(),
  );
  assert.match(drawn(sentences, full), /id="add-sentence"[^>]* disabled/);
  assert.doesNotMatch(text, /id="add-sentence"[^>]* disabled/);
});

test("sentences: with nothing typed three to try stand open, and one takes the empty line", () => {
  const text = drawn(sentences, after([{ type: "sentence.edit", id: "s1", text: " " }], placed()));
  assert.match(text, /<details class="samples inviting"/);
  assert.doesNotMatch(drawn(sentences, placed()), /inviting/);
});

test("the top: one run is a title, several are a choice", () => {
  const acts = { copyLink() {}, resetCamera() {}, take() {} };
  const one = placed();
  assert.match(drawn(top, one, acts), /<span class="title" title="A made-up run\.">Tiny<\/span>/);
  const runs = [
    { name: "tiny", title: "Tiny" },
    { name: "other", title: "Other" },
  ];
  const several = after([{ type: "runs", runs }], one);
  assert.match(drawn(top, several, acts), /<button [^>]*id="run"[^>]*aria-expanded="false"/);
  assert.match(
    drawn(top, after([{ type: "theme.toggle" }], one), acts),
    /icon-moon.*id="open-about"/,
  );
});

test("the strip: its sliders say where one is; without a run there is nowhere to go", () => {
  const state = after([{ type: "go", step: 2, site: 3 }], placed());
  const text = drawn(strip, state, { replay() {} });
  assert.deepEqual(all(text, /<output for="\w+"[^>]*>([^<]*)/g), [
    "layer 2 of 2 · after attention",
    "step 64",
  ]);
  assert.match(text, /--notches:\s*4;\s*--at:\s*0\.75/);
  assert.match(text, /data-speed="1" aria-pressed="true"/);
  const bare = drawn(strip, initialState({}), { replay() {} });
  assert.match(bare, /class="strip panel waiting"/);
  assert.equal(all(bare, /<input type="range" id="(\w+)"[^>]* disabled/g).length, 2);
});

test("the strip: under its sliders what the training's own log says", () => {
  const acts = { replay() {} };
  assert.match(drawn(strip, placed(), acts), /<p class="logged" id="logged" hidden>/);
  const rows = [
    { step: 0, loss: 3.5 },
    { step: 64, loss: 2.25 },
    { step: 128, loss: null },
  ];
  const state = after(
    [
      { type: "lab.log", run: "tiny", rows },
      { type: "go", step: 2 },
    ],
    placed(),
  );
  const text = drawn(strip, state, acts);
  assert.match(text, /<span class="figures"><span>loss 2.25<\/span>/);
  assert.deepEqual(all(text, /class="finding of-(\w+)"/g), ["broken"]);
});

test("comparing: an invitation first, then the other run and its own steps", () => {
  const runs = [
    { name: "tiny", title: "Tiny" },
    { name: "other", title: "Other" },
  ];
  const open = after([{ type: "runs", runs }, { type: "compare.toggle" }], placed());
  assert.match(drawn(compare, open), /<option[^>]* disabled[^>]*>/);
  assert.doesNotMatch(drawn(compare, open), /compare-tag/);
  const other = { run: "other", card: card({ name: "other", steps: [0, 4, 64] }) };
  const beside = after(
    [
      { type: "compare", with: "other", mode: "beside" },
      { type: "compare.card", ...other },
    ],
    open,
  );
  const text = drawn(compare, beside);
  assert.equal(chosen(text, "compare-run"), "Other");
  assert.deepEqual(all(text, /class="compare-tag (\w+)"/g), ["own", "other"]);
  assert.match(text, /data-mode="beside"[^>]*aria-checked="true"/);
});

const inTab = (tab, ...messages) =>
  after([{ type: "inside.toggle" }, { type: "inside.set", tab }, ...messages], placed());

test("model internals: hidden they hold nothing at first; the open tab says what it waits for", () => {
  assert.match(drawn(inside, placed()), /^<section id="inside"[^>]* hidden[^>]*><\/section>$/);
  const text = drawn(inside, inTab("generation"));
  assert.deepEqual(all(text, /role="tab" id="inside-([\w-]+)"[^>]*aria-selected="true"/g), [
    "generation",
  ]);
  assert.match(text, /id="inside-body"[^>]*aria-labelledby="inside-generation"/);
});

test("model internals: how the open tab is drawn best, and the way there", () => {
  const text = drawn(inside, inTab("gradients"));
  assert.match(
    text,
    new RegExp(`<button type="button" class="toggle" id="glide-best">${t("drawn.glide.pca")}<`),
  );
  assert.match(text, /id="arrows-drawn" hidden/);
  assert.doesNotMatch(drawn(inside, inTab("landscape")), /drawn-how/);
});

test("generation: its settings with what they are, nothing to go back to at first", () => {
  const text = drawn(generation, inTab("generation"), [true, () => {}]);
  assert.match(text, /<details open>/);
  assert.match(text, /id="generation-clear"[^>]* disabled/);
  const none = drawn(generation, inTab("generation", { type: "generation.set", top_k: 0 }), [
    false,
    () => {},
  ]);
  assert.match(none, new RegExp(`<output for="generation-top_k"[^>]*>${t("generation.all")}<`));
  assert.doesNotMatch(none, /<details open/);
});

test("ablation: what is scaled is said, and can be put back", () => {
  const plain = drawn(ablation, inTab("ablation"));
  assert.match(plain, /id="ablation-reset"[^>]* hidden/);
  const text = drawn(
    ablation,
    inTab(
      "ablation",
      { type: "ablation.set", part: "mlp", layer: 0, head: 0, factor: 0 },
      { type: "ablation.choose", layer: 0 },
    ),
  );
  assert.doesNotMatch(text, /id="ablation-reset"[^>]* hidden/);
  assert.match(text, /<output for="ablation-mlp" class="changed">×0<\/output>/);
  assert.match(text, /<output for="ablation-attention"[^>]*>×1<\/output>/);
});

test("the optimizer's step: motions in their groups, the factor in words", () => {
  const text = drawn(
    optimizerStep,
    inTab("optimizer-step", {
      type: "optimizer-step.set",
      motion: "adam",
      factor: 500,
      backwards: true,
    }),
  );
  assert.equal(all(text, /<optgroup label="([^"]*)"/g).length, 2);
  assert.match(text, /aria-valuetext="×−500"/);
  assert.match(text, /id="optimizer-step-backwards" checked/);
});

test("the weight trajectory: computed where it is wanted, stopped while it is", () => {
  const state = inTab("landscape");
  const [idle, busy] = [false, true].map((on) =>
    drawn(landscape, after([{ type: "landscape.compute", on }], state)),
  );
  assert.match(idle, /id="landscape-compute"/);
  assert.match(busy, /id="landscape-progress".*id="landscape-stop"/);
  assert.equal(chosen(idle, "landscape-end"), "step 512");
  const same = after([{ type: "landscape.set", start: 512 }], state);
  assert.match(drawn(landscape, same), /id="landscape-line"[^>]* disabled/);
});

const JOB = {
  id: "a",
  run: "run-a",
  title: "A",
  task: "text",
  optimizer: "adamw",
  numbers: {},
  status: "running",
  step: 10,
  steps: 100,
};

test("a training: what can be done with it, and the question before it is deleted", () => {
  const state = after(
    [
      { type: "lab.jobs", jobs: [JOB] },
      { type: "lab.select", id: "a" },
    ],
    placed(),
  );
  assert.deepEqual(all(drawn(jobTold, state, {}), /data-act="(\w+)"/g), ["pause", "stop"]);
  const done = after([{ type: "lab.jobs", jobs: [{ ...JOB, status: "stopped" }] }], state);
  assert.match(drawn(jobTold, done, {}), /data-act="remove"/);
  const sure = after([{ type: "lab.sure", id: "a" }], done);
  assert.deepEqual(all(drawn(jobTold, sure, {}), /data-act="(\w+)"/g), ["sure", "keep"]);
  assert.equal(drawn(jobTold, placed(), {}), "");
});

test("a text of one's own is told beside its bound", () => {
  const task = {
    name: "text",
    title_en: "",
    title_zh: "",
    about_en: "",
    about_zh: "",
    text: true,
    numbers: [],
    optimizer: "adamw",
  };
  const offer = {
    tasks: [task],
    optimizers: ["adamw"],
    limits: { running: 2, kept: 8, minutes: 10, bytes: 1e8, text_bytes: 20 },
  };
  const state = after(
    [
      { type: "lab.offer", offer },
      { type: "lab.text", text: "a text" },
    ],
    placed(),
  );
  assert.match(drawn(ownText, state), /<p class="quiet" id="lab-text-size">6 B of at most 20 B/);
  const long = after([{ type: "lab.text", text: "字".repeat(7) }], state);
  assert.match(drawn(ownText, long), /<p class="quiet bad" id="lab-text-size">21 B/);
});
