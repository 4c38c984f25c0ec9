/**
 * A token's move taken apart: what attention, each head and the MLP add, as arrows from it; and how
 * its neighbourhood is stretched. Pure.
 */

import { frameShown } from "../projections.ts";
import { longer, timesOf } from "./arrows.ts";
import { answerTo, placeAsked, sentenceInside, tokenInside } from "./asked.ts";
import type { InsideView } from "./tab.ts";
import type { Look, RGB, State, Theme } from "../types.ts";
import type { Tensor } from "../../protocol/tensors.ts";
import type { EdgePicture, End } from "../../scene/picture.ts";

/**
 * What leads on from site `from`: half a layer, or both halves where they read the same state;
 * `last`: the site on screen is the one it led to.
 */
export type Move = {
  from: number;
  layer: number;
  half: "attention" | "mlp" | "both";
  last: boolean;
};
/** `share`: of the whole move, along it; null of what cannot be told. */
export type Part = {
  part: "attention" | "head" | "bias" | "mlp";
  head: number | null;
  length: number | null;
  angle: number | null;
  share: number;
  trust: number | null;
  tip: Float32Array | null;
};
type Arrow = { start: Float32Array; tip: Float32Array; kind: "attention" | "mlp"; weight: number };

export const INKS: Record<Theme, Record<"attention" | "mlp" | "stretch", RGB>> = {
  dark: { attention: [132, 190, 255], mlp: [255, 132, 186], stretch: [120, 224, 190] },
  light: { attention: [24, 84, 190], mlp: [190, 24, 110], stretch: [0, 122, 98] },
};

/** Pieces of a ring. */
const PIECES = 24;
/** A share of the move that is rounding. */
const NOTHING = 5e-4;

/**
 * The move on screen: the one that leads on from its site, at the last site the one that led there.
 */
export function moveShown(state: State): Move {
  const site = Math.round(state.site);
  const from = Math.max(0, Math.min((state.card?.sites.length ?? 2) - 2, site));
  return { from, ...movedBy(state.card?.sites ?? [], from), last: site > from };
}

/** What leads on from a site, told by the name of the next. */
function movedBy(sites: string[], from: number): Pick<Move, "layer" | "half"> {
  const found = /^L(\d+)\.(mid|post)$/.exec(sites[from + 1] ?? "");
  const [layer, end] = found
    ? [Number(found[1]), found[2]]
    : [from >> 1, from % 2 ? "post" : "mid"];
  if (end === "mid") return { layer, half: "attention" };
  return { layer, half: !found || sites.includes(`L${layer}.mid`) ? "mlp" : "both" };
}

/**
 * One number, or one place, of a tensor.
 * @param at its first indices
 */
function part({ shape, data }: Tensor, ...at: number[]) {
  const size = shape.slice(at.length).reduce((all, n) => all * n, 1);
  const start = at.reduce((all, n, axis) => all * shape[axis] + n, 0) * size;
  return data.subarray(start, start + size) as Float32Array;
}

