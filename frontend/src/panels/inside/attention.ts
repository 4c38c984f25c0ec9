/** Attention: which head, from what share on, the pattern as a matrix, and what heads do. */

import { h } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { number } from "../../i18n/language.ts";
import { css } from "../../state/colour/colours.ts";
import { EDGE, layerShown, patternOf } from "../../state/inside/attention.ts";
import { lookOf, sentenceInside } from "../../state/inside/inside.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Head, Look, RGB, Sentence, State, Words } from "../../state/types.ts";
import { tokenName } from "../../ui/dom.ts";
import { Field, Range } from "../../ui/field.ts";
import { Select } from "../../ui/select.ts";
import { cellAt, drawMatrix } from "./matrix.ts";

/** Marks of the scale, in percent; in the picture a share is as strong as its root. */
const SCALE = [0, 25, 100];

type Pattern = NonNullable<ReturnType<typeof patternOf>>;
type Cell = ReturnType<typeof cellAt>;

export function attention(state: State, t: Words, dispatch: Dispatch) {
  const { look } = lookOf(state, "decomposition");
  const { head } = state.inside;
  const layer = layerShown(state);
  const pattern = useMemo(() => patternOf(look, layer, head), [look, layer, head]);
  const [pointed, point] = useState<Cell>(null);
  const sentence = sentenceInside(state);
  const usable = sentence && pattern && pattern.tokens === sentence.tokens.length;
  const drawn = usable ? { sentence, pattern } : null;
  return h(
    "div",
    { class: "attention" },
    h("p", { class: "quiet" }, aboutWords(state, t, layer)),
    h("div", { class: "fields" }, fields(state, t, dispatch, look?.answer.heads ?? 0)),
    drawn && [
      h(Matrix, {
        ...drawn,
        state,
        label: t("attention.matrix", { layer: layer + 1 }),
        point,
        dispatch,
      }),
      scaleOf(EDGE[state.theme]),
    ],
    h(
      "p",
      { class: "quiet told", role: "status" },
      drawn && pointed && cellWords(state, t, drawn, pointed),
    ),
    drawn && h("p", { class: "quiet" }, t("attention.matrix", { layer: layer + 1 })),
    h("div", { class: "roles" }, look && roles(look, state, t)),
  );
}

function aboutWords(state: State, t: Words, layer: number) {
  const sentence = sentenceInside(state);
  const own =
    sentence && state.picked?.kind === "sentence" && state.picked.id === sentence.id
      ? sentence.tokens[state.picked.token]
      : null;
  const threshold = Math.round(100 * state.inside.threshold);
  const words = t("attention.about", { layer: layer + 1, threshold });
  return own ? `${words} ${t("attention.one", { token: tokenName(own.text) })}` : words;
}

function fields(state: State, t: Words, dispatch: Dispatch, heads: number) {
  const share = Math.round(100 * state.inside.threshold);
  const options = [
    ...["mean", "max"].map((value) => ({ value, words: t(`attention.${value}`) })),
    ...Array.from({ length: heads }, (_, n) => ({
      value: String(n),
      words: t("attention.number", { head: n + 1 }),
    })),
  ];
  const choose = (value: string) =>
    dispatch({
      type: "inside.set",
      head: /^\d+$/.test(value) ? Number(value) : (value as Head),
    });
  const range = {
    id: "attention-threshold",
    ...{ min: 0, max: 60, step: 1, value: share },
    written: `${share} %`,
    onSlide: (value: number) => dispatch({ type: "inside.set", threshold: value / 100 }),
  };
  const chosen = { id: "attention-head", value: String(state.inside.head), options };
  return [
    h(Field, { words: t("attention.head") }, h(Select, { ...chosen, onChoose: choose })),
    h(Field, { words: t("attention.threshold") }, h(Range, range)),
  ];
}

interface MatrixProps {
  sentence: Sentence;
  pattern: Pattern;
  state: State;
  label: string;
  point: (cell: Cell) => void;
  dispatch: Dispatch;
}

/** The pattern as a square; a row pressed, its token is picked. */
function Matrix({ sentence, pattern, state, label, point, dispatch }: MatrixProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { theme, picked } = state;
  const own = picked?.kind === "sentence" ? picked.token : -1;
  useLayoutEffect(() => {
    if (!canvas.current) return;
    const look = { color: css(EDGE[theme]), ink: getComputedStyle(canvas.current).color, own };
    const names = sentence.tokens.map(({ text }) => tokenName(text));
    drawMatrix(canvas.current, pattern, look, names);
  }, [pattern, sentence.tokens, theme, own]);
  const cellOf = (event: MouseEvent) => cellAt(event, event.currentTarget as HTMLCanvasElement);
  const pick = (event: MouseEvent) => {
    const token = cellOf(event)?.row;
    if (token !== undefined)
      dispatch({ type: "pick", pick: { kind: "sentence", id: sentence.id, token } });
  };
  return h("canvas", {
    ref: canvas,
    id: "attention-matrix",
    role: "img",
    tabindex: 0,
    "aria-label": label,
    onPointerMove: (event: PointerEvent) => point(cellOf(event)),
    onPointerLeave: () => point(null),
    onClick: pick,
  });
}

/** The colours of the matrix, from nothing to all of a token's attention. */
function scaleOf(color: RGB) {
  const background = `linear-gradient(to right, ${css(color, 0.06)}, ${css(color, 0.999)})`;
  const marks = SCALE.map((part) => h("span", { key: part }, `${part} %`));
  return h(
    "div",
    { class: "matrix-scale" },
    h("div", { class: "ramp", style: { background } }),
    h("div", { class: "ends" }, marks),
  );
}

/** Who looks at whom in a cell, and how much. */
function cellWords(
  { language }: State,
  t: Words,
  { sentence, pattern }: { sentence: Sentence; pattern: Pattern },
  { row, column }: NonNullable<Cell>,
) {
  const name = (at: number) => tokenName(sentence.tokens[at]?.text ?? "");
  const share = 100 * pattern.values[row * pattern.tokens + column];
  const digits = { maximumFractionDigits: 1 };
  return t("attention.cell", {
    to: name(row),
    from: name(column),
    share: number(share, language, digits),
  });
}

interface HeadType {
  layer: number;
  head: number;
  role: string;
  score: number;
}

/** What each head was found to do. */
function roles(look: Look, { language }: State, t: Words) {
  const rows = look.answer.head_types.map(({ layer, head, role, score }: HeadType) => {
    const words = {
      layer: layer + 1,
      head: head + 1,
      role: t(`attention.role.${role}`),
      score: number(score, language, { maximumFractionDigits: 2 }),
    };
    return h("li", { key: `${layer} ${head} ${role}` }, t("attention.role", words));
  });
  return [
    h("h3", {}, t("attention.roles")),
    rows.length
      ? h("ul", { class: "plain-list" }, rows)
      : h("p", { class: "quiet" }, t("attention.noroles")),
  ];
}
