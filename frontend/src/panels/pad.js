/** The two sliders as one: a small map, layers to the right and training upward, coloured by a measure. */

import { css, gradient, magnitude } from "../colours.js";
import { fill, h } from "../dom.js";
import { number } from "../language.js";
import { siteWords, sticky } from "../sites.js";
import { measureAt, stepNumber } from "../state.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {import("../types.d.ts").Dispatch} Dispatch */

/** @param {Dispatch} dispatch */
export function padPanel(dispatch) {
  const select = h("select", { id: "measure" });
  select.addEventListener("change", () => dispatch({ type: "set", measure: select.value }));
  const value = h("span", { class: "value" });
  const canvas = h("canvas", { "aria-hidden": "true" });
  const dot = h("button", { type: "button", class: "dot", id: "dot", role: "slider", "aria-valuemin": 0 });
  const map = h("div", { class: "map", id: "pad" }, canvas, dot);
  const ramp = h("div", { class: "ramp" });
  const low = h("span", {});
  const high = h("span", {});
  const element = h("div", { class: "pad" }, h("div", { class: "words" }, select, value), map, h("div", { class: "ends" }, low, ramp, high));
  /** @type {State | null} */
  let now = null;
  let drawn = "";
  drag(map, dot, dispatch, () => now);
  dot.addEventListener("keydown", (event) => keyed(event, dispatch, now));

  return {
    element,
    /** @param {State} state @param {Words} t @param {State | null} previous */
    update(state, t, previous) {
      now = state;
      if (!state.card) return;
      if (state.measures !== previous?.measures || state.language !== previous?.language || !select.options.length) showMeasures(state, t, select);
      select.value = state.measure;
      select.setAttribute("aria-label", t("pad.measure"));
      const at = measureAt(state, state.measure);
      value.textContent = at === null ? "–" : number(at, state.language);
      value.title = measureTip(state, t);
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

/** @param {State} state @param {Words} t @param {HTMLSelectElement} select */
function showMeasures(state, t, select) {
  const names = state.measures?.measures.map((one) => one.name) ?? [];
  fill(select, ...names.map((name) => h("option", { value: name }, measureName(t, name))));
}

/** @param {Words} t @param {string} name */
export function measureName(t, name) {
  const key = `measure.${name}`;
  return t(key) === key ? name.replaceAll("_", " ") : t(key);
}

/** @param {State} state @param {Words} t */
function measureTip(state, t) {
  const found = state.measures?.measures.find((one) => one.name === state.measure);
  const key = `measure.${state.measure}.tip`;
  return [t(key) === key ? "" : t(key), found?.unit ?? ""].filter(Boolean).join(" · ");
}

/** @param {State} state @param {Words} t @param {HTMLElement} dot */
function showDot(state, t, dot) {
  const { card } = state;
  if (!card) return;
  const place = (/** @type {number} */ at, /** @type {number} */ count) => (100 * (at + 0.5)) / count;
  dot.style.left = `${place(state.site, card.sites.length)}%`;
  dot.style.bottom = `${place(state.step, card.steps.length)}%`;
  dot.style.setProperty("--glide", `${state.reducedMotion ? 0 : state.glide}ms`);
  dot.setAttribute("aria-label", t("pad.label"));
  dot.setAttribute("aria-valuemax", String(card.sites.length * card.steps.length - 1));
  dot.setAttribute("aria-valuenow", String(Math.round(state.step) * card.sites.length + Math.round(state.site)));
  dot.setAttribute("aria-valuetext", `${t("strip.step.value", { step: stepNumber(state) })}, ${siteWords(t, card.sites, state.site)}`);
}

/** The map, one rectangle a place; the ends of its scale. @param {State} state @param {HTMLCanvasElement} canvas */
function paint(state, canvas) {
  const { card, measures } = state;
  const context = canvas.getContext("2d");
  const found = measures?.measures.find((one) => one.name === state.measure);
  if (!card || !context || !measures) return null;
  const [columns, rows] = [card.sites.length, card.steps.length];
  canvas.width = columns * 16;
  canvas.height = rows * 8;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const values = (found?.values ?? []).flat().filter((one) => one !== null);
  if (!found || !values.length) return null;
  const low = Math.min(...values);
  const high = Math.max(...values);
  for (let row = 0; row < rows; row++) {
    const line = found.values[measures.steps.indexOf(card.steps[row])];
    for (let column = 0; column < columns; column++) {
      const value = line?.[column];
      if (value === null || value === undefined) continue;
      context.fillStyle = css(magnitude(high > low ? (value - low) / (high - low) : 0.5, state.theme));
      context.fillRect(column * 16, (rows - 1 - row) * 8, 16, 8);
    }
  }
  return { low, high };
}

/** The dot follows the pointer and rests on a place when let go. @param {HTMLElement} map @param {HTMLElement} dot @param {Dispatch} dispatch @param {() => State | null} get */
function drag(map, dot, dispatch, get) {
  const placeOf = (/** @type {PointerEvent} */ event) => {
    const card = get()?.card;
    const box = map.getBoundingClientRect();
    if (!card) return null;
    return {
      site: ((event.clientX - box.left) / box.width) * card.sites.length - 0.5,
      step: (1 - (event.clientY - box.top) / box.height) * card.steps.length - 0.5,
    };
  };
  const settle = (/** @type {PointerEvent} */ event) => {
    const place = map.hasPointerCapture(event.pointerId) ? placeOf(event) : null;
    if (place) dispatch({ type: "go", site: Math.round(place.site), step: Math.round(place.step), glide: 240 });
  };
  map.addEventListener("pointerdown", (event) => {
    const place = placeOf(event);
    if (!place || event.button) return;
    map.setPointerCapture(event.pointerId);
    event.preventDefault();
    dot.focus({ preventScroll: true });
    dispatch({ type: "pause" });
    dispatch({ type: "go", site: Math.round(place.site), step: Math.round(place.step), glide: 300 });
  });
  map.addEventListener("pointermove", (event) => {
    const place = map.hasPointerCapture(event.pointerId) ? placeOf(event) : null;
    if (place) dispatch({ type: "go", site: sticky(place.site), step: sticky(place.step), glide: 0 });
  });
  map.addEventListener("pointerup", settle);
  map.addEventListener("pointercancel", settle);
}

/** @param {KeyboardEvent} event @param {Dispatch} dispatch @param {State | null} state */
function keyed(event, dispatch, state) {
  /** @type {Record<string, [number, number]>} */
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], Home: [-99, 0], End: [99, 0], PageUp: [0, 4], PageDown: [0, -4] };
  const by = moves[event.key];
  if (!by || !state) return;
  event.preventDefault();
  event.stopPropagation();
  dispatch({ type: "pause" });
  dispatch({ type: "go", site: Math.round(state.site) + by[0], step: Math.round(state.step) + by[1], glide: 300 });
}
