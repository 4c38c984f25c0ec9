/** What if: parts of the pass made weaker or stronger, and the sentence's other way as a ghost beside its own. Pure. */

import { HUES } from "../colours.js";
import { answerTo, placeAsked, sentenceInside, withInside } from "./asked.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Look} Look */
/** @typedef {import("../types.d.ts").Scales} Scales */
/** @typedef {import("../types.d.ts").Scaled} Scaled */

/** @type {Scales} */
export const EMPTY_SCALES = { run: "", layer: null, head: 0, factors: [] };

/** How far the next words lie from what they were, in words: nats from which on each holds. @type {[number, string][]} */
const FAR = [
  [0.5, "other"],
  [0.1, "clear"],
  [0.01, "little"],
  [1e-6, "hardly"],
  [-Infinity, "same"],
];

/** What is scaled of the run on screen; nothing where it was another's. @param {State} state @returns {Scales} */
export function scalesOf(state) {
  const { scales } = state.inside;
  return scales.run === state.run ? scales : { ...EMPTY_SCALES, run: state.run };
}

/** How many layers the run has. @param {State} state */
export function layersOf(state) {
  return (state.card?.sites ?? []).filter((name) => name.endsWith(".post")).length;
}

/** How many heads a layer has: what the card says, else an answer; 0 while that is not known. @param {State} state */
export function headsOf(state) {
  const shape = /** @type {{ n_head?: number } | undefined} */ (state.card?.architecture);
  const look = state.inside.looks.dissect;
  return shape?.n_head ?? (look?.run === state.run ? look.answer.heads : 0);
}

/** The layer whose sliders are shown: the one chosen, else that of the site on screen. @param {State} state */
export function layerScaled(state) {
  const { layer } = scalesOf(state);
  const here = Math.max(0, Math.ceil(Math.round(state.site) / 2) - 1);
  return Math.max(0, Math.min(layersOf(state) - 1, layer ?? here));
}

/** By how much a part is scaled. @param {Scales} scales @param {{ part: Scaled["part"], layer: number, head?: number }} what */
export function factorOf({ factors }, what) {
  return factors.find((one) => samePart(one, what))?.factor ?? 1;
}

/** @param {{ part: string, layer: number, head?: number }} a @param {{ part: string, layer: number, head?: number }} b */
function samePart(a, b) {
  return a.part === b.part && a.layer === b.layer && a.head === b.head;
}

/** The factors with one more, in the order of the pass; a factor of 1 is none. @param {Scaled[]} factors @param {Scaled} one */
export function withFactor(factors, one) {
  const place = (/** @type {Scaled} */ { part, layer, head }) => 1000 * layer + { residual: 0, attention: 1, head: 2 + (head ?? 0), mlp: 999 }[part];
  const others = factors.filter((other) => !samePart(other, one));
  return one.factor === 1 ? others : [...others, one].sort((a, b) => place(a) - place(b));
}

/** @param {State} state @param {Partial<Scales>} fields */
function scaled(state, fields) {
  return withInside(state, { scales: { ...scalesOf(state), ...fields } });
}

/** @type {Record<string, (state: State, message: any) => State>} */
export const SCALES = {
  "scales.choose": (state, { type, glide, ...fields }) => scaled(state, fields),
  "scales.set": (state, { part, layer, head, factor }) => {
    const one = { part, layer, ...(part === "head" ? { head } : {}), factor };
    return scaled(state, { layer, factors: withFactor(scalesOf(state).factors, one) });
  },
  "scales.reset": (state) => scaled(state, { factors: [] }),
};

/** @param {State} state @returns {({ type: string } & Record<string, any>)[]} */
function questions(state) {
  const place = placeAsked(state);
  if (!place) return [];
  const { factors } = scalesOf(state);
  const { seen } = state.inside;
  const own = { type: "whatif", ...place, factors };
  const view = seen === "picture" ? [] : [{ type: "reframe", ...place, seen, factors }];
  return headsOf(state) ? [own, ...view] : [own, { type: "dissect", ...place }, ...view];
}

