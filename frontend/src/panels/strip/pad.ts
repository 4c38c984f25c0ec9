/**
 * The two sliders as one: a small map, layers to the right and training upward, coloured by a
 * measure.
 */

import { h } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { wholeRange } from "../../charts/charting.ts";
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
import { number } from "../../i18n/language.ts";
import { css, gradient, magnitude } from "../../state/colour/colours.ts";
import type { Dispatch } from "../../state/messages.ts";
import { sticky } from "../../state/sites.ts";
import type { State, Words } from "../../state/types.ts";
import { part } from "../../ui/host.ts";
import { Select } from "../../ui/select.ts";
import { zoomOf } from "../../ui/zoom.ts";
import { measureGroups } from "./choice.ts";
import { useReadingCard } from "./reading.ts";

const Choice = part(choice, true);
const Heat = part(heat, true);
const Ends = part(ends, true);
const Place = part(dot);

export function pad(state: State, t: Words, dispatch: Dispatch) {
  const shown = { state, t, dispatch, acts: undefined };
  return h(
    "div",
    { class: "pad" },
    h(Choice, shown),
    h(
      "div",
      { class: "map", id: "pad", ...useMap(state, t, dispatch) },
      h(Heat, shown),
      h(Place, shown),
    ),
    h(Ends, shown),
  );
}

/** The measure, and its value on screen; a dash that says why where there is none. */
function choice(state: State, t: Words, dispatch: Dispatch) {
  const { measure, card } = state;
  return h(
    "div",
    { class: "words" },
    h(Select, {
      id: "measure",
      label: t("pad.measure"),
      title: meaningOf(state, t, measure),
      value: measure,
      options: card ? measureGroups(state, t) : [],
      onChoose: (name) => dispatch({ type: "set", measure: name }),
    }),
    card ? value(state, t) : h("span", { class: "value" }),
  );
}

function value(state: State, t: Words) {
  const { measure, language } = state;
  const here = readingAt(state, measure).value;
  const unit = measureOf(state, measure)?.unit || unitOf(state, t, measure);
  const title = [valueWords(state, t), unit].filter(Boolean).join(" · ");
  return h("span", { class: "value", title }, here === null ? "–" : number(here, language));
}

/** The colours, with what they begin and end with. */
function ends(state: State) {
  const range = state.card && wholeRange(state, state.measure);
  const [low, high] = range ? [range.low, range.high] : [null, null];
  const said = (value: number | null) => (value === null ? "" : number(value, state.language));
  return h(
    "div",
    { class: "ends" },
    h("span", {}, said(low)),
    h("div", { class: "ramp", style: state.card && { background: gradient(state.theme) } }),
    h("span", {}, said(high)),
  );
}

function dot(state: State, t: Words, dispatch: Dispatch) {
  const { card, site, step } = state;
  const [sites, steps] = [card?.sites.length ?? 1, card?.steps.length ?? 1];
  const place = (at: number, count: number) => `${(100 * (at + 0.5)) / count}%`;
  const where = card ? placeWords(state, t, Math.round(step), Math.round(site)) : "";
  return h("button", {
    type: "button",
    class: "dot",
    id: "dot",
    role: "slider",
    "aria-label": t("pad.label"),
    "aria-valuemin": 0,
    "aria-valuemax": sites * steps - 1,
    "aria-valuenow": Math.round(step) * sites + Math.round(site),
    "aria-valuetext": card ? `${where}. ${valueWords(state, t)}` : "",
    style: card && {
      left: place(site, sites),
      bottom: place(step, steps),
      "--glide": `${state.reducedMotion ? 0 : state.glide}ms`,
    },
    onKeyDown: (event: KeyboardEvent) => keyed(event, dispatch, state),
  });
}

/** The map itself: painted anew when its measure, its colours or its size are others. */
function heat(state: State) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { measure, measures, theme, run, card } = state;
  const draw = () => canvas.current && paint(state, canvas.current);
  useLayoutEffect(() => void draw(), [measure, measures, theme, run, card === null]);
  useEffect(() => {
    const sized = new ResizeObserver(draw);
    if (canvas.current?.parentElement) sized.observe(canvas.current.parentElement);
    return () => sized.disconnect();
  }, []);
  return h("canvas", { ref: canvas, "aria-hidden": "true" });
}

/** The map, one rectangle a place, hatched where nothing is defined. */
function paint(state: State, canvas: HTMLCanvasElement) {
  const { card } = state;
  const pen = canvas.getContext("2d");
  const range = wholeRange(state, state.measure);
  if (!pen) return;
  // a map of the run before is none of this one
  if (!card || !state.measures) return pen.clearRect(0, 0, canvas.width, canvas.height);
  const [columns, rows, fine] = [
    card.sites.length,
    card.steps.length,
    Math.max(1, devicePixelRatio * zoomOf()),
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

/** Pointed at, the map tells place and value; pressed and dragged, it is travelled. */
function useMap(state: State, t: Words, dispatch: Dispatch) {
  const card = useReadingCard();
  const hide = () => card().hide();
  const go = (event: PointerEvent, rest: (at: number) => number, glide: number) => {
    const place = placeOf(event, state);
    if (place) dispatch({ type: "go", site: rest(place.site), step: rest(place.step), glide });
  };
  const held = (event: PointerEvent) =>
    (event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId);
  const settle = (event: PointerEvent) => held(event) && go(event, Math.round, 240);
  return {
    onPointerDown: (event: PointerEvent) => {
      const map = event.currentTarget as HTMLElement;
      if (!state.card || event.button) return;
      map.setPointerCapture(event.pointerId);
      event.preventDefault();
      map.querySelector<HTMLElement>(".dot")?.focus({ preventScroll: true });
      dispatch({ type: "pause" });
      go(event, Math.round, 300);
    },
    onPointerMove: (event: PointerEvent) => {
      const place = state.measures && placeOf(event, state);
      if (place) card().tell({ x: event.clientX, y: event.clientY }, told(state, t, place));
      else hide();
      if (held(event)) go(event, sticky, 0);
    },
    onPointerUp: (event: PointerEvent) => {
      if (event.pointerType !== "mouse") hide();
      settle(event);
    },
    onPointerCancel: (event: PointerEvent) => (hide(), settle(event)),
    onPointerLeave: hide,
  };
}

/** Where on the map a pointer is, in places that may lie between two. */
function placeOf(event: PointerEvent, { card }: State) {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return (
    card && {
      site: ((event.clientX - box.left) / box.width) * card.sites.length - 0.5,
      step: (1 - (event.clientY - box.top) / box.height) * card.steps.length - 0.5,
    }
  );
}

/** The place under the pointer, and the value there or why there is none. */
function told(state: State, t: Words, place: { site: number; step: number }) {
  const on = (at: number, count: number) => Math.max(0, Math.min(count - 1, Math.floor(at + 0.5)));
  const site = on(place.site, state.card?.sites.length ?? 1);
  const step = on(place.step, state.card?.steps.length ?? 1);
  return [placeWords(state, t, step, site), valueWords(state, t, step, site)];
}

function valueWords(state: State, t: Words, step?: number, site?: number) {
  const words = readingWords(t, readingAt(state, state.measure, step, site), (value) =>
    number(value, state.language, { maximumSignificantDigits: 6 }),
  );
  return t("pad.value", { measure: measureName(state, t, state.measure), value: words });
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
