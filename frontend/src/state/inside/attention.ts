/** Where each token looks: edges of the layer on screen, and the pattern behind them. Pure. */

import { answerTo, placeAsked, sentenceInside } from "./asked.ts";
import type { Head, Look, RGB, State, Theme } from "../types.ts";
import type { InsideView } from "./tab.ts";

const MOST = 400;

/** Edges are of no sentence's hue: they would be taken for its path. */
export const EDGE: Record<Theme, RGB> = { dark: [176, 214, 255], light: [24, 72, 160] };

/** The layer whose attention leads to the site on screen, or away from the embedding. */
export function layerShown(state: State) {
  const name = state.card?.sites[Math.round(state.site)] ?? "embed";
  return name === "embed" ? 0 : Number(/^L(\d+)/.exec(name)?.[1] ?? 0);
}

/**
 * The pattern of a layer [token, token]: one head's, or the mean or largest over heads; null where
 * there is none.
 */
export function patternOf(
  look: Look | null,
  layer: number,
  head: Head,
): { values: Float32Array; tokens: number } | null {
  const found = look?.tensors.patterns;
  if (!found) return null;
  const [layers, heads, tokens] = found.shape;
  if (layer >= layers || (typeof head === "number" && head >= heads)) return null;
  const size = tokens * tokens;
  const of = (one: number) =>
    found.data.subarray((layer * heads + one) * size, (layer * heads + one + 1) * size);
  if (typeof head === "number") return { values: of(head) as Float32Array, tokens };
  const values = new Float32Array(size);
  for (let one = 0; one < heads; one++) {
    const part = of(one);
    for (let i = 0; i < size; i++)
      values[i] = head === "max" ? Math.max(values[i], part[i]) : values[i] + part[i] / heads;
  }
  return { values, tokens };
}

/**
 * Pairs of tokens and the share of attention, [from (looked at), to (looks), share], the largest
 * first; a token's look at itself is no edge.
 */
export function pairsOf(
  { values, tokens }: { values: Float32Array; tokens: number },
  threshold: number,
) {
  const found: [number, number, number][] = [];
  for (let to = 0; to < tokens; to++) {
    for (let from = 0; from < tokens; from++) {
      const share = values[to * tokens + from];
      if (from !== to && share >= threshold) found.push([from, to, share]);
    }
  }
  return found.sort((a, b) => b[2] - a[2]).slice(0, MOST);
}

export const attention: InsideView = {
  bare: true,
  questions(state) {
    const place = placeAsked(state);
    return place ? [{ type: "decomposition", ...place }] : [];
  },
  edges(state) {
    const sentence = sentenceInside(state);
    const { look, fresh } = answerTo(state, "decomposition", attention.questions(state)[0]);
    const pattern = fresh ? patternOf(look, layerShown(state), state.inside.head) : null;
    if (!sentence || !pattern || pattern.tokens !== sentence.tokens.length) return [];
    const color = EDGE[state.theme];
    const token = (at: number) => ({ kind: "sentence" as const, id: sentence.id, token: at });
    const own =
      state.picked?.kind === "sentence" && state.picked.id === sentence.id
        ? state.picked.token
        : null;
    return pairsOf(pattern, state.inside.threshold)
      .filter(([from, to]) => own === null || from === own || to === own)
      .map(([from, to, share]) => ({
        from: token(from),
        to: token(to),
        weight: Math.min(1, share),
        color,
        arrow: false,
      }));
  },
};
