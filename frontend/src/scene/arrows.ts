/** How long arrows are on the screen. No DOM. */

import { project } from "./camera.ts";
import type { Motion } from "./motion.ts";

/** Arrows shorter than so many pixels are told of, at most once in so many milliseconds. */
const SHORTEST = 6;
const PAUSE = 250;

/** How many arrows there are, and how many of them are hardly to be seen. */
export interface ArrowCount {
  count: number;
  short: number;
}

const [a, b] = [new Float32Array(3), new Float32Array(3)];
const [from, to] = [new Float64Array(3), new Float64Array(3)];

/**
 * The arrows of a picture as they lie now, and those of them shorter than so many pixels.
 * @param m as by `transform`
 * @param size CSS pixels of the scene
 */
export function arrowCount(
  motion: Motion,
  m: ArrayLike<number>,
  size: { width: number; height: number },
  shortest: number,
): ArrowCount {
  const found = { count: 0, short: 0 };
  for (const edge of motion.edges) {
    if (!edge.arrow || !motion.reach(edge.from, a, 0) || !motion.reach(edge.to, b, 0)) continue;
    project(m, a[0], a[1], a[2], size.width, size.height, from);
    project(m, b[0], b[1], b[2], size.width, size.height, to);
    found.count++;
    if (Math.hypot(to[0] - from[0], to[1] - from[1]) < shortest) found.short++;
  }
  return found;
}

/** Tells how many arrows are hardly to be seen, when that has changed. */
export class ArrowWatch {
  told: ArrowCount = { count: 0, short: 0 };
  #at = -Infinity;

  /** Whether it will have to look again. */
  due(now: number) {
    return now - this.#at < PAUSE;
  }

  /** Looks at a scene at rest. */
  look(
    motion: Motion,
    m: ArrayLike<number>,
    size: { width: number; height: number },
    now: number,
    tell?: (found: ArrowCount) => void,
  ) {
    if (this.due(now)) return;
    const found = arrowCount(motion, m, size, SHORTEST);
    if (found.count === this.told.count && found.short === this.told.short) return;
    [this.told, this.#at] = [found, now];
    tell?.(found);
  }
}
