/**
 * Where the map from states to places is not continuous: what is asked and known of it. Pure.
 */

import { failureIn } from "../protocol/failure.ts";
import { sectionShown } from "./drawer.ts";
import { shownProjection, siteIndex, stepNumber } from "./state.ts";
import type { Failure } from "../protocol/failure.ts";
import type { DiscontinuityQuestion } from "../protocol/wire.ts";
import type { Handlers, Kind } from "./messages.ts";
import type { Discontinuity, Look, Score, State } from "./types.ts";

/** The scores, as colours and as numbers. */
export const SCORES = ["perturbation", "singularity"] as const satisfies Score[];

export const NOT_MEASURED: Discontinuity = { wish: null, asking: null, look: null, trouble: null };

export function isScore(mode: string): mode is Score {
  return (SCORES as readonly string[]).includes(mode);
}

function withScores(state: State, fields: Partial<Discontinuity>): State {
  return { ...state, discontinuity: { ...state.discontinuity, ...fields } };
}

export const DISCONTINUITY: Handlers<Extract<Kind, `discontinuity.${string}`>> = {
  "discontinuity.measure": (state) => withScores(state, { wish: sliceOf(state), trouble: null }),
  "discontinuity.asked": (state, { id, key }) =>
    withScores(state, { asking: { id, key }, trouble: null }),
  "discontinuity.stop": (state) => withScores(state, { asking: null }),
};

/** The state once an answer has come. */
export function scoresHeard(state: State, look: Look): State {
  const { asking } = state.discontinuity;
  if (asking?.id !== look.id) return state;
  return withScores(state, { asking: null, look: { ...look, key: asking.key } });
}

/** The state once a question has been refused; the same where the id is none of ours. */
export function scoresFailed(
  state: State,
  { id, ...failure }: Failure & { id?: number | null },
): State {
  const { asking } = state.discontinuity;
  if (!asking || asking.id !== id) return state;
  const trouble = { key: asking.key, failure: failureIn(failure) };
  return withScores(state, { asking: null, trouble });
}

/** The slice on screen, as one word. */
function sliceOf(state: State) {
  return JSON.stringify([state.run, stepNumber(state), siteIndex(state)]);
}

/** Whether the picture on screen is the layout, of whose map the scores speak. */
export function isLayout(state: State) {
  return shownProjection(state) === "umap" && state.projection === "umap";
}

/** Whether the numbers of the picked token are on the page and wanted with its scores. */
function isTold(state: State) {
  const { picked, tab, discontinuity } = state;
  const open = picked !== null && tab === "numbers" && sectionShown(state) === "token";
  return open && (isScore(state.colour) || discontinuity.wish === sliceOf(state));
}

/** The question that is to be answered now; null where there is none. */
export function wantedScores(state: State): Omit<DiscontinuityQuestion, "id"> | null {
  const told = isTold(state);
  if (!(told || isScore(state.colour)) || !isLayout(state)) return null;
  if (!state.card || state.connection !== "open" || state.written) return null;
  const question = {
    type: "discontinuity" as const,
    run: state.run,
    step: stepNumber(state),
    site: siteIndex(state),
  };
  const id = told && state.picked?.kind === "sentence" ? state.picked.id : null;
  const sentence = state.sentences.find((one) => one.id === id);
  const text = sentence?.shown?.text ?? sentence?.asked;
  return sentence && text ? { ...question, text, special: sentence.special } : question;
}

/** The answer about the slice on screen; null where it has not been measured. */
export function scoresHere(state: State): Look | null {
  const { look } = state.discontinuity;
  const here =
    look?.key !== undefined &&
    look.run === state.run &&
    look.step === stepNumber(state) &&
    JSON.parse(look.key).site === siteIndex(state);
  return here && isLayout(state) ? look : null;
}

/** Why the slice on screen is not measured; null where nothing went wrong. */
export function troubleHere(state: State): Failure | null {
  const { trouble } = state.discontinuity;
  const wanted = wantedScores(state);
  return trouble && wanted && trouble.key === JSON.stringify(wanted) ? trouble.failure : null;
}

/** What is told of the picked token. */
export interface Told {
  value: number;
  /** share of the cloud's tokens that are below it */
  below: number;
  /** quartile and median of the same places dealt at random */
  control: { quarter: number; median: number };
}

/** A score of the picked token; null where it is not measured. */
export function toldOf(state: State, kind: Score): Told | null {
  const look = scoresHere(state);
  const { picked } = state;
  if (!look || !picked) return null;
  const values = valuesOf(look, kind);
  const value =
    picked.kind === "cloud" ? values[picked.index] : ofSentence(state, look, kind, picked);
  if (value === undefined || Number.isNaN(value)) return null;
  let less = 0;
  for (const one of values) if (one < value) less++;
  const control = sorted(valuesOf(look, `control_${kind}`));
  return {
    value,
    below: less / values.length,
    control: { quarter: quantile(control, 0.25), median: quantile(control, 0.5) },
  };
}

/** Of a token of a sentence, where the answer is about that very text. */
function ofSentence(state: State, look: Look, kind: Score, { id, token }: any) {
  const sentence = state.sentences.find((one) => one.id === id);
  const { text } = JSON.parse(look.key ?? "{}");
  const own = text !== undefined && text === (sentence?.shown?.text ?? sentence?.asked);
  return own ? valuesOf(look, `token_${kind}`)[token] : undefined;
}

function valuesOf(look: Look, name: string): Float32Array {
  return (look.tensors[name]?.data as Float32Array | undefined) ?? new Float32Array(0);
}

const sorted = (values: Float32Array) => Float32Array.from(values).sort();

/** A value of the list, so that infinite ones do no harm. */
const quantile = (ordered: Float32Array, share: number) =>
  ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))];

/**
 * The values that colour the cloud, and the ends of their scale: from what one in twenty of the
 * cloud's tokens are below, to what half the tokens of a picture dealt at random are above.
 */
export function scoredCloud(
  state: State,
): { values: Float32Array; low: number; high: number } | null {
  const look = isScore(state.colour) ? scoresHere(state) : null;
  if (!look) return null;
  const values = valuesOf(look, state.colour);
  const ordered = sorted(values);
  const dealt = quantile(sorted(valuesOf(look, `control_${state.colour}`)), 0.5);
  const low = Math.max(quantile(ordered, 0.05), 1e-6);
  const high = Number.isFinite(dealt) ? dealt : quantile(ordered, 0.99);
  return { values, low, high: high > low ? high : 10 * low };
}

/** How a value reads: beside the places dealt at random. */
export function scoreWord({ value, control }: Told) {
  if (value >= control.median) return "score.random";
  return value >= control.quarter ? "score.loose" : "score.steady";
}
