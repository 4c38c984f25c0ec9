/**
 * Pictures as Plotly's own traces, for browsers without WebGL and for the day the scene's own trace
 * cannot be drawn. Pure.
 */

import { FIELD } from "./camera.ts";
import type { Camera, End, Pick, Picture, SentencePicture } from "./picture.ts";

type Projection = (x: number, y: number, z: number) => number[];
/** A Plotly trace and what each of its points is. */
type Drawn = { trace: Record<string, any>; picks: Pick[] };

/** Sites that a comet reaches to either side of the one shown. */
export const COMET = 2;
/** How many cloud points an SVG bears. */
export const MOST_FLAT = 4000;

/** Data units onto the plane a camera sees: x right, y up, both in frame radii. */
export function planeOf(frame: Picture["frame"], { eye, center, up }: Camera): Projection {
  const ahead = unit([center.x - eye.x, center.y - eye.y, center.z - eye.z]);
  const right = unit(cross(ahead, [up.x, up.y, up.z]));
  const above = cross(right, ahead);
  const at = [eye.x, eye.y, eye.z];
  const focal = 1 / Math.tan(FIELD / 2);
  return (x, y, z) => {
    const p = [x, y, z].map((v, k) => (0.5 * (v - frame.center[k])) / frame.radius - at[k]);
    const depth = Math.max(dot(p, ahead), 0.05);
    return [(focal * dot(p, right)) / depth, (focal * dot(p, above)) / depth];
  };
}

const dot = (a: number[], b: number[]) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: number[], b: number[]) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (v: number[]) => v.map((c) => c / (Math.hypot(...v) || 1));

/** Every n-th point, so that at most `most` are left. */
export function thinned(count: number, most: number) {
  const kept = Math.min(count, most);
  return Array.from({ length: kept }, (_, i) => Math.floor((i * count) / kept));
}

const css = (rgb: ArrayLike<number>, alpha: number = 1) =>
  `rgba(${rgb[0]},${rgb[1]},${rgb[2]},${alpha})`;

/** A trace's coordinates, 2-D or 3-D. */
function coordinates(points: number[][]) {
  const trace = { x: points.map((p) => p[0]), y: points.map((p) => p[1]) } as Record<string, any>;
  if (points[0]?.length === 3) trace.z = points.map((p) => p[2]);
  return trace;
}

/** Every trace of a picture. */
export function drawn(
  picture: Picture,
  place: Projection,
  type: "scatter" | "scatter3d",
  most: number,
  look: { text: string },
): Drawn[] {
  return [
    drawnCloud(picture, place, type, most),
    drawnLinks(picture, place, type),
    ...picture.sentences.flatMap((s) => drawnSentence(s, place, type, look)),
  ];
}

function drawnCloud({ cloud }: Picture, place: Projection, type: string, most: number): Drawn {
  const kept = thinned(cloud.positions.length / 3, most);
  const points = kept.map((i) =>
    place(cloud.positions[3 * i], cloud.positions[3 * i + 1], cloud.positions[3 * i + 2]),
  );
  const colors = kept.map((i) =>
    css(cloud.colors.subarray(4 * i, 4 * i + 3), (cloud.colors[4 * i + 3] / 255) * 0.6),
  );
  const size = type === "scatter" ? 4 : 2.5;
  const trace = {
    type,
    mode: "markers",
    hoverinfo: "none",
    showlegend: false,
    ...coordinates(points),
    marker: { size, color: colors, line: { width: 0 } },
  };
  return { trace, picks: kept.map((index) => ({ kind: "cloud", index })) };
}

/** xyz of a token at a site between two, in a straight line. */
function tokenAt({ paths, sites, tokens }: SentencePicture, token: number, site: number) {
  const low = Math.min(Math.floor(site), sites - 1);
  const high = Math.min(low + 1, sites - 1);
  const mix = (k: number) => {
    const a = paths[3 * (low * tokens + token) + k];
    return a + (paths[3 * (high * tokens + token) + k] - a) * (site - low);
  };
  return [mix(0), mix(1), mix(2)] as const;
}

function drawnSentence(
  s: SentencePicture,
  place: Projection,
  type: "scatter" | "scatter3d",
  look: { text: string },
): Drawn[] {
  const hidden = { hoverinfo: "skip", showlegend: false };
  const tokens = Array.from({ length: s.tokens }, (_, token) => token);
  const beads = coordinates(tokens.map((token) => place(...tokenAt(s, token, s.site))));
  const text = s.labels.map(escaped);
  const opacity = s.active ? 1 : 0.7;
  const bead = {
    type,
    mode: type === "scatter" ? "markers+text" : "markers",
    text,
    textposition: "middle right",
    textfont: { size: 12, color: look.text },
    ...beads,
  };
  const marks = {
    ...bead,
    ...hidden,
    hoverinfo: "none",
    opacity,
    marker: {
      size: type === "scatter" ? 8 : 5,
      color: s.tint
        ? Array.from({ length: s.tokens }, (_, i) =>
            css(s.tint?.subarray(3 * i, 3 * i + 3) ?? s.color),
          )
        : css(s.color),
      line: { width: 0 },
    },
  };
  const out: Drawn[] = [];
  if (s.trail) {
    const whole = Array.from({ length: s.sites }, (_, site) => site);
    const seen = s.comet ? whole.filter((site) => Math.abs(site - s.site) <= COMET) : whole;
    const points = tokens.flatMap((token) => [
      ...seen.map((site) => place(...tokenAt(s, token, site))),
      type === "scatter" ? [NaN, NaN] : [NaN, NaN, NaN],
    ]);
    out.push({
      trace: {
        type,
        mode: "lines",
        ...hidden,
        ...coordinates(points),
        opacity: 0.5 * opacity,
        line: { color: css(s.color), width: type === "scatter" ? 1.2 : 2 },
      },
      picks: [],
    });
  }
  out.push({ trace: marks, picks: tokens.map((token) => ({ kind: "sentence", id: s.id, token })) });
  return out;
}

function drawnLinks(
  { cloud, sentences, links, edges }: Picture,
  place: Projection,
  type: "scatter" | "scatter3d",
): Drawn {
  const where = (pick: End) => {
    if (pick.kind === "place") return place(pick.at[0], pick.at[1], pick.at[2]);
    if (pick.kind === "cloud")
      return place(
        cloud.positions[3 * pick.index],
        cloud.positions[3 * pick.index + 1],
        cloud.positions[3 * pick.index + 2],
      );
    const s = sentences.find((one) => one.id === pick.id);
    return s ? place(...tokenAt(s, pick.token, s.site)) : null;
  };
  const gap = type === "scatter" ? [NaN, NaN] : [NaN, NaN, NaN];
  const lines = [...links, ...(edges ?? [])];
  const points = lines.flatMap(({ from, to }) => {
    const [a, b] = [where(from), where(to)];
    return a && b ? [a, b, gap] : [];
  });
  const trace = {
    type,
    mode: "lines",
    hoverinfo: "skip",
    showlegend: false,
    ...coordinates(points.length ? points : [gap]),
    line: { color: "rgba(140,160,190,.5)", width: 1 },
  };
  return { trace, picks: [] };
}

/** Text that Plotly shows as it is: its texts are a small markup. */
export const escaped = (text: string) =>
  text.replace(/&/gu, "&amp;").replace(/</gu, "&lt;").replace(/>/gu, "&gt;");

/** Data units onto frame units. */
export function framed({ center, radius }: Picture["frame"]): Projection {
  return (x, y, z) => [
    (x - center[0]) / radius,
    (y - center[1]) / radius,
    (z - center[2]) / radius,
  ];
}
