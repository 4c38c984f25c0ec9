/**
 * The number of a claim of the seed as a drawing: its curve with the band of its interval, its
 * controls beside it, and where we are. Pure.
 */

import { pathOf } from "./claims.ts";
import { draw } from "./svg.ts";
import type { Drawn } from "./svg.ts";
import type { SeedCard } from "../state/types.ts";

/** A number along an axis with the bounds of its interval; null where it was not measured. */
export interface Row {
  values: (number | null)[];
  lows: (number | null)[];
  highs: (number | null)[];
}

/** What a chart shows: the number, its controls, and where on the axis we are. */
export interface SeedChart {
  /** a name of its own, for what it defines */
  key: string;
  own: Row;
  controls: Row[];
  /** labels below the axis, by the index of their place */
  ticks: { at: number; text: string }[];
  /** where we are, an index that may be fractional; the place that decides, null: none */
  at: number;
  decided: number | null;
  /** a value in words */
  text(value: number): string;
  size: { width: number; height: number };
}

const EDGE = { left: 40, right: 8, top: 8, bottom: 20 };

type Series = Pick<SeedCard["series"], "steps" | "values" | "lows" | "highs">;

/** A series at each step of a run; without steps, one value for all. */
export function rowOf(series: Series, steps: number[]): Row {
  const at = (list: (number | null)[]) =>
    steps.map((step) =>
      series.steps.length ? (list[series.steps.indexOf(step)] ?? null) : (list[0] ?? null),
    );
  return { values: at(series.values), lows: at(series.lows), highs: at(series.highs) };
}

/** The measured place nearest to an index; null where nothing was measured. */
export function measuredNear({ values }: Row, index: number): number | null {
  let best: number | null = null;
  values.forEach((value, i) => {
    if (value === null) return;
    if (best === null || Math.abs(i - index) < Math.abs(best - index)) best = i;
  });
  return best;
}

/** The range of values that holds all of a chart, its ends round numbers. */
export function boundsOf(rows: Row[]): { low: number; high: number; ticks: number[] } {
  const all = rows
    .flatMap(({ values, lows, highs }) => [...values, ...lows, ...highs])
    .filter((one): one is number => typeof one === "number" && Number.isFinite(one));
  if (!all.length) return { low: 0, high: 1, ticks: [0, 1] };
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const span = most - least || Math.abs(most) || 1;
  const unit = niceUnit(span / 2);
  const low = Math.floor((least - 0.02 * span) / unit) * unit;
  const high = Math.ceil((most + 0.02 * span) / unit) * unit;
  const count = Math.round((high - low) / unit);
  const ticks = Array.from({ length: count + 1 }, (_, i) => tidy(low + i * unit));
  return { low: tidy(low), high: tidy(high), ticks };
}

function niceUnit(about: number) {
  const power = 10 ** Math.floor(Math.log10(about));
  return ([1, 2, 5, 10].find((one) => one * power >= about) ?? 10) * power;
}

/** Without the crumbs of binary fractions. */
const tidy = (value: number) => Number(value.toPrecision(12));

/** The drawing of a chart. */
export function seedChart(chart: SeedChart): Drawn {
  const { own, controls, size, at } = chart;
  const place = placesIn(chart);
  const here = place.across(at).toFixed(1);
  const near = measuredNear(own, at);
  const clip = `seed-past-${chart.key}`;
  return draw(
    "svg",
    {
      viewBox: `0 0 ${size.width} ${size.height}`,
      width: size.width,
      height: size.height,
      class: "seed-chart",
      "aria-hidden": "true",
    },
    draw("clipPath", { id: clip }, draw("rect", { x: 0, y: 0, width: here, height: size.height })),
    axes(chart, place),
    ...controls.map((row, i) => controlOf(row, i, place)),
    draw("path", { class: "band", d: bandOf(own, place) }),
    draw("path", { class: "to-come", d: lineOf(own.values, place) }),
    draw("path", { class: "past", d: lineOf(own.values, place), "clip-path": `url(#${clip})` }),
    ...dotsOf(own, place),
    draw("line", {
      class: "cursor",
      x1: here,
      x2: here,
      y1: EDGE.top,
      y2: size.height - EDGE.bottom,
    }),
    near !== null &&
      draw("circle", {
        class: "now",
        cx: place.across(near).toFixed(1),
        cy: place.up(own.values[near] ?? 0),
        r: 4.5,
      }),
  );
}

