/**
 * The two sliders as one: a small map, layers to the right and training upward, coloured by a
 * measure.
 */

import { wholeRange } from "../../charts/charting.ts";
import { css, gradient, magnitude } from "../../state/colour/colours.ts";
import { h } from "../../ui/dom.ts";
import { number } from "../../i18n/language.ts";
import {
  meaningOf,
  measureName,
  measureOf,
  placeWords,
  readingAt,
  readingWords,
  shareOf,
  unitOf,
} from "../../charts/measures.ts";
import { sticky } from "../../state/sites.ts";
import { fillChoice } from "./choice.ts";
import { readingCard } from "./reading.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";

export function padPanel(dispatch: Dispatch) {
  const select = h("select", { id: "measure" });
  select.addEventListener("change", () => dispatch({ type: "set", measure: select.value }));
  const value = h("span", { class: "value" });
  const canvas = h("canvas", { "aria-hidden": "true" });
  const dot = h("button", {
    type: "button",
    class: "dot",
    id: "dot",
    role: "slider",
    "aria-valuemin": 0,
  });
  const map = h("div", { class: "map", id: "pad" }, canvas, dot);
  const ramp = h("div", { class: "ramp" });
  const low = h("span", {});
  const high = h("span", {});
  const element = h(
    "div",
    { class: "pad" },
    h("div", { class: "words" }, select, value),
    map,
    h("div", { class: "ends" }, low, ramp, high),
  );
  let now: State | null = null;
  let words: Words = (key) => key;
  let drawn = "";
  readable(map, () => now && { state: now, t: words });
  new ResizeObserver(() => now && paint(now, canvas)).observe(map);
  drag(map, dot, dispatch, () => now);
  dot.addEventListener("keydown", (event) => keyed(event, dispatch, now));

  return {
    element,
    update(state: State, t: Words, previous: State | null) {
      [now, words] = [state, t];
      if (!state.card) return;
      fillChoice(select, state, t);
      select.value = state.measure;
      select.setAttribute("aria-label", t("pad.measure"));
      select.title = meaningOf(state, t, state.measure);
      showValue(state, t, value);
      const key = JSON.stringify([state.measure, state.theme, state.run, state.language]);
      if (key !== drawn || state.measures !== previous?.measures) {
        const ends = paint(state, canvas);
        low.textContent = ends ? number(ends.low, state.language) : "";
        high.textContent = ends ? number(ends.high, state.language) : "";
        ramp.style.background = gradient(state.theme);
      }
      drawn = key;
      showDot(state, t, dot);
    },
  };
}

/** The value on screen; a dash that says why where there is none. */
function showValue(state: State, t: Words, value: HTMLElement) {
  const here = readingAt(state, state.measure);
  value.textContent = here.value === null ? "–" : number(here.value, state.language);
  const unit = measureOf(state, state.measure)?.unit || unitOf(state, t, state.measure);
  value.title = [valueWords(state, t), unit].filter(Boolean).join(" · ");
}

function showDot(state: State, t: Words, dot: HTMLElement) {
  const { card } = state;
  if (!card) return;
  const place = (at: number, count: number) => (100 * (at + 0.5)) / count;
  dot.style.left = `${place(state.site, card.sites.length)}%`;
  dot.style.bottom = `${place(state.step, card.steps.length)}%`;
  dot.style.setProperty("--glide", `${state.reducedMotion ? 0 : state.glide}ms`);
  dot.setAttribute("aria-label", t("pad.label"));
  dot.setAttribute("aria-valuemax", String(card.sites.length * card.steps.length - 1));
  dot.setAttribute(
    "aria-valuenow",
    String(Math.round(state.step) * card.sites.length + Math.round(state.site)),
  );
  const where = placeWords(state, t, Math.round(state.step), Math.round(state.site));
  dot.setAttribute("aria-valuetext", `${where}. ${valueWords(state, t)}`);
}

/** The map, one rectangle a place, hatched where nothing is defined. */
function paint(state: State, canvas: HTMLCanvasElement) {
  const { card } = state;
  const pen = canvas.getContext("2d");
  const range = wholeRange(state, state.measure);
  if (!card || !pen || !state.measures) return range;
  const [columns, rows, fine] = [
    card.sites.length,
    card.steps.length,
    Math.max(1, devicePixelRatio),
  ];
  canvas.width = Math.max(columns, Math.round(canvas.clientWidth * fine));
  canvas.height = Math.max(rows, Math.round(canvas.clientHeight * fine));
  hatch(pen, canvas, fine);
  const edge = (i: number, count: number, size: number) => Math.round((i * size) / count);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const { value } = readingAt(state, state.measure, row, column);
      if (value === null || !range) continue;
      const [x, y] = [
        edge(column, columns, canvas.width),
        edge(rows - 1 - row, rows, canvas.height),
      ];
      pen.fillStyle = css(magnitude(shareOf(range, value), state.theme));
      pen.fillRect(
        x,
        y,
        edge(column + 1, columns, canvas.width) - x,
        edge(rows - row, rows, canvas.height) - y,
      );
    }
  }
  return range;
}

