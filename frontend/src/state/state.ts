/** Questions about what the page knows. Pure. */

import { clamp, nearestIndex } from "./sites.ts";
import type { Sentence, State } from "./types.ts";

export const GLIDE = 420;

/** The number of the training step the sliders are nearest to. */
export function stepNumber(state: State) {
  return state.card ? state.card.steps[Math.round(state.step)] : 0;
}

/** The site the sliders are nearest to. */
export function siteIndex(state: State) {
  return Math.round(state.site);
}

/**
 * What there is to show at a fractional index: two neighbours and the mix, or the nearest that is
 * there.
 */
export function around<T>(
  steps: number[],
  held: Record<number, T>,
  index: number,
): { a: T; b: T | null; mix: number; exact: boolean } | null {
  const low = clamp(Math.floor(index), 0, Math.max(0, steps.length - 1));
  const mix = index - low;
  const a = held[steps[low]];
  const b = held[steps[low + 1]];
  if (a && mix < 1e-6) return { a, b: null, mix: 0, exact: true };
  if (a && b) return { a, b, mix, exact: true };
  const present = steps.map((step, i) => ({ step, i })).filter(({ step }) => held[step]);
  const at = nearestIndex(
    present.map(({ i }) => i),
    index,
  );
  return at < 0 ? null : { a: held[present[at].step], b: null, mix: 0, exact: false };
}

/** The atlas slices on screen: those of the projection before, until the one chosen has come. */
export function shownAtlas(state: State) {
  return state.card
    ? around(state.card.steps, state.former?.atlas ?? state.atlas, state.step)
    : null;
}

/** The slices of a sentence on screen. */
export function shownSlices(state: State, sentence: Sentence) {
  return state.card
    ? around(state.card.steps, state.former?.slices[sentence.id] ?? sentence.slices, state.step)
    : null;
}

/** The projection on screen. */
export function shownProjection(state: State) {
  return state.former?.projection ?? state.projection;
}

export function sentenceOf(state: State, id: string | null) {
  return state.sentences.find((one) => one.id === id) ?? null;
}

/** The value of a measure at a place of the grid; null where it is not known. */
export function measureAt(
  state: State,
  name: string,
  step: number = Math.round(state.step),
  site: number = Math.round(state.site),
) {
  const table = state.measures;
  const found = table?.measures.find((one) => one.name === name);
  if (!table || !found || !state.card) return null;
  const row = table.steps.indexOf(state.card.steps[step]);
  return found.values[row]?.[site] ?? null;
}
