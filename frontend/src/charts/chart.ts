/**
 * A chart as a drawing: axes, ghosts of the other places, band, line, and the place on screen.
 * Pure.
 */

import { across, bandOf, gapsOf, heightAt, lineOf, pointsOf, runsOf, upward } from "./geometry.ts";
import { css, magnitude } from "../state/colour/colours.ts";
import { placeAt } from "./scales.ts";
import { draw } from "./svg.ts";
import type { Drawn } from "./svg.ts";
import type { Frame, Point } from "./geometry.ts";
import type { Curve, Range } from "./measures.ts";
import type { Along, ValueScale } from "./scales.ts";

type Inks = { ink: string; soft: string; grid: string; line: string; ground: string };
export type Chart = {
  /** a name of its own, for what it defines */ key: string;
  frame: Frame;
  curve: Curve;
  /** the same measure at the other places */ ghosts: Curve[];
  along: Along;
  scale: ValueScale;
  /** the range of the map's colours, drawn beside the axis */ ramp: Range | null;
  /** a line across, and what it is called */ level: { value: number; words: string } | null;
  /** the place on screen, an index that may be fractional */ at: number;
  /** indices of steps where something happens */ events: number[];
  /** a tick's number */ text: (value: number) => string;
  /** what is said when nothing is defined */ nothing: string;
  inks: Inks;
  theme: "dark" | "light";
};

/** Inks of charts, first and second measure. */
export const INKS: Record<"dark" | "light", Inks[]> = {
  dark: ["#8fb8ff", "#ffb454"].map((line) => ({
    ink: "#e9ecf2",
    soft: "#a3abba",
    grid: "#ffffff",
    line,
    ground: "#151922",
  })),
  light: ["#1f57c8", "#b45300"].map((line) => ({
    ink: "#1a1f29",
    soft: "#555e6e",
    grid: "#0f172a",
    line,
    ground: "#ffffff",
  })),
};

const SIZE = 11;
/** Points are drawn where they are at least this far apart. */
const APART = 9;

export function frameOf(width: number, height: number): Frame {
  return { width, height, left: 44, right: 10, top: 8, bottom: 20 };
}

/** The chart as it stands, without the mark of the place on screen. */
export function chartOf(chart: Chart): Drawn {
  const { frame, curve, along, scale, key } = chart;
  const points = pointsOf(curve, along.places, scale, frame);
  return draw(
    "g",
    {},
    definitions(chart),
    upAxis(chart),
    alongAxis(chart),
    levelLine(chart),
    draw(
      "g",
      { "clip-path": `url(#${key}-clip)` },
      ghostsOf(chart),
      eventsOf(chart),
      ...lineWithBand(chart, points),
    ),
    gaps(chart, points),
    points.every(({ y }) => y === null) && nothing(chart),
  );
}

const floorOf = (frame: Frame) => frame.height - frame.bottom;

/** The mark of the place on screen. */
export function markOf(chart: Chart): Drawn {
  const { frame, curve, along, scale, at, inks } = chart;
  const floor = floorOf(frame);
  const points = pointsOf(curve, along.places, scale, frame);
  const x = across(frame, placeAt(along.places, at));
  const y = heightAt(points, at);
  const ring = y === null ? null : Math.max(frame.top, Math.min(frame.height - frame.bottom, y));
  return draw(
    "g",
    { class: "here", style: `transform: translateX(${x.toFixed(2)}px)` },
    draw("line", {
      y1: frame.top,
      y2: frame.height - frame.bottom,
      stroke: inks.ink,
      "stroke-opacity": 0.55,
      "stroke-width": 1,
    }),
    draw("path", {
      d: `M-4 ${floor + 5}L0 ${floor}L4 ${floor + 5}Z`,
      fill: inks.ink,
    }),
    ring !== null &&
      draw("circle", {
        class: "bead",
        r: 4.5,
        fill: inks.ground,
        stroke: inks.line,
        "stroke-width": 2.5,
        style: `transform: translateY(${ring.toFixed(2)}px)`,
      }),
  );
}

