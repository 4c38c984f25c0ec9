/**
 * Decomposition: what attention, each head and the MLP add to a token's state in one move,
 * and which words each promotes.
 */

import { css } from "../../state/colour/colours.ts";
import { fill, h, visible } from "../../ui/dom.ts";
import { sentenceInside, tokenInside } from "../../state/inside/asked.ts";
import {
  INKS,
  moveShown,
  decompositionLooks,
  partsOf,
  scenery,
  wordsOf,
} from "../../state/inside/decomposition.ts";
import { number } from "../../i18n/language.ts";
import { jacobianBlock, inkOf } from "./jacobian.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import type { Move, Part } from "../../state/inside/decomposition.ts";

const CHIPS = 3;

export function decompositionTab(dispatch: Dispatch) {
  const about = h("p", { class: "quiet" });
  const every = h("input", {
    type: "checkbox",
    id: "decomposition-every",
    onchange: () => dispatch({ type: "inside.set", everyLayer: every.checked }),
  });
  const everyWords = h("span", {});
  const legend = h("ul", { class: "inks" });
  const table = h("table", { class: "decomposition-table" });
  const sum = h("p", { class: "quiet" });
  const jacobianPart = jacobianBlock(dispatch);
  const root = h(
    "div",
    { class: "decomposition" },
    about,
    legend,
    h("label", { class: "tick" }, every, everyWords),
    table,
    sum,
    jacobianPart.root,
  );
  let key = "";

  return {
    root,
    update(state: State, t: Words) {
      const [sentence, token] = [sentenceInside(state), tokenInside(state)];
      const answers = decompositionLooks(state);
      const { decomposition, attribution, jacobian } = answers;
      root.classList.toggle("empty", !state.inside.looks.decomposition);
      every.checked = state.inside.everyLayer;
      if (!sentence || token === null || !decomposition) return;
      const next = JSON.stringify([
        decomposition.id,
        attribution?.id,
        jacobian?.id,
        token,
        Math.round(state.site),
        state.language,
        state.theme,
        state.inside.stretch,
        state.inside.everyLayer,
        state.projection,
      ]);
      if (next === key) return;
      key = next;
      const move = moveShown(state);
      const rows = partsOf(decomposition, move, token);
      about.textContent = aboutWords(
        t,
        move,
        visible(sentence.tokens[token].text).trim() || "␣",
        token,
      );
      everyWords.textContent = t("decomposition.every");
      const name = (one: Part) => t(`decomposition.${one.part}`, { head: (one.head ?? 0) + 1 });
      const words = (one: Part) => wordsOf(attribution, move, one);
      fill(
        legend,
        ...["attention", "head", "mlp"].map((ink) =>
          h("li", {}, inkOf(state, ink), t(`decomposition.ink.${ink}`)),
        ),
      );
      fill(
        table,
        h("caption", { class: "unseen" }, about.textContent),
        headRow(t),
        ...rows.map((one) => body(one, name(one), words(one), state, t)),
      );
      sum.textContent = t(
        move.half !== "attention"
          ? `decomposition.sum.${move.half}`
          : rows.at(-1)?.part === "bias"
            ? "decomposition.sum.bias"
            : "decomposition.sum",
      );
      const times = scenery(state)?.times.cross ?? 1;
      jacobianPart.update(state, t, jacobian, { ...move, times });
    },
  };
}

function aboutWords(t: Words, { layer, half, last }: Move, name: string, token: number) {
  const words = [t(`decomposition.about.${half}`, { layer: layer + 1, token: name })];
  if (last) words.push(t("decomposition.last"));
  if (half !== "mlp" && token === 0) words.push(t("decomposition.first"));
  return words.join(" ");
}

function headRow(t: Words) {
  const names = ["part", "length", "angle", "along", "drawn"];
  return h(
    "thead",
    {},
    h(
      "tr",
      {},
      ...names.map((name) =>
        h(
          "th",
          { scope: "col", title: t(`decomposition.${name}.tip`) },
          t(`decomposition.${name}`),
        ),
      ),
    ),
  );
}

function body(one: Part, name: string, words: any, state: State, t: Words) {
  const { language, theme } = state;
  const color = css(INKS[theme][one.part === "mlp" ? "mlp" : "attention"]);
  const cell = (value: string) => h("td", {}, value);
  const known = (value: number | null, say: (value: number) => string) =>
    cell(value === null ? "–" : say(value));
  const row = h(
    "tr",
    { class: one.part },
    h("th", { scope: "row" }, name),
    known(one.length, (value) =>
      number(value, language, { maximumFractionDigits: 2, minimumFractionDigits: 2 }),
    ),
    known(one.angle, (value) => `${number(value, language, { maximumFractionDigits: 0 })}°`),
    h(
      "td",
      {
        class: "along",
        style: { "--part": Math.min(1, Math.abs(one.share)), "--ink": color },
        "data-sign": one.share < 0 ? "minus" : "plus",
      },
      `${number(Math.round(100 * one.share), language)} %`,
    ),
    known(
      one.trust,
      (value) => `×${number(value, language, { maximumFractionDigits: value < 0.095 ? 2 : 1 })}`,
    ),
  );
  if (!words) return h("tbody", {}, row);
  const chip = (word: any, side: "up" | "down") =>
    h(
      "li",
      {
        class: side,
        title: t(`decomposition.${side}`, {
          value: number(Math.abs(word.value), language, { maximumFractionDigits: 2 }),
        }),
      },
      h("span", { class: "unseen" }, t(`decomposition.${side}.short`)),
      visible(word.text).trim() || "␣",
    );
  const chips = [
    ...words.up.slice(0, CHIPS).map((word: any) => chip(word, "up")),
    ...words.down.slice(0, CHIPS).map((word: any) => chip(word, "down")),
  ];
  return h(
    "tbody",
    {},
    row,
    h(
      "tr",
      { class: "chip-row" },
      h(
        "td",
        { colspan: 5 },
        h(
          "ul",
          { class: "word-chips", "aria-label": t("decomposition.words", { part: name }) },
          ...chips,
        ),
      ),
    ),
  );
}
