/**
 * The curves of a training: right answers and losses over its steps, with the step on screen. Pure.
 */

import { runsOf } from "./geometry.ts";
import { decades, placeAt, rounds, shortStep } from "./scales.ts";
import { draw } from "./svg.ts";
import type { Series } from "./progress.ts";
import type { Drawn } from "./svg.ts";

type StepAxis = { at(step: number): number; ticks: { at: number; text: string }[] };
type Line = { series: Series; kind: "shown" | "unseen" | "other" };
export type Curves = {
  lines: Line[];
  /** shares stand on 0..1, losses on a log scale */ scale: "share" | "loss";
  axis: StepAxis;
  /** checkpoints of the run on screen */ steps: number[];
  /** the place among them on screen, may be fractional; null when the run is not on screen */ at:
    number | null;
  /** a loss below which nobody can come */ floor: number | null;
  /** whether the steps are written below */ named: boolean;
  /** whether more is to come */ growing: boolean;
};

export const CHART = { width: 304, height: 74, left: 36, right: 8, top: 6, bottom: 6, names: 16 };
/**
 * Steps up to this share of all are drawn as evenly spaced; beyond, what counts is how many times
 * later.
 */
const BEND = 1 / 200;
/** Losses farther apart than so many times stand on a log scale. */
const FACTORS = 8;

/**
 * The axis of a training of so many steps: even at first, then by factors, so that early and late
 * are both seen.
 */
export function stepAxis(last: number): StepAxis {
  const bend = Math.max(1, last * BEND);
  const at = (step: number) =>
    last > 0 ? Math.log1p(Math.max(0, step) / bend) / Math.log1p(last / bend) : 0;
  const marks = [
    0,
    ...decades(bend, Math.max(last, bend * 4), 3).filter(
      (step) => Number.isInteger(step) && step <= last,
    ),
  ];
  return { at, ticks: marks.map((step) => ({ at: at(step), text: shortStep(step) })) };
}

/** Of points that fall on the same pixel the first, the least, the greatest and the last. */
export function thinned(points: { x: number; y: number }[]) {
  const columns: Map<number, { x: number; y: number }[]> = new Map();
  for (const one of points)
    columns.set(Math.round(one.x), [...(columns.get(Math.round(one.x)) ?? []), one]);
  return [...columns.values()].flatMap((all) => {
    if (all.length < 4) return all;
    const [low, high] = all.reduce(
      ([a, b], one) => [one.y < a.y ? one : a, one.y > b.y ? one : b],
      [all[0], all[0]],
    );
    return [...new Set([all[0], low, high, all[all.length - 1]])].sort(
      (a, b) => all.indexOf(a) - all.indexOf(b),
    );
  });
}

/**
 * From a loss to 0..1 between the least and the greatest shown: by factors where they lie far
 * apart, else by differences.
 */
export function lossScale(values: number[]) {
  const there = values.filter((one) => one > 0 && Number.isFinite(one));
  const low = there.length
    ? Math.max(
        1e-8,
        there.reduce((a, b) => Math.min(a, b)),
      )
    : 0.1;
  const high = Math.max(
    low * 1.02,
    there.reduce((a, b) => Math.max(a, b), low),
  );
  const text = (value: number) =>
    value >= 1e-3 ? String(value) : value.toExponential().replace("e-", "e\u2212");
  const wide = high / low > FACTORS;
  const measure = wide ? Math.log : Number;
  const [from, to] = [measure(low), measure(high)];
  const room = 0.06 * (to - from);
  const ticks = (wide ? decades(low, high, 3) : rounds(low, high, 3)).map((value) => ({
    value,
    text: text(value),
  }));
  return {
    at: (value: number) => (measure(Math.max(value, 1e-12)) - from + room) / (to - from + 2 * room),
    ticks,
  };
}

const SHARES = {
  at: (value: number) => value,
  ticks: [0, 0.5, 1].map((value) => ({ value, text: `${100 * value}` })),
};

/** How high a chart is, with room for the names of steps where they are written. */
export const heightOf = (named: boolean) => CHART.height + (named ? CHART.names : 0);

/** @param at 0..1 */
export const rightward = (at: number) => CHART.left + at * (CHART.width - CHART.left - CHART.right);
/** @param at 0..1 */
const upward = (at: number) =>
  CHART.height -
  CHART.bottom -
  Math.max(-0.02, Math.min(1.02, at)) * (CHART.height - CHART.top - CHART.bottom);

/** The drawing of a training's curves. */
export function trainingChart(curves: Curves): Drawn {
  return draw("svg", attributesOf(curves), ...stillOf(curves), hereOf(curves));
}

export function attributesOf({ named }: Pick<Curves, "named">) {
  const viewBox = `0 0 ${CHART.width} ${heightOf(named)}`;
  return { viewBox, class: "training", "aria-hidden": "true" };
}

