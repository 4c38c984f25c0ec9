/**
 * Published results and the same figures here: what holds, what the number is at a step, and its
 * drawing over training. Pure.
 */

import { draw } from "./svg.ts";
import type { Claim, Words } from "../state/types.ts";
import type { Drawn } from "./svg.ts";

/** Where a step stands among the checkpoints of a run, 0..1, evenly as on the slider. */
export function placeOf(steps: number[], step: number) {
  const at = steps.indexOf(step);
  return at < 0 ? null : steps.length > 1 ? at / (steps.length - 1) : 0.5;
}

/** The value of a series at a training step; null where there is none. */
export function valueAt(
  { steps, values }: { steps: number[]; values: (number | null)[] },
  step: number,
) {
  if (!steps.length) return values[0] ?? null;
  return values[steps.indexOf(step)] ?? null;
}

/** The text of the language, else the English one. */
export function said(record: any, name: string, language: string): string {
  return (
    (language === "zh" &&
      (record[`${name}_zh`] || (name.endsWith("_en") && record[name.replace(/_en$/, "_zh")]))) ||
    record[name] ||
    ""
  );
}

/** Claims whose paper gives no number: the bar that decides is ours. */
const OURS = [
  "understood",
  "circle",
  "order",
  "phases-rankme",
  "phases-participation",
  "hump",
  "hump-shuffled",
  "belief-leading",
  "induction-head",
  "induction-window",
];
const REGISTERED = /^registered before training/;

/** Whether the threshold of a claim is no paper's. */
export function isOurs({ id, source }: Pick<Claim, "id" | "source">) {
  return OURS.includes(id) || REGISTERED.test(source);
}

/** Where a claim comes from, in the language of the page. */
export function sourceOf({ source }: Pick<Claim, "source">, t: Words) {
  return source.replace(REGISTERED, t("claims.registered"));
}

/** The range that holds a claim's values, its bar and its controls, with a little room. */
export function rangeOf(claim: Claim) {
  const all = [
    ...claim.values,
    claim.bound ?? null,
    ...claim.controls.flatMap((one) => one.values),
  ].filter((one) => typeof one === "number");
  if (!all.length) return { low: 0, high: 1 };
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = 0.08 * (high - low) || 0.1 * Math.abs(high) || 1;
  return { low: low - room, high: high + room };
}

/** A line through points, broken where one is missing. */
export function pathOf(points: ({ x: number; y: number } | null)[]) {
  let pen = "M";
  let d = "";
  for (const one of points) {
    if (one) d += `${pen}${one.x.toFixed(1)} ${one.y.toFixed(1)}`;
    pen = one ? "L" : "M";
  }
  return d;
}

interface Size {
  width: number;
  height: number;
  small?: boolean;
}

/**
 * A claim over training: its controls thin, its bar dashed, what has been passed bright, what is to
 * come dim, a dot where we are.
 * @param steps the run's checkpoints
 * @param index where we are among them, may be fractional
 */
export function chartOf(claim: Claim, steps: number[], index: number, size: Size): Drawn {
  const { width, height, small = false } = size;
  const place = placesIn(claim, steps, size);
  const own = place.points(claim);
  const line = pathOf(own);
  const here = place.right(steps.length > 1 ? index / (steps.length - 1) : 0.5).toFixed(1);
  const now = own[Math.round(index)];
  const id = `past-${claim.id}${small ? "-small" : ""}`;
  const props = {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    class: small ? "spark small" : "spark",
    "aria-hidden": "true",
  };
  return draw(
    "svg",
    props,
    draw("clipPath", { id }, draw("rect", { x: 0, y: 0, width: here, height })),
    ...(small ? [] : claim.controls).map((one) =>
      draw("path", { class: "control", d: pathOf(place.points(one)) }),
    ),
    barOf(claim, place, width),
    small ? null : decidedAt(claim, steps, place, height),
    draw("path", { class: "to-come", d: line }),
    draw("path", { class: "past", d: line, "clip-path": `url(#${id})` }),
    small ? null : draw("line", { class: "cursor", x1: here, x2: here, y1: 0, y2: height }),
    now
      ? draw("circle", {
          class: "now",
          cx: now.x.toFixed(1),
          cy: now.y.toFixed(1),
          r: small ? 2.2 : 4,
        })
      : null,
  );
}

/** Where shares of the run, values and whole series lie in a drawing. */
function placesIn(claim: Claim, steps: number[], { width, height, small }: Size) {
  const { low, high } = rangeOf(claim);
  const edge = small ? 2 : 5;
  const right = (share: number) => edge + share * (width - 2 * edge);
  const up = (value: number) =>
    height - edge - ((value - low) / (high - low)) * (height - 2 * edge);
  const points = (series: { steps: number[]; values: (number | null)[] }) =>
    steps.map((step, i) => {
      const value = valueAt(series, step);
      const share = steps.length > 1 ? i / (steps.length - 1) : 0.5;
      return value === null ? null : { x: right(share), y: up(value) };
    });
  return { edge, right, up, points };
}

type Places = ReturnType<typeof placesIn>;

/** The value that a claim is held against. */
function barOf(claim: Claim, { edge, up }: Places, width: number) {
  if (typeof claim.bound !== "number") return null;
  const y = up(claim.bound).toFixed(1);
  return draw("line", { class: "bar-line", x1: edge, x2: width - edge, y1: y, y2: y });
}

/** The step at which a claim is decided. */
function decidedAt(claim: Claim, steps: number[], { right }: Places, height: number) {
  const share = placeOf(steps, claim.at_step);
  if (share === null) return null;
  const x = right(share);
  return draw("line", { class: "decided", x1: x, x2: x, y1: height - 6, y2: height });
}
