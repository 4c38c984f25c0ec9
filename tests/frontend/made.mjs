/** Small made-up things that the tests of the page share. */

import { initialState } from "../../frontend/src/state/initial.ts";
import { update } from "../../frontend/src/state/update.ts";

export const STEPS = [0, 8, 64, 512];
export const SITES = ["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"];
export const REF = 6;

/** A way to show the states, as the card tells of it. */
export function projection(name, kind, radius) {
  const axes = kind === "umap" ? ["", "", ""] : ["1", "2", "3"];
  return {
    name,
    kind,
    title_en: name,
    title_zh: name,
    axes_en: axes,
    axes_zh: axes,
    frame: { center: [0, 0, 0], radius },
  };
}

/** A card of two layers and four checkpoints. */
export function card(more = {}) {
  return {
    name: "tiny",
    title: "Tiny",
    description: "A made-up run.",
    steps: STEPS,
    sites: SITES,
    view: "normalised",
    frame: { center: [0, 0, 0], radius: 2 },
    projections: [projection("umap", "umap", 2), projection("pca", "pca", 10)],
    limits: { characters: 200, tokens: 16, message_bytes: 65536, sentences: 4 },
    examples: [{ text: "the bank of the river" }, { text: "the bank gave a loan" }],
    reference: REF,
    problems: [],
    ...more,
  };
}

/** One step of an atlas: point i of site s lies at (step, s, i); trust falls with i. */
export function atlasSlice(step) {
  const positions = new Float32Array(SITES.length * REF * 3);
  for (let s = 0; s < SITES.length; s++)
    for (let i = 0; i < REF; i++) positions.set([step, s, i], 3 * (s * REF + i));
  const trust = Uint8Array.from({ length: SITES.length * REF }, (_, k) => 255 - 10 * (k % REF));
  return { step, sites: SITES.length, ref: REF, positions, trust };
}

/** A placed slice of `tokens` tokens: token i of site s lies at (step, s, i + 0.5). */
export function placedSlice(step, tokens = 2) {
  const positions = new Float32Array(SITES.length * tokens * 3);
  for (let s = 0; s < SITES.length; s++)
    for (let i = 0; i < tokens; i++) positions.set([step, s, i + 0.5], 3 * (s * tokens + i));
  return {
    step,
    sites: SITES.length,
    tokens,
    positions,
    outside: new Float32Array(SITES.length * tokens).fill(40),
    trust: new Float32Array((SITES.length - 1) * tokens).fill(1.25),
    norm: new Float32Array(SITES.length * tokens).fill(7),
  };
}

export const REFERENCE = {
  windows: [
    ["the", " bank", " of", " the", " river"],
    ["a", " Bank", " note", " from", " the"],
  ],
  window: [0, 0, 0, 1, 1, 1],
  position: [0, 1, 4, 1, 2, 4],
  frequency: [50000, 30, 40, 30, 12, 50000],
  source: ["a novel", "a paper"],
  text: ["the", " bank", " river", " Bank", " note", " the"],
};

export const tokens = (texts) => texts.map((text, id) => ({ id, text, piece: 0, pieces: 1 }));

/** The state after some messages. */
export function after(messages, state = initialState({})) {
  return messages.reduce(update, state);
}

/** A state with a card, an atlas and one placed sentence. */
export function placed() {
  return after([
    { type: "hello", version: "0", limits: card().limits },
    { type: "run.card", card: card() },
    ...STEPS.map((step) => ({ type: "atlas.slice", slice: atlasSlice(step) })),
    { type: "reference", reference: REFERENCE },
    { type: "sentence.add", text: "the bank" },
    { type: "asked", sentence: "s1", id: 1, text: "the bank" },
    { type: "tokens", id: 1, sentence: "s1", cut: 0, tokens: tokens(["the", " bank"]) },
    ...STEPS.map((step) => ({
      type: "slice",
      id: 1,
      run: "tiny",
      sentence: "s1",
      slice: placedSlice(step),
    })),
    { type: "done", id: 1, sentence: "s1", steps: 4, milliseconds: 3 },
  ]);
}