/** The view of the stream that takes the picture's place, with its answer, be it to older factors; null where the picture is shown or nothing is known. @param {State} state @returns {Look | null} */
export function reframed(state) {
  const question = questions(state).find((one) => one.type === "reframe");
  const look = state.inside.looks.reframe;
  const place = (/** @type {any} */ { factors, ...rest }) => JSON.stringify(rest);
  return question && look?.key && place(JSON.parse(look.key)) === place(question) && look.tensors.positions.shape[1] === sentenceInside(state)?.tokens.length ? look : null;
}

/** The newest answer about this sentence, step and picture, be it to older factors; null where there is none. @param {State} state @returns {{ look: Look | null, fresh: boolean }} */
export function imagined(state) {
  const [question] = questions(state);
  const { look, fresh } = answerTo(state, "whatif", question);
  if (!look?.key || !question) return { look: null, fresh: false };
  const place = (/** @type {any} */ { factors, ...rest }) => JSON.stringify(rest);
  return place(JSON.parse(look.key)) === place(question) ? { look, fresh } : { look: null, fresh: false };
}

/** Which words say how far the one prediction lies from the other. @param {number} nats */
export function farWords(nats) {
  return `whatif.far.${FAR.find(([from]) => nats >= from)?.[1] ?? "same"}`;
}

/** The next words, the likeliest before or after first: each with its probability before and after. @param {Look} look @returns {{ text: string, before: number, after: number }[]} */
export function nextWords({ answer: { before, after } }) {
  const shares = new Map(after.map((/** @type {any} */ one) => [one.id, one.value]));
  const rows = before.map((/** @type {any} */ one) => ({ text: one.text, before: one.value, after: shares.get(one.id) ?? 0 }));
  return rows.sort((/** @type {any} */ a, /** @type {any} */ b) => Math.max(b.before, b.after) - Math.max(a.before, a.after));
}

/** A colour near grey: of the way that is not the model's own. @param {import("../types.d.ts").RGB} color @param {import("../types.d.ts").Theme} theme @returns {import("../types.d.ts").RGB} */
export function ghostly(color, theme) {
  const grey = theme === "dark" ? 232 : 70;
  return /** @type {import("../types.d.ts").RGB} */ (color.map((value) => Math.round(0.15 * value + 0.85 * grey)));
}

/** The sentence's other way and its own sentence; null where nothing is scaled. @param {State} state */
function otherWay(state) {
  const sentence = sentenceInside(state);
  const { look } = imagined(state);
  const view = reframed(state);
  if (state.inside.seen !== "picture" && !view) return null;
  const places = view ? view.tensors.moved : look?.tensors.positions;
  if (!sentence || !places || !scalesOf(state).factors.length || places.shape[1] !== sentence.tokens.length) return null;
  return { sentence, places, color: ghostly(HUES[state.theme][sentence.hue], state.theme) };
}

/** @type {import("../types.d.ts").InsideView} */
export const whatif = {
  questions,
  paths: (state) => /** @type {Float32Array | undefined} */ (reframed(state)?.tensors.positions.data) ?? null,
  trust: (state) => reframed(state)?.answer.trust[Math.round(state.site)] ?? null,
  cloud(state) {
    const cloud = reframed(state)?.tensors.cloud;
    return cloud ? { sites: cloud.shape[0], ref: cloud.shape[1], positions: /** @type {Float32Array} */ (cloud.data) } : null;
  },
  ghosts(state) {
    const found = otherWay(state);
    if (!found) return [];
    const { sentence, places, color } = found;
    const [sites, tokens] = places.shape;
    const paths = /** @type {Float32Array} */ (places.data);
    const site = Math.min(sites - 1, state.site);
    return [{ id: `${sentence.id}~whatif`, color, labels: Array(tokens).fill(""), paths, sites, tokens, site, trail: state.trails, faint: null, trust: null, active: false }];
  },
  edges(state) {
    const found = otherWay(state);
    if (!found) return [];
    const { sentence, places, color } = found;
    const end = (/** @type {string} */ id, /** @type {number} */ token) => ({ kind: /** @type {const} */ ("sentence"), id, token });
    return Array.from({ length: places.shape[1] }, (_, token) => ({
      from: end(sentence.id, token),
      to: end(`${sentence.id}~whatif`, token),
      weight: 0.3,
      color,
      arrow: true,
    }));
  },
};
