/**
 * Arrows of the views of the inside: how many times as long as placed they are drawn, the same for
 * all of one picture, so that each keeps its direction; and where a view is drawn best. Pure.
 */

import { frameShown, kindShown, projectionsOf } from "../projections.ts";
import { blend } from "../picture/blend.ts";
import { shownSlices } from "../state.ts";
import type { InsideTab, Sentence, State } from "../types.ts";

export type Line = { start: ArrayLike<number>; tip: ArrayLike<number> };

/**
 * How many times as long as placed lines may be drawn, until the longest is this part of the
 * frame's radius.
 */
const TIMES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const SEEN = 0.18;

/** Arrows add up where the picture is linear; who is near whom is kept by the layout. */
const BEST: Record<InsideTab, "pca" | "umap" | null> = {
  attention: "umap",
  decomposition: "pca",
  ablation: "pca",
  generation: "umap",
  gradients: "pca",
  "optimizer-step": "pca",
  landscape: null,
};

/**
 * Where a view is drawn best: of which kind that projection is, its name here (null: the run has
 * none), and whether it is on the screen; null of a view that is no picture of states.
 */
export function bestFor(state: State, tab: InsideTab) {
  const kind = BEST[tab];
  if (!kind) return null;
  const name = projectionsOf(state).find((one) => one.kind === kind)?.name ?? null;
  const shown = kindShown(state);
  return { kind, name, here: shown === kind || (kind === "pca" && shown === "basis") };
}

/**
 * How many times as long as they are placed lines are drawn, so that the longest can be seen: a
 * round number from 1 to 1,000.
 * @param radius of the frame
 */
export function timesOf(lines: Line[], radius: number) {
  const longest = Math.max(
    0,
    ...lines.map(({ start, tip }) =>
      Math.hypot(tip[0] - start[0], tip[1] - start[1], tip[2] - start[2]),
    ),
  );
  return longest > 0
    ? (TIMES.find((times) => times * longest >= SEEN * radius) ?? TIMES[TIMES.length - 1])
    : 1;
}

/** The end of a line that is drawn so many times as long. */
export function longer({ start, tip }: Line, times: number) {
  return [0, 1, 2].map((k) => start[k] + times * (tip[k] - start[k]));
}

/** Where a sentence's tokens lie at the site on screen, xyz of each; null where they are away. */
export function startsOf(state: State, sentence: Sentence): Float32Array | null {
  const shown = shownSlices(state, sentence);
  if (!shown || shown.a.tokens !== sentence.tokens.length) return null;
  const { a, b, mix } = shown;
  const all = blend(a.positions, b?.positions ?? null, mix);
  return rowOf(all, a.tokens, Math.round(Math.min(a.sites - 1, state.site)));
}

/** The places of one site out of [site, token, 3]. */
export function rowOf(places: Float32Array, tokens: number, site: number) {
  return places.subarray(3 * site * tokens, 3 * (site + 1) * tokens);
}

/** Lines from where tokens lie to where they are led, a token each. */
export function linesOf(starts: Float32Array, tips: Float32Array): Line[] {
  return Array.from({ length: Math.min(starts.length, tips.length) / 3 }, (_, token) => ({
    start: starts.subarray(3 * token, 3 * token + 3),
    tip: tips.subarray(3 * token, 3 * token + 3),
  }));
}

/** The same, and how many times as long they are drawn here. */
export function drawnLines(state: State, starts: Float32Array | null, tips: Float32Array) {
  if (!starts || starts.length !== tips.length) return null;
  const lines = linesOf(starts, tips);
  return { lines, times: timesOf(lines, frameShown(state).radius) };
}

/** An arrow's end: at the bead it leads to, or past it where it is drawn longer. */
export function endOf(id: string, token: number, line: Line, times: number) {
  return times === 1
    ? { kind: "sentence" as const, id, token }
    : { kind: "place" as const, at: longer(line, times) };
}
