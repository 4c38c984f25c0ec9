/**
 * The tower: the layout in two dimensions, a sheet a site (or a checkpoint), stacked. The sheet on
 * screen is whole and bright, of the others a few points are left. Pure.
 */

import { PLAIN } from "../colour/colouring.ts";
import { frameShown, kindShown } from "../projections.ts";
import type { EdgePicture, End } from "../../scene/picture.ts";
import type { AtlasSlice } from "../../protocol/slices.ts";
import type { Picture, Sentence, SentencePicture, State } from "../types.ts";

/** Half of the tower's height and of its sheets' width, in frame radii. */
const HIGH = 0.5;
const WIDE = 0.54;
/** Room about the present sheet, in parts of the tower; so many sheets off it has been made. */
const LIFT = 0.12;
const FREE = 1.1;
/** Up to so many tokens whole paths stay to be seen, faint, behind the parts about the sheet. */
const FEW = 4;
/** Size of the present sheet's points beside those that rest. */
const OWN = 1.15;
/** Radius of the ball it stands in: its corners keep clear of the window's edges. */
const ROOM = 1.2;
/** Points of all resting sheets together; how many sheets to each side are never thinned out. */
const RESTING = 14_000;
const NEAR = 3;
const MOST_SHEETS = 16;

export function isTower(state: State) {
  return kindShown(state) === "plane";
}

/** How many sheets there are, and where among them we are. */
export function floors(state: State) {
  const { card, stack, site, step } = state;
  return stack === "steps"
    ? { count: card?.steps.length ?? 0, at: step }
    : { count: card?.sites.length ?? 0, at: site };
}

/** The sheets that are drawn: all; in long models those about the present one and every n-th. */
export function sheetsShown(count: number, at: number) {
  const every = Math.ceil(count / (MOST_SHEETS - 2 * NEAR));
  return Array.from({ length: count }, (_, k) => k).filter(
    (k) => count <= MOST_SHEETS || Math.abs(k - at) <= NEAR || k % every === 0 || k === count - 1,
  );
}

/**
 * The third coordinate of a sheet; it may lie between two. The sheet at `at` is lifted free: the
 * others make room about it.
 */
export function heightOf(k: number, count: number, at: number) {
  if (count < 2) return 0;
  const room = (one: number) => one + LIFT * count * Math.tanh((one - at) / FREE);
  const [low, high] = [room(0), room(count - 1)];
  return (2 * ((room(k) - low) / (high - low)) - 1) * HIGH;
}

/** The picture of a flat layout, stacked. */
export function stacked(state: State, flat: Picture): Picture {
  const { count, at } = floors(state);
  const sheets = sheetsShown(count, at);
  const put = putter(state);
  const own = flat.cloud.positions.length / 3;
  const each = Math.max(1, Math.floor(RESTING / Math.max(sheets.length, 1)));
  const every = Math.max(1, Math.ceil(own / each));
  const resting = sheets.flatMap((k) => restingPoints(state, k, every, own));
  const size = own + resting.length;
  const cloud = {
    positions: new Float32Array(3 * size),
    colors: new Uint8Array(4 * size),
    sizes: new Float32Array(size).fill(OWN),
    own,
  };
  cloud.colors.set(flat.cloud.colors);
  if (flat.cloud.sizes) cloud.sizes.set(flat.cloud.sizes.map((one) => OWN * one));
  for (let i = 0; i < own; i++)
    put(flat.cloud.positions, 3 * i, heightOf(at, count, at), cloud.positions, 3 * i);
  resting.forEach(({ index, from, positions, k }, n) => {
    const i = own + n;
    put(positions, from, heightOf(k, count, at), cloud.positions, 3 * i);
    cloud.colors.set(flat.cloud.colors.subarray(4 * index, 4 * index + 4), 4 * i);
    cloud.colors[4 * i + 3] *= Math.abs(k - at) < 0.5 ? 0.1 : 0.6;
    cloud.sizes[i] = 1;
  });
  return {
    ...flat,
    frame: { center: [0, 0, 0], radius: ROOM },
    cloud,
    sentences: [
      ...flat.sentences.flatMap((one) => pierced(state, one, put) ?? []),
      ...(sheets.length ? [names(state, sheets, count, at)] : []),
    ],
    edges: [
      ...sheets.flatMap((k) => outline(state, heightOf(k, count, at), Math.abs(k - at) < 0.5)),
      ...(flat.edges ?? []).map((edge) => lifted(edge, put, heightOf(at, count, at))),
    ],
  };
}

/** An edge of the flat picture on the present sheet. */
function lifted(edge: EdgePicture, put: Put, z: number): EdgePicture {
  const end = (one: End): End => {
    if (one.kind !== "place") return one;
    const at = new Float32Array(3);
    put(one.at, 0, z, at, 0);
    return { kind: "place", at };
  };
  return { ...edge, from: end(edge.from), to: end(edge.to) };
}

type Put = (from: ArrayLike<number>, i: number, z: number, to: Float32Array, j: number) => void;

