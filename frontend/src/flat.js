/** Pictures as Plotly's own traces, for browsers without WebGL and for the day the scene's own trace cannot be drawn. Pure. */

import { FIELD } from "./camera.js";

/** @typedef {import("./picture").Picture} Picture */
/** @typedef {import("./picture").SentencePicture} SentencePicture */
/** @typedef {import("./picture").Camera} Camera */
/** @typedef {import("./picture").Pick} Pick */
/** @typedef {(x: number, y: number, z: number) => number[]} Projection */
/** @typedef {{trace: Record<string, any>, picks: Pick[]}} Drawn a Plotly trace and what each of its points is */

/** How many cloud points an SVG bears. */
export const MOST_FLAT = 4000;

/** Data units onto the plane a camera sees: x right, y up, both in frame radii.
 * @param {Picture["frame"]} frame @param {Camera} camera @returns {Projection} */
export function planeOf(frame, { eye, center, up }) {
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

/** @param {number[]} a @param {number[]} b */
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
/** @param {number[]} a @param {number[]} b */
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
/** @param {number[]} v */
const unit = (v) => v.map((c) => c / (Math.hypot(...v) || 1));

/** Every n-th point, so that at most `most` are left.
 * @param {number} count @param {number} most */
export function thinned(count, most) {
  const kept = Math.min(count, most);
  return Array.from({ length: kept }, (_, i) => Math.floor((i * count) / kept));
}

/** @param {ArrayLike<number>} rgb @param {number} [alpha] */
const css = (rgb, alpha = 1) => `rgba(${rgb[0]},${rgb[1]},${rgb[2]},${alpha})`;

/** A trace's coordinates, 2-D or 3-D.
 * @param {number[][]} points */
function coordinates(points) {
  const trace = /** @type {Record<string, any>} */ ({ x: points.map((p) => p[0]), y: points.map((p) => p[1]) });
  if (points[0]?.length === 3) trace.z = points.map((p) => p[2]);
  return trace;
}

/** Every trace of a picture.
 * @param {Picture} picture @param {Projection} place @param {"scatter" | "scatter3d"} type @param {number} most @param {{text: string}} look @returns {Drawn[]} */
export function drawn(picture, place, type, most, look) {
  return [drawnCloud(picture, place, type, most), drawnLinks(picture, place, type), ...picture.sentences.flatMap((s) => drawnSentence(s, place, type, look))];
}

/** @param {Picture} picture @param {Projection} place @param {string} type @param {number} most @returns {Drawn} */
function drawnCloud({ cloud }, place, type, most) {
  const kept = thinned(cloud.positions.length / 3, most);
  const points = kept.map((i) => place(cloud.positions[3 * i], cloud.positions[3 * i + 1], cloud.positions[3 * i + 2]));
  const colors = kept.map((i) => css(cloud.colors.subarray(4 * i, 4 * i + 3), (cloud.colors[4 * i + 3] / 255) * 0.6));
  const size = type === "scatter" ? 4 : 2.5;
  const trace = { type, mode: "markers", hoverinfo: "none", showlegend: false, ...coordinates(points), marker: { size, color: colors, line: { width: 0 } } };
  return { trace, picks: kept.map((index) => ({ kind: "cloud", index })) };
}

/** xyz of a token at a site between two, in a straight line.
 * @param {SentencePicture} s @param {number} token @param {number} site */
function tokenAt({ paths, sites, tokens }, token, site) {
  const low = Math.min(Math.floor(site), sites - 1);
  const high = Math.min(low + 1, sites - 1);
  /** @param {number} k */
  const mix = (k) => {
    const a = paths[3 * (low * tokens + token) + k];
    return a + (paths[3 * (high * tokens + token) + k] - a) * (site - low);
  };
  return /** @type {const} */ ([mix(0), mix(1), mix(2)]);
}

/** @param {SentencePicture} s @param {Projection} place @param {"scatter" | "scatter3d"} type @param {{text: string}} look @returns {Drawn[]} */
function drawnSentence(s, place, type, look) {
  const hidden = { hoverinfo: "skip", showlegend: false };
  const tokens = Array.from({ length: s.tokens }, (_, token) => token);
  const beads = coordinates(tokens.map((token) => place(...tokenAt(s, token, s.site))));
  const text = s.labels.map(escaped);
  const opacity = s.active ? 1 : 0.55;
  const bead = { type, mode: type === "scatter" ? "markers+text" : "markers", text, textposition: "middle right", textfont: { size: 12, color: look.text }, ...beads };
  const marks = { ...bead, ...hidden, hoverinfo: "none", opacity, marker: { size: type === "scatter" ? 8 : 5, color: s.tint ? Array.from({ length: s.tokens }, (_, i) => css(s.tint?.subarray(3 * i, 3 * i + 3) ?? s.color)) : css(s.color), line: { width: 0 } } };
  /** @type {Drawn[]} */
  const out = [];
  if (s.trail) {
    const points = tokens.flatMap((token) => [...Array.from({ length: s.sites }, (_, site) => place(...tokenAt(s, token, site))), type === "scatter" ? [NaN, NaN] : [NaN, NaN, NaN]]);
    out.push({ trace: { type, mode: "lines", ...hidden, ...coordinates(points), opacity: 0.5 * opacity, line: { color: css(s.color), width: type === "scatter" ? 1.2 : 2 } }, picks: [] });
  }
  out.push({ trace: marks, picks: tokens.map((token) => ({ kind: "sentence", id: s.id, token })) });
  return out;
}

/** @param {Picture} picture @param {Projection} place @param {"scatter" | "scatter3d"} type @returns {Drawn} */
function drawnLinks({ cloud, sentences, links, edges }, place, type) {
  /** @param {import("./picture").End} pick */
  const where = (pick) => {
    if (pick.kind === "place") return place(pick.at[0], pick.at[1], pick.at[2]);
    if (pick.kind === "cloud") return place(cloud.positions[3 * pick.index], cloud.positions[3 * pick.index + 1], cloud.positions[3 * pick.index + 2]);
    const s = sentences.find((one) => one.id === pick.id);
    return s ? place(...tokenAt(s, pick.token, s.site)) : null;
  };
  const gap = type === "scatter" ? [NaN, NaN] : [NaN, NaN, NaN];
  const lines = [...links, ...(edges ?? [])];
  const points = lines.flatMap(({ from, to }) => {
    const [a, b] = [where(from), where(to)];
    return a && b ? [a, b, gap] : [];
  });
  const trace = { type, mode: "lines", hoverinfo: "skip", showlegend: false, ...coordinates(points.length ? points : [gap]), line: { color: "rgba(140,160,190,.5)", width: 1 } };
  return { trace, picks: [] };
}

/** Text that Plotly shows as it is: its texts are a small markup.
 * @param {string} text */
export const escaped = (text) => text.replace(/&/gu, "&amp;").replace(/</gu, "&lt;").replace(/>/gu, "&gt;");

/** Data units onto frame units.
 * @param {Picture["frame"]} frame @returns {Projection} */
export function framed({ center, radius }) {
  return (x, y, z) => [(x - center[0]) / radius, (y - center[1]) / radius, (z - center[2]) / radius];
}
