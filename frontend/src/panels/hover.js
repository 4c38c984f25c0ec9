/** The card beside the pointer: a token in its context. */

import { HUES, css } from "../colours.js";
import { byId, fill, h, marked, visible } from "../dom.js";
import { number } from "../language.js";
import { contextOf } from "../search.js";
import { sentenceOf, shownSlices } from "../state.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */

export function hoverCard() {
  const root = byId("hover");
  return {
    /** @param {State} state @param {Words} t @param {State | null} previous */
    update(state, t, previous) {
      if (state.hover === previous?.hover && state.hoverAt === previous?.hoverAt) return;
      const parts = state.hover && state.hoverAt ? cardOf(state, t) : null;
      root.hidden = !parts;
      if (!parts || !state.hoverAt) return;
      if (state.hover !== previous?.hover) fill(root, ...parts);
      const { x, y } = state.hoverAt;
      const [width, height] = [root.offsetWidth, root.offsetHeight];
      const left = x + 18 + width > innerWidth - 8 ? x - width - 14 : x + 18;
      const top = Math.min(Math.max(8, y - height / 2), innerHeight - height - 8);
      root.style.transform = `translate(${Math.max(8, Math.round(left))}px, ${Math.round(top)}px)`;
    },
  };
}

/** @param {State} state @param {Words} t @returns {HTMLElement[] | null} */
function cardOf(state, t) {
  const { hover, reference } = state;
  if (!hover) return null;
  if (hover.kind === "sentence") return sentenceCard(state, t, hover.id, hover.token);
  if (!reference) return null;
  const slice = state.card && state.atlas[state.card.steps[Math.round(state.step)]];
  const trust = slice?.trust ? slice.trust[Math.round(state.site) * slice.ref + hover.index] / 255 : null;
  const facts = [reference.source[reference.window[hover.index]], t("hover.frequency", { value: reference.frequency[hover.index] })];
  if (trust !== null) facts.push(t("hover.trust", { value: number(trust, state.language, { maximumFractionDigits: 2 }) }));
  return [h("p", { class: "context", dir: "auto" }, ...marked(contextOf(reference, hover.index, 12, 8))), h("p", { class: "quiet" }, facts.filter(Boolean).join(" · "))];
}

/** @param {State} state @param {Words} t @param {string} id @param {number} index */
function sentenceCard(state, t, id, index) {
  const sentence = sentenceOf(state, id);
  const token = sentence?.tokens[index];
  if (!sentence || !token) return null;
  const slice = shownSlices(state, sentence)?.a;
  const site = Math.round(state.site);
  const facts = [];
  if (slice) {
    const outside = slice.outside[site * slice.tokens + index];
    facts.push(t("hover.outside", { value: number(outside / 100, state.language, { style: "percent", maximumFractionDigits: 0 }) }));
    const trust = site > 0 ? slice.trust[(site - 1) * slice.tokens + index] : NaN;
    if (Number.isFinite(trust)) facts.push(t("hover.segment", { value: number(trust, state.language, { maximumFractionDigits: 2 }) }));
  }
  const text = (token.pieces ?? 1) > 1 ? `${token.text} (${(token.piece ?? 0) + 1}/${token.pieces})` : visible(token.text).trim() || "␣";
  return [h("p", { class: "context" }, h("i", { class: "swatch", style: { background: css(HUES[state.theme][sentence.hue]) } }), h("b", { dir: "auto" }, text)), h("p", { class: "quiet" }, facts.join(" · "))];
}
