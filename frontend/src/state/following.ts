/**
 * Runs that grow while one watches: where a person stands when steps come, and what is said of what
 * is being made. Pure.
 */

import { nearestIndex } from "./sites.ts";
import type { Handlers, Message, Of } from "./messages.ts";
import type { Card, Sentence, State, Words } from "./types.ts";
import type { Building } from "../protocol/wire.ts";

/** Milliseconds of the glide to a step that has just come. */
export const ALONG = 900;

/** What a person does that means: stay here. */
const STAYS = ["go", "play", "run.choose", "projection", "projection.next"];

/** What changes when runs do. */
export const FOLLOWING: Handlers<"run.grown"> = {
  "run.grown": grown,
};

/**
 * The card of the run on screen as it is now: the same place of it is on screen; who stands at its
 * end will go along to the new one.
 */
export function grown(state: State, { card }: Of<"run.grown">): State {
  const before = state.card;
  if (!before || card.name !== state.run || JSON.stringify(card) === JSON.stringify(before))
    return state;
  const named = (card.projections ?? []).some(
    (one: { name: string }) => one.name === state.projection,
  );
  const projection = named ? state.projection : "umap";
  const step = placeIn(before.steps, card.steps, state.step);
  const more = Number(card.steps.at(-1)) > Number(before.steps.at(-1));
  const atEnd =
    Math.round(state.step) === before.steps.length - 1 &&
    state.playing !== "steps" &&
    !state.touring;
  const next = {
    ...state,
    card,
    runFailure: null,
    projection,
    step,
    along: state.along || (more && atEnd),
  };
  return card.lineage === before.lineage && named ? refusedAskedAnew(next) : renewed(next, state);
}

/** What was refused may not be, now that the run is another: it is asked for again. */
function refusedAskedAnew(state: State): State {
  if (!state.sentences.some(({ status }) => status === "failed")) return state;
  const sentences = state.sentences.map((one) =>
    one.status === "failed" ? { ...one, asked: null, request: null } : one,
  );
  return { ...state, sentences };
}

/** Where a fractional place among steps lies once others have come between and behind. */
export function placeIn(before: number[], after: number[], at: number) {
  const low = Math.min(Math.floor(at), before.length - 1);
  const index = nearestIndex(after, before[low]);
  return Math.max(0, Math.min(after.length - 1, index + (at - low)));
}

/**
 * Other clouds than before: what is on screen stays until they have come, sentences are asked for
 * again.
 */
function renewed(next: State, state: State): State {
  const slices = Object.fromEntries(state.sentences.map((one) => [one.id, one.slices]));
  const former = state.former ?? { projection: state.projection, atlas: state.atlas, slices };
  const sentences = state.sentences.map((one) =>
    one.status === "blank" ? one : { ...one, asked: null, request: null, slices: {}, coming: null },
  );
  return {
    ...next,
    former,
    atlas: {},
    atlasFailures: {},
    sentences,
    picked: null,
    inspection: null,
    inspecting: null,
  };
}

/**
 * Who waits for a step to come goes there once its cloud and sentences are there, so that all glide
 * together; to the last that is ready.
 * @param message what has just happened
 */
export function caughtUp(state: State, message: Message): State {
  if (!state.along || !state.card) return state;
  if (STAYS.includes(message.type)) return { ...state, along: false };
  const last = state.card.steps.length - 1;
  for (let at = last; at > Math.round(state.step); at--) {
    if (isReady(state, state.card.steps[at])) return { ...state, step: at, along: at < last };
  }
  return Math.round(state.step) >= last ? { ...state, along: false } : state;
}

function isReady(state: State, step: number) {
  if (!(step in state.atlas)) return false;
  return state.connection !== "open" || !state.sentences.some((one) => isAwaited(one, step));
}

/** Whether a sentence is on its way to a step. */
function isAwaited(one: Sentence, step: number) {
  return (
    !one.hidden &&
    one.tokens.length > 0 &&
    one.failure === null &&
    one.status !== "blank" &&
    one.status !== "failed" &&
    !(step in one.slices)
  );
}

/**
 * Sentences that have been placed, but not at every step: more have come since.
 * @returns their ids
 */
export function behind(state: State): string[] {
  const { card, sentences } = state;
  if (!card || !isTyped(card)) return [];
  const lacks = (one: Sentence) =>
    one.status === "placed" &&
    one.asked === one.text &&
    !one.failure &&
    card.steps.some((step) => !(step in one.slices));
  return sentences.filter(lacks).map((one) => one.id);
}

/** Whether sentences can be typed for a run: it has its weights. */
export function isTyped(card: Card | null) {
  return card?.typed !== false;
}

/** What is being made of a run just now; null where nothing is. */
export function buildingOf(state: State, run: string = state.run): Building | null {
  return state.runs.find((one) => one.name === run)?.building ?? null;
}

/** Whether more steps of the run on screen are to be expected. */
export function isLive(state: State) {
  return Boolean(state.card?.live ?? state.runs.find((one) => one.name === state.run)?.live);
}

/** A stage of the making in words. */
export function stageWords(t: Words, { stage }: Building) {
  const step = /^step (\d+)$/.exec(stage);
  if (step) return t("live.stage.step", { step: Number(step[1]) });
  const words = t(`live.stage.${stage}`);
  return words.startsWith("live.stage.") ? stage : words;
}

/** "being built: 34 % · layout". */
export function buildingWords(t: Words, building: Building) {
  const stage = stageWords(t, building);
  return isCounted(building) ? t("live.building", { percent: percentOf(building), stage }) : stage;
}

/** Whether a stage has a share worth telling. */
export function isCounted({ stage }: Building) {
  return !["line", "starting", "waiting"].includes(stage);
}

export function percentOf({ share }: Building) {
  return Math.floor(100 * share);
}

/** The same for a voice, which does not repeat itself each second: stage and quarter. */
export function spokenWords(t: Words, building: Building) {
  return buildingWords(t, { ...building, share: Math.floor(4 * building.share) / 4 });
}
