/** Attention: which head, from what share on, the pattern as a matrix, and what heads do. */

import { cellAt, drawMatrix } from "./matrix.ts";
import { css } from "../../state/colour/colours.ts";
import { fill, h, visible } from "../../ui/dom.ts";
import { EDGE, layerShown, patternOf } from "../../state/inside/attention.ts";
import { lookOf, sentenceInside } from "../../state/inside/inside.ts";
import { number } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Head, Language, Look, RGB, State, Words } from "../../state/types.ts";

/** Marks of the scale, in percent; in the picture a share is as strong as its root. */
const SCALE = [0, 25, 100];

/** The scale of the matrix as a background. */
function rampOf(color: RGB) {
  return `linear-gradient(to right, ${css(color, 0.06)}, ${css(color, 0.999)})`;
}

export function attentionTab(dispatch: Dispatch) {
  const about = h("p", { class: "quiet" });
  const select = h("select", {
    id: "attention-head",
    onchange: () =>
      dispatch({
        type: "inside.set",
        head: /^\d+$/.test(select.value) ? Number(select.value) : (select.value as Head),
      }),
  });
  const slider = h("input", {
    type: "range",
    id: "attention-threshold",
    min: 0,
    max: 60,
    step: 1,
    oninput: () => dispatch({ type: "inside.set", threshold: Number(slider.value) / 100 }),
  });
  const [headWords, shareWords, value] = [
    h("span", {}),
    h("span", {}),
    h("output", { for: "attention-threshold" }),
  ];
  const canvas = h("canvas", { id: "attention-matrix", role: "img", tabindex: 0 });
  const told = h("p", { class: "quiet told", role: "status" });
  const caption = h("p", { class: "quiet" });
  const roles = h("div", { class: "roles" });
  const rows = h(
    "div",
    { class: "fields" },
    h("label", {}, headWords, select),
    h("label", {}, shareWords, slider, value),
  );
  const ramp = h("div", { class: "ramp" });
  const ends = h("div", { class: "ends" }, ...SCALE.map((part) => h("span", {}, `${part} %`)));
  const scale = h("div", { class: "matrix-scale" }, ramp, ends);
  const root = h("div", { class: "attention" }, about, rows, canvas, scale, told, caption, roles);
  let key = "";
  let words: (row: number, column: number) => string = () => "";
  const leave = () => (told.textContent = "");
  canvas.addEventListener("pointermove", (event) => point(event));
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("click", (event) => {
    const cell = cellAt(event, canvas);
    const { id } = canvas.dataset;
    if (cell && id) dispatch({ type: "pick", pick: { kind: "sentence", id, token: cell.row } });
  });

  function point(event: PointerEvent) {
    const cell = cellAt(event, canvas);
    told.textContent = cell ? words(cell.row, cell.column) : "";
  }

  return {
    root,
    update(state: State, t: Words) {
      const sentence = sentenceInside(state);
      const { look: found } = lookOf(state, "decomposition");
      const layer = layerShown(state);
      const pattern = patternOf(found, layer, state.inside.head);
      const next = JSON.stringify([
        found?.id,
        layer,
        state.inside.head,
        state.inside.threshold,
        state.language,
        state.theme,
        state.picked,
        sentence?.id,
      ]);
      if (next === key) return;
      key = next;
      about.textContent = aboutWords(state, t, layer);
      headWords.textContent = t("attention.head");
      shareWords.textContent = t("attention.threshold");
      value.textContent = `${Math.round(100 * state.inside.threshold)} %`;
      slider.value = String(Math.round(100 * state.inside.threshold));
      fillHeads(select, found?.answer.heads ?? 0, state.inside.head, t);
      caption.textContent = t("attention.matrix", { layer: layer + 1 });
      const usable = sentence && pattern && pattern.tokens === sentence.tokens.length;
      canvas.hidden = caption.hidden = scale.hidden = !usable;
      fill(roles, ...roleRows(found, t, state.language));
      if (!usable) return;
      canvas.setAttribute("aria-label", t("attention.matrix", { layer: layer + 1 }));
      const name = (at: number) => visible(sentence.tokens[at].text).trim() || "␣";
      const look = {
        color: css(EDGE[state.theme]),
        ink: getComputedStyle(root).color,
        own: state.picked?.kind === "sentence" ? state.picked.token : -1,
      };
      drawMatrix(
        canvas,
        pattern,
        look,
        sentence.tokens.map((_, at) => name(at)),
      );
      ramp.style.background = rampOf(EDGE[state.theme]);
      canvas.dataset.id = sentence.id;
      words = (row, column) =>
        t("attention.cell", {
          to: name(row),
          from: name(column),
          share: number(100 * pattern.values[row * pattern.tokens + column], state.language, {
            maximumFractionDigits: 1,
          }),
        });
    },
  };
}

function aboutWords(state: State, t: Words, layer: number) {
  const sentence = sentenceInside(state);
  const own =
    sentence && state.picked?.kind === "sentence" && state.picked.id === sentence.id
      ? sentence.tokens[state.picked.token]
      : null;
  const words = t("attention.about", {
    layer: layer + 1,
    threshold: Math.round(100 * state.inside.threshold),
  });
  return own ? `${words} ${t("attention.one", { token: visible(own.text).trim() || "␣" })}` : words;
}

function fillHeads(select: HTMLSelectElement, heads: number, head: Head, t: Words) {
  const choices = [
    ["mean", t("attention.mean")],
    ["max", t("attention.max")],
    ...Array.from({ length: heads }, (_, n) => [String(n), t("attention.number", { head: n + 1 })]),
  ];
  fill(select, ...choices.map(([value, words]) => h("option", { value }, words)));
  select.value = String(head);
}

function roleRows(look: Look | null, t: Words, language: Language) {
  if (!look) return [];
  const rows = look.answer.head_types.map((one: any) =>
    h(
      "li",
      {},
      t("attention.role", {
        layer: one.layer + 1,
        head: one.head + 1,
        role: t(`attention.role.${one.role}`),
        score: number(one.score, language, { maximumFractionDigits: 2 }),
      }),
    ),
  );
  return [
    h("h3", {}, t("attention.roles")),
    rows.length
      ? h("ul", { class: "plain-list" }, ...rows)
      : h("p", { class: "quiet" }, t("attention.noroles")),
  ];
}