function definitions({ key, frame, ramp, inks, theme }: Chart) {
  const { left, right, top, bottom, width, height } = frame;
  const stops = ramp
    ? Array.from({ length: 9 }, (_, i) =>
        draw("stop", { offset: i / 8, "stop-color": css(magnitude(i / 8, theme)) }),
      )
    : [];
  return draw(
    "defs",
    {},
    draw(
      "clipPath",
      { id: `${key}-clip` },
      draw("rect", {
        x: left - 6,
        y: top - 6,
        width: width - left - right + 12,
        height: height - top - bottom + 12,
      }),
    ),
    draw(
      "clipPath",
      { id: `${key}-strict` },
      draw("rect", { x: 0, y: top, width, height: height - top - bottom }),
    ),
    hatch(`${key}-hatch`, inks.soft),
    ramp && draw("linearGradient", { id: `${key}-ramp`, x1: 0, x2: 0, y1: 1, y2: 0 }, ...stops),
  );
}

/** A pattern of thin slanted lines. */
function hatch(id: string, ink: string) {
  const line = draw("line", {
    x1: 0,
    y1: 0,
    x2: 0,
    y2: 6,
    stroke: ink,
    "stroke-opacity": 0.55,
    "stroke-width": 1.5,
  });
  return draw(
    "pattern",
    { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    line,
  );
}

function upAxis({ key, frame, scale, ramp, inks, text }: Chart) {
  const { left, right, width } = frame;
  const ticks = scale.ticks.map((value) => {
    const y = upward(frame, scale.at(value));
    return draw(
      "g",
      {},
      draw("line", {
        x1: left,
        x2: width - right,
        y1: y,
        y2: y,
        stroke: inks.grid,
        "stroke-opacity": 0.09,
      }),
      draw(
        "text",
        { x: left - 11, y: y + 4, "text-anchor": "end", "font-size": SIZE, fill: inks.soft },
        text(value),
      ),
    );
  });
  const colours = ramp && ramp.high > ramp.low && rampOf(key, frame, scale, ramp);
  return draw("g", {}, ...ticks, colours);
}

/** The colours of the map beside the axis. */
function rampOf(key: string, frame: Frame, scale: ValueScale, ramp: Range) {
  const [top, bottom] = [scale.at(ramp.high), scale.at(ramp.low)].map(
    (at) => frame.height - frame.bottom - at * (frame.height - frame.top - frame.bottom),
  );
  const bar = draw("rect", {
    x: frame.left - 6,
    y: top,
    width: 3,
    height: bottom - top,
    rx: 1.5,
    fill: `url(#${key}-ramp)`,
  });
  return draw("g", { "clip-path": `url(#${key}-strict)` }, bar);
}

/** A level as a dashed line with its name; an arrow up where it lies above what is shown. */
function levelLine({ level, frame, scale, inks }: Chart) {
  if (!level) return null;
  const at = scale.at(level.value);
  const y = upward(frame, Math.min(1, at));
  const name = {
    x: frame.width - frame.right,
    y: y + 12,
    "text-anchor": "end",
    "font-size": SIZE,
    fill: inks.soft,
    stroke: inks.ground,
    "stroke-width": 3,
    "paint-order": "stroke",
  };
  const line =
    at <= 1 &&
    draw("path", {
      d: `M${frame.left} ${y.toFixed(1)}H${frame.width - frame.right}`,
      stroke: inks.soft,
      "stroke-dasharray": "5 4",
      fill: "none",
    });
  return draw(
    "g",
    { class: "level" },
    line,
    draw("text", name, at <= 1 ? level.words : `↑ ${level.words}`),
  );
}

function alongAxis({ frame, along, inks }: Chart) {
  const floor = frame.height - frame.bottom;
  const ticks = spaced(
    along.ticks.map((tick) => ({ x: across(frame, tick.at), text: tick.text })),
    frame.width - frame.right,
  );
  const labels = ticks.map(({ x, text, anchor }) =>
    draw(
      "text",
      { x, y: floor + 16, "text-anchor": anchor, "font-size": SIZE, fill: inks.soft },
      text,
    ),
  );
  const small = along.places.map((at) => `M${across(frame, at).toFixed(1)} ${floor}v3`).join("");
  return draw(
    "g",
    {},
    draw("path", {
      d: `M${frame.left} ${floor}H${frame.width - frame.right}${small}`,
      stroke: inks.grid,
      "stroke-opacity": 0.28,
      fill: "none",
    }),
    ...labels,
    along.log &&
      draw(
        "text",
        {
          x: frame.left - 11,
          y: floor + 16,
          "text-anchor": "end",
          "font-size": SIZE,
          "font-style": "italic",
          fill: inks.soft,
        },
        "log",
      ),
  );
}

/** Labels that would touch the one before, or the axis's name, are left out. */
function spaced(ticks: { x: number; text: string }[], right: number) {
  let end = -Infinity;
  return ticks.flatMap(({ x, text }) => {
    const wide = 6.4 * [...text].reduce((sum, one) => sum + (one.charCodeAt(0) > 255 ? 2 : 1), 0);
    const anchor = x + wide / 2 > right + 8 ? "end" : "middle";
    const from = anchor === "end" ? x - wide : x - wide / 2;
    if (from < end + 6) return [];
    end = from + wide;
    return [{ x, text, anchor }];
  });
}

/** The curves at the other places, faint. */
function ghostsOf({ ghosts, along, scale, frame, inks }: Chart) {
  const d = ghosts.map((curve) => lineOf(pointsOf(curve, along.places, scale, frame))).join("");
  return (
    d &&
    draw("path", {
      d,
      fill: "none",
      stroke: inks.soft,
      "stroke-opacity": Math.max(0.1, 0.3 - 0.006 * ghosts.length),
      "stroke-width": 1,
    })
  );
}

function eventsOf({ events, along, frame, inks }: Chart) {
  const d = events
    .map(
      (index) => `M${across(frame, along.places[index]).toFixed(1)} ${frame.top}V${floorOf(frame)}`,
    )
    .join("");
  return (
    d &&
    draw("path", {
      d,
      stroke: inks.ink,
      "stroke-opacity": 0.35,
      "stroke-dasharray": "2 3",
      fill: "none",
    })
  );
}

function lineWithBand({ inks, frame, along }: Chart, points: Point[]) {
  const band = bandOf(points);
  const apart = (frame.width - frame.left - frame.right) / Math.max(1, along.places.length - 1);
  const alone = new Set(
    runsOf(points)
      .filter((run) => run.length === 1)
      .flat(),
  );
  const dots = points.filter((point) => alone.has(point) || (point.y !== null && apart >= APART));
  return [
    band && draw("path", { class: "band", d: band, fill: inks.line, "fill-opacity": 0.2 }),
    draw("path", {
      class: "line",
      d: lineOf(points),
      fill: "none",
      stroke: inks.line,
      "stroke-width": 2,
      "stroke-linejoin": "round",
      "stroke-linecap": "round",
    }),
    draw(
      "g",
      { fill: inks.line },
      ...dots.map(({ x, y }) =>
        draw("circle", {
          cx: x.toFixed(2),
          cy: (y ?? 0).toFixed(2),
          r: alone.size && dots.length < 3 ? 3 : 2,
        }),
      ),
    ),
  ];
}

function gaps({ key, frame }: Chart, points: Point[]) {
  const bars = gapsOf(points, frame).map(({ x, width }) =>
    draw("rect", {
      x,
      y: frame.top,
      width,
      height: frame.height - frame.top - frame.bottom,
      fill: `url(#${key}-hatch)`,
      "fill-opacity": 0.5,
    }),
  );
  return bars.length > 0 && draw("g", {}, ...bars);
}

function nothing({ frame, inks, nothing: words }: Chart) {
  const [x, y] = [
    (frame.left + frame.width - frame.right) / 2,
    (frame.top + frame.height - frame.bottom) / 2,
  ];
  const place = {
    x,
    y: y + 4,
    "text-anchor": "middle",
    "font-size": 12,
    fill: inks.ink,
    stroke: inks.ground,
    "stroke-width": 5,
    "paint-order": "stroke",
    "stroke-linejoin": "round",
  };
  return draw("text", place, words);
}
