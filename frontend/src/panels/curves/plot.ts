/** A chart on the page: drawn to its size, read by hovering, travelled by dragging and by keys. */

import { placeAt, indexAt, nearestPlace } from "../../charts/scales.ts";
import { h } from "../../ui/dom.ts";
import { sticky } from "../../state/sites.ts";
import { draw, patch } from "../../charts/svg.ts";
import { chartOf, frameOf, markOf } from "../../charts/chart.ts";
import { across, heightAt, pointsOf } from "../../charts/geometry.ts";
import { zoomOf } from "../../ui/zoom.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Axis } from "../../state/types.ts";
import type { Chart } from "../../charts/chart.ts";

const KEYS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -4,
  PageUp: 4,
  Home: -Infinity,
  End: Infinity,
};

/**
 * A plot along an axis. `pointed` hears which index the pointer is at, and where that is in the
 * window.
 */
export function plot(
  axis: Axis,
  dispatch: Dispatch,
  acts: {
    pointed(axis: Axis, index: number | null, at: { x: number; y: number }): void;
    resized(): void;
  },
) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg") as SVGSVGElement;
  const element = h(
    "div",
    {
      class: "plot",
      role: "slider",
      tabindex: 0,
      "aria-orientation": "horizontal",
      "aria-valuemin": 0,
      "data-axis": axis,
    },
    svg,
  );
  let now: Chart | null = null;
  let pointed: number | null = null;
  new ResizeObserver(acts.resized).observe(element);
  const go = (index: number, glide: number) =>
    dispatch({ type: "go", [axis === "layers" ? "site" : "step"]: index, glide });
  const indexOf = (event: PointerEvent) => {
    if (!now) return 0;
    const box = svg.getBoundingClientRect();
    const { frame, along } = now;
    return indexAt(
      along.places,
      ((event.clientX - box.left) / zoomOf() - frame.left) /
        (frame.width - frame.left - frame.right),
    );
  };
  const point = (event: PointerEvent) => {
    if (!now) return;
    const nearest = nearestPlace(now.along.places, placeAt(now.along.places, indexOf(event)));
    acts.pointed(axis, nearest, {
      x: svg.getBoundingClientRect().left + zoomOf() * across(now.frame, now.along.places[nearest]),
      y: svg.getBoundingClientRect().top,
    });
  };
  follow(element, {
    indexOf,
    point,
    go,
    rest: () => acts.pointed(axis, null, { x: 0, y: 0 }),
    pause: () => dispatch({ type: "pause" }),
    snap: (event) => nearest(now, indexOf(event)),
  });
  element.addEventListener("keydown", (event) => {
    const by = KEYS[event.key];
    if (by === undefined || !now) return;
    event.preventDefault();
    event.stopPropagation();
    dispatch({ type: "pause" });
    go(
      Math.abs(by) === Infinity
        ? by > 0
          ? now.along.places.length - 1
          : 0
        : Math.round(now.at) + by,
      300,
    );
  });

  return {
    element,
    size: () => frameOf(element.clientWidth, element.clientHeight),
    /** Draws a chart; only its mark when `whole` is not asked for. */
    show(
      chart: Chart,
      whole: boolean,
      { label, value, glide }: { label: string; value: string; glide: number },
    ) {
      now = chart;
      const { width, height } = chart.frame;
      if (whole || svg.childNodes.length !== 3) {
        patch(
          svg,
          draw(
            "svg",
            { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
            chartOf(chart),
            hoverOf(chart, pointed),
            markOf(chart),
          ),
        );
      } else patch(svg.childNodes[2] as Element, markOf(chart));
      element.style.setProperty("--glide", `${glide}ms`);
      element.setAttribute("aria-label", label);
      element.setAttribute("aria-valuemax", String(Math.max(1, chart.along.places.length - 1)));
      element.setAttribute("aria-valuenow", String(Math.round(chart.at)));
      element.setAttribute("aria-valuetext", value);
    },
    /** Marks an index that is pointed at. */
    point(index: number | null) {
      pointed = index;
      if (now && svg.childNodes.length === 3)
        patch(svg.childNodes[1] as Element, hoverOf(now, pointed));
    },
  };
}

function nearest(chart: Chart | null, index: number) {
  return chart ? nearestPlace(chart.along.places, placeAt(chart.along.places, index)) : 0;
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

/** Hovering reads, pressing goes there, dragging follows and rests on a place when let go. */
function follow(
  element: HTMLElement,
  {
    indexOf,
    snap,
    point,
    go,
    rest,
    pause,
  }: {
    indexOf(event: PointerEvent): number;
    snap(event: PointerEvent): number;
    point(event: PointerEvent): void;
    go(index: number, glide: number): void;
    rest(): void;
    pause(): void;
  },
) {
  const held = (event: PointerEvent) => element.hasPointerCapture(event.pointerId);
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    element.setPointerCapture(event.pointerId);
    pause();
    go(snap(event), 300);
    point(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (held(event)) go(sticky(indexOf(event)), 0);
    point(event);
  });
  const settle = (event: PointerEvent) => {
    if (held(event)) go(snap(event), 240);
    if (event.pointerType !== "mouse") rest();
  };
  element.addEventListener("pointerup", settle);
  element.addEventListener("pointercancel", settle);
  element.addEventListener("pointerleave", rest);
}