/** Thin slanted lines over the whole map; what is defined covers them. */
function hatch(pen: CanvasRenderingContext2D, { width, height }: HTMLCanvasElement, fine: number) {
  pen.strokeStyle = "rgb(128 136 150 / 0.75)";
  pen.lineWidth = fine;
  pen.beginPath();
  for (let x = -height; x < width; x += 5 * fine) {
    pen.moveTo(x, height);
    pen.lineTo(x + height, 0);
  }
  pen.stroke();
}

/** The card beside the pointer: the place, and the value there or why there is none. */
function readable(map: HTMLElement, get: () => { state: State; t: Words } | null) {
  const tip = readingCard();
  map.addEventListener("pointermove", (event) => {
    const now = get();
    const card = now?.state.card;
    if (!now || !card || !now.state.measures) return tip.hide();
    const box = map.getBoundingClientRect();
    const at = (share: number, count: number) =>
      Math.max(0, Math.min(count - 1, Math.floor(share * count)));
    const site = at((event.clientX - box.left) / box.width, card.sites.length);
    const step = at(1 - (event.clientY - box.top) / box.height, card.steps.length);
    const { state, t } = now;
    tip.tell({ x: event.clientX, y: event.clientY }, [
      placeWords(state, t, step, site),
      valueWords(state, t, step, site),
    ]);
  });
  for (const over of ["pointerleave", "pointercancel"]) map.addEventListener(over, tip.hide);
  map.addEventListener("pointerup", (event) => event.pointerType !== "mouse" && tip.hide());
}

function valueWords(state: State, t: Words, step?: number, site?: number) {
  const words = readingWords(t, readingAt(state, state.measure, step, site), (value) =>
    number(value, state.language, { maximumSignificantDigits: 6 }),
  );
  return t("pad.value", { measure: measureName(state, t, state.measure), value: words });
}

/** The dot follows the pointer and rests on a place when let go. */
function drag(map: HTMLElement, dot: HTMLElement, dispatch: Dispatch, get: () => State | null) {
  const placeOf = (event: PointerEvent) => {
    const card = get()?.card;
    const box = map.getBoundingClientRect();
    if (!card) return null;
    return {
      site: ((event.clientX - box.left) / box.width) * card.sites.length - 0.5,
      step: (1 - (event.clientY - box.top) / box.height) * card.steps.length - 0.5,
    };
  };
  const settle = (event: PointerEvent) => {
    const place = map.hasPointerCapture(event.pointerId) ? placeOf(event) : null;
    if (place)
      dispatch({
        type: "go",
        site: Math.round(place.site),
        step: Math.round(place.step),
        glide: 240,
      });
  };
  map.addEventListener("pointerdown", (event) => {
    const place = placeOf(event);
    if (!place || event.button) return;
    map.setPointerCapture(event.pointerId);
    event.preventDefault();
    dot.focus({ preventScroll: true });
    dispatch({ type: "pause" });
    dispatch({
      type: "go",
      site: Math.round(place.site),
      step: Math.round(place.step),
      glide: 300,
    });
  });
  map.addEventListener("pointermove", (event) => {
    const place = map.hasPointerCapture(event.pointerId) ? placeOf(event) : null;
    if (place)
      dispatch({ type: "go", site: sticky(place.site), step: sticky(place.step), glide: 0 });
  });
  map.addEventListener("pointerup", settle);
  map.addEventListener("pointercancel", settle);
}

function keyed(event: KeyboardEvent, dispatch: Dispatch, state: State | null) {
  const moves: Record<string, [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
    Home: [-99, 0],
    End: [99, 0],
    PageUp: [0, 4],
    PageDown: [0, -4],
  };
  const by = moves[event.key];
  if (!by || !state) return;
  event.preventDefault();
  event.stopPropagation();
  dispatch({ type: "pause" });
  dispatch({
    type: "go",
    site: Math.round(state.site) + by[0],
    step: Math.round(state.step) + by[1],
    glide: 300,
  });
}
