/** A token's move taken apart: what attention, each head and the MLP add, as arrows from it; and how its neighbourhood is stretched. Pure. */

import { frameShown } from "../projections.js";
import { answerTo, placeAsked, sentenceInside, tokenInside } from "./asked.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Look} Look */
/** @typedef {import("../types.d.ts").Tensor} Tensor */
/** @typedef {import("../picture.d.ts").EdgePicture} EdgePicture */
/** @typedef {import("../picture.d.ts").End} End */
/** What leads on from site `from`: half a layer, or both halves where they read the same state; `last`: the site on screen is the one it led to. @typedef {{ from: number, layer: number, half: "attention" | "mlp" | "both", last: boolean }} Move */
/** `share`: of the whole move, along it; null of what cannot be told. @typedef {{ part: "attention" | "head" | "bias" | "mlp", head: number | null, length: number | null, angle: number | null, share: number, trust: number | null, tip: Float32Array | null }} Part */
/** @typedef {{ start: Float32Array, tip: Float32Array, kind: "attention" | "mlp", weight: number }} Arrow */

/** @type {Record<import("../types.d.ts").Theme, Record<"attention" | "mlp" | "stretch", import("../types.d.ts").RGB>>} */
export const INKS = {
  dark: { attention: [132, 190, 255], mlp: [255, 132, 186], stretch: [120, 224, 190] },
  light: { attention: [24, 84, 190], mlp: [190, 24, 110], stretch: [0, 122, 98] },
};

/** Pieces of a ring. */
const PIECES = 24;
/** A share of the move that is rounding. */
const NOTHING = 5e-4;
/** How many times as long as placed lines may be drawn, until the longest is this part of the frame's radius. */
const TIMES = [1, 2, 5, 10, 20, 50, 100];
const SEEN = 0.18;

/** The move on screen: the one that leads on from its site, at the last site the one that led there. @param {State} state @returns {Move} */
export function moveShown(state) {
  const site = Math.round(state.site);
  const from = Math.max(0, Math.min((state.card?.sites.length ?? 2) - 2, site));
  return { from, ...movedBy(state.card?.sites ?? [], from), last: site > from };
}

/** What leads on from a site, told by the name of the next. @param {string[]} sites @param {number} from @returns {{ layer: number, half: Move["half"] }} */
function movedBy(sites, from) {
  const [, layer, end] = /^L(\d+)\.(mid|post)$/.exec(sites[from + 1] ?? "") ?? ["", String(from >> 1), from % 2 ? "post" : "mid"];
  if (end === "mid") return { layer: Number(layer), half: "attention" };
  return { layer: Number(layer), half: sites.includes(`L${layer}.mid`) ? "mlp" : "both" };
}

/** One number, or one place, of a tensor. @param {Tensor} tensor @param {...number} at its first indices */
function part({ shape, data }, ...at) {
  const size = shape.slice(at.length).reduce((all, n) => all * n, 1);
  const start = at.reduce((all, n, axis) => all * shape[axis] + n, 0) * size;
  return /** @type {Float32Array} */ (data.subarray(start, start + size));
}

