/**
 * The trajectory of the weights: checkpoints in a plane with the loss under it, and the loss on a
 * straight line between two. Pure.
 */

import { withInside } from "./asked.ts";
import type { Card, Inside, Look, State } from "../types.ts";
import type { InsideView } from "./tab.ts";
import type { Handlers, Kind } from "../messages.ts";

/** Losses as heights 0..1 of the colour scale. */
type Heights = {
  low: number;
  high: number;
  log: boolean;
  cut: boolean;
  at(loss: number): number;
  back(height: number): number;
};

/** Models with fewer weights have their map computed as soon as the tab opens. */
const CHEAP = 30_000;
/** Losses that lie further apart than this are told apart by their logarithm. */
const WIDE = 20;
/** Bands of one colour. */
export const BANDS = 12;

export const EMPTY_LANDSCAPE: Inside["landscape"] = {
  map: null,
  line: null,
  start: null,
  end: null,
};

function without<T>(record: Record<string, T>, name: string) {
  const { [name]: _, ...rest } = record;
  return rest;
}

export const LANDSCAPE: Handlers<Extract<Kind, `landscape.${string}`>> = {
  "landscape.set": (state, { type, glide, ...fields }) =>
    withInside(state, { landscape: { ...state.inside.landscape, ...fields } }),
  "landscape.compute": (state, { on }) => {
    const { landscape: now, looks, asking, troubles } = state.inside;
    const cleared = {
      looks: without(looks, "loss_landscape"),
      asking: without(asking, "loss_landscape"),
      troubles: without(troubles, "loss_landscape"),
    };
    return withInside(state, { ...cleared, landscape: { ...now, map: { run: state.run, on } } });
  },
  "landscape.line": (state) =>
    withInside(state, {
      landscape: { ...state.inside.landscape, line: { run: state.run, ...endsOf(state) } },
    }),
};

/** The two steps a line is drawn between: those chosen, else the first and the last. */
export function endsOf({ card, inside: { landscape } }: State) {
  const steps = card?.steps ?? [0];
  const there = (one: number | null, other: number) =>
    one !== null && steps.includes(one) ? one : other;
  return {
    start: there(landscape.start, steps[0]),
    end: there(landscape.end, steps[steps.length - 1]),
  };
}

/** Whether the run has a trajectory at all: one checkpoint goes nowhere. */
export function hasTrajectory(state: State) {
  return (state.card?.steps.length ?? 0) > 1;
}

/** About how many weights a model has that is one of ours; infinitely many of others. */
function weightsOf({ kind, architecture }: Card) {
  const {
    n_layer = Infinity,
    d_model = 1,
    vocab_size = 0,
  } = (architecture ?? {}) as Record<string, number>;
  return kind === "gpt" ? 12 * n_layer * d_model ** 2 + vocab_size * d_model : Infinity;
}

/** Whether the plane is to be computed: because a person said so, or because it is cheap. */
export function computing(state: State) {
  const { map } = state.inside.landscape;
  if (!state.card || !hasTrajectory(state)) return false;
  return map?.run === state.run ? map.on : weightsOf(state.card) < CHEAP;
}

export const landscape: InsideView = {
  questions(state) {
    const { run } = state;
    const { line } = state.inside.landscape;
    if (!state.card || state.connection !== "open") return [];
    const own =
      line && line.run === run
        ? [{ type: "loss_line", run, start: line.start, end: line.end }]
        : [];
    return computing(state) ? [{ type: "loss_landscape", run }, ...own] : own;
  },
};

/** The newest answer of a kind about this run; null where there is none. */
export function landscapeLook(state: State, kind: "loss_landscape" | "loss_line") {
  const look = state.inside.looks[kind];
  return look?.run === state.run ? look : null;
}

/** The colour scale: from the least loss to half as far again above the path's largest. */
export function heightsOf({ tensors: { loss, own } }: Look): Heights {
  const sound = (values: ArrayLike<number>) => Array.from(values).filter(Number.isFinite);
  const all = sound(loss.data);
  const path = sound(own.data);
  const low = Math.min(...all, ...path);
  const most = Math.max(...all, ...path);
  const log = low > 0 && Math.max(...path) / low > WIDE;
  const top = log ? Math.max(...path) * 2 : Math.max(...path) + 0.5 * (Math.max(...path) - low);
  const high = Math.max(Math.min(most, top), low + 1e-9);
  const of = (value: number) => (log ? Math.log(value) : value);
  const at = (value: number) =>
    Number.isFinite(value)
      ? Math.max(0, Math.min(1, (of(value) - of(low)) / (of(high) - of(low))))
      : 1;
  const back = (height: number) =>
    log ? low * (high / low) ** height : low + (high - low) * height;
  return { low, high, log, cut: high < most || all.length < loss.data.length, at, back };
}

/** The middle of the band that a height lies in. */
export function banded(height: number) {
  return Math.min(BANDS - 1, Math.floor(height * BANDS)) / (BANDS - 1);
}

/**
 * The height between the crossings, by the four around it; `x`, `y` 0..1 along both axes.
 * @param grid heights [size, size], row y
 */
export function between(grid: Float32Array, size: number, x: number, y: number) {
  const [u, v] = [x * (size - 1), y * (size - 1)];
  const [i, j] = [Math.min(size - 2, Math.floor(u)), Math.min(size - 2, Math.floor(v))];
  const at = (row: number, column: number) => grid[row * size + column];
  const mix = (row: number) => at(row, i) + (at(row, i + 1) - at(row, i)) * (u - i);
  return mix(j) + (mix(j + 1) - mix(j)) * (v - j);
}

/** Where the checkpoints lie on the map, 0..1 rightward and upward. */
export function pathOn({ tensors: { places, a, b } }: Look): { x: number; y: number }[] {
  const part = (range: ArrayLike<number>, value: number) =>
    (value - range[0]) / (range[range.length - 1] - range[0]);
  return Array.from({ length: places.shape[0] }, (_, i) => ({
    x: part(a.data, places.data[2 * i]),
    y: part(b.data, places.data[2 * i + 1]),
  }));
}

/**
 * Where the training slider stands on the path, between two checkpoints also; null where it is on
 * none of it.
 * @param steps the card's
 * @param index fractional
 */
export function placeOn(look: Look, steps: number[], index: number) {
  const path = pathOn(look);
  const low = Math.floor(index);
  const known = (at: number) => path[look.answer.steps.indexOf(steps[at])];
  const [from, to] = [known(low), known(Math.min(steps.length - 1, low + 1))];
  return from && to
    ? { x: from.x + (to.x - from.x) * (index - low), y: from.y + (to.y - from.y) * (index - low) }
    : null;
}

/**
 * How much higher than it is wide the map is, equal lengths being equal as far as it fits; and
 * whether they are.
 */
export function shapeOf({ tensors: { a, b } }: Look) {
  const extent = (range: ArrayLike<number>) => range[range.length - 1] - range[0];
  const true_ = extent(b.data) / extent(a.data);
  const height = Math.max(0.55, Math.min(1, true_));
  return { height, stretched: height / true_ };
}
