/**
 * What is on screen between two pictures: where every point is now, and how it glides to where it
 * shall be. No DOM, no GL.
 */

import { mirrorEnds, pointAt, strandsOf } from "./curve.ts";
import { Flock } from "./flock.ts";
import type { Ease, EdgePicture, End, Pick, Picture, SentencePicture } from "./picture.ts";

/** Xyz and size of every cloud point in frame units; its RGBA. */
export type Keyframe = { points: Float32Array; colors: Uint8Array };
type Look = {
  site: number;
  presence: number;
  trail: number;
  comet: number;
  emphasis: number;
  red: number;
  green: number;
  blue: number;
};
export type Strand = {
  id: string;
  sites: number;
  tokens: number;
  labels: string[];
  faint: Uint8Array | null;
  trust: Float32Array | null;
  tint: Uint8Array | null;
  active: boolean;
  from: Float32Array;
  to: Float32Array;
  now: Float32Array;
  lookFrom: Look;
  lookTo: Look;
  look: Look;
  beads: Float32Array;
  leaving: boolean;
  detail: number;
  flock: Flock;
  silent: boolean;
  loose: boolean;
  scale: boolean;
};
type Link = { from: Pick; to: Pick; weight: number };

const LOOKS = ["site", "presence", "trail", "comet", "emphasis", "red", "green", "blue"] as const;

/** The fraction of the way gone after the fraction `k` of the time. */
export function eased(k: number, ease: Ease) {
  if (ease === "linear") return k;
  if (ease === "out") return 1 - (1 - k) ** 3;
  return k < 0.5 ? 4 * k ** 3 : 1 - (2 - 2 * k) ** 3 / 2;
}

/** The cloud of a picture as a keyframe. */
export function keyframeOf({ cloud, frame }: Picture): Keyframe {
  const count = cloud.positions.length / 3;
  const points = new Float32Array(4 * count);
  const scale = 1 / frame.radius;
  for (let i = 0, p = 0, q = 0; i < count; i++, p += 3, q += 4) {
    for (let k = 0; k < 3; k++) points[q + k] = (cloud.positions[p + k] - frame.center[k]) * scale;
    points[q + 3] = cloud.sizes ? cloud.sizes[i] : 1;
  }
  return { points, colors: cloud.colors.slice() };
}

/** The keyframe that lies the fraction `t` of the way between two. */
export function mixed(a: Keyframe, b: Keyframe, t: number): Keyframe {
  const points = new Float32Array(b.points.length);
  const colors = new Uint8Array(b.colors.length);
  for (let i = 0; i < points.length; i++) points[i] = a.points[i] + (b.points[i] - a.points[i]) * t;
  for (let i = 0; i < colors.length; i++)
    colors[i] = a.colors[i] + (b.colors[i] - a.colors[i]) * t + 0.5;
  return { points, colors };
}

/** A keyframe as it comes on stage: a little outside its place and not yet to be seen. */
function unborn(frame: Keyframe): Keyframe {
  const points = frame.points.slice();
  const colors = frame.colors.slice();
  for (let i = 0; i < points.length; i += 4) for (let k = 0; k < 3; k++) points[i + k] *= 1.12;
  for (let i = 3; i < colors.length; i += 4) colors[i] = 0;
  return { points, colors };
}

/**
 * A keyframe of the same reference that more came to, or left: its own points go on from where they
 * are.
 */
function joined(now: Keyframe, next: Keyframe, own: number): Keyframe {
  const points = next.points.slice();
  const colors = next.colors.slice();
  points.set(now.points.subarray(0, 4 * own));
  colors.set(now.colors.subarray(0, 4 * own));
  for (let i = own; i < points.length / 4; i++) colors[4 * i + 3] = 0;
  return { points, colors };
}

/** How many points of a picture's cloud are the reference's. */
const ownCount = (picture: Picture | null) =>
  picture?.cloud.own ?? (picture ? picture.cloud.positions.length / 3 : 0);

function lookOf(s: SentencePicture, anyActive: boolean): Look {
  const [red, green, blue] = s.color;
  return {
    site: s.site,
    presence: 1,
    trail: s.trail ? 1 : 0,
    comet: s.comet ?? 0,
    emphasis: s.active || !anyActive ? 1 : 0.5,
    red,
    green,
    blue,
  };
}

/**
 * The start of a strand's path: where each token's counterpart is now; a token without one starts
 * on its own path.
 */
