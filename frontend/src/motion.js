/** What is on screen between two pictures: where every point is now, and how it glides to where it shall be. No DOM, no GL. */

import { mirrorEnds, pointAt, strandsOf } from "./curve.js";

/** @typedef {import("./picture").Picture} Picture */
/** @typedef {import("./picture").SentencePicture} SentencePicture */
/** @typedef {import("./picture").Pick} Pick */
/** @typedef {import("./picture").Ease} Ease */
/** @typedef {{points: Float32Array, colors: Uint8Array}} Keyframe xyz and size of every cloud point in frame units; its RGBA */
/** @typedef {{site: number, presence: number, trail: number, emphasis: number, red: number, green: number, blue: number}} Look */
/** @typedef {{id: string, sites: number, tokens: number, labels: string[], faint: Uint8Array | null, trust: Float32Array | null, tint: Uint8Array | null, active: boolean,
 *   from: Float32Array, to: Float32Array, now: Float32Array, lookFrom: Look, lookTo: Look, look: Look, beads: Float32Array, leaving: boolean, detail: number}} Strand */
/** @typedef {{from: Pick, to: Pick, weight: number}} Link */

const LOOKS = /** @type {const} */ (["site", "presence", "trail", "emphasis", "red", "green", "blue"]);

/** The fraction of the way gone after the fraction `k` of the time.
 * @param {number} k @param {Ease} ease */
export function eased(k, ease) {
  if (ease === "linear") return k;
  if (ease === "out") return 1 - (1 - k) ** 3;
  return k < 0.5 ? 4 * k ** 3 : 1 - (2 - 2 * k) ** 3 / 2;
}

/** The cloud of a picture as a keyframe.
 * @param {Picture} picture @returns {Keyframe} */
export function keyframeOf({ cloud, frame }) {
  const count = cloud.positions.length / 3;
  const points = new Float32Array(4 * count);
  const scale = 1 / frame.radius;
  for (let i = 0, p = 0, q = 0; i < count; i++, p += 3, q += 4) {
    for (let k = 0; k < 3; k++) points[q + k] = (cloud.positions[p + k] - frame.center[k]) * scale;
    points[q + 3] = cloud.sizes ? cloud.sizes[i] : 1;
  }
  return { points, colors: cloud.colors.slice() };
}

/** The keyframe that lies the fraction `t` of the way between two.
 * @param {Keyframe} a @param {Keyframe} b @param {number} t @returns {Keyframe} */
export function mixed(a, b, t) {
  const points = new Float32Array(b.points.length);
  const colors = new Uint8Array(b.colors.length);
  for (let i = 0; i < points.length; i++) points[i] = a.points[i] + (b.points[i] - a.points[i]) * t;
  for (let i = 0; i < colors.length; i++) colors[i] = a.colors[i] + (b.colors[i] - a.colors[i]) * t + 0.5;
  return { points, colors };
}

/** A keyframe as it comes on stage: a little outside its place and not yet to be seen.
 * @param {Keyframe} frame @returns {Keyframe} */
function unborn(frame) {
  const points = frame.points.slice();
  const colors = frame.colors.slice();
  for (let i = 0; i < points.length; i += 4) for (let k = 0; k < 3; k++) points[i + k] *= 1.12;
  for (let i = 3; i < colors.length; i += 4) colors[i] = 0;
  return { points, colors };
}

/** A keyframe of the same reference that more came to, or left: its own points go on from where they are.
 * @param {Keyframe} now @param {Keyframe} next @param {number} own @returns {Keyframe} */
function joined(now, next, own) {
  const points = next.points.slice();
  const colors = next.colors.slice();
  points.set(now.points.subarray(0, 4 * own));
  colors.set(now.colors.subarray(0, 4 * own));
  for (let i = own; i < points.length / 4; i++) colors[4 * i + 3] = 0;
  return { points, colors };
}

