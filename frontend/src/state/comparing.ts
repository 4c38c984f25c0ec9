/**
 * Two runs, or two steps of one, in one view: which steps and sites belong together, and what is
 * known of the other. Pure.
 */

import { editSentence, newSentence } from "./sentences.ts";
import { clamp } from "./sites.ts";
import type { Handlers, Kind, Of } from "./messages.ts";
import type { Compare, Overlay, Picked, State } from "./types.ts";

/** A comparison before anything is known of the other run. */
export function newCompare({
  with: other,
  step = null,
  mode,
}: {
  with: string | null;
  step?: number | null;
  mode: "beside" | "over";
}): Compare {
  return { with: other, step, mode, card: null, failure: null, at: null, over: null };
}

/** The name of the run compared with: this one where two of its steps are. */
export function otherRun(state: State) {
  return state.compare ? (state.compare.with ?? state.run) : "";
}

/** The card of the run compared with, as soon as it is here. */
export function otherCard(state: State) {
  return state.compare ? (state.compare.with === null ? state.card : state.compare.card) : null;
}

/** The index of the last value that is not above the wanted one; 0 where all are. */
export function atOrBefore(ascending: number[], wanted: number) {
  let found = 0;
  while (found + 1 < ascending.length && ascending[found + 1] <= wanted) found++;
  return found;
}

