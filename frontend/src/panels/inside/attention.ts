/** Attention: which head, from what share on, the pattern as a matrix, and what heads do. */

import { css } from "../../state/colour/colours.ts";
import { fill, h, visible } from "../../ui/dom.ts";
import { EDGE, layerShown, patternOf } from "../../state/inside/attention.ts";
import { lookOf, sentenceInside } from "../../state/inside/inside.ts";
import { number } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Head, Language, Look, State, Words } from "../../state/types.ts";

const SIDE = 236;
/** Canvas pixels for the name of the last row. */
const NAMES = 140;

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
  const root = h("div", { class: "attention" }, about, rows, canvas, told, caption, roles);
  let key = "";
  let words: (row: number, column: number) => string = () => "";
  const leave = () => (told.textContent = "");
  canvas.addEventListener("pointermove", (event) => point(event));
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("click", (event) => {
    const cell = cellAt(event, canvas);
    if (cell && dataOf(canvas).id)
      dispatch({
        type: "pick",
        pick: { kind: "sentence", id: dataOf(canvas).id, token: cell.row },
      });
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
      canvas.hidden = caption.hidden = !usable;
      fill(roles, ...roleRows(found, t, state.language));
      if (!usable) return;
      canvas.setAttribute("aria-label", t("attention.matrix", { layer: layer + 1 }));
      const name = (at: number) => visible(sentence.tokens[at].text).trim() || "␣";
      const look = {
        color: css(EDGE[state.theme]),
        ink: getComputedStyle(root).color,
        own: state.picked?.kind === "sentence" ? state.picked.token : -1,
      };
      draw(
        canvas,
        pattern,
        look,
        sentence.tokens.map((_, at) => name(at)),
      );
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

function dataOf(canvas: HTMLCanvasElement) {
  return { id: canvas.dataset.id ?? "", tokens: Number(canvas.dataset.tokens ?? 0) };
}

function cellAt(event: MouseEvent, canvas: HTMLCanvasElement) {
  const box = canvas.getBoundingClientRect();
  const { tokens } = dataOf(canvas);
  const cell = box.height / Math.max(1, tokens);
  const column = Math.floor((event.clientX - box.left) / cell);
  const row = Math.floor((event.clientY - box.top) / cell);
  return row >= 0 && row < tokens && column >= 0 && column < tokens ? { row, column } : null;
}

/** @param look `own`: the row that is picked */
function draw(
  canvas: HTMLCanvasElement,
  { values, tokens }: { values: Float32Array; tokens: number },
  { color, ink, own }: { color: string; ink: string; own: number },
  names: string[],
) {
  const cell = Math.max(2, Math.floor((2 * SIDE) / tokens));
  canvas.height = cell * tokens;
  canvas.width = cell * tokens + (cell < 18 ? 0 : NAMES);
  canvas.style.aspectRatio = `${canvas.width} / ${canvas.height}`;
  canvas.dataset.tokens = String(tokens);
  const context = canvas.getContext("2d");
  if (!context) return;
  const gap = cell > 8 ? 1 : 0;
  for (let row = 0; row < tokens; row++) {
    context.fillStyle = color;
    for (let column = 0; column <= row; column++) {
      context.globalAlpha = 0.06 + 0.94 * Math.sqrt(values[row * tokens + column]);
      context.fillRect(column * cell, row * cell, cell - gap, cell - gap);
    }
    if (cell < 18) continue;
    context.globalAlpha = row === own || own < 0 ? 0.9 : 0.45;
    context.fillStyle = ink;
    context.font = `${Math.min(22, cell - 4)}px system-ui, sans-serif`;
    context.fillText(names[row], (row + 1) * cell + 6, row * cell + 0.74 * cell);
  }
  context.globalAlpha = 0.9;
  context.strokeStyle = color;
  context.lineWidth = 2;
  if (own >= 0) context.strokeRect(1, own * cell + 1, (own + 1) * cell - 2, cell - 2);
}
