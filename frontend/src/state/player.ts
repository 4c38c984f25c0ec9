/** What plays next: pure steps of a clock that somebody else winds. */

import { indexOn, stepAxis } from "./comparing.ts";
import type { Message } from "./messages.ts";
import type { State } from "./types.ts";

export const SPEEDS = [0.5, 1, 2, 4];
const KEYFRAME = 620;

/** How long a keyframe glides, in milliseconds. */
export function keyframe(speed: number) {
  return KEYFRAME / speed;
}

/** How many places there are on an axis. */
export function extent(state: State, axis: "layers" | "steps") {
  return axis === "layers" ? (state.card?.sites.length ?? 0) : stepAxis(state).steps.length;
}

/**
 * The place after the present one on the axis that plays; null at the end when it does not loop.
 */
export function following(state: State, axis: "layers" | "steps"): number | null {
  const last = extent(state, axis) - 1;
  const at = Math.floor(axis === "layers" ? state.site : stepAxis(state).at);
  if (last < 1) return null;
  if (at < last) return at + 1;
  return state.loop ? 0 : null;
}

/** Where play starts: at the start again when it stands at the end. */
export function start(state: State, axis: "layers" | "steps") {
  const at = axis === "layers" ? state.site : stepAxis(state).at;
  return at >= extent(state, axis) - 1 ? 0 : at;
}

/** The message of the next tick, or null when the slice it needs is still coming. */
export function tick(state: State): Message | null {
  if (!state.playing) return null;
  const next = following(state, state.playing);
  if (next === null) return { type: "pause" };
  if (state.playing === "steps" && !ready(state, next)) return null;
  const glide = keyframe(state.speed);
  return state.playing === "layers"
    ? { type: "go", site: next, glide }
    : { type: "go", [stepAxis(state).steps === state.card?.steps ? "step" : "along"]: next, glide };
}

function ready(state: State, index: number) {
  const own = state.card?.steps ?? [];
  const step = own[indexOn(own, stepAxis(state).steps, index)];
  return step === undefined || step in state.atlas || step in state.atlasFailures;
}
