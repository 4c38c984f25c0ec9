/** A chart on the page: drawn to its size, read by hovering, travelled by dragging and by keys. */

import { h } from "preact";
import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { chartOf, frameOf, markOf } from "../../charts/chart.ts";
import type { Chart } from "../../charts/chart.ts";
import { charting, shownMeasures } from "../../charts/charting.ts";
import { across, heightAt, pointsOf } from "../../charts/geometry.ts";
import { measureName, placeWords, readingAt, readingWords } from "../../charts/measures.ts";
import { indexAt, nearestPlace, placeAt } from "../../charts/scales.ts";
import { draw } from "../../charts/svg.ts";
import type { Dispatch } from "../../state/messages.ts";
import { sticky } from "../../state/sites.ts";
import type { Axis, State, Words } from "../../state/types.ts";
import { Drawing } from "../../ui/drawing.ts";
import { part } from "../../ui/host.ts";
import { placeByKey } from "../../ui/keys.ts";
import { zoomOf } from "../../ui/zoom.ts";
import { exact } from "./reading.ts";

/** Which measure, along what, and how large. */
interface Plotted {
  order: number;
  axis: Axis;
  width: number;
  height: number;
}

/** Hears which index the pointer is at, and where that is in the window; null: at none. */
export type Point = (axis: Axis, index: number | null, at: { x: number; y: number }) => void;

interface Props {
  order: number;
  axis: Axis;
  state: State;
  t: Words;
  dispatch: Dispatch;
  /** the index that is pointed at, in this plot or another along the same */
  pointed: number | null;
  point: Point;
}

const Whole = part(
  (state: State, t: Words, _: Dispatch, plotted: Plotted) =>
    h(Drawing, chartOf(chartIn(state, t, plotted))),
  true,
);

/** A plot of the first or second measure along an axis; it stands still but for its mark. */
export function Plot({ order, axis, state, t, dispatch, pointed, point }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(element);
  const plotted = useMemo(() => ({ order, axis, width, height }), [order, axis, width, height]);
  const chart = chartIn(state, t, plotted);
  const frame = { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" };
  const drawn = width >= 80 && height >= 40;
  return h(
    "div",
    {
      ref: element,
      class: "plot",
      role: "slider",
      tabindex: 0,
      "data-axis": axis,
      ...spoken(state, t, order, axis, chart),
      style: { "--glide": `${state.reducedMotion ? 0 : state.glide}ms` },
      ...travel(chart, axis, dispatch, point),
    },
    h(
      "svg",
      drawn ? frame : null,
      drawn && [
        h(Whole, { state, t, dispatch, acts: plotted }),
        h(Drawing, hoverOf(chart, pointed)),
        h(Drawing, markOf(chart)),
      ],
    ),
  );
}

function chartIn(state: State, t: Words, { order, axis, width, height }: Plotted) {
  const name = shownMeasures(state)[order] ?? "";
  const key = `${order ? "second" : "measure"}-${axis}`;
  return charting(state, t, name, axis, frameOf(width, height), key);
}

/** How large an element is; 0 by 0 before it is on the page. */
function useSize(element: RefObject<HTMLElement | null>) {
  const [size, resize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = current;
      resize((last) => (last.width === width && last.height === height ? last : { width, height }));
    };
    measure();
    const sized = new ResizeObserver(measure);
    sized.observe(current);
    return () => sized.disconnect();
  }, []);
  return size;
}

/** What screen readers hear of it: the measure, the place, the value there. */
function spoken(state: State, t: Words, order: number, axis: Axis, { at, along }: Chart) {
  const name = shownMeasures(state)[order] ?? "";
  const words = readingWords(t, readingAt(state, name), exact(state));
  const place = placeWords(state, t, Math.round(state.step), Math.round(state.site));
  const measure = measureName(state, t, name);
  return {
    "aria-label": t("curves.chart", { measure, axis: t(`curves.${axis}`) }),
    "aria-orientation": "horizontal" as const,
    "aria-valuemin": 0,
    "aria-valuemax": Math.max(1, along.places.length - 1),
    "aria-valuenow": Math.round(at),
    "aria-valuetext": `${place}: ${words}`,
  };
}

/** Hovering reads, pressing goes there, dragging follows and rests on a place when let go. */
function travel({ frame, along, at }: Chart, axis: Axis, dispatch: Dispatch, point: Point) {
  const { places } = along;
  const go = (index: number, glide: number) =>
    dispatch({ type: "go", [axis === "layers" ? "site" : "step"]: index, glide });
  const indexOf = (event: PointerEvent) => {
    const x = (event.clientX - boxOf(event).left) / zoomOf() - frame.left;
    return indexAt(places, x / (frame.width - frame.left - frame.right));
  };
  const nearest = (event: PointerEvent) => nearestPlace(places, placeAt(places, indexOf(event)));
  const tell = (event: PointerEvent) => {
    const { left, top } = boxOf(event);
    const index = nearest(event);
    point(axis, index, { x: left + zoomOf() * across(frame, places[index]), y: top });
  };
  const rest = () => point(axis, null, { x: 0, y: 0 });
  const held = (event: PointerEvent) =>
    (event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId);
  const settle = (event: PointerEvent) => {
    if (held(event)) go(nearest(event), 240);
    if (event.pointerType !== "mouse") rest();
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      dispatch({ type: "pause" });
      go(nearest(event), 300);
      tell(event);
    },
    onPointerMove: (event: PointerEvent) => {
      if (held(event)) go(sticky(indexOf(event)), 0);
      tell(event);
    },
    onPointerUp: settle,
    onPointerCancel: settle,
    onPointerLeave: rest,
    onKeyDown: (event: KeyboardEvent) => {
      const to = placeByKey(event, at, places.length - 1);
      if (to === null) return;
      dispatch({ type: "pause" });
      go(to, 300);
    },
  };
}

/** Where the drawing is in the window. */
function boxOf(event: PointerEvent) {
  const plot = event.currentTarget as HTMLElement;
  return (plot.querySelector("svg") ?? plot).getBoundingClientRect();
}

/** The line and the dot under the pointer. */
function hoverOf({ frame, curve, along, scale, inks }: Chart, index: number | null) {
  if (index === null || index >= along.places.length) return draw("g", { class: "pointed" });
  const x = across(frame, along.places[index]);
  const y = heightAt(pointsOf(curve, along.places, scale, frame), index);
  return draw(
    "g",
    { class: "pointed" },
    draw("line", {
      x1: x,
      x2: x,
      y1: frame.top,
      y2: frame.height - frame.bottom,
      stroke: inks.ink,
      "stroke-opacity": 0.25,
    }),
    y !== null && draw("circle", { cx: x, cy: y, r: 3.5, fill: inks.line }),
  );
}