/** How many points of a picture's cloud are the reference's. @param {Picture | null} picture */
const ownCount = (picture) => picture?.cloud.own ?? (picture ? picture.cloud.positions.length / 3 : 0);

/** @param {SentencePicture} s @param {boolean} anyActive @returns {Look} */
function lookOf(s, anyActive) {
  const [red, green, blue] = s.color;
  return { site: s.site, presence: 1, trail: s.trail ? 1 : 0, emphasis: s.active || !anyActive ? 1 : 0.5, red, green, blue };
}

/** The start of a strand's path: where each token's counterpart is now; a token without one starts on its own path.
 * @param {Strand | undefined} before @param {Float32Array} to @param {number} sites @param {number} tokens */
function startOf(before, to, sites, tokens) {
  const from = to.slice();
  if (before && before.sites === sites) from.set(before.now.subarray(0, 3 * (sites + 2) * Math.min(tokens, before.tokens)));
  return from;
}

/** @param {SentencePicture} s @param {Strand | undefined} before @param {Picture["frame"]} frame @param {boolean} anyActive @returns {Strand} */
function strandOf(s, before, frame, anyActive) {
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
  return { id, sites, tokens, labels, faint, trust, tint, active, from, to, now, lookFrom, lookTo, look: { ...lookFrom }, beads, leaving: false, detail: 0 };
}

export class Motion {
  constructor() {
    const nothing = { points: new Float32Array(0), colors: new Uint8Array(0) };
    /** @type {Keyframe} */ this.from = nothing;
    /** @type {Keyframe} */ this.to = nothing;
    /** @type {Strand[]} */ this.strands = [];
    /** @type {Link[]} */ this.links = [];
    /** How far the cloud is from `from` to `to`. */
    this.t = 1;
    this.linksSeen = 1;
    /** @type {import("./picture").EdgePicture[]} */ this.edges = [];
    this.edgesSeen = 1;
    /** Grows whenever a sentence's details (trust, faintness, count) change. */
    this.detail = 0;
    this.start = 0;
    this.ms = 0;
    /** @type {Ease} */ this.ease = "inout";
    this.moving = false;
    /** @type {Picture | null} */ this.picture = null;
  }

  get count() {
    return this.to.points.length / 4;
  }

  /** The picture on screen begins to turn into another one.
   * @param {Picture} picture @param {number} now ms @param {number} ms @param {Ease} ease */
  begin(picture, now, ms, ease) {
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

  /** @param {Picture} picture @param {number} ms */
  #beginCloud(picture, ms) {
    const last = this.picture;
    const same = last && last.cloud.positions === picture.cloud.positions && last.cloud.colors === picture.cloud.colors
      && last.cloud.sizes === picture.cloud.sizes && sameFrame(last.frame, picture.frame);
    if (same && this.t === 1) {
      this.from = this.to;
      return;
    }
    const next = keyframeOf(picture);
    if (ms > 0) {
      const now = this.t === 1 ? this.to : mixed(this.from, this.to, this.t);
      if (next.points.length === now.points.length) this.from = now;
      else this.from = ownCount(last) === ownCount(picture) ? joined(now, next, ownCount(picture)) : unborn(next);
    } else this.from = next;
    this.to = next;
    this.t = 0;
  }

