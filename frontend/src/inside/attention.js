/** Where each token looks: edges of the layer on screen, and the pattern behind them. Pure. */

import { answerTo, placeAsked, sentenceInside } from "./asked.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Head} Head */

const MOST = 400;

/** Edges are of no sentence's hue: they would be taken for its path. @type {Record<import("../types.d.ts").Theme, import("../types.d.ts").RGB>} */
export const EDGE = { dark: [176, 214, 255], light: [24, 72, 160] };

/** The layer whose attention leads to the site on screen, or away from the embedding. @param {State} state */
export function layerShown(state) {
  const name = state.card?.sites[Math.round(state.site)] ?? "embed";
  return name === "embed" ? 0 : Number(/^L(\d+)/.exec(name)?.[1] ?? 0);
}

/**
 * The pattern of a layer [token, token]: one head's, or the mean or largest over heads; null where there is none.
 * @param {import("../types.d.ts").Look | null} look @param {number} layer @param {Head} head
 * @returns {{ values: Float32Array, tokens: number } | null}
 */
export function patternOf(look, layer, head) {
  const found = look?.tensors.patterns;
  if (!found) return null;
  const [layers, heads, tokens] = found.shape;
  if (layer >= layers || (typeof head === "number" && head >= heads)) return null;
  const size = tokens * tokens;
  const of = (/** @type {number} */ one) => found.data.subarray((layer * heads + one) * size, (layer * heads + one + 1) * size);
  if (typeof head === "number") return { values: /** @type {Float32Array} */ (of(head)), tokens };
  const values = new Float32Array(size);
  for (let one = 0; one < heads; one++) {
    const part = of(one);
    for (let i = 0; i < size; i++) values[i] = head === "max" ? Math.max(values[i], part[i]) : values[i] + part[i] / heads;
  }
  return { values, tokens };
}

/** Pairs of tokens and the share of attention, [from (looked at), to (looks), share], the largest first; a token's look at itself is no edge. @param {{ values: Float32Array, tokens: number }} pattern @param {number} threshold */
export function pairsOf({ values, tokens }, threshold) {
  /** @type {[number, number, number][]} */
  const found = [];
  for (let to = 0; to < tokens; to++) {
    for (let from = 0; from < tokens; from++) {
      const share = values[to * tokens + from];
      if (from !== to && share >= threshold) found.push([from, to, share]);
    }
  }
  return found.sort((a, b) => b[2] - a[2]).slice(0, MOST);
}

/** @type {import("../types.d.ts").InsideView} */
export const attention = {
  bare: true,
  questions(state) {
    const place = placeAsked(state);
    return place ? [{ type: "dissect", ...place }] : [];
  },
  edges(state) {
    const sentence = sentenceInside(state);
    const { look, fresh } = answerTo(state, "dissect", attention.questions(state)[0]);
    const pattern = fresh ? patternOf(look, layerShown(state), state.inside.head) : null;
    if (!sentence || !pattern || pattern.tokens !== sentence.tokens.length) return [];
    const color = EDGE[state.theme];
    const token = (/** @type {number} */ at) => ({ kind: /** @type {const} */ ("sentence"), id: sentence.id, token: at });
    const own = state.picked?.kind === "sentence" && state.picked.id === sentence.id ? state.picked.token : null;
    return pairsOf(pattern, state.inside.threshold)
      .filter(([from, to]) => own === null || from === own || to === own)
      .map(([from, to, share]) => ({ from: token(from), to: token(to), weight: Math.min(1, share), color, arrow: false }));
  },
};