/** The angle of a cosine, degrees. @param {number} cosine */
function degrees(cosine) {
  return (Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI;
}

/**
 * The parts of a token's move, the whole first; those after it sum to it, and so do their shares (the bias has what is left).
 * @param {Look} look the answer to `dissect` @param {Move} move @param {number} token @returns {Part[]}
 */
export function partsOf(look, move, token) {
  const { layer, half } = move;
  if (half === "both") return [...partsOf(look, { ...move, half: "attention" }, token), ...partsOf(look, { ...move, half: "mlp" }, token)];
  const of = (/** @type {string} */ name, /** @type {number[]} */ ...at) => part(look.tensors[`${half}.${name}`], ...at);
  /** @type {(kind: Part["part"], head: number | null, at: number[], whole: number) => Part} */
  const told = (kind, head, at, whole) => {
    const [length, cosine] = [of("length", ...at)[0], of("cosine", ...at)[0]];
    return { part: kind, head, length, angle: degrees(cosine), share: whole ? (length * cosine) / whole : 0, trust: of("trust", ...at)[0], tip: of("tip", ...at) };
  };
  if (half === "mlp") return [told("mlp", null, [layer, token], of("length", layer, token)[0])];
  const whole = of("length", layer, 0, token)[0];
  const heads = Array.from({ length: look.answer.heads }, (_, head) => told("head", head, [layer, head + 1, token], whole));
  const left = 1 - heads.reduce((all, one) => all + one.share, 0);
  /** @type {Part} */
  const bias = { part: "bias", head: null, length: null, angle: null, share: left, trust: null, tip: null };
  return [told("attention", null, [layer, 0, token], whole), ...heads, ...(whole && Math.abs(left) > NOTHING ? [bias] : [])];
}

/** What a part promotes and demotes; null where there is no answer to this. @param {Look | null} look the answer to `promote` @param {Move} move @param {Part} one */
export function wordsOf(look, { layer }, one) {
  return look?.answer.parts.find((/** @type {any} */ other) => other.part === one.part && (other.layer ?? null) === layer && (other.head ?? null) === one.head) ?? null;
}

/**
 * The stretch of a token by move: the largest, the median and the smallest singular value, and the turn at the site it leads on from,
 * degrees; null where there is none.
 * @param {Look} look the answer to `bend`
 */
export function bendsOf({ tensors: { values, turn } }) {
  const known = (/** @type {number} */ value) => (Number.isFinite(value) ? value : null);
  return Array.from({ length: values.shape[0] }, (_, move) => {
    const own = part(values, move).filter(Number.isFinite);
    const angle = known((turn.data[move] * 180) / Math.PI);
    if (!own.length) return { largest: null, median: null, smallest: null, turn: angle };
    return { largest: own[0], median: (own[(own.length - 1) >> 1] + own[own.length >> 1]) / 2, smallest: own[own.length - 1], turn: angle };
  });
}

/** How far a stretch is from one that can be undone: powers of ten between the largest and the smallest, and in which of three words; null where there is none. @param {{ largest: number | null, smallest: number | null }} bend */
export function farness({ largest, smallest }) {
  if (largest === null || smallest === null) return null;
  const condition = smallest > 0 ? largest / smallest : Infinity;
  const word = condition < 10 ? "mild" : condition < 1000 ? "narrow" : "lost";
  return { condition, powers: Math.min(4, Math.log10(condition)), word: /** @type {"mild" | "narrow" | "lost"} */ (word) };
}

/** The questions of this tab, by kind. @param {State} state @returns {({ type: string } & Record<string, any>)[]} */
function questions(state) {
  const [place, token] = [placeAsked(state), tokenInside(state)];
  if (!place || token === null) return [];
  return [{ type: "dissect", ...place }, { type: "promote", ...place, token }, { type: "bend", ...place, token }];
}

/** The answers that are to what is asked now, by kind. @param {State} state @returns {{ dissect: Look | null, promote: Look | null, bend: Look | null }} */
export function partsAnswers(state) {
  const asked = questions(state);
  const [dissect, promote, bend] = ["dissect", "promote", "bend"].map((kind) => {
    const { look, fresh } = answerTo(state, kind, asked.find((one) => one.type === kind));
    return fresh ? look : null;
  });
  return { dissect, promote, bend };
}

/** Arrows of one move, each from the token's place in its cloud. @param {Look} look @param {Move} move @param {number} token @param {boolean} heads whether those of heads are among them @returns {Arrow[]} */
function arrowsOf(look, move, token, heads) {
  const start = part(look.tensors.positions, move.from, token);
  return partsOf(look, move, token).flatMap(({ part: kind, tip, length }) => {
    if (!tip || !length || (kind === "head" && !heads)) return [];
    return [{ start, tip, kind: kind === "mlp" ? "mlp" : "attention", weight: kind === "head" ? 0.2 : heads ? 1 : 0.4 }];
  });
}

/** How many times as long as they are placed lines are drawn, so that the longest can be seen: a round number from 1 to 100. @param {{ start: ArrayLike<number>, tip: ArrayLike<number> }[]} lines @param {number} radius of the frame */
export function timesOf(lines, radius) {
  const longest = Math.max(0, ...lines.map(({ start, tip }) => Math.hypot(tip[0] - start[0], tip[1] - start[1], tip[2] - start[2])));
  return longest > 0 ? (TIMES.find((times) => times * longest >= SEEN * radius) ?? TIMES[TIMES.length - 1]) : 1;
}

/** The end of a line that is drawn so many times as long. @param {{ start: ArrayLike<number>, tip: ArrayLike<number> }} line @param {number} times */
function longer({ start, tip }, times) {
  return [0, 1, 2].map((k) => start[k] + times * (tip[k] - start[k]));
}

/** Everything the scene shows of a token's parts, and how much longer than it is placed; null where there is nothing. @param {State} state */
export function scenery(state) {
  const [sentence, token] = [sentenceInside(state), tokenInside(state)];
  const { dissect, bend } = partsAnswers(state);
  if (!sentence || token === null || !dissect || dissect.tensors.positions.shape[1] !== sentence.tokens.length) return null;
  const move = moveShown(state);
  const { radius } = frameShown(state);
  const sites = state.card?.sites ?? [];
  const others = Array.from({ length: state.inside.everyLayer ? sites.length - 1 : 0 }, (_, from) => from).filter((from) => from !== move.from);
  const away = others.flatMap((from) => arrowsOf(dissect, { from, ...movedBy(sites, from), last: false }, token, false));
  const arrows = arrowsOf(dissect, move, token, true);
  const start = part(dissect.tensors.positions, move.from, token);
  const ends = state.inside.stretch && bend ? endsOf(bend, move.from) : [];
  const times = { arrows: timesOf([...away, ...arrows], radius), cross: timesOf(ends.map((tip) => ({ start, tip })), radius) };
  /** @type {End} */
  const here = move.last ? { kind: "place", at: start } : { kind: "sentence", id: sentence.id, token };
  return { here, start, away, arrows, ends, times };
}

/** Both ends of the three most stretched directions of a move; none where it has no finite stretch. @param {Look} look the answer to `bend` @param {number} move */
function endsOf({ tensors: { axes, values } }, move) {
  if (move >= axes.shape[0] || !Number.isFinite(part(values, move)[0])) return [];
  return [0, 1, 2].flatMap((axis) => [part(axes, move, axis, 0), part(axes, move, axis, 1)]);
}

/** A cross from a token to six ends, two a direction, and a ring through each four of them. @param {ArrayLike<number>[]} ends @param {End} from @param {ArrayLike<number>} centre where `from` is @param {import("../types.d.ts").RGB} color @returns {EdgePicture[]} */
export function glyph(ends, from, centre, color) {
  const place = (/** @type {ArrayLike<number>} */ at) => ({ kind: /** @type {const} */ ("place"), at });
  const cross = ends.map((end) => ({ from, to: place(end), weight: 0.2, color, arrow: true }));
  const pairs = ends.length ? [[0, 2], [0, 4], [2, 4]] : [];
  const rings = pairs.flatMap(([a, b]) => {
    const points = Array.from({ length: PIECES }, (_, i) => ringPoint(centre, [ends[a], ends[a + 1]], [ends[b], ends[b + 1]], (2 * Math.PI * i) / PIECES));
    return points.map((point, i) => ({ from: place(point), to: place(points[(i + 1) % PIECES]), weight: 0.2, color, arrow: false, plain: true }));
  });
  return [...cross, ...rings];
}

/** A point of the ring through four ends around a centre. @param {ArrayLike<number>} centre @param {ArrayLike<number>[]} a @param {ArrayLike<number>[]} b @param {number} angle */
function ringPoint(centre, a, b, angle) {
  const [x, y] = [Math.cos(angle), Math.sin(angle)];
  const [one, other] = [a[x < 0 ? 1 : 0], b[y < 0 ? 1 : 0]];
  return [0, 1, 2].map((k) => centre[k] + Math.abs(x) * (one[k] - centre[k]) + Math.abs(y) * (other[k] - centre[k]));
}

/** @type {import("../types.d.ts").InsideView} */
export const parts = {
  bare: true,
  questions,
  edges(state) {
    const found = scenery(state);
    if (!found) return [];
    const { here, start, away, arrows, ends, times } = found;
    const inks = INKS[state.theme];
    /** @type {(arrow: Arrow, from: End) => EdgePicture} */
    const edge = (arrow, from) => ({ from, to: { kind: "place", at: longer(arrow, times.arrows) }, weight: arrow.weight, color: inks[arrow.kind], arrow: true });
    const cross = ends.map((tip) => longer({ start, tip }, times.cross));
    return [...away.map((arrow) => edge(arrow, { kind: "place", at: arrow.start })), ...glyph(cross, here, start, inks.stretch), ...arrows.map((arrow) => edge(arrow, here))];
  },
};
