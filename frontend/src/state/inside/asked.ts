/**
 * What all views of the inside share: the sentence and token in hand, the place that is asked
 * about, answers. Pure.
 */

import { sectionShown } from "../drawer.ts";
import type { Inside, Look, State } from "../types.ts";

export function withInside(state: State, fields: Partial<Inside>): State {
  return { ...state, inside: { ...state.inside, ...fields } };
}

/** Whether the panel is on the page: another takes its place for a while. */
export function insideShown(state: State) {
  return sectionShown(state) === "inside";
}

/** The sentence that is looked into: the one in hand. */
export function sentenceInside(state: State) {
  const found = state.sentences.find((one) => one.id === state.active) ?? state.sentences[0];
  return found && !found.hidden && found.asked && found.tokens.length ? found : null;
}

/** The token in hand, if it is of the sentence that is looked into; else its last. */
export function tokenInside(state: State) {
  const sentence = sentenceInside(state);
  if (!sentence) return null;
  const { picked } = state;
  const own = picked?.kind === "sentence" && picked.id === sentence.id ? picked.token : null;
  return own ?? sentence.tokens.length - 1;
}

/** What every question about a sentence says; null where there is nothing to ask about. */
export function placeAsked(state: State) {
  const sentence = sentenceInside(state);
  if (!state.card || !sentence || state.playing || state.connection !== "open") return null;
  return {
    run: state.run,
    step: state.card.steps[Math.round(state.step)],
    text: sentence.shown?.text ?? sentence.asked ?? "",
    special: sentence.special,
    projection: state.projection,
  };
}

/** The answer of a kind, and whether it is to this very question. */
export function answerTo(
  state: State,
  kind: string,
  question: { type: string } | undefined,
): { look: Look | null; fresh: boolean } {
  const look = state.inside.looks[kind] ?? null;
  return {
    look,
    fresh: look !== null && question !== undefined && look.key === JSON.stringify(question),
  };
}
