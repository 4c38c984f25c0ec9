/** The panel of meaning on a made-up run, and what it is answered with. */

import { renderToString } from "preact-render-to-string";
import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { meaning } from "../../frontend/src/panels/meaning/meaning.ts";
import { after, placed } from "./made.mjs";

export const t = wordsOf("en");
export const drawn = (state, words = t) => renderToString(meaning(state, words, () => {}, {}));
export const section = (name) => ({ type: "meaning.section", section: name });

export const SETS = {
  kind: "meaning_sets",
  id: 1,
  run: "tiny",
  step: 0,
  tensors: {},
  answer: {
    senses: [
      {
        language: "en",
        word: "bank",
        control: "place",
        names: ["money", "river"],
        counts: [20, 20],
        examples: ["a", "b"],
      },
    ],
    axes: [{ language: "en", name: "gender", pairs: [["man", "woman"]] }],
    labels: [{ name: "source", classes: 2 }],
    language: "en",
    predicts: true,
    layers: 2,
    heads: 3,
  },
};

/** The panel open on a section, what there is to choose from being known. */
export function open(name, state = placed()) {
  const shown = after(
    [{ type: "meaning.toggle" }, section(name), { type: "meaning.sets.asked", id: 1 }],
    state,
  );
  return after([{ type: "look", look: SETS }], shown);
}

export function tensor(shape, value) {
  const size = shape.reduce((a, b) => a * b, 1);
  return { dtype: "F32", shape, data: Float32Array.from({ length: size }, (_, i) => value(i)) };
}

export const common = { done: 1, of: 1, notes: [] };
export const triple = (i) => [1, 0.5, 1.5][i % 3];
