/**
 * A tiny picture of each known shape, drawn from what it is: a parting, a circle of residues, the
 * Mess3 fractal, an attention stripe. Pure.
 */

import { CATEGORIES, HUES, css } from "../state/colour/colours.ts";
import { cyclic, mixture } from "../state/colour/palettes.ts";
import { draw } from "./svg.ts";
import type { Drawn } from "./svg.ts";
import type { Theme } from "../state/types.ts";

export const GLYPH = { width: 88, height: 60 };
const [CX, CY] = [GLYPH.width / 2, GLYPH.height / 2];

/** The picture for a run's shape; loose points for a shape we do not know. */
export function glyphOf(shape: string, theme: Theme): Drawn {
  const parts = Object.hasOwn(SHAPES, shape) ? SHAPES[shape](theme) : cloud(theme);
  return draw(
    "svg",
    { viewBox: `0 0 ${GLYPH.width} ${GLYPH.height}`, class: "glyph", "aria-hidden": "true" },
    ...parts,
  );
}

const SHAPES: Record<string, (theme: Theme) => Drawn[]> = {
  storyteller,
  "modular-addition": circle,
  "belief-simplex": simplex,
  induction: stripe,
};

const disc = (x: number, y: number, r: number, fill: string, opacity: number = 1) =>
  draw("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r, fill, "fill-opacity": opacity });

/** Points that look scattered and are the same every time (golden-angle spiral, shaken). */
function cloud(theme: Theme, count: number = 74) {
  return Array.from({ length: count }, (_, i) => {
    const [turn, far] = [2.39996 * i, Math.sqrt((i + 0.5) / count)];
    const x = CX + 39 * far * Math.cos(turn) + 3 * Math.sin(7.1 * i);
    const y = CY + 25 * far * Math.sin(turn) + 2 * Math.cos(5.3 * i);
    return disc(x, y, 1.15, css(CATEGORIES[theme][(i * 7 + Math.floor(turn)) % 4]), 0.5);
  });
}

/** Two paths that leave one point. */
function storyteller(theme: Theme) {
  const paths = [
    "M14 44 C 30 44, 36 34, 48 22 S 66 10, 76 13",
    "M14 44 C 30 44, 42 42, 54 45 S 70 48, 78 40",
  ];
  const ends = [
    [76, 13],
    [78, 40],
  ];
  const lines = paths.map((d, k) =>
    draw("path", {
      d,
      fill: "none",
      stroke: css(HUES[theme][k]),
      "stroke-width": 2,
      "stroke-linecap": "round",
    }),
  );
  return [
    ...cloud(theme),
    ...lines,
    disc(14, 44, 2.6, css(HUES[theme][7])),
    ...ends.map(([x, y], k) => disc(x, y, 3.2, css(HUES[theme][k]))),
  ];
}

/** Residues in order round a circle. */
function circle(theme: Theme) {
  return Array.from({ length: 31 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 31 - Math.PI / 2;
    return disc(
      CX + 24 * Math.cos(angle),
      CY + 24 * Math.sin(angle),
      2.1,
      css(cyclic(i / 31, theme)),
    );
  });
}

/** One step of belief over the three states of Mess3 (x = 0.05, α = 0.6) after a symbol. */
export function believed(belief: number[], symbol: number) {
  const [x, alpha] = [0.05, 0.6];
  const next = [0, 1, 2].map((to) => {
    const emit = to === symbol ? alpha : (1 - alpha) / 2;
    return (
      emit * belief.reduce((sum, share, from) => sum + share * (from === to ? 1 - 2 * x : x), 0)
    );
  });
  const total = next.reduce((a, b) => a + b);
  return next.map((one) => one / total);
}

/** Every belief after four symbols: the fractal. */
function simplex(theme: Theme) {
  let beliefs = [[1 / 3, 1 / 3, 1 / 3]];
  for (let depth = 0; depth < 4; depth++)
    beliefs = beliefs.flatMap((one) => [0, 1, 2].map((symbol) => believed(one, symbol)));
  return beliefs.map((one) =>
    disc(CX + 33 * (one[2] - one[1]), 57 - 54 * one[0], 1.3, css(mixture(one, theme)), 0.95),
  );
}

/** Attention from each place to those before it: the stripe of what followed last time. */
function stripe(theme: Theme) {
  const [size, gap, count] = [4.4, 1.3, 9];
  const from = (GLYPH.width - count * (size + gap)) / 2;
  const cells = [];
  for (let row = 0; row < count; row++) {
    for (let column = 0; column <= row; column++) {
      const lit = row - column === 3 && row > 3;
      const [x, y] = [from + column * (size + gap), 4.5 + row * (size + gap)];
      cells.push(
        draw("rect", {
          x: x.toFixed(1),
          y: y.toFixed(1),
          width: size,
          height: size,
          rx: 1.2,
          fill: css(lit ? HUES[theme][0] : CATEGORIES[theme][0]),
          "fill-opacity": lit ? 1 : 0.16 + (row === column ? 0.12 : 0),
        }),
      );
    }
  }
  return cells;
}
