/** Two runs, or two steps of one, in one view: which steps and sites belong together, and what is known of the other. Pure. */

import { clamp } from "./sites.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Compare} Compare */
/** @typedef {import("./types.d.ts").Message} Message */

/**
 * A comparison before anything is known of the other run.
 * @param {{ with: string | null, step?: number | null, mode: "beside" | "over" }} wanted
 * @returns {Compare}
 */
export function newCompare({ with: other, step = null, mode }) {
  return { with: other, step, mode, card: null, failure: null, at: null, over: null };
}

/** The name of the run compared with: this one where two of its steps are. @param {State} state */
export function otherRun(state) {
  return state.compare ? (state.compare.with ?? state.run) : "";
}

/** The card of the run compared with, as soon as it is here. @param {State} state */
export function otherCard(state) {
  return state.compare ? (state.compare.with === null ? state.card : state.compare.card) : null;
}

/** The index of the last value that is not above the wanted one; 0 where all are. @param {number[]} ascending @param {number} wanted */
export function atOrBefore(ascending, wanted) {
  let found = 0;
  while (found + 1 < ascending.length && ascending[found + 1] <= wanted) found++;
  return found;
}

/** Both in one row, ascending, each once. @param {number[]} a @param {number[]} b */
export function united(a, b) {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

/**
 * Where a run stands when the slider stands at `at` of `all`: its own step there, or its last before; between two of its own, between.
 * @param {number[]} own @param {number[]} all @param {number} at
 */
export function indexOn(own, all, at) {
  const low = clamp(Math.floor(at), 0, Math.max(0, all.length - 1));
  const index = atOrBefore(own, all[low]);
  const between = at - low;
  return between > 0 && own[index] === all[low] && own[index + 1] === all[low + 1] ? index + between : index;
}

/**
 * The steps that the slider goes through, and where it stands among them: this run's, or both runs' where the other one follows.
 * @param {State} state
 * @returns {{ steps: number[], at: number }}
 */
export function stepAxis(state) {
  const own = state.card?.steps ?? [];
  const other = state.compare?.step === null && state.compare.with !== null ? otherCard(state)?.steps : null;
  if (!other || !own.length) return { steps: own, at: state.step };
  const steps = united(own, other);
  if (state.compare?.at != null) return { steps, at: clamp(state.compare.at, 0, steps.length - 1) };
  const low = Math.floor(state.step);
  const [a, b] = [steps.indexOf(own[low]), steps.indexOf(own[Math.min(low + 1, own.length - 1)])];
  return { steps, at: a + (b - a) * (state.step - low) };
}

/** The state with the slider of the steps moved along what it goes through. @param {State} state @param {number} along @returns {State} */
export function wentAlong(state, along) {
  if (!state.card) return state;
  const { steps } = stepAxis(state);
  const at = clamp(along, 0, Math.max(0, steps.length - 1));
  const step = indexOn(state.card.steps, steps, at);
  const compare = state.compare && steps !== state.card.steps ? { ...state.compare, at } : state.compare;
  return step === state.step && compare?.at === state.compare?.at ? state : { ...state, step, compare };
}

/** Where the other run stands on its own steps, fractional while a person scrubs. @param {State} state */
export function otherStepIndex(state) {
  const steps = otherCard(state)?.steps ?? [];
  if (!state.compare || !steps.length) return 0;
  if (state.compare.step !== null) return atOrBefore(steps, state.compare.step);
  const axis = stepAxis(state);
  return indexOn(steps, axis.steps, axis.at);
}

/** The training step at which the other run is shown. @param {State} state */
export function otherStep(state) {
  return otherCard(state)?.steps[Math.round(otherStepIndex(state))] ?? 0;
}

/** How deep a site lies, 0 at the embedding to 1 after the last layer, out of the names of all. @param {string[]} sites @returns {number[]} */
export function depths(sites) {
  const found = sites.map((name) => /^L(\d+)\.(mid|post)$/.exec(name));
  const layers = 1 + Math.max(0, ...found.map((one) => Number(one?.[1] ?? 0)));
  return found.map((one) => (one ? (Number(one[1]) + (one[2] === "mid" ? 0.5 : 1)) / layers : 0));
}

/** For each site of one run the site of another that lies nearest in relative depth, the first of equals. @param {string[]} sites @param {string[]} others @returns {number[]} */
export function matchedSites(sites, others) {
  const theirs = depths(others);
  return depths(sites).map((depth) => theirs.reduce((best, one, i) => (Math.abs(one - depth) < Math.abs(theirs[best] - depth) - 1e-9 ? i : best), 0));
}

/** Where the other run stands on its own sites. @param {State} state */
export function otherSite(state) {
  const others = otherCard(state)?.sites;
  if (!others || !state.card) return 0;
  const matched = matchedSites(state.card.sites, others);
  const low = clamp(Math.floor(state.site), 0, matched.length - 1);
  const next = matched[Math.min(low + 1, matched.length - 1)];
  return matched[low] + (next - matched[low]) * (state.site - low);
}

/** @type {Record<string, (state: State, message: Message) => State>} */
export const COMPARE = {
  compare: begun,
  "compare.leave": (state) => (state.compare ? { ...state, compare: null } : state),
  "compare.card": (state, { run, card }) => known(state, run, { card, failure: null }),
  "compare.failed": (state, { run, failure }) => known(state, run, { failure }),
};

/** What is held of the other run stays while it is the same one. @param {State} state @param {Message} message @returns {State} */
function begun(state, { with: wanted = null, step = null, mode = "beside" }) {
  const other = wanted === state.run ? null : wanted;
  const chosen = other === null && step === null ? (state.card?.steps[Math.round(state.step)] ?? null) : step;
  const now = state.compare;
  if (now && now.with === other && now.step === chosen && now.mode === mode && !now.failure) return state;
  const kept = now && now.with === other ? { card: now.card, at: now.at } : {};
  return { ...state, compare: { ...newCompare({ with: other, step: chosen, mode }), ...kept }, playing: null };
}

/** @param {State} state @param {string} run @param {Partial<Compare>} news @returns {State} */
function known(state, run, news) {
  return state.compare && otherRun(state) === run ? { ...state, compare: { ...state.compare, ...news } } : state;
}
