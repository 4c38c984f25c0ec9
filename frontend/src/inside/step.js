/** One step of the optimiser: its parts and rivals, where it moves the sentence and, when asked, every corpus token. Pure. */

import { HUES } from "../colours.js";
import { answerTo, placeAsked, sentenceInside, withInside } from "./asked.js";
import { ghostly } from "./whatif.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Look} Look */

/** What AdamW's step is the sum of, in the order of adding. */
export const PARTS = ["gradient", "momentum", "adaptive", "decay"];
/** Steps that other rules would take from the same point on the same batches. */
export const RIVALS = ["sgd", "sgd_momentum", "adam"];
/** What a motion can be magnified by. */
export const FACTORS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** @type {import("../types.d.ts").Inside["stride"]} */
export const EMPTY_STRIDE = { motion: "step", factor: 5, backwards: false, cloud: false };

/** @type {Record<string, (state: State, message: any) => State>} */
export const STRIDE = {
  "stride.set": (state, { type, glide, ...fields }) => withInside(state, { stride: { ...state.inside.stride, ...fields } }),
};

/** By how much the motion is magnified, with its sign. @param {State} state */
export function factorOf({ inside: { stride } }) {
  return stride.backwards ? -stride.factor : stride.factor;
}

/** @param {State} state @returns {({ type: string } & Record<string, any>)[]} */
function questions(state) {
  const place = placeAsked(state);
  const { motion, cloud } = state.inside.stride;
  return place ? [{ type: "stride", ...place, motion, factor: factorOf(state), cloud }] : [];
}

/** The newest answer about this sentence, step and picture, be it of another motion: what moves glides on from there. @param {State} state @returns {{ look: Look | null, fresh: boolean }} */
export function stridden(state) {
  const [question] = questions(state);
  const { look, fresh } = answerTo(state, "stride", question);
  if (!look?.key || !question) return { look: null, fresh: false };
  const place = (/** @type {any} */ { motion, factor, cloud, ...rest }) => JSON.stringify(rest);
  return place(JSON.parse(look.key)) === place(question) ? { look, fresh } : { look: null, fresh: false };
}

/** The moved sentence beside its own; null where there is none, and between two steps. @param {State} state */
function movedOf(state) {
  const sentence = sentenceInside(state);
  const { look } = stridden(state);
  const places = look?.tensors.positions;
  if (!sentence || !places || places.shape[1] !== sentence.tokens.length || !Number.isInteger(state.step)) return null;
  return { sentence, places, color: ghostly(HUES[state.theme][sentence.hue], state.theme) };
}

/** @type {import("../types.d.ts").InsideView} */
export const step = {
  bare: true,
  questions,
  ghosts(state) {
    const found = movedOf(state);
    if (!found) return [];
    const { sentence, places, color } = found;
    const [sites, tokens] = places.shape;
    const paths = /** @type {Float32Array} */ (places.data);
    const site = Math.min(sites - 1, state.site);
    return [{ id: `${sentence.id}~step`, color, labels: Array(tokens).fill(""), paths, sites, tokens, site, trail: false, faint: null, trust: null, active: false }];
  },
  edges(state) {
    const found = movedOf(state);
    if (!found) return [];
    const { sentence, places, color } = found;
    const end = (/** @type {string} */ id, /** @type {number} */ token) => ({ kind: /** @type {const} */ ("sentence"), id, token });
    return Array.from({ length: places.shape[1] }, (_, token) => ({ from: end(sentence.id, token), to: end(`${sentence.id}~step`, token), weight: 0.45, color, arrow: true }));
  },
  cloud(state) {
    const moved = state.inside.stride.cloud && movedOf(state) && stridden(state).look?.tensors.cloud;
    return moved ? { sites: moved.shape[0], ref: moved.shape[1], positions: /** @type {Float32Array} */ (moved.data) } : null;
  },
};

/** How far the tokens go at a site: the middle one's own length, and what the picture keeps of it. @param {Look} look @param {number} site */
export function reachAt({ tensors: { length, trust } }, site) {
  const tokens = length.shape[1];
  const row = (/** @type {import("../types.d.ts").Tensor} */ { data }) => middle(data.subarray(site * tokens, (site + 1) * tokens));
  return { length: row(length), trust: row(trust) };
}

/** The median. @param {ArrayLike<number>} values */
function middle(values) {
  const sorted = Array.from(values).sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** How many times as long the adaptive part is as the gradient's own; null where there is no gradient. @param {Look} look */
export function adaptiveOver({ answer: { lengths } }) {
  return lengths.gradient > 0 ? lengths.adaptive / lengths.gradient : null;
}
