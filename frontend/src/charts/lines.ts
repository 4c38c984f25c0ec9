/** A chart of several lines with bands: what is measured, and what it is held against. Pure. */

import { across, bandOf, lineOf, pointsOf, upward } from "./geometry.ts";
import { placeAt, rounds, valueScale } from "./scales.ts";
import { draw } from "./svg.ts";
import type { Drawn } from "./svg.ts";
import type { Frame } from "./geometry.ts";
import type { Along, ValueScale } from "./scales.ts";

/** The width of a digit in a chart. */
const DIGIT = 6.2;

export interface DrawnLine {
  tone: string;
  dashed: boolean;
  values: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

export interface LinesChart {
  frame: Frame;
  along: Along;
  lines: DrawnLine[];
  /** a height that means something */
  rule: number | null;
  range: [number, number] | null;
  /** the place on screen, an index that may be fractional; null: nowhere */
  at: number | null;
  text: (value: number) => string;
}

/** The upward axis: all that is drawn fits, and at least the range that was asked for. */
export function scaleOf({ lines, range, rule }: LinesChart): ValueScale {
  const all = lines
    .flatMap(({ values, low, high }) => [...values, ...low, ...high])
    .concat(range ?? [], rule === null ? [] : [rule])
    .filter((value): value is number => value !== null && Number.isFinite(value));
  const [low, high] = all.length ? [Math.min(...all), Math.max(...all)] : [0, 1];
  return valueScale({ low, high, log: false }, 4);
}

/** The width that the numbers of the upward axis need at its left, and at least ``least``. */
export function roomFor(chart: LinesChart, least: number) {
  const longest = Math.max(0, ...scaleOf(chart).ticks.map((value) => chart.text(value).length));
  return Math.max(least, Math.ceil(DIGIT * longest) + 8);
}

export function linesChart(chart: LinesChart): Drawn {
  const { frame, along, lines, at } = chart;
  const scale = scaleOf(chart);
  const drawn = [...lines].reverse().flatMap((line) => {
    const points = pointsOf({ ...line, reasons: [] }, along.places, scale, frame);
    const single = points.filter(({ y }) => y !== null);
    return [
      draw("path", { class: `band ${line.tone}`, d: bandOf(points) }),
      draw("path", {
        class: `line ${line.tone}${line.dashed ? " dashed" : ""}`,
        d: lineOf(points),
      }),
      ...(single.length < 13 && !line.dashed
        ? single.map(({ x, y }) =>
            draw("circle", { class: `dot ${line.tone}`, cx: x, cy: y ?? 0, r: 2.4 }),
          )
        : []),
    ];
  });
  return draw(
    "g",
    {},
    upAxis(chart, scale),
    alongAxis(chart),
    at !== null && hereOf(chart, at),
    ...drawn,
  );
}

function upAxis({ frame, text, rule }: LinesChart, scale: ValueScale) {
  const right = frame.width - frame.right;
  const ticks = scale.ticks.map((value) => {
    const y = upward(frame, scale.at(value));
    return draw(
      "g",
      {},
      draw("path", { class: "grid", d: `M${frame.left} ${y}H${right}` }),
      draw("text", { x: frame.left - 6, y: y + 4, "text-anchor": "end" }, text(value)),
    );
  });
  const y = rule === null ? null : upward(frame, scale.at(rule));
  return draw(
    "g",
    {},
    ...ticks,
    y !== null && draw("path", { class: "rule", d: `M${frame.left} ${y}H${right}` }),
  );
}

function alongAxis({ frame, along }: LinesChart) {
  const floor = frame.height - frame.bottom;
  let end = -Infinity;
  const labels = along.ticks.flatMap(({ at, text }) => {
    const x = across(frame, at);
    const wide = DIGIT * [...text].reduce((sum, one) => sum + (one.charCodeAt(0) > 255 ? 2 : 1), 0);
    const middle = Math.max(2 + wide / 2, Math.min(x, frame.width - 2 - wide / 2));
    if (middle - wide / 2 < end + 6) return [];
    end = middle + wide / 2;
    return [draw("text", { x: middle, y: floor + 15, "text-anchor": "middle" }, text)];
  });
  return draw(
    "g",
    {},
    draw("path", {
      class: "grid floor",
      d: `M${frame.left} ${floor}H${frame.width - frame.right}`,
    }),
    ...labels,
  );
}

function hereOf({ frame, along }: LinesChart, at: number) {
  const x = across(frame, placeAt(along.places, at));
  return draw("path", {
    class: "here",
    d: `M${x.toFixed(1)} ${frame.top}V${frame.height - frame.bottom}`,
  });
}

/** An axis of so many things side by side, named where there is room. */
export function thingsAlong(names: string[]): Along {
  const places = names.map((_, at) => (names.length > 1 ? at / (names.length - 1) : 0.5));
  return { places, ticks: names.map((text, i) => ({ at: places[i], text })), log: false };
}

/** An axis of points counted from 0. */
export function pointsAlong(count: number): Along {
  const places = Array.from({ length: count }, (_, at) => (count > 1 ? at / (count - 1) : 0.5));
  const marks = rounds(0, Math.max(1, count - 1), 5);
  const ticks = marks.map((at) => ({ at: at / Math.max(1, count - 1), text: String(at) }));
  return { places, ticks, log: false };
}
