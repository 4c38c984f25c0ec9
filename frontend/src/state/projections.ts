/**
 * How states become places: which projection is shown, which one is on its way, and what may be
 * said of each. Pure.
 */

import { shownProjection, stepNumber } from "./state.ts";
import type { Projection, Sentence, State } from "./types.ts";

/** What a run offers, the atlas's own layout first; none before its card. */
export function projectionsOf(state: State) {
  return state.card?.projections ?? [];
}

export function projectionOf(
  state: State,
  name: string = shownProjection(state),
): Projection | null {
  return projectionsOf(state).find((one) => one.name === name) ?? null;
}

/** "umap", "pca" or "basis": what words about distances hold. */
export function kindShown(state: State) {
  return projectionOf(state)?.kind ?? "umap";
}

/** The ball that holds what is shown. */
export function frameShown(state: State) {
  return projectionOf(state)?.frame ?? state.card?.frame ?? { center: [0, 0, 0], radius: 1 };
}

/** The names of the three axes in the language chosen; "" where an axis has none. */
export function axisNames(state: State) {
  const shown = projectionOf(state);
  return shown ? (state.language === "zh" ? shown.axes_zh : shown.axes_en) : ["", "", ""];
}

/**
 * The measure that says of a projection what the chosen one says of another; the chosen one where
 * it is about no picture.
 */
export function measureIn(measures: State["measures"], measure: string, projection: string) {
  const base = measure.split("@")[0];
  const known = measures?.measures.map((one) => one.name) ?? [];
  return [`${base}@${projection}`, base].find((name) => known.includes(name)) ?? measure;
}

/**
 * Another projection is wanted: what is on screen stays until it has come, sentences are asked for
 * again.
 */
export function choose(state: State, name: string): State {
  if (name === state.projection || !projectionsOf(state).some((one) => one.name === name))
    return state;
  const measure = measureIn(state.measures, state.measure, name);
  const former = state.former ?? {
    projection: state.projection,
    atlas: state.atlas,
    slices: Object.fromEntries(state.sentences.map((one) => [one.id, one.slices])),
  };
  const sentences = state.sentences.map((one) =>
    one.status === "blank" ? one : { ...one, asked: null, request: null, slices: {}, coming: null },
  );
  if (name !== former.projection)
    return { ...state, projection: name, measure, former, atlas: {}, atlasFailures: {}, sentences };
  return {
    ...state,
    projection: name,
    measure,
    former: null,
    atlas: former.atlas,
    atlasFailures: {},
    sentences: sentences.map((one) => ({ ...one, slices: former.slices[one.id] ?? {} })),
  };
}

/** Whether a sentence keeps the new projection waiting at this step. */
function awaited(state: State, one: Sentence) {
  const fails = one.status === "failed" || one.status === "blank" || one.failure !== null;
  return !one.hidden && !fails && one.tokens.length > 0 && !(stepNumber(state) in one.slices);
}

/**
 * What was held back is let go once cloud and sentences are there at this step, so that all glide
 * together.
 */
export function arrived(state: State): State {
  if (!state.former) return state;
  const step = stepNumber(state);
  if (!(step in state.atlas) && !(step in state.atlasFailures)) return state;
  const waiting = state.connection === "open" && state.sentences.some((one) => awaited(state, one));
  return waiting ? state : { ...state, former: null };
}
