/** Regions through training: a column a step, bands between what shares members. Pure. */

import { draw } from "./svg.ts";
import { shortStep } from "./scales.ts";
import type { RegionColumn } from "../state/meaning/types.ts";
import type { Drawn } from "./svg.ts";

/** The size of a drawing; columns are `bar` wide and stand between `top` and `floor`. */
export interface RibbonFrame {
  wide: number;
  high: number;
  top: number;
  floor: number;
  bar: number;
}

export const PANEL: RibbonFrame = { wide: 308, high: 132, top: 4, floor: 112, bar: 5 };
/** Over the slider of training, as wide as its track. */
export const OVER: RibbonFrame = { wide: 1000, high: 20, top: 0, floor: 20, bar: 6 };

interface Box {
  y: number;
  high: number;
}

/** Where each region of each column stands, the largest at the bottom. */
export function boxesOf(columns: RegionColumn[], { top, floor } = PANEL): Map<number, Box>[] {
  const most = Math.max(
    1,
    ...columns.map(({ regions }) => regions.reduce((sum, one) => sum + one.size, 0)),
  );
  const scale = (floor - top) / most;
  return columns.map(({ regions }) => {
    let y = floor;
    return new Map(
      regions.map(({ index, size }) => {
        y -= size * scale;
        return [index, { y, high: size * scale }];
      }),
    );
  });
}

/** In the panel: columns side by side, the first and the last step named, the one here marked. */
export function ribbons(
  columns: RegionColumn[],
  here: number,
  color: (index: number) => string,
): Drawn {
  const { wide, high, top, floor, bar } = PANEL;
  const x = (at: number) => 4 + (at * (wide - 8 - bar)) / Math.max(1, columns.length - 1);
  const at = columns.findIndex(({ step }) => step === here);
  const ends = [0, columns.length - 1].map((one, n) =>
    draw(
      "text",
      { x: n ? wide - 2 : 2, y: high - 5, "text-anchor": n ? "end" : "start" },
      shortStep(columns[one].step),
    ),
  );
  const mark =
    at >= 0 && draw("path", { class: "here", d: `M${x(at) + bar / 2} ${top}V${floor + 4}` });
  return draw("g", {}, ribbon(columns, PANEL, x, color), mark, ...ends);
}

/** Over a slider: each column at its step's `places`, from 0 to 1 along the track. */
export function ribbonOver(
  columns: RegionColumn[],
  places: number[],
  color: (index: number) => string,
): Drawn {
  const x = (at: number) => places[at] * (OVER.wide - OVER.bar);
  return ribbon(columns, OVER, x, color);
}

function ribbon(
  columns: RegionColumn[],
  frame: RibbonFrame,
  x: (at: number) => number,
  color: (index: number) => string,
): Drawn {
  const boxes = boxesOf(columns, frame);
  const bands = columns.flatMap(({ links, before }, at) =>
    at > 0 && columns[at - 1].step === before
      ? links.map((link) => band(link, boxes, at, [x(at - 1) + frame.bar, x(at)], color))
      : [],
  );
  const bars = columns.flatMap((_, at) =>
    [...boxes[at]].map(([index, { y, high }]) =>
      draw("rect", {
        x: x(at),
        y,
        width: frame.bar,
        height: Math.max(0.4, high - 0.05 * frame.bar),
        fill: color(index),
      }),
    ),
  );
  return draw("g", {}, ...bands, ...bars);
}

function band(
  { before, after, overlap }: RegionColumn["links"][number],
  boxes: Map<number, Box>[],
  at: number,
  [a, b]: [number, number],
  color: (index: number) => string,
) {
  const [from, to] = [boxes[at - 1].get(before), boxes[at].get(after)];
  if (!from || !to) return null;
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
