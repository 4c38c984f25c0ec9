/** Two runs, or two steps of one, in one view: which steps and sites belong together, and what is known of the other. Pure. */

import { editSentence, newSentence } from "./sentences.js";
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

/** Whether two scenes stand side by side. @param {State} state */
export function isBeside(state) {
  return state.compare?.mode === "beside" && state.card !== null && otherCard(state) !== null;
}

/** Whether the panel of comparing is on the page: another panel takes its place for a while. @param {State} state */
export function compareShown(state) {
  if (state.sheet === "compare") return true;
  return state.compare !== null && state.picked === null && !["search", "sentences", "door"].includes(state.sheet ?? "") && !state.lab.open;
}

/** Whether it covers the right edge: beside another scene it is a line. @param {State} state */
export function compareCovers(state) {
  return compareShown(state) && !isBeside(state);
}

/** What an overlay depends on, "" where none is to be seen. @param {State} state */
export function overlayKey(state) {
  if (state.compare?.mode !== "over" || !state.card || !otherCard(state)) return "";
  const step = state.card.steps[Math.round(state.step)];
  return [state.run, step, otherRun(state), otherStep(state), state.projection, state.card.lineage ?? "", otherCard(state)?.lineage ?? ""].join("|");
}

/** The overlay of what is on screen; null while it is being found. @param {State} state */
export function overlayOf(state) {
  const over = state.compare?.over;
  return over && over.key === overlayKey(state) && !state.former ? over : null;
}

/** What aligning found at the site on screen; null while it is not known. @param {State} state */
export function siteCompared(state) {
  return overlayOf(state)?.table?.sites[Math.round(state.site)] ?? null;
}

const MARK = "~other";
/** What another reading of a sentence, token by token, is called behind its id. */
const GHOST = /~(other|whatif)$/;

/** The name of the other run's reading of a sentence in the picture. @param {string} id */
export function readingId(id) {
  return id + MARK;
}

/** What is pointed at, as this run knows it: the other run's place of a token stands for the token. @param {State} state @param {import("./types.d.ts").Picked | null} pick @returns {typeof pick} */
export function ownPick(state, pick) {
  if (pick?.kind === "sentence") return { ...pick, id: pick.id.replace(GHOST, "") };
  const own = state.card?.reference ?? Infinity;
  if (!pick || pick.index < own) return pick;
  const index = state.compare?.over?.table?.drawn[pick.index - own];
  return index === undefined ? null : { kind: "cloud", index };
}

/** @type {Record<string, (state: State, message: any) => State>} */
export const COMPARE = {
  compare: begun,
  "compare.toggle": toggled,
  "compare.leave": (state) => (state.compare ? { ...state, compare: null } : state),
  "compare.card": (state, { run, card }) => known(state, run, { card, failure: null }),
  "compare.over": (state, { key, table, positions }) => laidOver(state, key, { table, positions, failure: null }),
  "compare.over.failed": (state, { key, failure }) => laidOver(state, key, { failure }),
  "compare.reading": (state, { key, id, text, slice }) => laidOver(state, key, { readings: { ...state.compare?.over?.readings, [id]: { text, slice } } }),
  "compare.mirror": mirrored,
  "compare.failed": (state, { run, failure }) => known(state, run, { failure }),
};

/** What is held of the other run stays while it is the same one. @param {State} state @param {Message} message @returns {State} */
function begun(state, { with: wanted = null, step = null, mode = "beside" }) {
  const other = wanted === state.run ? null : wanted;
  const chosen = other === null && step === null ? (state.card?.steps[Math.round(state.step)] ?? null) : step;
  const now = state.compare;
  if (now && now.with === other && now.step === chosen && now.mode === mode && !now.failure) return state;
  const kept = now && now.with === other ? { card: now.card, at: now.at } : {};
  return { ...state, compare: { ...newCompare({ with: other, step: chosen, mode }), ...kept }, playing: null, sheet: state.sheet === "compare" ? null : state.sheet };
}

/** The choice comes or goes; a comparison that is under way ends. @param {State} state @returns {State} */
function toggled(state) {
  if (state.compare) return { ...state, compare: null };
  return state.sheet === "compare" ? { ...state, sheet: null } : { ...state, sheet: "compare", picked: null, search: "" };
}

/** @param {State} state @param {string} run @param {Partial<Compare>} news @returns {State} */
function known(state, run, news) {
  return state.compare && otherRun(state) === run ? { ...state, compare: { ...state.compare, ...news } } : state;
}

/** What aligning found, or why it failed; dropped when something else is wanted by now. @param {State} state @param {string} key @param {Partial<import("./types.d.ts").Overlay>} news @returns {State} */
function laidOver(state, key, news) {
  if (!state.compare || overlayKey(state) !== key) return state;
  const held = state.compare.over?.key === key ? state.compare.over : { key, failure: null, table: null, positions: null, readings: {} };
  return { ...state, compare: { ...state.compare, over: { ...held, ...news } } };
}

/** The sentences of the other scene's state are those given: what is typed here is read there. @param {State} state @param {Message} message @returns {State} */
function mirrored(state, { list, active }) {
  const known = new Map(state.sentences.map((one) => [one.id, one]));
  const sentences = list.map((/** @type {{ id: string, text: string, hue: number, hidden: boolean }} */ { id, text, hue, hidden }) => {
    const now = known.get(id) ?? newSentence(id, text, hue);
    const [one] = editSentence({ ...state, sentences: [now] }, { type: "sentence.edit", id, text }).sentences;
    return one.hue === hue && one.hidden === hidden ? one : { ...one, hue, hidden };
  });
  const same = sentences.length === state.sentences.length && sentences.every((/** @type {unknown} */ one, /** @type {number} */ i) => one === state.sentences[i]);
  return same && state.active === active ? state : { ...state, sentences, active };
}
