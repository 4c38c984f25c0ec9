/** The geometry of a chart: a curve with its error band, and where it is not defined, in pixels. Pure. */

/** @typedef {import("./measures.js").Curve} Curve */
/** @typedef {import("./scales.js").ValueScale} ValueScale */
/** @typedef {{ width: number, height: number, left: number, right: number, top: number, bottom: number }} Frame */
/** @typedef {{ x: number, y: number | null, low: number | null, high: number | null }} Point */

/** @param {number} value */
const px = (value) => String(Math.round(value * 100) / 100);

/** From 0..1 to pixels, rightward. @param {Frame} frame @param {number} at */
export function across(frame, at) {
  return frame.left + at * (frame.width - frame.left - frame.right);
}

/** From 0..1 to pixels, upward; what lies far outside stays near the edge. @param {Frame} frame @param {number} at */
export function upward(frame, at) {
  const bounded = Math.max(-1, Math.min(2, at));
  return frame.height - frame.bottom - bounded * (frame.height - frame.top - frame.bottom);
}

/** The curve's points; y is null where it is not defined. @param {Curve} curve @param {number[]} places @param {ValueScale} scale @param {Frame} frame @returns {Point[]} */
export function pointsOf(curve, places, scale, frame) {
  const y = (/** @type {number | null} */ value) => {
    const at = value === null ? NaN : scale.log && value <= 0 ? -1 : scale.at(value);
    return Number.isFinite(at) ? upward(frame, at) : null;
  };
  return places.map((place, i) => ({ x: across(frame, place), y: y(curve.values[i]), low: y(curve.low[i]), high: y(curve.high[i]) }));
}

/** Runs of neighbouring points that are defined. @template {Point} P @param {P[]} points @param {(point: P) => boolean} [defined] @returns {P[][]} */
export function runsOf(points, defined = (point) => point.y !== null) {
  /** @type {P[][]} */
  const runs = [];
  points.forEach((point, i) => {
    if (!defined(point)) return;
    if (i > 0 && defined(points[i - 1])) runs[runs.length - 1].push(point);
    else runs.push([point]);
  });
  return runs;
}

/** The line through the points; it breaks where nothing is defined. @param {Point[]} points */
export function lineOf(points) {
  return runsOf(points)
    .map((run) => run.map(({ x, y }, i) => `${i ? "L" : "M"}${px(x)} ${px(y ?? 0)}`).join(""))
    .join("");
}

/** The area between the ends of the error bars; a point alone gets a bar. @param {Point[]} points */
export function bandOf(points) {
  return runsOf(points, ({ low, high }) => low !== null && high !== null)
    .map((run) => {
      const wide = run.length > 1 ? run : [{ ...run[0], x: run[0].x - 1.5 }, { ...run[0], x: run[0].x + 1.5 }];
      const there = wide.map(({ x, high }, i) => `${i ? "L" : "M"}${px(x)} ${px(high ?? 0)}`);
      const back = wide.toReversed().map(({ x, low }) => `L${px(x)} ${px(low ?? 0)}`);
      return `${there.join("")}${back.join("")}Z`;
    })
    .join("");
}

/** Where the curve is not defined: stretches from half way to the neighbours. @param {Point[]} points @param {Frame} frame @returns {{ x: number, width: number }[]} */
export function gapsOf(points, frame) {
  const [left, right] = [frame.left, frame.width - frame.right];
  const edge = (/** @type {number} */ i) => (i <= 0 ? left : i >= points.length ? right : (points[i - 1].x + points[i].x) / 2);
  return runsOf(points.map((point, i) => ({ ...point, i })), (point) => point.y === null).map((run) => {
    const [from, to] = [edge(run[0].i), edge(run[run.length - 1].i + 1)];
    return { x: from, width: Math.max(2, to - from) };
  });
}

/** The height of the curve at a fractional index; null beside a gap. @param {Point[]} points @param {number} index */
export function heightAt(points, index) {
  const low = Math.max(0, Math.min(points.length - 1, Math.floor(index + 1e-6)));
  const mix = index - low;
  const [a, b] = [points[low]?.y ?? null, points[low + 1]?.y ?? null];
  if (mix < 1e-3) return a;
  return a === null || b === null ? null : a + (b - a) * mix;
}
