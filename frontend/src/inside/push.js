/** The push: arrows of −∂L/∂h at every token of the site on screen, and gradients of the weights by group. Pure. */

import { answerTo, placeAsked, sentenceInside, tokenInside } from "./asked.js";

/** @typedef {import("../types.d.ts").State} State */

/** Arrows of a push are of no sentence's hue. @type {Record<import("../types.d.ts").Theme, import("../types.d.ts").RGB>} */
export const PUSH = { dark: [255, 140, 120], light: [190, 50, 30] };

/** What the loss aims at: every next token, what follows the token in hand, or a word there. @param {State} state */
function aimOf(state) {
  const { aim, target } = state.inside.push;
  if (aim === "all") return {};
  const position = tokenInside(state) ?? 0;
  return aim === "next" || !target ? { position } : { position, target };
}

/** @type {import("../types.d.ts").InsideView} */
export const push = {
  bare: true,
  questions(state) {
    const place = placeAsked(state);
    return place ? [{ type: "push", ...place, ...aimOf(state), reach: state.inside.push.reach }] : [];
  },
  edges(state) {
    const sentence = sentenceInside(state);
    const { look, fresh } = answerTo(state, "push", push.questions(state)[0]);
    const found = fresh && look ? arrowsAt(look, Math.round(state.site)) : [];
    if (!sentence || found.length !== sentence.tokens.length) return [];
    return found
      .filter((one) => one.share > 0.02)
      .map(({ token, at, share }) => ({ from: { kind: /** @type {const} */ ("sentence"), id: sentence.id, token }, to: { kind: /** @type {const} */ ("place"), at }, weight: share, color: PUSH[state.theme], arrow: true }));
  },
};

/** Tip and strength of each token's arrow at a site; strengths are shares of the largest there. @param {import("../types.d.ts").Look} look @param {number} site */
export function arrowsAt(look, site) {
  const { tip, length } = look.tensors;
  const tokens = tip.shape[1];
  const row = length.data.subarray(site * tokens, (site + 1) * tokens);
  const most = Math.max(...row, 1e-30);
  return Array.from({ length: tokens }, (_, token) => {
    const start = 3 * (site * tokens + token);
    return { token, at: tip.data.subarray(start, start + 3), share: Math.sqrt(row[token] / most), length: row[token] };
  });
}
