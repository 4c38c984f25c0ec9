/**
 * Decomposition: what attention, each head and the MLP add to a token's state in one move,
 * and which words each promotes.
 */

import { h } from "preact";
import { useRef } from "preact/hooks";
import { number } from "../../i18n/language.ts";
import { css } from "../../state/colour/colours.ts";
import { sentenceInside, tokenInside } from "../../state/inside/asked.ts";
import {
  INKS,
  decompositionLooks,
  moveShown,
  partsOf,
  scenery,
  wordsOf,
} from "../../state/inside/decomposition.ts";
import type { Move, Part } from "../../state/inside/decomposition.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import { tokenName } from "../../ui/dom.ts";
import { Tick } from "../../ui/field.ts";
import type { Tree } from "../../ui/host.ts";
import { Table } from "../../ui/table.ts";
import { Ink, jacobian } from "./jacobian.ts";

const CHIPS = 3;
const COLUMNS = ["part", "length", "angle", "along", "drawn"];

export function decomposition(state: State, t: Words, dispatch: Dispatch) {
  /** What was told last: it stays while there is nothing to tell. */
  const last = useRef<Tree[]>([]);
  last.current = told(state, t, dispatch) ?? last.current;
  const empty = state.inside.looks.decomposition ? "" : " empty";
  return h("div", { class: `decomposition${empty}` }, last.current);
}

function told(state: State, t: Words, dispatch: Dispatch) {
  const [sentence, token] = [sentenceInside(state), tokenInside(state)];
  const looks = decompositionLooks(state);
  if (!sentence || token === null || !looks.decomposition) return null;
  const move = moveShown(state);
  const rows = partsOf(looks.decomposition, move, token);
  const about = aboutWords(t, move, tokenName(sentence.tokens[token].text), token);
  const times = scenery(state)?.times.cross ?? 1;
  const columns = COLUMNS.map((name) => ({
    words: t(`decomposition.${name}`),
    tip: t(`decomposition.${name}.tip`),
  }));
  return [
    h("p", { class: "quiet" }, about),
    inks(state, t),
    h(Tick, {
      id: "decomposition-every",
      class: "tick",
      words: t("decomposition.every"),
      checked: state.inside.everyLayer,
      onTick: (everyLayer) => dispatch({ type: "inside.set", everyLayer }),
    }),
    h(
      Table,
      { class: "decomposition-table", caption: about, columns },
      rows.map((one) => body(one, wordsOf(looks.attribution, move, one), state, t)),
    ),
    h("p", { class: "quiet" }, t(sumKey(move, rows.at(-1)))),
    ...(looks.jacobian ? [jacobian(state, t, dispatch, looks.jacobian, { ...move, times })] : []),
  ];
}

function inks(state: State, t: Words) {
  const items = (["attention", "head", "mlp"] as const).map((ink) =>
    h("li", { key: ink }, h(Ink, { state, ink }), t(`decomposition.ink.${ink}`)),
  );
  return h("ul", { class: "inks" }, items);
}

/** What the parts make up together. */
function sumKey({ half }: Move, last: Part | undefined) {
  if (half !== "attention") return `decomposition.sum.${half}`;
  return last?.part === "bias" ? "decomposition.sum.bias" : "decomposition.sum";
}

function aboutWords(t: Words, { layer, half, last }: Move, name: string, token: number) {
  const words = [t(`decomposition.about.${half}`, { layer: layer + 1, token: name })];
  if (last) words.push(t("decomposition.last"));
  if (half !== "mlp" && token === 0) words.push(t("decomposition.first"));
  return words.join(" ");
}

/** A part: its numbers, and below them the words that it promotes and holds down. */
function body(one: Part, words: ReturnType<typeof wordsOf>, state: State, t: Words) {
  const { language, theme } = state;
  const name = t(`decomposition.${one.part}`, { head: (one.head ?? 0) + 1 });
  const ink = css(INKS[theme][one.part === "mlp" ? "mlp" : "attention"]);
  const cell = (value: number | null, before: string, after: string, most: number, least = 0) => {
    const digits = { maximumFractionDigits: most, minimumFractionDigits: least };
    const said = value === null ? "–" : `${before}${number(value, language, digits)}${after}`;
    return h("td", {}, said);
  };
  const along = {
    class: "along",
    style: { "--part": Math.min(1, Math.abs(one.share)), "--ink": ink },
    "data-sign": one.share < 0 ? "minus" : "plus",
  };
  const row = h(
    "tr",
    { class: one.part },
    h("th", { scope: "row" }, name),
    cell(one.length, "", "", 2, 2),
    cell(one.angle, "", "°", 0),
    h("td", along, `${number(Math.round(100 * one.share), language)} %`),
    cell(one.trust, "×", "", one.trust !== null && one.trust < 0.095 ? 2 : 1),
  );
  const key = `${one.part} ${one.head}`;
  return h("tbody", { key }, row, words && chips(words, name, language, t));
}

function chips(
  words: NonNullable<ReturnType<typeof wordsOf>>,
  name: string,
  language: State["language"],
  t: Words,
) {
  const chip = (side: "up" | "down") => (word: any) => {
    const value = number(Math.abs(word.value), language, { maximumFractionDigits: 2 });
    return h(
      "li",
      { class: side, title: t(`decomposition.${side}`, { value }) },
      h("span", { class: "unseen" }, t(`decomposition.${side}.short`)),
      tokenName(word.text),
    );
  };
  const all = [
    ...words.up.slice(0, CHIPS).map(chip("up")),
    ...words.down.slice(0, CHIPS).map(chip("down")),
  ];
  const label = t("decomposition.words", { part: name });
  const list = h("ul", { class: "word-chips", "aria-label": label }, all);
  return h("tr", { class: "chip-row" }, h("td", { colspan: 5 }, list));
}
