/**
 * Questions about measures: their groups and names, their range, what one is at a place, and why it
 * is not. Pure.
 */

import { siteWords } from "../state/sites.ts";
import type { Measure, State, Words } from "../state/types.ts";

type Reading = { value: number | null; low: number | null; high: number | null; reason: string };
export type Curve = {
  values: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  reasons: string[];
};
export type Range = { low: number; high: number; log: boolean };

export const GROUPS = [
  "fidelity",
  "dimension",
  "spectrum",
  "sites",
  "steps",
  "topology",
  "map",
  "training",
];

/** Groups of measures that come without one. */
const BY_NAME: [RegExp, string][] = [
  [
    /^(trust|continuity|recall|move_spearman|shepard|joint_trust|density_kept|stability)(@|$)/,
    "fidelity",
  ],
  [/^(twonn|mle|components_)/, "dimension"],
  [/^(participation_ratio|rankme|alpha_req|anisotropy|norm|rank_)/, "spectrum"],
  [/_site$|^curvature$/, "sites"],
  [/_step$/, "steps"],
  [/^h[01]_/, "topology"],
  [/^(stretch|condition|log_volume|flat_directions)$/, "map"],
];

/** Values that lie this many times apart, all above zero, are drawn on a log scale. */
const WIDE = 25;

export function groupOf(measure: Measure) {
  return (
    measure.group || (BY_NAME.find(([pattern]) => pattern.test(measure.name))?.[1] ?? "training")
  );
}

/** The measures by group, in the order of GROUPS; groups we do not know come last. */
export function grouped(measures: Measure[]) {
  const names = [...new Set([...GROUPS, ...measures.map(groupOf)])];
  return names
    .map((group) => ({ group, measures: measures.filter((one) => groupOf(one) === group) }))
    .filter((one) => one.measures.length);
}

export function measureOf(state: State, name: string) {
  return state.measures?.measures.find((one) => one.name === name) ?? null;
}

/** A measure's name in words; of `trust@pca` with its projection. */
export function measureName(state: State, t: Words, name: string) {
  const [base, projection] = name.split("@");
  const key = `measure.${base}`;
  const words = t(key) === key ? base.replaceAll("_", " ") : t(key);
  return projection ? `${words} · ${projectionName(state, projection)}` : words;
}

/** The same, with what it is in plain words behind it. */
export function plainName(state: State, t: Words, name: string) {
  const key = `measure.${name.split("@")[0]}.plain`;
  const words = measureName(state, t, name);
  return t(key) === key ? words : `${words} · ${t(key)}`;
}

function projectionName(state: State, name: string) {
  const all = (state.card?.projections ?? []) as {
    name: string;
    title_en?: string;
    title_zh?: string;
  }[];
  const found = all.find((one) => one.name === name);
  return (state.language === "zh" ? found?.title_zh : found?.title_en) || name.toUpperCase();
}

/** The unit in a word or two, else as the server says it. */
export function unitOf(state: State, t: Words, name: string) {
  const key = `measure.${name.split("@")[0]}.unit`;
  return t(key) === key ? (measureOf(state, name)?.unit ?? "") : t(key);
}

/** Measures that count the directions of states, of which there are at most so many as d. */
const COUNTED = /^(twonn|mle|components_|participation_ratio|rankme)/;

/** The dimension that states are written in, for measures of how much of it they use. */
export function nominalOf(state: State, name: string): number | null {
  const d = (state.card?.architecture as { d_model?: number } | undefined)?.d_model;
  return COUNTED.test(name) && d ? d : null;
}

/** Measures of states that are not brought to one length first. */
const RAW = ["anisotropy", "norm", "stretch", "condition", "log_volume", "flat_directions"];
const OF_STATES = ["dimension", "spectrum", "sites", "steps", "topology", "map"];

/** Which states a measure is of: raw or normalised ones; null: it is of no states. */
export function statesOf(measure: Measure) {
  if (RAW.includes(measure.name)) return "raw";
  return OF_STATES.includes(groupOf(measure)) && !measure.name.startsWith("rank_")
    ? "normalised"
    : null;
}

/** What a measure says, in a line, and of which states it is. */
export function meaningOf(state: State, t: Words, name: string) {
  const key = `measure.${name.split("@")[0]}.tip`;
  const measure = measureOf(state, name);
  const words = t(key) === key ? (measure?.unit ?? "") : t(key);
  const states = measure && statesOf(measure);
  return states ? `${words} · ${t(`measure.states.${states}`)}` : words;
}

/**
 * Rows of a measure at the card's steps: -1 where the table has none.
 * @param step an index of the card
 */
function rowOf(state: State, step: number) {
  return state.measures && state.card ? state.measures.steps.indexOf(state.card.steps[step]) : -1;
}

/** A measure at a place: its value and error bar, else why there is none. */
export function readingAt(
  state: State,
  name: string,
  step: number = Math.round(state.step),
  site: number = Math.round(state.site),
): Reading {
  const found = measureOf(state, name);
  const row = rowOf(state, step);
  const of = (table: (number | null)[][] | null | undefined) => table?.[row]?.[site] ?? null;
  return {
    value: of(found?.values),
    low: of(found?.low),
    high: of(found?.high),
    reason: found?.reasons?.[row]?.[site] ?? "",
  };
}

/**
 * A measure along an axis through a place: over the layers at a step, or over training at a site.
 * @param at the step, or the site
 */
export function curveOf(
  state: State,
  name: string,
  axis: "layers" | "steps",
  at: number = Math.round(axis === "layers" ? state.step : state.site),
): Curve {
  const count = (axis === "layers" ? state.card?.sites.length : state.card?.steps.length) ?? 0;
  const readings = Array.from({ length: count }, (_, i) =>
    axis === "layers" ? readingAt(state, name, at, i) : readingAt(state, name, i, at),
  );
  return {
    values: readings.map((one) => one.value),
    low: readings.map((one) => one.low),
    high: readings.map((one) => one.high),
    reasons: readings.map((one) => one.reason),
  };
}

/** The range of values, wide ones on a log scale; null when there is none. */
export function rangeOf(values: (number | null)[]): Range | null {
  const there = values.filter((one) => one !== null && Number.isFinite(one)) as number[];
  if (!there.length) return null;
  const low = there.reduce((a, b) => Math.min(a, b));
  const high = there.reduce((a, b) => Math.max(a, b));
  return { low, high, log: low > 0 && high / low >= WIDE };
}

/** Where a value lies in a range, 0..1; the middle when all are the same. */
export function shareOf({ low, high, log }: Range, value: number) {
  if (!(high > low)) return 0.5;
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** The reason for a value that is not there, in words. */
export function whyNot(t: Words, reason: string) {
  return reason ? t("measure.undefined.why", { reason }) : t("measure.undefined.plain");
}

/** A value with its error bar, exactly enough to be read off. */
export function readingWords(
  t: Words,
  { value, low, high, reason }: Reading,
  text: (value: number) => string,
) {
  if (value === null) return whyNot(t, reason);
  return low === null || high === null
    ? text(value)
    : `${text(value)} (${t("measure.range", { low: text(low), high: text(high) })})`;
}

/** A place of the grid in words. */
export function placeWords(state: State, t: Words, step: number, site: number) {
  const at = t("strip.step.value", { step: state.card?.steps[step] ?? 0 });
  return `${at} · ${siteWords(t, state.card?.sites ?? [], site)}`;
}
