/** How far off the eye must stand for a picture to lie within what panels leave free. No DOM. */

import { FIELD } from "./camera.ts";
import { pointAt } from "./curve.ts";
import type { Motion } from "./motion.ts";
import type { Camera, Insets } from "./picture.ts";

/** So many of a cloud's points may lie under panels: a stray is not worth the others' size. */
const STRAY = 0.005;
/** Pixels between a point's middle and a panel. */
const CLEAR = 6;
/** Distances are counted by this step, Plotly's units, so that none needs to be sorted. */
const STEP = 0.01;
const STEPS = 600;

type Axis = [number, number, number];
/** Where the eye looks from, the screen's directions, and the slopes of the free field's edges. */
type Look = { eye: Axis; right: Axis; up: Axis; across: number; along: number };

/**
 * The distance from which all tokens of the sentences, and the cloud but for strays, lie within the
 * free part of the window; Plotly's units. Where a picture is on its way, of its end.
 * @param size CSS pixels
 */
export function neededDistance(
  motion: Motion,
  camera: Camera,
  size: { width: number; height: number },
  insets: Insets,
) {
  const look = lookOf(camera, size, insets);
  const { points } = motion.to;
  const counts = new Uint32Array(STEPS);
  for (let i = 0; i < points.length; i += 4) {
    const needed = distanceFor(look, points[i], points[i + 1], points[i + 2]);
    counts[Math.min(STEPS - 1, Math.max(0, Math.ceil(needed / STEP)))]++;
  }
  return Math.max(STEP * allBut(counts, (STRAY * points.length) / 4), tokensOf(motion, look));
}

/** The least step that all but so many do not go beyond. */
function allBut(counts: Uint32Array, strays: number) {
  let beyond = 0;
  for (let step = counts.length - 1; step > 0; step--) {
    beyond += counts[step];
    if (beyond > strays) return step;
  }
  return 0;
}

function tokensOf(motion: Motion, look: Look) {
  const at = new Float32Array(3);
  let most = 0;
  for (const { to, sites, tokens, lookTo, silent, leaving } of motion.strands) {
    if (silent || leaving) continue;
    for (let token = 0; token < tokens; token++) {
      pointAt(to, sites, token, lookTo.site, at, 0);
      const needed = distanceFor(look, at[0], at[1], at[2]);
      if (needed > most) most = needed;
    }
  }
  return most;
}

function distanceFor({ eye, right, up, across, along }: Look, x: number, y: number, z: number) {
  const toward = eye[0] * x + eye[1] * y + eye[2] * z;
  const aside = Math.abs(right[0] * x + right[1] * y + right[2] * z) * across;
  const above = Math.abs(up[0] * x + up[1] * y + up[2] * z) * along;
  return 0.5 * (toward + Math.max(aside, above)); // the frame's radius is half of Plotly's unit
}

function lookOf({ eye, center, up }: Camera, size: { width: number; height: number }, at: Insets) {
  const toward = unit([eye.x - center.x, eye.y - center.y, eye.z - center.z]);
  const right = unit(cross([up.x, up.y, up.z], toward));
  const free = {
    width: Math.max(80, size.width - at.left - at.right - 2 * CLEAR),
    height: Math.max(80, size.height - at.top - at.bottom - 2 * CLEAR),
  };
  const focal = size.height / Math.tan(FIELD / 2);
  return {
    eye: toward,
    right,
    up: cross(toward, right),
    across: focal / free.width,
    along: focal / free.height,
  };
}

function unit([x, y, z]: Axis): Axis {
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

function cross([a, b, c]: Axis, [x, y, z]: Axis): Axis {
  return [b * z - c * y, c * x - a * z, a * y - b * x];
}