/** The angle of a cosine, degrees. */
function degrees(cosine: number) {
  return (Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI;
}

/**
 * The parts of a token's move, the whole first; those after it sum to it, and so do their shares
 * (the bias has what is left).
 * @param look the answer about `decomposition`
 */
export function partsOf(look: Look, move: Move, token: number): Part[] {
  const { layer, half } = move;
  if (half === "both")
    return [
      ...partsOf(look, { ...move, half: "attention" }, token),
      ...partsOf(look, { ...move, half: "mlp" }, token),
    ];
  const of = (name: string, ...at: number[]) => part(look.tensors[`${half}.${name}`], ...at);
  const told: (kind: Part["part"], head: number | null, at: number[], whole: number) => Part = (
    kind,
    head,
    at,
    whole,
  ) => {
    const [length, cosine] = [of("length", ...at)[0], of("cosine", ...at)[0]];
    return {
      part: kind,
      head,
      length,
      angle: degrees(cosine),
      share: whole ? (length * cosine) / whole : 0,
      trust: of("trust", ...at)[0],
      tip: of("tip", ...at),
    };
  };
  if (half === "mlp") return [told("mlp", null, [layer, token], of("length", layer, token)[0])];
  const whole = of("length", layer, 0, token)[0];
  const heads = Array.from({ length: look.answer.heads }, (_, head) =>
    told("head", head, [layer, head + 1, token], whole),
  );
  const left = 1 - heads.reduce((all, one) => all + one.share, 0);
  const bias: Part = {
    part: "bias",
    head: null,
    length: null,
    angle: null,
    share: left,
    trust: null,
    tip: null,
  };
  return [
    told("attention", null, [layer, 0, token], whole),
    ...heads,
    ...(whole && Math.abs(left) > NOTHING ? [bias] : []),
  ];
}

/**
 * What a part promotes and demotes; null where there is no answer to this.
 * @param look the answer about `attribution`
 */
export function wordsOf(look: Look | null, { layer }: Move, one: Part) {
  return (
    look?.answer.parts.find(
      (other: any) =>
        other.part === one.part &&
        (other.layer ?? null) === layer &&
        (other.head ?? null) === one.head,
    ) ?? null
  );
}

/**
 * The stretch of a token by move: the largest, the median and the smallest singular value, and the
 * turn at the site it leads on from, degrees; null where there is none.
 * @param look the answer about `jacobian`
 */
export function stretchesOf({ tensors: { values, angle: angles } }: Look) {
  const known = (value: number) => (Number.isFinite(value) ? value : null);
  return Array.from({ length: values.shape[0] }, (_, move) => {
    const own = part(values, move).filter(Number.isFinite);
    const angle = known((angles.data[move] * 180) / Math.PI);
    if (!own.length) return { largest: null, median: null, smallest: null, turn: angle };
    return {
      largest: own[0],
      median: (own[(own.length - 1) >> 1] + own[own.length >> 1]) / 2,
      smallest: own[own.length - 1],
      turn: angle,
    };
  });
}

/**
 * How far a stretch is from one that can be undone: powers of ten between the largest and the
 * smallest, and in which of three words; null where there is none.
 */
export function farness({
  largest,
  smallest,
}: {
  largest: number | null;
  smallest: number | null;
}) {
  if (largest === null || smallest === null) return null;
  const condition = smallest > 0 ? largest / smallest : Infinity;
  const word = condition < 10 ? "mild" : condition < 1000 ? "narrow" : "lost";
  return {
    condition,
    powers: Math.min(4, Math.log10(condition)),
    word: word as "mild" | "narrow" | "lost",
  };
}

/** The questions of this tab, by kind. */
function questions(state: State): ({ type: string } & Record<string, any>)[] {
  const [place, token] = [placeAsked(state), tokenInside(state)];
  if (!place || token === null) return [];
  return [
    { type: "decomposition", ...place },
    { type: "attribution", ...place, token },
    { type: "jacobian", ...place, token },
  ];
}

/** The answers that are to what is asked now, by kind. */
export function decompositionLooks(state: State): {
  decomposition: Look | null;
  attribution: Look | null;
  jacobian: Look | null;
} {
  const asked = questions(state);
  const [decomposition, attribution, jacobian] = ["decomposition", "attribution", "jacobian"].map(
    (kind) => {
      const { look, fresh } = answerTo(
        state,
        kind,
        asked.find((one) => one.type === kind),
      );
      return fresh ? look : null;
    },
  );
  return { decomposition, attribution, jacobian };
}

/**
 * Arrows of one move, each from the token's place in its cloud.
 * @param heads whether those of heads are among them
 */
function arrowsOf(look: Look, move: Move, token: number, heads: boolean): Arrow[] {
  const start = part(look.tensors.positions, move.from, token);
  return partsOf(look, move, token).flatMap(({ part: kind, tip, length }) => {
    if (!tip || !length || (kind === "head" && !heads)) return [];
    return [
      {
        start,
        tip,
        kind: kind === "mlp" ? "mlp" : "attention",
        weight: kind === "head" ? 0.2 : heads ? 1 : 0.4,
      },
    ];
  });
}

/**
 * Everything the scene shows of a token's parts, and how much longer than it is placed; null where
 * there is nothing.
 */
export function scenery(state: State) {
  const [sentence, token] = [sentenceInside(state), tokenInside(state)];
  const { decomposition, jacobian } = decompositionLooks(state);
  if (
    !sentence ||
    token === null ||
    !decomposition ||
    decomposition.tensors.positions.shape[1] !== sentence.tokens.length
  )
    return null;
  const move = moveShown(state);
  const { radius } = frameShown(state);
  const sites = state.card?.sites ?? [];
  const others = Array.from(
    { length: state.inside.everyLayer ? sites.length - 1 : 0 },
    (_, from) => from,
  ).filter((from) => from !== move.from);
  const away = others.flatMap((from) =>
    arrowsOf(decomposition, { from, ...movedBy(sites, from), last: false }, token, false),
  );
  const arrows = arrowsOf(decomposition, move, token, true);
  const start = part(decomposition.tensors.positions, move.from, token);
  const ends = state.inside.stretch && jacobian ? endsOf(jacobian, move.from) : [];
  const times = {
    arrows: timesOf([...away, ...arrows], radius),
    cross: timesOf(
      ends.map((tip) => ({ start, tip })),
      radius,
    ),
  };
  const here: End = move.last
    ? { kind: "place", at: start }
    : { kind: "sentence", id: sentence.id, token };
  return { here, start, away, arrows, ends, times };
}

/**
 * Both ends of the three most stretched directions of a move; none where it has no finite stretch.
 * @param look the answer about `jacobian`
 */
function endsOf({ tensors: { axes, values } }: Look, move: number) {
  if (move >= axes.shape[0] || !Number.isFinite(part(values, move)[0])) return [];
  return [0, 1, 2].flatMap((axis) => [part(axes, move, axis, 0), part(axes, move, axis, 1)]);
}

/**
 * A cross from a token to six ends, two a direction, and a ring through each four of them.
 * @param centre where `from` is
 */
export function glyph(
  ends: ArrayLike<number>[],
  from: End,
  centre: ArrayLike<number>,
  color: RGB,
): EdgePicture[] {
  const place = (at: ArrayLike<number>) => ({ kind: "place" as const, at });
  const cross = ends.map((end) => ({ from, to: place(end), weight: 0.2, color, arrow: true }));
  const pairs = ends.length
    ? [
        [0, 2],
        [0, 4],
        [2, 4],
      ]
    : [];
  const rings = pairs.flatMap(([a, b]) => {
    const points = Array.from({ length: PIECES }, (_, i) =>
      ringPoint(centre, [ends[a], ends[a + 1]], [ends[b], ends[b + 1]], (2 * Math.PI * i) / PIECES),
    );
    return points.map((point, i) => ({
      from: place(point),
      to: place(points[(i + 1) % PIECES]),
      weight: 0.2,
      color,
      arrow: false,
      plain: true,
    }));
  });
  return [...cross, ...rings];
}

/** A point of the ring through four ends around a centre. */
function ringPoint(
  centre: ArrayLike<number>,
  a: ArrayLike<number>[],
  b: ArrayLike<number>[],
  angle: number,
) {
  const [x, y] = [Math.cos(angle), Math.sin(angle)];
  const [one, other] = [a[x < 0 ? 1 : 0], b[y < 0 ? 1 : 0]];
  return [0, 1, 2].map(
    (k) => centre[k] + Math.abs(x) * (one[k] - centre[k]) + Math.abs(y) * (other[k] - centre[k]),
  );
}

export const decomposition: InsideView = {
  bare: true,
  questions,
  times: (state) => scenery(state)?.times.arrows ?? null,
  edges(state) {
    const found = scenery(state);
    if (!found) return [];
    const { here, start, away, arrows, ends, times } = found;
    const inks = INKS[state.theme];
    const edge: (arrow: Arrow, from: End) => EdgePicture = (arrow, from) => ({
      from,
      to: { kind: "place", at: longer(arrow, times.arrows) },
      weight: arrow.weight,
      color: inks[arrow.kind],
      arrow: true,
    });
    const cross = ends.map((tip) => longer({ start, tip }, times.cross));
    return [
      ...away.map((arrow) => edge(arrow, { kind: "place", at: arrow.start })),
      ...glyph(cross, here, start, inks.stretch),
      ...arrows.map((arrow) => edge(arrow, here)),
    ];
  },
};