/** Writes a place of the flat layout at a height. */
function putter(state: State): Put {
  const { center, radius } = frameShown(state);
  const scale = WIDE / radius;
  return (from, i, z, to, j) => {
    to[j] = (from[i] - center[0]) * scale;
    to[j + 1] = (from[i + 1] - center[1]) * scale;
    to[j + 2] = z;
  };
}

/** A part of the points of one sheet: every n-th. */
function restingPoints(state: State, k: number, every: number, own: number) {
  const found = sheetAt(state, k);
  if (!found || found.slice.ref !== own) return [];
  const { slice, site } = found;
  return Array.from({ length: Math.floor(own / every) }, (_, n) => ({
    index: n * every,
    from: 3 * (site * slice.ref + n * every),
    positions: slice.positions,
    k,
  }));
}

/** Where a sheet's points are: a site of the step on screen, or the site on screen of a step. */
function sheetAt(state: State, k: number): { slice: AtlasSlice; site: number } | null {
  const atlas = state.former?.atlas ?? state.atlas;
  const steps = state.card?.steps ?? [];
  const at = state.stack === "steps" ? k : Math.round(state.step);
  const slice = atlas[steps[at]];
  const site = state.stack === "steps" ? Math.round(state.site) : k;
  return slice && site < slice.sites ? { slice, site } : null;
}

/** A sentence through the sheets; null where it has places on none. */
function pierced(state: State, one: SentencePicture, put: Put): SentencePicture | null {
  const { count, at } = floors(state);
  const { tokens } = one;
  const paths = new Float32Array(3 * count * tokens);
  const sentence = state.sentences.find(({ id }) => id === one.id);
  let known = -1;
  for (let k = 0; k < count; k++) {
    const places = state.stack === "steps" ? placesAt(state, sentence, k, tokens) : siteOf(one, k);
    if (places) known = k;
    for (let token = 0; token < tokens; token++) {
      const to = 3 * (k * tokens + token);
      if (places) put(places, 3 * token, heightOf(k, count, at), paths, to);
      else if (known >= 0) {
        // not come yet: straight up from the last one that has
        const before = 3 * (known * tokens + token);
        paths.set([paths[before], paths[before + 1], heightOf(k, count, at)], to);
      }
    }
  }
  if (known < 0) return null;
  return {
    ...one,
    paths,
    sites: count,
    site: at,
    comet: nearness(one),
    ghosts: null,
    trust: null,
    faint: null,
  };
}

/** How far a path is drawn only about the present sheet: a crowd of whole ones hides the sheets. */
function nearness({ comet, tokens }: SentencePicture) {
  return Number(comet) * (1 - Math.min(0.5, FEW / tokens));
}

function siteOf({ paths, sites, tokens }: SentencePicture, k: number) {
  return k < sites ? paths.subarray(3 * k * tokens, 3 * (k + 1) * tokens) : null;
}

function placesAt(state: State, sentence: Sentence | undefined, k: number, tokens: number) {
  const step = state.card?.steps[k];
  const slices = sentence ? (state.former?.slices[sentence.id] ?? sentence.slices) : {};
  const slice = step === undefined ? undefined : slices[step];
  const site = Math.round(state.site);
  if (!slice || slice.tokens !== tokens || site >= slice.sites) return null;
  return slice.positions.subarray(3 * site * tokens, 3 * (site + 1) * tokens);
}

/** What the sheets are called, at their corners. */
function names(state: State, sheets: number[], count: number, at: number): SentencePicture {
  const paths = new Float32Array(3 * sheets.length);
  sheets.forEach((k, i) => paths.set([WIDE * 1.12, -WIDE * 1.12, heightOf(k, count, at)], 3 * i));
  const { card, stack } = state;
  return {
    id: "~sheets",
    color: PLAIN[state.theme],
    labels: sheets.map((k) =>
      stack === "steps" ? String(card?.steps[k]) : floorName(card?.sites[k] ?? ""),
    ),
    paths,
    sites: 1,
    tokens: sheets.length,
    site: 0,
    trail: false,
    faint: Uint8Array.from(sheets, (k) => Number(Math.abs(k - at) >= 0.5)),
    active: false,
    silent: true,
    scale: true,
  };
}

/** A site as a number of layers: 0 is the embedding, ½ is after the first attention. */
export function floorName(site: string) {
  const found = /^L(\d+)\.(mid|post)$/.exec(site);
  if (!found) return site === "embed" ? "0" : site;
  const layer = Number(found[1]);
  return found[2] === "post" ? String(layer + 1) : `${layer || ""}½`;
}

/** The rim of a sheet. */
function outline(state: State, z: number, here: boolean): EdgePicture[] {
  const w = 1.1 * WIDE;
  const corners = [
    [-w, -w, z],
    [w, -w, z],
    [w, w, z],
    [-w, w, z],
  ];
  return corners.map((at, i) => ({
    from: { kind: "place" as const, at },
    to: { kind: "place" as const, at: corners[(i + 1) % 4] },
    weight: here ? 0.9 : 0.12,
    color: PLAIN[state.theme],
    arrow: false,
    plain: true,
  }));
}
