import assert from "node:assert/strict";
import test from "node:test";
import { citationOf } from "../../frontend/src/charts/citing.ts";
import { paperOf } from "../../frontend/src/charts/paper.ts";
import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { SITES, STEPS, after, placed } from "./made.mjs";

/** A state with one measure on the paper. */
function cited() {
  const values = STEPS.map((_, step) => SITES.map((_, site) => 2 + step + site));
  const measures = [{ name: "twonn", unit: "dimensions", group: "dimension", values }];
  const axes = { variables: [], values: [] };
  const table = { steps: STEPS, sites: SITES, measures, axes, events: [] };
  const messages = [
    { type: "measures", measures: table },
    { type: "set", measure: "twonn" },
    { type: "hello", version: "9.9", limits: {} },
  ];
  return after(messages, placed());
}

test("a run is called in the page's language on paper, in citations and while it loads", () => {
  const zh = wordsOf("zh");
  const state = cited();
  state.language = "zh";
  state.card.name = "poet";
  state.card.title = "Poet";
  assert.ok(paperOf(state, zh).text.includes(zh("shape.poet.title")));
  assert.match(citationOf(state, zh), /^诗人 · /);
  state.card.name = "mine";
  state.card.title_zh = "我的运行";
  assert.match(citationOf(state, zh), /^我的运行 · /);
  assert.match(citationOf(state, wordsOf("en")), /^Poet · /);
});