  /** @param {Picture} picture @param {number} ms */
  #beginStrands(picture, ms) {
    const anyActive = picture.sentences.some((s) => s.active);
    const known = new Map(this.strands.map((strand) => [strand.id, strand]));
    const strands = picture.sentences.map((s) => {
      const before = known.get(s.id);
      known.delete(s.id);
      return this.#numbered(strandOf(s, before, picture.frame, anyActive), before);
    });
    const leaving = ms > 0 ? [...known.values()].filter((strand) => strand.look.presence > 0.01) : [];
    for (const strand of leaving) {
      Object.assign(strand, { leaving: true, from: strand.now.slice(), to: strand.now.slice(), lookFrom: { ...strand.look }, lookTo: { ...strand.look, presence: 0 } });
    }
    this.strands = [...leaving, ...strands.filter((s) => !s.active), ...strands.filter((s) => s.active)];
  }

  /** @param {Strand} strand @param {Strand | undefined} before */
  #numbered(strand, before) {
    const kept = before && before.sites === strand.sites && before.tokens === strand.tokens && before.trust === strand.trust && before.faint === strand.faint;
    strand.detail = kept ? before.detail : ++this.detail;
    return strand;
  }

  /** Everything is where it belongs at the time `now`; true when that is not yet the end.
   * @param {number} now ms */
  advance(now) {
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

  /** @param {Strand} strand @param {number} t */
  #move(strand, t) {
    const { from, to, now, look, lookFrom, lookTo } = strand;
    for (let i = 0; i < now.length; i++) now[i] = from[i] + (to[i] - from[i]) * t;
    for (const name of LOOKS) look[name] = lookFrom[name] + (lookTo[name] - lookFrom[name]) * t;
    for (let token = 0; token < strand.tokens; token++) pointAt(now, strand.sites, token, look.site, strand.beads, 3 * (token + 1));
    mirrorEnds(strand.beads, 0, strand.tokens);
  }

  #settle() {
    this.from = this.to;
    this.t = 1;
    this.moving = false;
    this.strands = this.strands.filter((strand) => !strand.leaving);
  }

  /** Where a picked token is now, frame units; false when there is no such token.
   * @param {Pick} pick @param {Float32Array | Float64Array} out @param {number} at where in `out` */
  locate(pick, out, at) {
    if (pick.kind === "cloud") return this.#locateCloud(pick.index, out, at);
    const strand = this.strands.find((s) => s.id === pick.id && !s.leaving);
    if (!strand || !(pick.token >= 0 && pick.token < strand.tokens)) return false;
    for (let k = 0; k < 3; k++) out[at + k] = strand.beads[3 * (pick.token + 1) + k];
    return true;
  }

  /** Where the end of an edge is now, frame units: a token, or a place that stays; false when there is no such token.
   * @param {import("./picture").End} end @param {Float32Array} out @param {number} at */
  reach(end, out, at) {
    if (end.kind !== "place") return this.locate(end, out, at);
    const frame = this.picture?.frame;
    if (!frame) return false;
    for (let k = 0; k < 3; k++) out[at + k] = (end.at[k] - frame.center[k]) / frame.radius;
    return true;
  }

  /** @param {number} index @param {Float32Array | Float64Array} out @param {number} at */
  #locateCloud(index, out, at) {
    if (!(index >= 0 && index < this.count)) return false;
    const [a, b] = [this.from.points, this.to.points];
    for (let k = 0; k < 3; k++) out[at + k] = a[4 * index + k] + (b[4 * index + k] - a[4 * index + k]) * this.t;
    return true;
  }
}

/** @param {Picture["frame"]} a @param {Picture["frame"]} b */
function sameFrame(a, b) {
  return a.radius === b.radius && a.center.every((v, k) => v === b.center[k]);
}

/** @param {Link[]} a @param {Link[]} b */
function sameLinks(a, b) {
  return a.length === b.length && a.every((link, i) => samePick(link.from, b[i].from) && samePick(link.to, b[i].to));
}

/** @param {import("./picture").EdgePicture[]} a @param {import("./picture").EdgePicture[]} b */
function sameEnds(a, b) {
  const same = (/** @type {import("./picture").End} */ one, /** @type {import("./picture").End} */ other) =>
    one.kind === "place" || other.kind === "place" ? one.kind === other.kind : samePick(one, other);
  return a.length === b.length && a.every((edge, i) => same(edge.from, b[i].from) && same(edge.to, b[i].to));
}

/** @param {Pick | null} a @param {Pick | null} b */
export function samePick(a, b) {
  if (a === null || b === null) return a === b;
  if (a.kind === "cloud") return b.kind === "cloud" && a.index === b.index;
  return b.kind === "sentence" && a.id === b.id && a.token === b.token;
}
