/** The way of the weights: checkpoints in a plane with the loss under it, and the loss on a straight line between two. Pure. */

import { withInside } from "./asked.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Look} Look */
/** Losses as heights 0..1 of the colour scale. @typedef {{ low: number, high: number, log: boolean, cut: boolean, at(loss: number): number, back(height: number): number }} Heights */

/** Models with fewer weights are surveyed as soon as the tab opens. */
const CHEAP = 30_000;
/** Losses that lie further apart than this are told apart by their logarithm. */
const WIDE = 20;
/** Bands of one colour. */
export const BANDS = 12;

/** @type {import("../types.d.ts").Inside["way"]} */
export const EMPTY_WAY = { survey: null, line: null, start: null, end: null };

/** @template T @param {Record<string, T>} record @param {string} name */
function without(record, name) {
  const { [name]: _, ...rest } = record;
  return rest;
}

/** @type {Record<string, (state: State, message: any) => State>} */
export const WAY = {
  "way.set": (state, { type, glide, ...fields }) => withInside(state, { way: { ...state.inside.way, ...fields } }),
  "way.survey": (state, { on }) => {
    const { way, looks, asking, troubles } = state.inside;
    const cleared = { looks: without(looks, "survey"), asking: without(asking, "survey"), troubles: without(troubles, "survey") };
    return withInside(state, { ...cleared, way: { ...way, survey: { run: state.run, on } } });
  },
  "way.line": (state) => withInside(state, { way: { ...state.inside.way, line: { run: state.run, ...endsOf(state) } } }),
};

/** The two steps a line is drawn between: those chosen, else the first and the last. @param {State} state */
export function endsOf({ card, inside: { way } }) {
  const steps = card?.steps ?? [0];
  const there = (/** @type {number | null} */ one, /** @type {number} */ other) => (one !== null && steps.includes(one) ? one : other);
  return { start: there(way.start, steps[0]), end: there(way.end, steps[steps.length - 1]) };
}

/** Whether the run has a way at all: one checkpoint goes nowhere. @param {State} state */
export function hasWay(state) {
  return (state.card?.steps.length ?? 0) > 1;
}

/** About how many weights a model has that is one of ours; infinitely many of others. @param {import("../types.d.ts").Card} card */
function weightsOf({ kind, architecture }) {
  const { n_layer = Infinity, d_model = 1, vocab_size = 0 } = /** @type {Record<string, number>} */ (architecture ?? {});
  return kind === "gpt" ? 12 * n_layer * d_model ** 2 + vocab_size * d_model : Infinity;
}

/** Whether the plane is to be computed: because a person said so, or because it is cheap. @param {State} state */
export function surveying(state) {
  const { survey } = state.inside.way;
  if (!state.card || !hasWay(state)) return false;
  return survey?.run === state.run ? survey.on : weightsOf(state.card) < CHEAP;
}

/** @type {import("../types.d.ts").InsideView} */
export const way = {
  questions(state) {
    const { run } = state;
    const { line } = state.inside.way;
    if (!state.card || state.connection !== "open") return [];
    const own = line && line.run === run ? [{ type: "line", run, start: line.start, end: line.end }] : [];
    return surveying(state) ? [{ type: "survey", run }, ...own] : own;
  },
};

/** The newest answer of a kind about this run; null where there is none. @param {State} state @param {"survey" | "line"} kind */
export function wayLook(state, kind) {
  const look = state.inside.looks[kind];
  return look?.run === state.run ? look : null;
}

/** The colour scale: from the least loss to half as far again above the path's largest. @param {Look} look @returns {Heights} */
export function heightsOf({ tensors: { loss, own } }) {
  const sound = (/** @type {ArrayLike<number>} */ values) => Array.from(values).filter(Number.isFinite);
  const all = sound(loss.data);
  const path = sound(own.data);
  const low = Math.min(...all, ...path);
  const most = Math.max(...all, ...path);
  const log = low > 0 && Math.max(...path) / low > WIDE;
  const top = log ? Math.max(...path) * 2 : Math.max(...path) + 0.5 * (Math.max(...path) - low);
  const high = Math.max(Math.min(most, top), low + 1e-9);
  const of = (/** @type {number} */ value) => (log ? Math.log(value) : value);
  const at = (/** @type {number} */ value) => (Number.isFinite(value) ? Math.max(0, Math.min(1, (of(value) - of(low)) / (of(high) - of(low)))) : 1);
  const back = (/** @type {number} */ height) => (log ? low * (high / low) ** height : low + (high - low) * height);
  return { low, high, log, cut: high < most || all.length < loss.data.length, at, back };
}

/** The middle of the band that a height lies in. @param {number} height */
export function banded(height) {
  return Math.min(BANDS - 1, Math.floor(height * BANDS)) / (BANDS - 1);
}

/** The height between the crossings, by the four around it; `x`, `y` 0..1 along both axes. @param {Float32Array} grid heights [size, size], row y @param {number} size @param {number} x @param {number} y */
export function between(grid, size, x, y) {
  const [u, v] = [x * (size - 1), y * (size - 1)];
  const [i, j] = [Math.min(size - 2, Math.floor(u)), Math.min(size - 2, Math.floor(v))];
  const at = (/** @type {number} */ row, /** @type {number} */ column) => grid[row * size + column];
  const mix = (/** @type {number} */ row) => at(row, i) + (at(row, i + 1) - at(row, i)) * (u - i);
  return mix(j) + (mix(j + 1) - mix(j)) * (v - j);
}

/** Where the checkpoints lie on the map, 0..1 rightward and upward. @param {Look} look @returns {{ x: number, y: number }[]} */
export function pathOn({ tensors: { places, a, b } }) {
  const part = (/** @type {ArrayLike<number>} */ range, /** @type {number} */ value) => (value - range[0]) / (range[range.length - 1] - range[0]);
  return Array.from({ length: places.shape[0] }, (_, i) => ({ x: part(a.data, places.data[2 * i]), y: part(b.data, places.data[2 * i + 1]) }));
}

/** Where the training slider stands on the path, between two checkpoints also; null where it is on none of it. @param {Look} look @param {number[]} steps the card's @param {number} index fractional */
export function placeOn(look, steps, index) {
  const path = pathOn(look);
  const low = Math.floor(index);
  const known = (/** @type {number} */ at) => path[look.answer.steps.indexOf(steps[at])];
  const [from, to] = [known(low), known(Math.min(steps.length - 1, low + 1))];
  return from && to ? { x: from.x + (to.x - from.x) * (index - low), y: from.y + (to.y - from.y) * (index - low) } : null;
}

/** How much higher than it is wide the map is, equal lengths being equal as far as it fits; and whether they are. @param {Look} look */
export function shapeOf({ tensors: { a, b } }) {
  const extent = (/** @type {ArrayLike<number>} */ range) => range[range.length - 1] - range[0];
  const true_ = extent(b.data) / extent(a.data);
  const height = Math.max(0.55, Math.min(1, true_));
  return { height, stretched: height / true_ };
}
