/** Regions through training: a column a step, bands between what shares members. Pure. */

import { draw } from "./svg.ts";
import { shortStep } from "./scales.ts";
import type { Drawn } from "./svg.ts";

export interface Column {
  step: number;
  regions: { index: number; size: number }[];
  /** from the step `before` */
  links: { before: number; after: number; overlap: number }[];
  before: number;
}

const [WIDE, HIGH, TOP, FLOOR, BAR] = [308, 132, 4, 112, 5];

interface Box {
  y: number;
  high: number;
}

/** Where each region of each column stands, the largest at the bottom. */
export function boxesOf(columns: Column[]): Map<number, Box>[] {
  const most = Math.max(
    1,
    ...columns.map(({ regions }) => regions.reduce((sum, one) => sum + one.size, 0)),
  );
  const scale = (FLOOR - TOP) / most;
  return columns.map(({ regions }) => {
    let y = FLOOR;
    return new Map(
      regions.map(({ index, size }) => {
        y -= size * scale;
        return [index, { y, high: size * scale }];
      }),
    );
  });
}

export function ribbons(columns: Column[], here: number, color: (index: number) => string): Drawn {
  const boxes = boxesOf(columns);
  const x = (at: number) => 4 + (at * (WIDE - 8 - BAR)) / Math.max(1, columns.length - 1);
  const bands = columns.flatMap(({ links, before }, at) =>
    at > 0 && columns[at - 1].step === before
      ? links.map((link) => band(link, boxes, at, x, color))
      : [],
  );
  const bars = columns.flatMap((_, at) =>
    [...boxes[at]].map(([index, { y, high }]) =>
      draw("rect", {
        x: x(at),
        y,
        width: BAR,
        height: Math.max(0.6, high - 0.4),
        fill: color(index),
      }),
    ),
  );
  const at = columns.findIndex(({ step }) => step === here);
  const ends = [0, columns.length - 1].map((one, n) =>
    draw(
      "text",
      { x: n ? WIDE - 2 : 2, y: HIGH - 5, "text-anchor": n ? "end" : "start" },
      shortStep(columns[one].step),
    ),
  );
  const mark =
    at >= 0 && draw("path", { class: "here", d: `M${x(at) + BAR / 2} ${TOP}V${FLOOR + 4}` });
  return draw("g", {}, ...bands, ...bars, mark, ...ends);
}

function band(
  { before, after, overlap }: Column["links"][number],
  boxes: Map<number, Box>[],
  at: number,
  x: (at: number) => number,
  color: (index: number) => string,
) {
  const [from, to] = [boxes[at - 1].get(before), boxes[at].get(after)];
  if (!from || !to) return null;
  const [a, b] = [x(at - 1) + BAR, x(at)];
  const middle = (a + b) / 2;
  const curve = (y: number, end: number) => `C${middle} ${y} ${middle} ${end} ${b} ${end}`;
  const back = (y: number, end: number) => `C${middle} ${y} ${middle} ${end} ${a} ${end}`;
  return draw("path", {
    d:
      `M${a} ${from.y}${curve(from.y, to.y)}V${to.y + to.high}` +
      `${back(to.y + to.high, from.y + from.high)}Z`,
    fill: color(after),
    "fill-opacity": (0.12 + 0.5 * overlap).toFixed(2),
  });
}
