/**
 * The map of the loss landscape: bands of loss on a canvas, the path of the checkpoints on top,
 * travelled by pressing, dragging and by keys.
 */

import { h } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { draw } from "../../charts/svg.ts";
import { css, magnitude } from "../../state/colour/colours.ts";
import {
  BANDS,
  banded,
  between,
  heightsOf,
  landscapeLook,
  pathOn,
  placeOn,
  shapeOf,
} from "../../state/inside/landscape.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Theme, Words } from "../../state/types.ts";
import { Drawing } from "../../ui/drawing.ts";
import { placeByKey } from "../../ui/keys.ts";

const WIDE = 306;

interface Point {
  x: number;
  y: number;
}

export function landscapeMap(state: State, t: Words, dispatch: Dispatch) {
  const look = landscapeLook(state, "loss_landscape");
  const steps = state.card?.steps ?? [];
  if (!look) return null;
  const high = Math.round(WIDE * shapeOf(look).height);
  const onPicture = ({ x, y }: Point) => ({ x: x * WIDE, y: (1 - y) * high });
  const points = pathOn(look).map(onPicture);
  const place = placeOn(look, steps, state.step);
  const step = steps[Math.round(state.step)] ?? 0;
  return h(
    "div",
    {
      class: "landscape-map",
      id: "landscape-map",
      role: "slider",
      tabindex: 0,
      "aria-label": t("landscape.map"),
      "aria-valuemin": 0,
      "aria-valuemax": Math.max(1, steps.length - 1),
      "aria-valuenow": Math.round(state.step),
      "aria-valuetext": t("strip.step.value", { step }),
      ...travel(points, look.answer.steps, state, dispatch),
    },
    h(Bands, { look, theme: state.theme, high }),
    h(Drawing, drawn(points, place && onPicture(place), high, look.answer.steps)),
  );
}

/** Pressed or dragged it goes to the checkpoint nearest to there, by keys along the path. */
function travel(points: Point[], on: number[], state: State, dispatch: Dispatch) {
  const steps = state.card?.steps ?? [];
  const go = (step: number, glide: number) => {
    dispatch({ type: "pause" });
    dispatch({ type: "go", step, glide });
  };
  const follow = (event: PointerEvent, glide: number) => {
    const map = event.currentTarget as HTMLElement;
    const box = (map.querySelector("svg") ?? map).getBoundingClientRect();
    const scale = WIDE / box.width;
    const at = nearestTo(
      points,
      (event.clientX - box.left) * scale,
      (event.clientY - box.top) * scale,
    );
    const index = steps.indexOf(on[at]);
    if (index >= 0 && index !== state.step) go(index, glide);
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      follow(event, 300);
    },
    onPointerMove: (event: PointerEvent) =>
      (event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId) && follow(event, 200),
    onKeyDown: (event: KeyboardEvent) => {
      const to = placeByKey(event, state.step, steps.length - 1);
      if (to !== null) go(to, 300);
    },
  };
}

function nearestTo(points: Point[], x: number, y: number) {
  const far = points.map((point) => Math.hypot(point.x - x, point.y - y));
  return far.indexOf(Math.min(...far));
}

function drawn(points: Point[], here: Point | null, high: number, steps: number[]) {
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
function Bands({ look, theme, high }: { look: Look; theme: Theme; high: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context) paint(context, look, theme);
  }, [look, theme, high]);
  const size = { width: 2 * WIDE, height: 2 * high };
  return h("canvas", { ...size, ref: canvas, "aria-hidden": "true" });
}

function paint(context: CanvasRenderingContext2D, look: Look, theme: Theme) {
  const { width, height } = context.canvas;
  const { loss } = look.tensors;
  const heights = heightsOf(look);
  const grid = Float32Array.from(loss.data as Float32Array, heights.at);
  const image = context.createImageData(width, height);
  const rgba = (at: number) => [
    ...(css(magnitude(at, theme)).match(/\d+/g) ?? []).map(Number),
    255,
  ];
  const colours = Array.from({ length: BANDS }, (_, i) => rgba(i / (BANDS - 1)));
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = between(grid, loss.shape[0], column / (width - 1), 1 - row / (height - 1));
      const colour = colours[Math.round(banded(at) * (BANDS - 1))] ?? NOTHING;
      image.data.set(colour, 4 * (row * width + column));
    }
  }
  context.putImageData(image, 0, 0);
}

const NOTHING = [0, 0, 0, 255];