/** Both in one row, ascending, each once. */
export function united(a: number[], b: number[]) {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

/**
 * Where a run stands when the slider stands at `at` of `all`: its own step there, or its last
 * before; between two of its own, between.
 */
export function indexOn(own: number[], all: number[], at: number) {
  const low = clamp(Math.floor(at), 0, Math.max(0, all.length - 1));
  const index = atOrBefore(own, all[low]);
  const between = at - low;
  return between > 0 && own[index] === all[low] && own[index + 1] === all[low + 1]
    ? index + between
    : index;
}

/**
 * The steps that the slider goes through, and where it stands among them: this run's, or both runs'
 * where the other one follows.
 */
export function stepAxis(state: State): { steps: number[]; at: number } {
  const own = state.card?.steps ?? [];
  const other =
    state.compare?.step === null && state.compare.with !== null ? otherCard(state)?.steps : null;
  if (!other || !own.length) return { steps: own, at: state.step };
  const steps = united(own, other);
  if (state.compare?.at != null) return { steps, at: clamp(state.compare.at, 0, steps.length - 1) };
  const low = Math.floor(state.step);
  const [a, b] = [steps.indexOf(own[low]), steps.indexOf(own[Math.min(low + 1, own.length - 1)])];
  return { steps, at: a + (b - a) * (state.step - low) };
}

/** The state with the slider of the steps moved along what it goes through. */
export function wentAlong(state: State, along: number): State {
  if (!state.card) return state;
  const { steps } = stepAxis(state);
  const at = clamp(along, 0, Math.max(0, steps.length - 1));
  const step = indexOn(state.card.steps, steps, at);
  const compare =
    state.compare && steps !== state.card.steps ? { ...state.compare, at } : state.compare;
  return step === state.step && compare?.at === state.compare?.at
    ? state
    : { ...state, step, compare };
}

/** Where the other run stands on its own steps, fractional while a person scrubs. */
export function otherStepIndex(state: State) {
  const steps = otherCard(state)?.steps ?? [];
  if (!state.compare || !steps.length) return 0;
  if (state.compare.step !== null) return atOrBefore(steps, state.compare.step);
  const axis = stepAxis(state);
  return indexOn(steps, axis.steps, axis.at);
}

/** The training step at which the other run is shown. */
export function otherStep(state: State) {
  return otherCard(state)?.steps[Math.round(otherStepIndex(state))] ?? 0;
}

/** How deep a site lies, 0 at the embedding to 1 after the last layer, out of the names of all. */
export function depths(sites: string[]): number[] {
  const found = sites.map((name) => /^L(\d+)\.(mid|post)$/.exec(name));
  const layers = 1 + Math.max(0, ...found.map((one) => Number(one?.[1] ?? 0)));
  return found.map((one) => (one ? (Number(one[1]) + (one[2] === "mid" ? 0.5 : 1)) / layers : 0));
}

/**
 * For each site of one run the site of another that lies nearest in relative depth, the first of
 * equals.
 */
export function matchedSites(sites: string[], others: string[]): number[] {
  const theirs = depths(others);
  return depths(sites).map((depth) =>
    theirs.reduce(
      (best, one, i) => (Math.abs(one - depth) < Math.abs(theirs[best] - depth) - 1e-9 ? i : best),
      0,
    ),
  );
}

/** Where the other run stands on its own sites. */
export function otherSite(state: State) {
  const others = otherCard(state)?.sites;
  if (!others || !state.card) return 0;
  const matched = matchedSites(state.card.sites, others);
  const low = clamp(Math.floor(state.site), 0, matched.length - 1);
  const next = matched[Math.min(low + 1, matched.length - 1)];
  return matched[low] + (next - matched[low]) * (state.site - low);
}

/** Whether two scenes stand side by side. */
export function isBeside(state: State) {
  return state.compare?.mode === "beside" && state.card !== null && otherCard(state) !== null;
}

/** What an overlay depends on, "" where none is to be seen. */
export function overlayKey(state: State) {
  if (state.compare?.mode !== "over" || !state.card || !otherCard(state)) return "";
  const step = state.card.steps[Math.round(state.step)];
  return [
    state.run,
    step,
    otherRun(state),
    otherStep(state),
    state.projection,
    state.card.lineage ?? "",
    otherCard(state)?.lineage ?? "",
  ].join("|");
}

/** The overlay of what is on screen; null while it is being found. */
export function overlayOf(state: State) {
  const over = state.compare?.over;
  return over && over.key === overlayKey(state) && !state.former ? over : null;
}

/** What aligning found at the site on screen; null while it is not known. */
export function siteCompared(state: State) {
  return overlayOf(state)?.table?.sites[Math.round(state.site)] ?? null;
}

const MARK = "~other";
/** What another reading of a sentence, token by token, is called behind its id. */
const GHOST = /~(other|ablation|optimizer-step)$/;

/** The name of the other run's reading of a sentence in the picture. */
export function readingId(id: string) {
  return id + MARK;
}

/**
 * What is pointed at, as this run knows it: the other run's place of a token stands for the token.
 */
export function ownPick(state: State, pick: Picked | null): Picked | null {
  if (pick?.kind === "sentence") return { ...pick, id: pick.id.replace(GHOST, "") };
  const own = state.card?.reference ?? Infinity;
  if (!pick || pick.index < own) return pick;
  const index = state.compare?.over?.table?.drawn[pick.index - own];
  return index === undefined ? null : { kind: "cloud", index };
}

export const COMPARE: Handlers<
  Exclude<Extract<Kind, "compare" | `compare.${string}`>, "compare.toggle">
> = {
  compare: begun,
  "compare.leave": (state) => (state.compare ? { ...state, compare: null } : state),
  "compare.card": (state, { run, card }) => known(state, run, { card, failure: null }),
  "compare.over": (state, { key, table, positions }) =>
    laidOver(state, key, { table, positions, failure: null }),
  "compare.over.failed": (state, { key, failure }) => laidOver(state, key, { failure }),
  "compare.reading": (state, { key, id, text, special, slice }) =>
    laidOver(state, key, {
      readings: { ...state.compare?.over?.readings, [id]: { text, special, slice } },
    }),
  "compare.mirror": mirrored,
  "compare.failed": (state, { run, failure }) => known(state, run, { failure }),
};

/** What is held of the other run stays while it is the same one. */
function begun(
  state: State,
  { with: wanted = null, step = null, mode = "beside" }: Of<"compare">,
): State {
  const other = wanted === state.run ? null : wanted;
  const chosen =
    other === null && step === null ? (state.card?.steps[Math.round(state.step)] ?? null) : step;
  const now = state.compare;
  if (now && now.with === other && now.step === chosen && now.mode === mode && !now.failure)
    return state;
  const kept = now && now.with === other ? { card: now.card, at: now.at } : {};
  return {
    ...state,
    compare: { ...newCompare({ with: other, step: chosen, mode }), ...kept },
    playing: null,
  };
}

function known(state: State, run: string, news: Partial<Compare>): State {
  return state.compare && otherRun(state) === run
    ? { ...state, compare: { ...state.compare, ...news } }
    : state;
}

/** What aligning found, or why it failed; dropped when something else is wanted by now. */
function laidOver(state: State, key: string, news: Partial<Overlay>): State {
  if (!state.compare || overlayKey(state) !== key) return state;
  const held =
    state.compare.over?.key === key
      ? state.compare.over
      : { key, failure: null, table: null, positions: null, readings: {} };
  return { ...state, compare: { ...state.compare, over: { ...held, ...news } } };
}

/** The sentences of the other scene's state are those given: what is typed here is read there. */
function mirrored(state: State, { list, active }: Of<"compare.mirror">): State {
  const known = new Map(state.sentences.map((one) => [one.id, one]));
  const sentences = list.map(({ id, text, hue, hidden, special }) => {
    const now = known.get(id) ?? newSentence(id, text, hue);
    const [one] = editSentence(
      { ...state, sentences: [now] },
      { type: "sentence.edit", id, text },
    ).sentences;
    if (one.special !== special) return { ...one, hue, hidden, special, asked: null };
    return one.hue === hue && one.hidden === hidden ? one : { ...one, hue, hidden };
  });
  const same =
    sentences.length === state.sentences.length &&
    sentences.every((one: unknown, i: number) => one === state.sentences[i]);
  return same && state.active === active ? state : { ...state, sentences, active };
}
