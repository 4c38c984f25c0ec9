/**
 * The axes of a chart: values upward, layers or training steps to the right; everything in 0..1.
 * Pure.
 */

import type { Range } from "./measures.ts";

type Tick = { at: number; text: string };
export type ValueScale = { at(value: number): number; ticks: number[]; log: boolean };
export type Along = { places: number[]; ticks: Tick[]; log: boolean };

/** What is left free above and below the values. */
const MARGIN = 0.06;

/**
 * The upward axis of a range: round ticks, a little room at both ends.
 * @param most as many ticks at most
 */
export function valueScale({ low, high, log }: Range, most: number = 4): ValueScale {
  const [a, b] = ends(low, high, log);
  const span = b - a;
  const at = (value: number) => ((log ? Math.log(value) : value) - a) / span;
  const ticks = (log ? decades(Math.exp(a), Math.exp(b), most) : rounds(a, b, most)).filter(
    (value) => at(value) >= 0 && at(value) <= 1,
  );
  return { at, ticks, log };
}

function ends(low: number, high: number, log: boolean): [number, number] {
  const [a, b] = log ? [Math.log(low), Math.log(high)] : [low, high];
  const room = b > a ? MARGIN * (b - a) : Math.max(Math.abs(a) * 0.1, 1e-9);
  return [a - room, b + room];
}

/** Multiples of 1, 2 or 5 between two numbers. */
export function rounds(low: number, high: number, most: number) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((one) => one >= rough * 0.999) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** Powers of ten between two numbers; with 2 and 5 among them while they are few. */
export function decades(low: number, high: number, most: number) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const within = (digits: number[]) =>
    powers
      .flatMap((power) => digits.map((digit) => Number((digit * 10 ** power).toPrecision(12))))
      .filter((value) => value >= low && value <= high);
  const fitting = [[1, 2, 5], [1, 3], [1]].map(within).find((values) => values.length <= most);
  if (fitting) return fitting;
  const all = within([1]);
  return all.filter((_, i) => i % Math.ceil(all.length / most) === 0);
}

/**
 * The axis of training: on a log scale where the steps grow like one, else linear. Step 0 then
 * stands one place before the first.
 * @param steps ascending
 */
export function stepsAlong(steps: number[]): Along {
  const log = logSpaced(steps);
  const positive = steps.filter((step) => step > 0);
  const gap = log
    ? Math.log(positive[positive.length - 1] / positive[0]) / Math.max(1, positive.length - 1)
    : 0;
  const place = (step: number) =>
    !log ? step : step > 0 ? Math.log(step) : Math.log(positive[0]) - Math.max(gap, 0.4);
  const [low, high] = [place(steps[0]), place(steps[steps.length - 1])];
  const at = (step: number) => (high > low ? (place(step) - low) / (high - low) : 0.5);
  const marks =
    steps.length < 2
      ? steps
      : log
        ? [
            ...(steps[0] === 0 ? [0] : []),
            ...decades(positive[0], positive[positive.length - 1], 6),
          ]
        : rounds(steps[0], steps[steps.length - 1], 4);
  return {
    places: steps.map(at),
    ticks: marks.map((step) => ({ at: at(step), text: shortStep(step) })),
    log,
  };
}

/**
 * Whether steps grow by factors more than by sums: the last gap is ten times the first, and the
 * ratios keep closer than the gaps.
 */
export function logSpaced(steps: number[]) {
  const positive = steps.filter((step) => step > 0);
  if (positive.length < 4) return false;
  const gaps = positive.slice(1).map((step, i) => step - positive[i]);
  const ratios = positive.slice(1).map((step, i) => Math.log(step / positive[i]));
  return Math.max(...gaps) >= 10 * Math.min(...gaps) && spread(ratios) < spread(gaps);
}

/** Standard deviation over mean. */
function spread(values: number[]) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) / mean;
}

/** 500, 2k, 20k, 1.5M. */
export function shortStep(step: number) {
  if (step >= 1e6) return `${step / 1e6}M`;
  return step >= 1000 ? `${step / 1000}k` : String(step);
}

/**
 * The axis of sites, evenly spaced; all are named where there is room for them, else the layers'
 * ends by number.
 * @param width pixels
 */
export function sitesAlong(sites: string[], short: (name: string) => string, width: number): Along {
  const places = sites.map((_, i) => (sites.length > 1 ? i / (sites.length - 1) : 0.5));
  if (width / sites.length >= 46)
    return {
      places,
      ticks: sites.map((name, i) => ({ at: places[i], text: short(name) })),
      log: false,
    };
  const ends = sites
    .map((name, i) => ({ i, layer: /^L(\d+)\.post$/.exec(name) }))
    .filter(({ i, layer }) => i === 0 || layer);
  const every = Math.max(1, Math.ceil((ends.length * 26) / width));
  const ticks = ends
    .filter((_, k) => k % every === 0)
    .map(({ i, layer }) => ({
      at: places[i],
      text: layer ? String(Number(layer[1]) + 1) : short(sites[i]),
    }));
  return { places, ticks, log: false };
}

/** Where a fractional index lies. */
export function placeAt(places: number[], index: number) {
  const low = Math.max(0, Math.min(places.length - 1, Math.floor(index)));
  const high = Math.min(places.length - 1, low + 1);
  return places[low] + (places[high] - places[low]) * Math.min(1, Math.max(0, index - low));
}

/** The fractional index at a place: the inverse of placeAt. */
export function indexAt(places: number[], at: number) {
  const last = places.length - 1;
  if (last < 1 || at <= places[0]) return 0;
  if (at >= places[last]) return last;
  const low = places.findIndex((_, i) => at < places[i + 1]);
  return low + (at - places[low]) / (places[low + 1] - places[low]);
}

/** The index whose place is nearest. */
export function nearestPlace(places: number[], at: number) {
  return places.reduce(
    (best, place, i) => (Math.abs(place - at) < Math.abs(places[best] - at) ? i : best),
    0,
  );
}
