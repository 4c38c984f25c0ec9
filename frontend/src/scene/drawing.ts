/** What is on screen as points and lines in pixels: for files that can be enlarged. No DOM. */

import { LOOSE } from "./beads.ts";
import { pointSize } from "./cloud.ts";
import { project } from "./camera.ts";
import { pointAt } from "./curve.ts";
import { DepthOrder } from "./order.ts";
import type { Motion, Strand } from "./motion.ts";
import type { View } from "./gpu.ts";
import type { Dot, Line, Mark, Rgb } from "./picture.ts";

/** Pieces of a site that a path is drawn in: each has one opacity. */
const PIECES = 6;
const SITES_OF_COMET = 2.3;

type Size = { width: number; height: number };

/** All but the words, far to near. */
export function marksOf(motion: Motion, view: View, size: Size): Mark[] {
  return [
    ...cloudMarks(motion, view, size),
    ...motion.strands.flatMap((strand) => strandMarks(strand, view, size)),
    ...motion.strands.flatMap((strand) => beadMarks(strand, view, size)),
  ];
}

const smooth = (low: number, high: number, x: number) => {
  const k = Math.min(1, Math.max(0, (x - low) / Math.max(high - low, 1e-9)));
  return k * k * (3 - 2 * k);
};

function cloudMarks(motion: Motion, view: View, { width, height }: Size): Dot[] {
  const { from, to, t, count } = motion;
  const { transform: m, middle, reach, look, unit } = view;
  const out = new Float64Array(3);
  const dots: Dot[] = [];
  for (const i of new DepthOrder().sort(from.points, to.points, t, m)) {
    const at = (k: number) =>
      from.points[4 * i + k] + (to.points[4 * i + k] - from.points[4 * i + k]) * t;
    project(m, at(0), at(1), at(2), width, height, out);
    const [x, y, w] = out;
    if (w <= 0 || x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
    const wanted = Math.abs(at(3)) * pointSize(count) * unit * (middle / w) ** 0.72;
    const drawn = Math.min(26, Math.max(1.2, wanted));
    const kept = 1 - look.fade[0] * smooth(middle - 0.9 * reach, middle + 1.15 * reach, w);
    const part = (k: number) => to.colors[4 * i + k];
    const color = [0, 1, 2].map((k) => {
      const back = 255 * look.background[k];
      return Math.round(back + (part(k) - back) * (1 - look.fade[1] * (1 - kept)));
    }) as Rgb;
    const alpha = (part(3) / 255) * kept * look.cloud * Math.min(1, (wanted / drawn) ** 2);
    if (alpha > 0.015) dots.push({ kind: "dot", x, y, r: 0.42 * drawn, color, alpha });
  }
  return dots;
}

/** How strongly a path is drawn at a site: as the shader has it. */
export function pathStrength(look: Strand["look"], sites: number, at: number, whole: number) {
  const way = Math.min(
    1,
    (0.5 * at) / Math.max(sites - 1, 1) + (0.5 * at) / Math.max(look.site, 1.5),
  );
  const ahead = at > look.site + 0.02;
  const full = ahead ? 0.1 : 0.1 + 0.8 * way * way * (3 - 2 * way);
  const bell = Math.max(0, 1 - Math.abs(at - look.site) / SITES_OF_COMET);
  const near = 0.9 * bell * bell * (ahead ? 0.42 : 1);
  return full + (near - full) * look.comet * (1 - whole);
}

function strandMarks(strand: Strand, { transform: m, unit }: View, size: Size): Line[] {
  const { look, sites, tokens, now, beads, faint, trust, flock } = strand;
  const seen = look.presence * (0.15 + 0.85 * look.emphasis);
  const color = [look.red, look.green, look.blue].map(Math.round) as Rgb;
  const wide = (0.6 + 0.4 * look.emphasis) * Math.max(unit, 0.75);
  const at = new Float64Array(3);
  const out = new Float64Array(3);
  const lines: Line[] = [];
  const placed = (token: number, site: number) => {
    pointAt(now, sites, token, site, at, 0);
    project(m, at[0], at[1], at[2], size.width, size.height, out);
    return out[2] > 0 ? [out[0], out[1]] : null;
  };
  for (let token = 0; token < tokens && look.trail > 0.01; token++)
    for (let piece = 0; piece < (sites - 1) * PIECES; piece++) {
      const site = (piece + 0.5) / PIECES;
      const [a, b] = [piece, piece + 1].map((one) => placed(token, one / PIECES));
      const whole =
        flock.open[0] === token ? flock.open[1] : flock.open[2] === token ? flock.open[3] : 0;
      const trusted = trust ? trust[Math.floor(site) * tokens + token] : 1;
      const alpha =
        pathStrength(look, sites, site, whole) *
        seen *
        look.trail *
        (faint?.[token] ? 0.3 : 1) *
        (0.4 + 0.6 * trusted);
      if (a && b && alpha > 0.02)
        lines.push({
          kind: "line",
          points: [...a, ...b],
          width: 1.9 * wide,
          color,
          alpha,
          dashed: trusted < 0.4,
        });
    }
  const thread: number[] = [];
  for (let token = 0; token < tokens; token++) {
    const from = 3 * (token + 1);
    project(m, beads[from], beads[from + 1], beads[from + 2], size.width, size.height, out);
    if (out[2] > 0) thread.push(out[0], out[1]);
  }
  if (thread.length > 2 && !strand.loose)
    lines.push({
      kind: "line",
      points: thread,
      width: wide,
      color,
      alpha: 0.3 * seen,
      dashed: true,
    });
  return lines;
}

function beadMarks(strand: Strand, { transform: m, unit, middle }: View, size: Size): Dot[] {
  const { look, tokens, beads, tint, faint, loose } = strand;
  const out = new Float64Array(3);
  return Array.from({ length: tokens }, (_, token) => {
    const from = 3 * (token + 1);
    project(m, beads[from], beads[from + 1], beads[from + 2], size.width, size.height, out);
    const near = Math.min(1.7, Math.max(0.6, Math.sqrt(middle / Math.max(out[2], 1e-3))));
    const own = [look.red, look.green, look.blue];
    return {
      kind: "dot" as const,
      x: out[0],
      y: out[1],
      r: 0.5 * (loose ? LOOSE : 1) * (5.2 + 2.6 * look.emphasis) * Math.max(unit, 0.8) * near,
      color: own.map((one, k) => Math.round(tint?.[3 * token + k] ?? one)) as Rgb,
      alpha:
        out[2] > 0 ? look.presence * (0.35 + 0.65 * look.emphasis) * (faint?.[token] ? 0.5 : 1) : 0,
    };
  }).filter((dot) => dot.alpha > 0.01);
}
