/** What all views of the inside share: the sentence and token in hand, the place that is asked about, answers. Pure. */

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Inside} Inside */
/** @typedef {import("../types.d.ts").Look} Look */

/** @param {State} state @param {Partial<Inside>} fields @returns {State} */
export function withInside(state, fields) {
  return { ...state, inside: { ...state.inside, ...fields } };
}

/** Whether the panel is on the page: another takes its place for a while. @param {State} state */
export function insideShown(state) {
  return state.inside.open && !state.lab.open && !["search", "sentences", "door"].includes(state.sheet ?? "");
}

/** The sentence that is looked into: the one in hand. @param {State} state */
export function sentenceInside(state) {
  const found = state.sentences.find((one) => one.id === state.active) ?? state.sentences[0];
  return found && !found.hidden && found.asked && found.tokens.length ? found : null;
}

/** The token in hand, if it is of the sentence that is looked into; else its last. @param {State} state */
export function tokenInside(state) {
  const sentence = sentenceInside(state);
  if (!sentence) return null;
  const { picked } = state;
  const own = picked?.kind === "sentence" && picked.id === sentence.id ? picked.token : null;
  return own ?? sentence.tokens.length - 1;
}

/** What every question about a sentence says; null where there is nothing to ask about. @param {State} state */
export function placeAsked(state) {
  const sentence = sentenceInside(state);
  if (!state.card || !sentence || state.playing || state.connection !== "open") return null;
  return { run: state.run, step: state.card.steps[Math.round(state.step)], text: sentence.asked ?? "", projection: state.projection };
}

/** The answer of a kind, and whether it is to this very question. @param {State} state @param {string} kind @param {{ type: string } | undefined} question @returns {{ look: Look | null, fresh: boolean }} */
export function answerTo(state, kind, question) {
  const look = state.inside.looks[kind] ?? null;
  return { look, fresh: look !== null && question !== undefined && look.key === JSON.stringify(question) };
}
