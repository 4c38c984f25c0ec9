/**
 * What a training's log says that somebody should look at: a loss that stands still, gradients that
 * vanish or burst, a layer that does not move. Each with its rule; the thresholds are ours. Pure.
 */

import { seriesOf } from "./progress.ts";
import type { Series } from "./progress.ts";

type Row = Record<string, any>;
export type Finding = {
  kind: "broken" | "flat" | "vanishing" | "burst" | "frozen";
  /** the measure that shows it */
  measure: string;
  values: Record<string, string | number>;
};

/** The last third of the log, of at least so many lines, is what is asked whether it stands. */
export const FLAT_LINES = 12;
/** A loss that changes by less than this part over that third stands still. */
export const FLAT = 0.005;
/** A loss below this part of the first one, or so near the least there is, may stand. */
export const LEARNED = 0.02;
/** A layer's gradient below this part of the largest layer's vanishes. */
export const VANISHING = 1e-3;
/** A gradient so many times the median of the lines before it bursts. */
export const BURST = 10;
export const BEFORE = 20;
/** Lines at the end that a layer is judged by; without any gradient in all of them it is frozen. */
export const LAST = 5;
export const NOTHING = 1e-12;

/** The findings about a log, the gravest first. */
export function findingsOf(rows: Row[]): Finding[] {
  return [brokenOf(rows), burstOf(rows), ...layersOf(rows), flatOf(rows)].filter(
    (one): one is Finding => one !== null,
  );
}

export function median(values: number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** A loss that has become no number: JSON has none, so it is null, a word, or named as left out. */
function brokenOf(rows: Row[]): Finding | null {
  const row = rows.find((one) =>
    "loss" in one ? !Number.isFinite(one.loss) : one.not_finite?.includes("loss"),
  );
  return row && seriesOf(rows, "loss").values.length
    ? { kind: "broken", measure: "loss", values: { step: row.step } }
    : null;
}

function flatOf(rows: Row[]): Finding | null {
  const loss = seriesOf(rows, "loss");
  const last = loss.values.slice(Math.floor((2 / 3) * loss.values.length));
  if (last.length < FLAT_LINES) return null;
  const quarter = Math.floor(last.length / 4);
  const [before, after] = [median(last.slice(0, quarter)), median(last.slice(-quarter))];
  const change = Math.abs(after - before) / Math.max(Math.abs(before), 1e-30);
  if (change >= FLAT || isLearned(rows, loss, after)) return null;
  return {
    kind: "flat",
    measure: "loss",
    values: { from: loss.steps[loss.steps.length - last.length], percent: 100 * change },
  };
}

function isLearned(rows: Row[], loss: Series, now: number) {
  const { values } = seriesOf(rows, "excess_loss");
  const excess = values.at(-1);
  return now < LEARNED * loss.values[0] || (excess !== undefined && excess < LEARNED);
}

/** The newest line whose gradient is far beyond those before it. */
function burstOf(rows: Row[]): Finding | null {
  const { steps, values } = seriesOf(rows, "grad_norm");
  for (let at = values.length - 1; at >= BEFORE; at--) {
    const usual = median(values.slice(at - BEFORE, at));
    if (values[at] > BURST * usual && usual > 0)
      return {
        kind: "burst",
        measure: "grad_norm",
        values: { step: steps[at], times: values[at] / usual },
      };
  }
  return null;
}

/** Layers whose gradients are nothing, or nearly nothing beside the largest. */
function layersOf(rows: Row[]): Finding[] {
  const last = gradientRows(rows).slice(-LAST);
  if (last.length < LAST) return [];
  const sites = Object.keys(last[0].norms).filter((name) => /^L\d+/.test(name));
  const usual = sites.map((name) => median(last.map(({ norms }) => norms[name] ?? 0)));
  const most = Math.max(0, ...usual);
  if (!(most > NOTHING)) return [];
  const from = last[0].step;
  const found = (kind: "frozen" | "vanishing", named: string[]) =>
    named.length ? [{ kind, measure: "grad_norms", values: { sites: named.join(" "), from } }] : [];
  const frozen = sites.filter((_, i) => usual[i] <= NOTHING);
  const vanishing = sites.filter((_, i) => usual[i] > NOTHING && usual[i] < VANISHING * most);
  return [...found("frozen", frozen), ...found("vanishing", vanishing)];
}

/** Lines that tell the gradient by group of weights. */
export function gradientRows(rows: Row[]): { step: number; norms: Record<string, number> }[] {
  return rows.flatMap(({ step, grad_norms: norms }) =>
    norms && typeof norms === "object" && Number.isFinite(step) ? [{ step, norms }] : [],
  );
}
