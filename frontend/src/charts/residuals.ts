/**
 * The small chart of what is left at each site: bars for the residual with their error, dashes for
 * what is left without a turn. Pure.
 */

import { draw } from "./svg.ts";
import type { ComparedSite } from "../protocol/wire.ts";
import type { Drawn } from "./svg.ts";

const WIDTH = 292;
const HEIGHT = 104;
const TOP = 10;
const BASE = HEIGHT - 6;
const LEFT = 40;

/** The scale's end: a whole 50 % above the largest, at most 200 %. */
export function scaleEnd(sites: ComparedSite[]) {
  const most = Math.max(
    0.5,
    ...sites.flatMap((one) => [one.high ?? one.residual ?? 0, one.without ?? 0]),
  );
  return Math.min(2, Math.ceil(most * 2) / 2);
}

/**
 * @param here the index of the site on screen
 * @param words what a voice says of it
 */
export function residualChart(sites: ComparedSite[], here: number, words: string): Drawn {
  const end = scaleEnd(sites);
  const y = (value: number) =>
    Math.round(10 * (BASE - (Math.min(value, end) / end) * (BASE - TOP))) / 10;
  const pitch = (WIDTH - LEFT) / sites.length;
  const lines = [0, end / 2, end].map((value) =>
    draw(
      "g",
      { class: "scale" },
      draw("line", { x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
      draw("text", { x: LEFT - 6, y: y(value) + 4 }, `${Math.round(100 * value)}%`),
    ),
  );
  const bars = sites.map((one, i) => bar(one, i, i === here, LEFT + pitch * i, pitch, y));
  return draw(
    "svg",
    { class: "residuals", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
    ...lines,
    ...bars,
  );
}

function bar(
  { site, residual, low, high, without }: ComparedSite,
  index: number,
  here: boolean,
  x: number,
  pitch: number,
  y: (value: number) => number,
) {
  const wide = Math.min(14, pitch * 0.6);
  const middle = Math.round(10 * (x + pitch / 2)) / 10;
  const value = residual ?? 0;
  return draw(
    "g",
    { class: here ? "bar here" : "bar", "data-site": index },
    draw("rect", { class: "field", x, y: TOP - 6, width: pitch, height: BASE - TOP + 6 }),
    draw(
      "title",
      {},
      `${site}: ${residual === null ? "–" : `${(100 * residual).toPrecision(3)}%`}`,
    ),
    draw("rect", {
      class: "left",
      x: middle - wide / 2,
      y: y(value),
      width: wide,
      height: Math.max(1.5, BASE - y(value)),
      rx: 2,
    }),
    low !== null &&
      high !== null &&
      value > 0.01 &&
      draw("line", { class: "error", x1: middle, x2: middle, y1: y(high), y2: y(low) }),
    without !== null &&
      draw("line", {
        class: "without",
        x1: middle - wide / 2 - 1.5,
        x2: middle + wide / 2 + 1.5,
        y1: y(without),
        y2: y(without),
      }),
  );
}