/** Where places and values lie in a drawing. */
function placesIn({ own, controls, size }: SeedChart) {
  const bounds = boundsOf([own, ...controls]);
  const wide = size.width - EDGE.left - EDGE.right;
  const high = size.height - EDGE.top - EDGE.bottom;
  const count = own.values.length;
  return {
    bounds,
    across: (index: number) => EDGE.left + (count > 1 ? index / (count - 1) : 0.5) * wide,
    up: (value: number) =>
      Number(
        (EDGE.top + high - ((value - bounds.low) / (bounds.high - bounds.low || 1)) * high).toFixed(
          1,
        ),
      ),
  };
}

type Places = ReturnType<typeof placesIn>;

/** The measured points of a row, joined over the places between them. */
function pointsOf(values: (number | null)[], { across, up }: Places) {
  return values.flatMap((value, i) =>
    typeof value === "number" ? [{ x: across(i), y: up(value) }] : [],
  );
}

function lineOf(values: (number | null)[], place: Places) {
  return pathOf(pointsOf(values, place));
}

function bandOf({ lows, highs }: Row, place: Places) {
  const low = pointsOf(lows, place);
  const high = pointsOf(highs, place);
  if (low.length < 2 || low.length !== high.length) return "";
  return `${pathOf(high)}L${pathOf(low.reverse()).slice(1)}Z`;
}

/** A single measured place is a dot with its interval. */
function dotsOf({ values, lows, highs }: Row, place: Places): Drawn[] {
  const measured = values.flatMap((value, i) => (typeof value === "number" ? [i] : []));
  if (measured.length !== 1) return [];
  const [i] = measured;
  const [low, high] = [lows[i], highs[i]];
  const x = place.across(i).toFixed(1);
  const bar =
    typeof low === "number" && typeof high === "number"
      ? [draw("line", { class: "whisker", x1: x, x2: x, y1: place.up(low), y2: place.up(high) })]
      : [];
  return [...bar, draw("circle", { class: "only", cx: x, cy: place.up(values[i] ?? 0), r: 3 })];
}

/** A control: the number where it should be another, in a dash of its own. */
function controlOf(row: Row, index: number, place: Places): Drawn {
  const points = pointsOf(row.values, place);
  const last = points.at(-1);
  const alone = points.length === 1 && last;
  return draw(
    "g",
    { class: `control dash-${index % 4}` },
    draw("path", { class: "band", d: bandOf(row, place) }),
    alone
      ? draw("circle", { cx: alone.x.toFixed(1), cy: alone.y, r: 2.5 })
      : draw("path", { class: "dash", d: pathOf(points) }),
  );
}

function axes({ ticks, text, size, decided }: SeedChart, { bounds, across, up }: Places) {
  const floor = size.height - EDGE.bottom;
  const rows = bounds.ticks.map((value) =>
    draw(
      "g",
      {},
      draw("line", {
        class: "grid",
        x1: EDGE.left,
        x2: size.width - EDGE.right,
        y1: up(value),
        y2: up(value),
      }),
      draw("text", { x: EDGE.left - 6, y: up(value) + 4, "text-anchor": "end" }, text(value)),
    ),
  );
  const columns = ticks.map(({ at, text: words }, i) =>
    draw(
      "text",
      {
        x: across(at).toFixed(1),
        y: floor + 15,
        "text-anchor": i === 0 ? "start" : i === ticks.length - 1 ? "end" : "middle",
      },
      words,
    ),
  );
  const mark =
    decided !== null &&
    draw("path", { class: "decided", d: `M${across(decided).toFixed(1)} ${floor - 5}v5` });
  return draw(
    "g",
    { class: "axes" },
    ...rows,
    draw("path", { class: "floor", d: `M${EDGE.left} ${floor}H${size.width - EDGE.right}` }),
    ...columns,
    mark,
  );
}

/** The share of the axis, 0..1, at a distance from the left edge of a chart. */
export function shareAt(x: number, width: number) {
  return Math.max(0, Math.min(1, (x - EDGE.left) / (width - EDGE.left - EDGE.right)));
}
