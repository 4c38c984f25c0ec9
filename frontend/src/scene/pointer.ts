/**
 * What the person points at: the token nearest to a place on screen, and whether a press was a
 * click or a drag.
 */

import { project } from "./camera.ts";
import type { Motion } from "./motion.ts";
import type { Pick } from "./picture.ts";

/** Pixels a press may travel and still be a click. */
export const TRAVEL = 4;

/**
 * The token drawn nearest to a place, within `radius` pixels; of near ones rather a sentence's,
 * rather the one in front.
 * @param m frame units to clip space
 */
export function nearestPick(
  motion: Motion,
  m: Float64Array,
  width: number,
  height: number,
  x: number,
  y: number,
  radius: number,
): Pick | null {
  return (
    nearestBead(motion, m, width, height, x, y, radius + 2) ??
    nearestPoint(motion, m, width, height, x, y, radius)
  );
}

function nearestBead(
  motion: Motion,
  m: Float64Array,
  width: number,
  height: number,
  x: number,
  y: number,
  radius: number,
): Pick | null {
  const out = new Float64Array(3);
  let best = Infinity;
  let found: Pick | null = null;
  for (const { id, tokens, beads, leaving, silent } of motion.strands) {
    for (let token = 0; token < tokens && !leaving && !silent; token++) {
      const at = 3 * (token + 1);
      project(m, beads[at], beads[at + 1], beads[at + 2], width, height, out);
      const d = Math.hypot(out[0] - x, out[1] - y);
      const score = d + 1.5 * (out[2] / m[15]);
      if (out[2] > 0 && d <= radius && score < best)
        [best, found] = [score, { kind: "sentence", id, token }];
    }
  }
  return found;
}

function nearestPoint(
  { from, to, t, count }: Motion,
  m: Float64Array,
  width: number,
  height: number,
  x: number,
  y: number,
  radius: number,
): Pick | null {
  const out = new Float64Array(3);
  const [a, b, s] = [from.points, to.points, 1 - t];
  let best = Infinity;
  let index = -1;
  for (let i = 0, p = 0; i < count; i++, p += 4) {
    project(
      m,
      s * a[p] + t * b[p],
      s * a[p + 1] + t * b[p + 1],
      s * a[p + 2] + t * b[p + 2],
      width,
      height,
      out,
    );
    const [dx, dy] = [Math.abs(out[0] - x), Math.abs(out[1] - y)];
    if (dx > radius || dy > radius || out[2] <= 0) continue;
    const d = Math.hypot(dx, dy);
    const score = d + 3 * (out[2] / m[15]);
    if (d <= radius && score < best) [best, index] = [score, i];
  }
  return index < 0 ? null : { kind: "cloud", index };
}

export type Handlers = {
  hover: (x: number, y: number) => void;
  leave: () => void;
  tap: (x: number, y: number, coarse: boolean) => void;
  touch: () => void;
  press: (down: boolean) => void;
  pinch: (factor: number) => void;
};

/**
 * Watches an element until the returned function is called. Places are pixels from the element's
 * corner.
 */
export function watchPointer(element: HTMLElement, on: Handlers) {
  const stop = new AbortController();
  const down: Map<number, { x: number; y: number }> = new Map();
  let travelled = 0;
  let spread = 0;
  const place = (e: PointerEvent) => {
    const corner = element.getBoundingClientRect();
    return { x: e.clientX - corner.left, y: e.clientY - corner.top };
  };
  const apart = () => {
    const [a, b] = [...down.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  const begin = (e: PointerEvent) => {
    on.touch();
    if (down.size === 0) travelled = 0;
    if (e.pointerType !== "mouse" && !e.isPrimary) travelled = Infinity;
    down.set(e.pointerId, place(e));
    spread = down.size === 2 ? apart() : 0;
    on.press(true);
  };
  const move = (e: PointerEvent) => {
    const at = place(e);
    const start = down.get(e.pointerId);
    if (!start) {
      if (e.pointerType === "mouse" && e.buttons === 0) on.hover(at.x, at.y);
      return;
    }
    if (down.size === 1)
      travelled = Math.max(travelled, Math.hypot(at.x - start.x, at.y - start.y));
    if (down.size !== 2) return;
    down.set(e.pointerId, at);
    const now = apart();
    if (spread > 0 && now > 0) on.pinch(spread / now);
    spread = now;
  };
  const end = (e: PointerEvent, counts: boolean) => {
    if (!down.delete(e.pointerId)) return;
    const at = place(e);
    if (down.size === 0) on.press(false);
    if (counts && down.size === 0 && travelled < TRAVEL && e.button === 0)
      on.tap(at.x, at.y, e.pointerType !== "mouse");
  };
  const options = { signal: stop.signal };
  element.addEventListener("pointerdown", begin, { ...options, capture: true });
  window.addEventListener(
    "pointermove",
    (e) => (down.size || element.contains(e.target as Node)) && move(e),
    options,
  );
  window.addEventListener("pointerup", (e) => end(e, true), options);
  window.addEventListener("pointercancel", (e) => end(e, false), options);
  element.addEventListener("pointerleave", () => on.leave(), options);
  element.addEventListener("wheel", () => on.touch(), { ...options, capture: true, passive: true });
  element.addEventListener("touchstart", hush, { ...options, capture: true });
  element.addEventListener("touchmove", hush, { ...options, capture: true });
  return () => stop.abort();
}

/** Two fingers pinch; Plotly would take them for a drag. */
function hush(e: TouchEvent) {
  if (e.touches.length > 1) e.stopImmediatePropagation();
}