/** What stands still while one goes along the curves. */
export function stillOf(curves: Omit<Curves, "at">): Drawn[] {
  const { lines, axis, steps, floor, named, growing } = curves;
  const scale = scaleOf(curves);
  return [
    gridOf(scale),
    named && stepsOf(axis, steps),
    floor !== null && floorOf(upward(scale.at(floor))),
    ...lines.map(({ series, kind }) => lineOf(series, kind, axis, scale.at, growing)),
  ].filter((one) => one !== false);
}

/** The step on screen; null where the run is not. */
export function hereOf(curves: Curves): Drawn | null {
  const { lines, axis, steps, at } = curves;
  if (at === null || !steps.length) return null;
  const x = rightward(placeAt(steps.map(axis.at), at));
  return markOf(x, lines, stepAt(steps, at), scaleOf(curves).at);
}

function scaleOf({ scale, lines, floor }: Pick<Curves, "scale" | "lines" | "floor">) {
  if (scale === "share") return SHARES;
  const values = lines.flatMap(({ series }) => series.values);
  return lossScale(floor === null ? values : [...values, floor]);
}

function floorOf(y: number) {
  const [x1, x2] = [CHART.left, CHART.width - CHART.right];
  return draw("line", { class: "floor", x1, x2, y1: y.toFixed(1), y2: y.toFixed(1) });
}

/** The step nearest to a fractional index. */
export function stepAt(steps: number[], at: number) {
  return steps[Math.max(0, Math.min(steps.length - 1, Math.round(at)))];
}

function gridOf({
  at,
  ticks,
}: {
  at(value: number): number;
  ticks: { value: number; text: string }[];
}) {
  const rows = ticks.map(({ value, text }) => {
    const y = upward(at(value));
    return draw(
      "g",
      {},
      draw("line", {
        class: "grid",
        x1: CHART.left,
        x2: CHART.width - CHART.right,
        y1: y.toFixed(1),
        y2: y.toFixed(1),
      }),
      draw("text", { x: CHART.left - 6, y: (y + 3.5).toFixed(1), "text-anchor": "end" }, text),
    );
  });
  return draw("g", { class: "up" }, ...rows);
}

function stepsOf(axis: StepAxis, steps: number[]) {
  const floor = CHART.height - CHART.bottom;
  const names = axis.ticks.map(({ at, text }, i) =>
    draw(
      "text",
      {
        x: rightward(at).toFixed(1),
        y: floor + 19,
        "text-anchor": i && at > 0.95 ? "end" : "middle",
      },
      text,
    ),
  );
  const marks = steps
    .map((step) => `M${rightward(axis.at(step)).toFixed(1)} ${floor + 2}v4`)
    .join("");
  return draw("g", { class: "along" }, draw("path", { class: "kept", d: marks }), ...names);
}

function lineOf(
  { steps, values }: Series,
  kind: Line["kind"],
  axis: StepAxis,
  scale: (value: number) => number,
  growing: boolean,
) {
  const points = steps.map((step, i) => ({
    x: rightward(axis.at(step)),
    y: upward(scale(values[i])),
  }));
  const runs = runsOf(thinned(points).map((one) => ({ ...one, low: null, high: null })));
  const d = runs
    .map((run) =>
      run.map(({ x, y }, i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y?.toFixed(1)}`).join(""),
    )
    .join("");
  const last = points[points.length - 1];
  const tip =
    growing && last && kind !== "other"
      ? draw("circle", { class: "tip", cx: last.x.toFixed(1), cy: last.y.toFixed(1), r: 2.6 })
      : null;
  return draw("g", { class: `line of-${kind}` }, draw("path", { d }), tip);
}

/** The step on screen: a line, and a bead on each curve. */
function markOf(x: number, lines: Line[], step: number, scale: (value: number) => number) {
  const beads = lines.map(({ series, kind }) => {
    const i = series.steps.findLastIndex((one) => one <= step);
    return i < 0
      ? null
      : draw("circle", {
          class: `bead of-${kind}`,
          cx: x.toFixed(1),
          cy: upward(scale(series.values[i])).toFixed(1),
          r: 3.6,
        });
  });
  return draw(
    "g",
    { class: "here" },
    draw("line", {
      x1: x.toFixed(1),
      x2: x.toFixed(1),
      y1: CHART.top - 4,
      y2: CHART.height - CHART.bottom + 2,
    }),
    ...beads,
  );
}

/** A tiny curve for a line of the list. */
export function spark(series: Series, kind: "share" | "loss", last: number): Drawn {
  const [width, height] = [60, 20];
  const axis = stepAxis(last);
  const scale = kind === "share" ? SHARES : lossScale(series.values);
  const points = series.steps.map((step, i) => ({
    x: 1 + axis.at(step) * (width - 2),
    y: height - 2 - Math.max(0, Math.min(1, scale.at(series.values[i]))) * (height - 4),
  }));
  const d = thinned(points)
    .map(({ x, y }, i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("");
  return draw(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      class: "spark small",
      "aria-hidden": "true",
    },
    draw("path", { class: "past", d }),
  );
}
