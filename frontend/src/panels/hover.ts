/** The card beside the pointer: a token in its context. */

import { standingHere } from "../state/meaning/edge.ts";
import { HUES, css } from "../state/colour/colours.ts";
import { byId, fill, h, marked, visible } from "../ui/dom.ts";
import { zoomOf } from "../ui/zoom.ts";
import { className, number } from "../i18n/language.ts";
import { contextOf } from "../state/search.ts";
import { sentenceOf, shownSlices } from "../state/state.ts";
import type { State, Words } from "../state/types.ts";

export function hoverCard() {
  const root = byId("hover");
  return {
    update(state: State, t: Words, previous: State | null) {
      if (state.hover === previous?.hover && state.hoverAt === previous?.hoverAt) return;
      const parts = state.hover && state.hoverAt ? cardOf(state, t) : null;
      root.hidden = !parts;
      if (!parts || !state.hoverAt) return;
      if (state.hover !== previous?.hover) fill(root, ...parts);
      const zoom = zoomOf();
      const { x, y } = { x: state.hoverAt.x / zoom, y: state.hoverAt.y / zoom };
      const [width, height] = [root.offsetWidth, root.offsetHeight];
      const left = x + 18 + width > innerWidth / zoom - 8 ? x - width - 14 : x + 18;
      const top = Math.min(Math.max(8, y - height / 2), innerHeight / zoom - height - 8);
      root.style.transform = `translate(${Math.max(8, Math.round(left))}px, ${Math.round(top)}px)`;
    },
  };
}

function cardOf(state: State, t: Words): HTMLElement[] | null {
  const { hover, reference } = state;
  if (!hover) return null;
  if (hover.kind === "sentence") return sentenceCard(state, t, hover.id, hover.token);
  if (!reference) return null;
  const slice = state.card && state.atlas[state.card.steps[Math.round(state.step)]];
  const trust = slice?.trust
    ? slice.trust[Math.round(state.site) * slice.ref + hover.index] / 255
    : null;
  const facts = [
    className(reference.source[reference.window[hover.index]] ?? "", t),
    t("hover.frequency", { value: reference.frequency[hover.index] }),
  ];
  if (trust !== null)
    facts.push(
      t("hover.trust", { value: number(trust, state.language, { maximumFractionDigits: 2 }) }),
    );
  return [
    h("p", { class: "context", dir: "auto" }, ...marked(contextOf(reference, hover.index, 12, 8))),
    h("p", { class: "quiet" }, facts.filter(Boolean).join(" · ")),
  ];
}

function sentenceCard(state: State, t: Words, id: string, index: number) {
  const sentence = sentenceOf(state, id);
  const token = sentence?.tokens[index];
  if (!sentence || !token) return null;
  const slice = shownSlices(state, sentence)?.a;
  const site = Math.round(state.site);
  const facts = [];
  if (slice) {
    const outside = slice.outside[site * slice.tokens + index];
    // elsewhere it is told with the token's loss beside it, which is not known here
    if (standingHere(state)?.supported.length)
      facts.push(
        t("hover.outside", {
          value: number(outside / 100, state.language, {
            style: "percent",
            maximumFractionDigits: 0,
          }),
        }),
      );
    const trust = site > 0 ? slice.trust[(site - 1) * slice.tokens + index] : NaN;
    if (Number.isFinite(trust))
      facts.push(
        t("hover.segment", { value: number(trust, state.language, { maximumFractionDigits: 2 }) }),
      );
  }
  const text =
    (token.pieces ?? 1) > 1
      ? `${token.text} (${(token.piece ?? 0) + 1}/${token.pieces})`
      : visible(token.text).trim() || "␣";
  return [
    h(
      "p",
      { class: "context" },
      h("i", { class: "swatch", style: { background: css(HUES[state.theme][sentence.hue]) } }),
      h("b", { dir: "auto" }, text),
    ),
    h("p", { class: "quiet" }, facts.join(" · ")),
  ];
}