function startOf(before: Strand | undefined, to: Float32Array, sites: number, tokens: number) {
  const from = to.slice();
  if (before && before.sites === sites)
    from.set(before.now.subarray(0, 3 * (sites + 2) * Math.min(tokens, before.tokens)));
  return from;
}

function strandOf(
  s: SentencePicture,
  before: Strand | undefined,
  frame: Picture["frame"],
  anyActive: boolean,
): Strand {
  const to = strandsOf(s.paths, s.sites, s.tokens, frame);
  const from = startOf(before, to, s.sites, s.tokens);
  const lookTo = lookOf(s, anyActive);
  const lookFrom = before ? { ...before.look } : { ...lookTo, presence: 0 };
  const { id, sites, tokens, labels, active } = s;
  const faint = s.faint ?? null;
  const trust = s.trust ?? null;
  const tint = s.tint ?? null;
  const now = from.slice();
  const beads = new Float32Array(3 * (tokens + 2));
  const flock = before?.flock ?? new Flock();
  flock.begin(s.ghosts ?? null, frame);
  return {
    id,
    sites,
    tokens,
    labels,
    faint,
    trust,
    tint,
    active,
    from,
    to,
    now,
    lookFrom,
    lookTo,
    look: { ...lookFrom },
    beads,
    leaving: false,
    detail: 0,
    flock,
    silent: s.silent ?? false,
    loose: s.loose ?? false,
    scale: s.scale ?? false,
  };
}

export class Motion {
  from: Keyframe;
  to: Keyframe;
  strands: Strand[];
  links: Link[];
  /** How far the cloud is from `from` to `to`. */
  t: number;
  linksSeen: number;
  edges: EdgePicture[];
  edgesSeen: number;
  /** Grows whenever a sentence's details (trust, faintness, count) change. */
  detail: number;
  start: number;
  ms: number;
  ease: Ease;
  moving: boolean;
  picture: Picture | null;

  constructor() {
    const nothing = { points: new Float32Array(0), colors: new Uint8Array(0) };
    this.from = nothing;
    this.to = nothing;
    this.strands = [];
    this.links = [];
    this.t = 1;
    this.linksSeen = 1;
    this.edges = [];
    this.edgesSeen = 1;
    this.detail = 0;
    this.start = 0;
    this.ms = 0;
    this.ease = "inout";
    this.moving = false;
    this.picture = null;
  }

  get count() {
    return this.to.points.length / 4;
  }

  /**
   * The picture on screen begins to turn into another one.
   * @param now ms
   */
  begin(picture: Picture, now: number, ms: number, ease: Ease) {
    const interrupted = this.moving && this.t < 1;
    this.#beginCloud(picture, ms);
    this.#beginStrands(picture, ms);
    this.linksSeen = sameLinks(this.links, picture.links) ? this.linksSeen : 0;
    this.links = picture.links.map((link) => ({ ...link }));
    if (picture.edges !== this.edges && (picture.edges?.length ?? 0) + this.edges.length) {
      this.edgesSeen = sameEnds(this.edges, picture.edges ?? []) ? this.edgesSeen : 0;
      this.edges = picture.edges ?? [];
    }
    [this.start, this.ms, this.picture] = [now, ms, picture];
    this.ease = interrupted && ease === "inout" ? "out" : ease;
    this.moving = true;
    this.advance(now);
  }

