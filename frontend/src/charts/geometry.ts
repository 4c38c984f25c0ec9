/**
 * The geometry of a chart: a curve with its error band, and where it is not defined, in pixels.
 * Pure.
 */

import type { Curve } from "./measures.ts";
import type { ValueScale } from "./scales.ts";

export type Frame = {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
};
export type Point = { x: number; y: number | null; low: number | null; high: number | null };

const px = (value: number) => String(Math.round(value * 100) / 100);

/** From 0..1 to pixels, rightward. */
export function across(frame: Frame, at: number) {
  return frame.left + at * (frame.width - frame.left - frame.right);
}

/** From 0..1 to pixels, upward; what lies far outside stays near the edge. */
export function upward(frame: Frame, at: number) {
  const bounded = Math.max(-1, Math.min(2, at));
  return frame.height - frame.bottom - bounded * (frame.height - frame.top - frame.bottom);
}

/** The curve's points; y is null where it is not defined. */
export function pointsOf(curve: Curve, places: number[], scale: ValueScale, frame: Frame): Point[] {
  const y = (value: number | null) => {
    const at = value === null ? NaN : scale.log && value <= 0 ? -1 : scale.at(value);
    return Number.isFinite(at) ? upward(frame, at) : null;
  };
  return places.map((place, i) => ({
    x: across(frame, place),
    y: y(curve.values[i]),
    low: y(curve.low[i]),
    high: y(curve.high[i]),
  }));
}

/** Runs of neighbouring points that are defined. */
export function runsOf<P extends Point>(
  points: P[],
  defined: (point: P) => boolean = (point) => point.y !== null,
): P[][] {
  const runs: P[][] = [];
  points.forEach((point, i) => {
    if (!defined(point)) return;
    if (i > 0 && defined(points[i - 1])) runs[runs.length - 1].push(point);
    else runs.push([point]);
  });
  return runs;
}

/** The line through the points; it breaks where nothing is defined. */
export function lineOf(points: Point[]) {
  return runsOf(points)
    .map((run) => run.map(({ x, y }, i) => `${i ? "L" : "M"}${px(x)} ${px(y ?? 0)}`).join(""))
    .join("");
}

/** The area between the ends of the error bars; a point alone gets a bar. */
export function bandOf(points: Point[]) {
  return runsOf(points, ({ low, high }) => low !== null && high !== null)
    .map((run) => {
      const wide =
        run.length > 1
          ? run
          : [
              { ...run[0], x: run[0].x - 1.5 },
              { ...run[0], x: run[0].x + 1.5 },
            ];
      const there = wide.map(({ x, high }, i) => `${i ? "L" : "M"}${px(x)} ${px(high ?? 0)}`);
      const back = wide.toReversed().map(({ x, low }) => `L${px(x)} ${px(low ?? 0)}`);
      return `${there.join("")}${back.join("")}Z`;
    })
    .join("");
}

/** Where the curve is not defined: stretches from half way to the neighbours. */
export function gapsOf(points: Point[], frame: Frame): { x: number; width: number }[] {
  const [left, right] = [frame.left, frame.width - frame.right];
  const edge = (i: number) =>
    i <= 0 ? left : i >= points.length ? right : (points[i - 1].x + points[i].x) / 2;
  return runsOf(
    points.map((point, i) => ({ ...point, i })),
    (point) => point.y === null,
  ).map((run) => {
    const [from, to] = [edge(run[0].i), edge(run[run.length - 1].i + 1)];
    return { x: from, width: Math.max(2, to - from) };
  });
}

/** The height of the curve at a fractional index; null beside a gap. */
export function heightAt(points: Point[], index: number) {
  const low = Math.max(0, Math.min(points.length - 1, Math.floor(index + 1e-6)));
  const mix = index - low;
  const [a, b] = [points[low]?.y ?? null, points[low + 1]?.y ?? null];
  if (mix < 1e-3) return a;
  return a === null || b === null ? null : a + (b - a) * mix;
}
