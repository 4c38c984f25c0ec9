/** Questions about measures: their groups and names, their range, what one is at a place, and why it is not. Pure. */

import { siteWords } from "./sites.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Words} Words */
/** @typedef {import("./types.d.ts").Measure} Measure */
/** @typedef {{ value: number | null, low: number | null, high: number | null, reason: string }} Reading */
/** @typedef {{ values: (number | null)[], low: (number | null)[], high: (number | null)[], reasons: string[] }} Curve */
/** @typedef {{ low: number, high: number, log: boolean }} Range */

export const GROUPS = ["fidelity", "dimension", "spectrum", "sites", "steps", "topology", "map", "training"];

/** Groups of measures that come without one. @type {[RegExp, string][]} */
const BY_NAME = [
  [/^(trust|continuity|recall|neighbor_recall|move_spearman|shepard|stability)(@|$)/, "fidelity"],
  [/^(twonn|mle|components_)/, "dimension"],
  [/^(participation_ratio|rankme|alpha_req|anisotropy|norm|rank_)/, "spectrum"],
  [/_site$|^curvature$/, "sites"],
  [/_step$/, "steps"],
  [/^h[01]_/, "topology"],
  [/^(stretch|condition|log_volume|flat_directions)$/, "map"],
];

/** Values that lie this many times apart, all above zero, are drawn on a log scale. */
const WIDE = 25;

/** @param {Measure} measure */
export function groupOf(measure) {
  return measure.group || (BY_NAME.find(([pattern]) => pattern.test(measure.name))?.[1] ?? "training");
}

/** The measures by group, in the order of GROUPS; groups we do not know come last. @param {Measure[]} measures */
export function grouped(measures) {
  const names = [...new Set([...GROUPS, ...measures.map(groupOf)])];
  return names.map((group) => ({ group, measures: measures.filter((one) => groupOf(one) === group) })).filter((one) => one.measures.length);
}

/** @param {State} state @param {string} name */
export function measureOf(state, name) {
  return state.measures?.measures.find((one) => one.name === name) ?? null;
}

/** A measure's name in words; of `trust@pca` with its projection. @param {State} state @param {Words} t @param {string} name */
export function measureName(state, t, name) {
  const [base, projection] = name.split("@");
  const key = `measure.${base}`;
  const words = t(key) === key ? base.replaceAll("_", " ") : t(key);
  return projection ? `${words} · ${projectionName(state, projection)}` : words;
}

/** @param {State} state @param {string} name */
function projectionName(state, name) {
  const all = /** @type {{ name: string, title_en?: string, title_zh?: string }[]} */ (state.card?.projections ?? []);
  const found = all.find((one) => one.name === name);
  return (state.language === "zh" ? found?.title_zh : found?.title_en) || name.toUpperCase();
}

/** The unit in a word or two, else as the server says it. @param {State} state @param {Words} t @param {string} name */
export function unitOf(state, t, name) {
  const key = `measure.${name.split("@")[0]}.unit`;
  return t(key) === key ? (measureOf(state, name)?.unit ?? "") : t(key);
}

/** What a measure says, in a line. @param {State} state @param {Words} t @param {string} name */
export function meaningOf(state, t, name) {
  const key = `measure.${name.split("@")[0]}.tip`;
  return t(key) === key ? (measureOf(state, name)?.unit ?? "") : t(key);
}

/** Rows of a measure at the card's steps: -1 where the table has none. @param {State} state @param {number} step an index of the card */
function rowOf(state, step) {
  return state.measures && state.card ? state.measures.steps.indexOf(state.card.steps[step]) : -1;
}

/**
 * A measure at a place: its value and error bar, else why there is none.
 * @param {State} state @param {string} name @param {number} [step] @param {number} [site]
 * @returns {Reading}
 */
export function readingAt(state, name, step = Math.round(state.step), site = Math.round(state.site)) {
  const found = measureOf(state, name);
  const row = rowOf(state, step);
  const of = (/** @type {(number | null)[][] | null | undefined} */ table) => table?.[row]?.[site] ?? null;
  return { value: of(found?.values), low: of(found?.low), high: of(found?.high), reason: found?.reasons?.[row]?.[site] ?? "" };
}

/**
 * A measure along an axis through a place: over the layers at a step, or over training at a site.
 * @param {State} state @param {string} name @param {"layers" | "steps"} axis @param {number} [at] the step, or the site
 * @returns {Curve}
 */
export function curveOf(state, name, axis, at = Math.round(axis === "layers" ? state.step : state.site)) {
  const count = (axis === "layers" ? state.card?.sites.length : state.card?.steps.length) ?? 0;
  const readings = Array.from({ length: count }, (_, i) => (axis === "layers" ? readingAt(state, name, at, i) : readingAt(state, name, i, at)));
  return {
    values: readings.map((one) => one.value),
    low: readings.map((one) => one.low),
    high: readings.map((one) => one.high),
    reasons: readings.map((one) => one.reason),
  };
}

/**
 * The range of values, wide ones on a log scale; null when there is none.
 * @param {(number | null)[]} values @returns {Range | null}
 */
export function rangeOf(values) {
  const there = /** @type {number[]} */ (values.filter((one) => one !== null && Number.isFinite(one)));
  if (!there.length) return null;
  const low = there.reduce((a, b) => Math.min(a, b));
  const high = there.reduce((a, b) => Math.max(a, b));
  return { low, high, log: low > 0 && high / low >= WIDE };
}

/** Where a value lies in a range, 0..1; the middle when all are the same. @param {Range} range @param {number} value */
export function shareOf({ low, high, log }, value) {
  if (!(high > low)) return 0.5;
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** The reason for a value that is not there, in words. @param {Words} t @param {string} reason */
export function whyNot(t, reason) {
  return reason ? t("measure.undefined.why", { reason }) : t("measure.undefined.plain");
}

/** A value with its error bar, exactly enough to be read off. @param {Words} t @param {Reading} reading @param {(value: number) => string} text */
export function readingWords(t, { value, low, high, reason }, text) {
  if (value === null) return whyNot(t, reason);
  return low === null || high === null ? text(value) : `${text(value)} (${t("measure.range", { low: text(low), high: text(high) })})`;
}

/** A place of the grid in words. @param {State} state @param {Words} t @param {number} step @param {number} site */
export function placeWords(state, t, step, site) {
  return `${t("strip.step.value", { step: state.card?.steps[step] ?? 0 })} · ${siteWords(t, state.card?.sites ?? [], site)}`;
}