  #beginCloud(picture: Picture, ms: number) {
    const last = this.picture;
    const same =
      last &&
      last.cloud.positions === picture.cloud.positions &&
      last.cloud.colors === picture.cloud.colors &&
      last.cloud.sizes === picture.cloud.sizes &&
      sameFrame(last.frame, picture.frame);
    if (same && this.t === 1) {
      this.from = this.to;
      return;
    }
    const next = keyframeOf(picture);
    if (ms > 0) {
      const now = this.t === 1 ? this.to : mixed(this.from, this.to, this.t);
      if (next.points.length === now.points.length) this.from = now;
      else
        this.from =
          ownCount(last) === ownCount(picture)
            ? joined(now, next, ownCount(picture))
            : unborn(next);
    } else this.from = next;
    this.to = next;
    this.t = 0;
  }

  #beginStrands(picture: Picture, ms: number) {
    const anyActive = picture.sentences.some((s) => s.active);
    const known = new Map(this.strands.map((strand) => [strand.id, strand]));
    const strands = picture.sentences.map((s) => {
      const before = known.get(s.id);
      known.delete(s.id);
      return this.#numbered(strandOf(s, before, picture.frame, anyActive), before);
    });
    const leaving =
      ms > 0 ? [...known.values()].filter((strand) => strand.look.presence > 0.01) : [];
    for (const strand of leaving) {
      Object.assign(strand, {
        leaving: true,
        from: strand.now.slice(),
        to: strand.now.slice(),
        lookFrom: { ...strand.look },
        lookTo: { ...strand.look, presence: 0 },
      });
    }
    this.strands = [
      ...leaving,
      ...strands.filter((s) => !s.active),
      ...strands.filter((s) => s.active),
    ];
  }

  #numbered(strand: Strand, before: Strand | undefined) {
    const kept =
      before &&
      before.sites === strand.sites &&
      before.tokens === strand.tokens &&
      before.trust === strand.trust &&
      before.faint === strand.faint;
    strand.detail = kept ? before.detail : ++this.detail;
    return strand;
  }

  /**
   * Everything is where it belongs at the time `now`; true when that is not yet the end.
   * @param now ms
   */
  advance(now: number) {
    if (!this.moving) return false;
    const k = this.ms > 0 ? Math.min(1, Math.max(0, (now - this.start) / this.ms)) : 1;
    const t = eased(k, this.ease);
    if (this.from !== this.to) this.t = t;
    else this.t = 1;
    this.linksSeen = Math.max(this.linksSeen, t);
    this.edgesSeen = Math.max(this.edgesSeen, t);
    for (const strand of this.strands) this.#move(strand, t);
    if (k === 1) this.#settle();
    return this.moving;
  }

  #move(strand: Strand, t: number) {
    const { from, to, now, look, lookFrom, lookTo } = strand;
    for (let i = 0; i < now.length; i++) now[i] = from[i] + (to[i] - from[i]) * t;
    for (const name of LOOKS) look[name] = lookFrom[name] + (lookTo[name] - lookFrom[name]) * t;
    strand.flock.t = t;
    for (let token = 0; token < strand.tokens; token++)
      pointAt(now, strand.sites, token, look.site, strand.beads, 3 * (token + 1));
    mirrorEnds(strand.beads, 0, strand.tokens);
  }

  #settle() {
    this.from = this.to;
    this.t = 1;
    this.moving = false;
    this.strands = this.strands.filter((strand) => !strand.leaving);
  }

  /**
   * Where a picked token is now, frame units; false when there is no such token.
   * @param at where in `out`
   */
  locate(pick: Pick, out: Float32Array | Float64Array, at: number) {
    if (pick.kind === "cloud") return this.#locateCloud(pick.index, out, at);
    const strand = this.strands.find((s) => s.id === pick.id && !s.leaving);
    if (!strand || !(pick.token >= 0 && pick.token < strand.tokens)) return false;
    for (let k = 0; k < 3; k++) out[at + k] = strand.beads[3 * (pick.token + 1) + k];
    return true;
  }

  /**
   * Where the end of an edge is now, frame units: a token, or a place that stays; false when there
   * is no such token.
   */
  reach(end: End, out: Float32Array, at: number) {
    if (end.kind !== "place") return this.locate(end, out, at);
    const frame = this.picture?.frame;
    if (!frame) return false;
    for (let k = 0; k < 3; k++) out[at + k] = (end.at[k] - frame.center[k]) / frame.radius;
    return true;
  }

  #locateCloud(index: number, out: Float32Array | Float64Array, at: number) {
    if (!(index >= 0 && index < this.count)) return false;
    const [a, b] = [this.from.points, this.to.points];
    for (let k = 0; k < 3; k++)
      out[at + k] = a[4 * index + k] + (b[4 * index + k] - a[4 * index + k]) * this.t;
    return true;
  }
}

function sameFrame(a: Picture["frame"], b: Picture["frame"]) {
  return a.radius === b.radius && a.center.every((v, k) => v === b.center[k]);
}

function sameLinks(a: Link[], b: Link[]) {
  return (
    a.length === b.length &&
    a.every((link, i) => samePick(link.from, b[i].from) && samePick(link.to, b[i].to))
  );
}

function sameEnds(a: EdgePicture[], b: EdgePicture[]) {
  const same = (one: End, other: End) =>
    one.kind === "place" || other.kind === "place" ? one.kind === other.kind : samePick(one, other);
  return (
    a.length === b.length &&
    a.every((edge, i) => same(edge.from, b[i].from) && same(edge.to, b[i].to))
  );
}

export function samePick(a: Pick | null, b: Pick | null) {
  if (a === null || b === null) return a === b;
  if (a.kind === "cloud") return b.kind === "cloud" && a.index === b.index;
  return b.kind === "sentence" && a.id === b.id && a.token === b.token;
}
