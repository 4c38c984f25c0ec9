/**
 * The map of the loss landscape: bands of loss on a canvas, the path of the checkpoints on top,
 * travelled by pressing, dragging and by keys.
 */

import { css, magnitude } from "../../state/colour/colours.ts";
import { h } from "../../ui/dom.ts";
import {
  banded,
  between,
  heightsOf,
  pathOn,
  placeOn,
  shapeOf,
} from "../../state/inside/landscape.ts";
import { draw, patch } from "../../charts/svg.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Theme, Words } from "../../state/types.ts";

const WIDE = 306;
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

export function landscapeMap(dispatch: Dispatch) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg") as SVGSVGElement;
  const root = h(
    "div",
    {
      class: "landscape-map",
      id: "landscape-map",
      role: "slider",
      tabindex: 0,
      "aria-valuemin": 0,
    },
    canvas,
    svg,
  );
  let now: { points: { x: number; y: number }[]; steps: number[]; card: number[]; at: number } = {
    points: [],
    steps: [],
    card: [],
    at: 0,
  };
  let key = "";

  const go = (step: number, glide: number) => {
    dispatch({ type: "pause" });
    dispatch({ type: "go", step, glide });
  };
  const follow = (event: PointerEvent, glide: number) => {
    const box = svg.getBoundingClientRect();
    const scale = WIDE / box.width;
    const index = now.card.indexOf(
      now.steps[
        nearestTo(now.points, (event.clientX - box.left) * scale, (event.clientY - box.top) * scale)
      ],
    );
    if (index >= 0 && index !== now.at) go(index, glide);
  };
  root.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    root.setPointerCapture(event.pointerId);
    follow(event, 300);
  });
  root.addEventListener(
    "pointermove",
    (event) => root.hasPointerCapture(event.pointerId) && follow(event, 200),
  );
  root.addEventListener("keydown", (event) => {
    const by = KEYS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    go(
      Math.abs(by) === Infinity ? (by > 0 ? now.card.length - 1 : 0) : Math.round(now.at) + by,
      300,
    );
  });

  return {
    root,
    update(state: State, t: Words, look: Look) {
      const steps = state.card?.steps ?? [];
      const high = Math.round(WIDE * shapeOf(look).height);
      const points = pathOn(look).map(({ x, y }) => ({ x: x * WIDE, y: (1 - y) * high }));
      now = { points, steps: look.answer.steps, card: steps, at: state.step };
      const next = JSON.stringify([look.id, state.theme]);
      if (next !== key) paint(canvas, look, state.theme, high);
      key = next;
      const place = placeOn(look, steps, state.step);
      patch(
        svg,
        drawn(
          points,
          place && { x: place.x * WIDE, y: (1 - place.y) * high },
          high,
          look.answer.steps,
        ),
      );
      root.setAttribute("aria-label", t("landscape.map"));
      root.setAttribute("aria-valuemax", String(Math.max(1, steps.length - 1)));
      root.setAttribute("aria-valuenow", String(Math.round(state.step)));
      root.setAttribute(
        "aria-valuetext",
        t("strip.step.value", { step: steps[Math.round(state.step)] ?? 0 }),
      );
    },
  };
}

function nearestTo(points: { x: number; y: number }[], x: number, y: number) {
  const far = points.map((point) => Math.hypot(point.x - x, point.y - y));
  return far.indexOf(Math.min(...far));
}

function drawn(
  points: { x: number; y: number }[],
  here: { x: number; y: number } | null,
  high: number,
  steps: number[],
) {
  const line = points
    .map(({ x, y }, i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("");
  const name = (i: number) => {
    const right = points[i].x > WIDE - 60;
    return draw(
      "text",
      {
        x: points[i].x + (right ? -8 : 8),
        y: Math.max(12, Math.min(high - 6, points[i].y - 7)),
        "text-anchor": right ? "end" : "start",
      },
      String(steps[i]),
    );
  };
  return draw(
    "svg",
    { viewBox: `0 0 ${WIDE} ${high}`, "aria-hidden": "true" },
    draw("path", { d: line, class: "under" }),
    draw("path", { d: line, class: "over" }),
    ...points.map(({ x, y }) => draw("circle", { cx: x, cy: y, r: 2.4, class: "stop" })),
    name(0),
    name(points.length - 1),
    here && draw("circle", { cx: here.x, cy: here.y, r: 6, class: "here" }),
  );
}

/** The loss as bands of one colour each. */
function paint(canvas: HTMLCanvasElement, look: Look, theme: Theme, high: number) {
  [canvas.width, canvas.height] = [2 * WIDE, 2 * high];
  const context = canvas.getContext("2d");
  if (!context) return;
  const { loss } = look.tensors;
  const size = loss.shape[0];
  const heights = heightsOf(look);
  const grid = Float32Array.from(loss.data as Float32Array, heights.at);
  const image = context.createImageData(canvas.width, canvas.height);
  const colour = (at: number) => css(magnitude(at, theme)).match(/\d+/g)?.map(Number) ?? [];
  const colours = new Map(Array.from({ length: 12 }, (_, i) => [i, colour(i / 11)]));
  for (let row = 0; row < canvas.height; row++) {
    for (let column = 0; column < canvas.width; column++) {
      const at = banded(
        between(grid, size, column / (canvas.width - 1), 1 - row / (canvas.height - 1)),
      );
      image.data.set(
        [...(colours.get(Math.round(at * 11)) ?? [0, 0, 0]), 255],
        4 * (row * canvas.width + column),
      );
    }
  }
  context.putImageData(image, 0, 0);
}
