/**
 * The picture with what is measured of meaning: sentences as beads and rings, the points of a
 * path, named regions, colours of an axis or a probe. Pure.
 */

import { PLAIN } from "../colour/colouring.ts";
import { HUES, magnitude } from "../colour/colours.ts";
import { classHues, hitHues } from "../meaning/hues.ts";
import { meaningShown, partHere } from "../meaning/meaning.ts";
import { regionHue, regionName } from "../meaning/regions.ts";
import { moveTrust } from "../trust.ts";
import { blend } from "./blend.ts";
import type { EdgePicture } from "../../scene/picture.ts";
import type { Tensor } from "../../protocol/tensors.ts";
import type { MeaningSection } from "../meaning/types.ts";
import type { CloudPicture, Look, Picture, RGB, SentencePicture, State } from "../types.ts";

const MEANT = "meaning~";
const RING = 1.9;
const ASIDE = 0.22;
const WORDS = 40;
/** Hues of the two senses, and of ways: of typed sentences the third to fifth. */
const [FIRST, SECOND, THIRD] = [0, 1, 5];

type Drawer = (state: State, picture: Picture, look: Look) => Picture;

const DRAWERS: Partial<Record<MeaningSection, Drawer>> = {
  senses,
  axes,
  probe,
  regions,
  path,
  attack,
};

/** What the scene shows of the open section, measured in this projection and, where it is of one
 * site, at this one; null: nothing. */
export function meantHere(state: State): Look | null {
  const { section, scene, measured } = state.meaning;
  if (!meaningShown(state) || !scene || !DRAWERS[section]) return null;
  const look = shownBy(measured[section]?.key) === state.projection ? partHere(state) : null;
  const site: string | undefined = look?.answer.site;
  return site === undefined || site === siteHere(state) ? look : null;
}

/** The name of the site on screen. */
function siteHere(state: State) {
  return state.card?.sites[Math.round(state.site)];
}

/** The projection that a question's places are of. */
function shownBy(key: string | undefined): string | null {
  return key ? (JSON.parse(key).projection ?? null) : null;
}

/** The picture with it; the very picture where there is nothing. */
export function meant(state: State, picture: Picture): Picture {
  const look = meantHere(state);
  const draw = DRAWERS[state.meaning.section];
  if (!look || !draw) return picture;
  const drawn = draw(state, picture, look);
  return drawn === picture ? picture : { ...drawn, sentences: drawn.sentences.map(back(state)) };
}

/** A typed sentence stands back from what is measured: grey beads, no words, no paths. */
function back(state: State) {
  const grey = PLAIN[state.theme];
  return (one: SentencePicture): SentencePicture => {
    if (one.id.startsWith(MEANT)) return one;
    const tint = Uint8Array.from({ length: 3 * one.tokens }, (_, at) => grey[at % 3]);
    const faint = new Uint8Array(one.tokens).fill(1);
    const labels = one.labels.map(() => "");
    const still = { trail: false, ghosts: null, active: false, loose: true };
    return { ...one, ...still, labels, tint, faint };
  };
}

/** What the scene's part of this depends on. */
export function meantKey(state: State): unknown[] {
  const look = meantHere(state);
  return look ? [look, state.meaning.section, state.meaning.form] : [];
}

/** The cloud with other colours; a negative alpha leaves a point its own, fainter. */
function recoloured(
  cloud: CloudPicture,
  color: (at: number) => [RGB, number] | null,
): CloudPicture {
  const colors = Uint8Array.from(cloud.colors);
  for (let at = 0; at < colors.length / 4; at++) {
    const found = color(at);
    if (found) {
      colors.set(found[0], 4 * at);
      colors[4 * at + 3] = Math.round(255 * found[1]);
    } else colors[4 * at + 3] = Math.round(colors[4 * at + 3] * ASIDE);
  }
  return { ...cloud, colors };
}

/** Tokens that stand at places of their own, [site, token, 3]. */
function beads(
  state: State,
  id: string,
  color: RGB,
  paths: Float32Array,
  labels: string[],
  more: Partial<SentencePicture> = {},
): SentencePicture {
  const sites = paths.length / 3 / labels.length;
  return {
    id,
    color,
    labels,
    paths,
    sites,
    tokens: labels.length,
    site: Math.min(sites - 1, state.site),
    trail: false,
    faint: null,
    trust: null,
    active: false,
    loose: true,
    ...more,
  };
}

/** Each token of [site, token, 3] by itself: a thread through them would say that they are one. */
function apart(
  state: State,
  id: string,
  { shape, data }: Tensor,
  labels: string[],
  color: (token: number) => RGB,
) {
  const [sites, tokens] = shape;
  return labels.map((label, token) => {
    const path = new Float32Array(3 * sites);
    for (let site = 0; site < sites; site++) {
      const from = 3 * (site * tokens + token);
      path.set(data.subarray(from, from + 3), 3 * site);
    }
    return beads(state, `${MEANT}${id}${token}`, color(token), path, [label]);
  });
}

// ---- senses

function senses(state: State, picture: Picture, look: Look): Picture {
  const { positions, control_positions: rings } = look.tensors;
  if (!positions || !rings) return picture;
  const kinds: number[] = look.answer.senses;
  const { word, names } = { ...look.answer.words[0], word: look.answer.shown };
  const hue = (at: number) => HUES[state.theme][kinds[at] ? SECOND : FIRST];
  const labels = kinds.map((kind, at) =>
    kinds.indexOf(kind) === at ? `${word} · ${names[kind]}` : "",
  );
  const occurrences = apart(state, "sense", positions, labels, hue);
  const faded = recoloured(picture.cloud, () => null);
  const cloud = withRings(state, faded, rings, hue);
  return { ...picture, cloud, sentences: [...occurrences, ...picture.sentences] };
}

/** The cloud with rings behind it, at a fractional site. */
function withRings(
  state: State,
  cloud: CloudPicture,
  { shape, data }: Tensor,
  color: (at: number) => RGB,
): CloudPicture {
  const count = cloud.positions.length / 3;
  const [sites, rings] = shape;
  const low = Math.max(0, Math.min(sites - 1, Math.floor(state.site)));
  const at = (site: number) =>
    Float32Array.from(data.subarray(3 * rings * site, 3 * rings * (site + 1)));
  const places = low + 1 < sites ? blend(at(low), at(low + 1), state.site - low) : at(low);
  const positions = new Float32Array(3 * (count + rings));
  positions.set(cloud.positions);
  positions.set(places, 3 * count);
  const colors = new Uint8Array(4 * (count + rings)).fill(190);
  colors.set(cloud.colors);
  const sizes = new Float32Array(count + rings).fill(1);
  if (cloud.sizes) sizes.set(cloud.sizes);
  for (let n = 0; n < rings; n++) {
    colors.set(color(n), 4 * (count + n));
    sizes[count + n] = -RING;
  }
  return { positions, colors, sizes, own: cloud.own ?? count };
}

// ---- axes, probes, regions: colours of the cloud

function axes(state: State, picture: Picture, look: Look): Picture {
  const projected = look.tensors.projected;
  const site = Math.round(state.site);
  const count = picture.cloud.positions.length / 3;
  if (!projected || projected.shape[1] !== count || site >= projected.shape[0]) return picture;
  const row = projected.data.subarray(site * count, (site + 1) * count);
  const most = Math.max(1e-6, ...Array.from(row, Math.abs));
  const cloud = recoloured(picture.cloud, (at) => [
    magnitude(0.5 + row[at] / most / 2, state.theme),
    0.35 + (0.6 * Math.abs(row[at])) / most,
  ]);
  return { ...picture, cloud, sentences: [...pairWords(state, look), ...picture.sentences] };
}

/** The words of the pairs where they lie, first ones in one hue and second ones in another. */
function pairWords(state: State, { answer, tensors }: Look) {
  const pairs: string[][] = answer.axes[0]?.pairs ?? [];
  if (!tensors.positions || tensors.positions.shape[1] !== 2 * pairs.length) return [];
  const words = [0, 1].flatMap((side) => pairs.map((pair) => pair[side]));
  const hue = (at: number) => HUES[state.theme][at < pairs.length ? FIRST : SECOND];
  return apart(state, "pair", tensors.positions, words, hue);
}

function probe(state: State, picture: Picture, look: Look): Picture {
  const { index, predicted, truth, held_out: held } = look.tensors;
  const site = Math.round(state.site);
  if (!index?.shape[0] || site >= predicted.shape[0]) return picture;
  const count = index.shape[0];
  const { right, wrong } = hitHues(state.theme);
  const { shown } = state.meaning.form;
  const hue = classHues(state, look.answer);
  const told = new Map<number, [RGB, number]>();
  for (let n = 0; n < count; n++) {
    const [said, own] = [predicted.data[site * count + n], truth.data[n]];
    const classed = hue(shown === "true" ? own : said);
    const color = shown === "hit" ? (said === own ? right : wrong) : classed;
    told.set(index.data[n], held.data[n] ? [color, 0.95] : [PLAIN[state.theme], 0.3]);
  }
  return { ...picture, cloud: recoloured(picture.cloud, (at) => told.get(at) ?? null) };
}

function regions(state: State, picture: Picture, look: Look): Picture {
  const { answer, tensors } = look;
  const members = tensors.members.data;
  const count = picture.cloud.own ?? picture.cloud.positions.length / 3;
  if (members.length !== count) return picture;
  const cloud = recoloured(picture.cloud, (at) =>
    members[at] >= 0 ? [regionHue(members[at], state.theme), 0.9] : null,
  );
  const named = answer.regions.slice(0, WORDS);
  const centers = centersOf(picture.cloud.positions, members, named.length);
  const there = { dtype: "F32", shape: [1, named.length, 3], data: centers };
  const hue = (at: number) => regionHue(named[at].index, state.theme);
  const labels = apart(state, "region", there, named.map(regionName), hue);
  return { ...picture, cloud, sentences: [...labels, ...picture.sentences] };
}

/** The member of each region that lies nearest to the mean of its members. */
export function centersOf(positions: Float32Array, members: ArrayLike<number>, count: number) {
  const sums = new Float64Array(4 * count);
  for (let at = 0; at < members.length; at++) {
    const one = members[at];
    if (one < 0 || one >= count) continue;
    for (let k = 0; k < 3; k++) sums[4 * one + k] += positions[3 * at + k];
    sums[4 * one + 3] += 1;
  }
  const best = new Float64Array(count).fill(Infinity);
  const out = new Float32Array(3 * count);
  for (let at = 0; at < members.length; at++) {
    const one = members[at];
    if (one < 0 || one >= count) continue;
    const away = [0, 1, 2].reduce(
      (sum, k) => sum + (positions[3 * at + k] - sums[4 * one + k] / sums[4 * one + 3]) ** 2,
      0,
    );
    if (away >= best[one]) continue;
    best[one] = away;
    out.set(positions.subarray(3 * at, 3 * at + 3), 3 * one);
  }
  return out;
}

// ---- paths and moves of a state, at one site

function path(state: State, picture: Picture, look: Look): Picture {
  const { answer, tensors } = look;
  const w = answer.ways.indexOf(state.meaning.form.way);
  if (!tensors.positions) return picture;
  const line = rowOf(tensors.positions, w);
  if (!Number.isFinite(line[0])) return picture;
  const tops: string[] = answer.tops[w].map((words: string[]) => words[0].trim() || "␣");
  const labels = tops.map((word, at) => (at && tops[at - 1] === word ? "" : word));
  labels[0] = answer.start;
  labels[labels.length - 1] = answer.end;
  const color = HUES[state.theme][SECOND];
  const trust = tensors.trust && rowOf(tensors.trust, w, 1);
  return { ...picture, ...alongOf(state, picture, "path", line, labels, color, trust) };
}

/** What the ways of moving a state are called where they end. */
const MOVES: Record<string, Record<State["language"], string>> = {
  gradient: { en: "gradient", zh: "梯度" },
  tangent: { en: "tangent part", zh: "切向部分" },
  normal: { en: "normal part", zh: "法向部分" },
  random: { en: "random", zh: "随机" },
};

function attack(state: State, picture: Picture, look: Look): Picture {
  const { answer, tensors } = look;
  if (!tensors.positions) return picture;
  const hues = [FIRST, SECOND, THIRD, 7];
  return answer.directions.reduce((drawn: Picture, name: string, at: number) => {
    const line = rowOf(tensors.positions, at);
    const last = line.length / 3 - 1;
    const word = MOVES[name]?.[state.language] ?? name;
    const labels = Array.from({ length: last + 1 }, (_, n) => (n === last ? word : ""));
    const trust = tensors.trust && rowOf(tensors.trust, at, 1);
    const hue = HUES[state.theme][hues[at]];
    return { ...drawn, ...alongOf(state, drawn, name, line, labels, hue, trust) };
  }, picture);
}

/** A row of [row, point, 3], or of as many numbers a point. */
function rowOf({ shape, data }: Tensor, row: number, wide = 3) {
  const size = wide * shape[1];
  return Float32Array.from(data.subarray(row * size, (row + 1) * size));
}

/** Points at the site on screen, one after another, with their words. */
function alongOf(
  state: State,
  picture: Picture,
  name: string,
  line: Float32Array,
  labels: string[],
  color: RGB,
  trust: Float32Array | null = null,
) {
  const sites = state.card?.sites.length ?? 1;
  const paths = new Float32Array(sites * line.length);
  for (let site = 0; site < sites; site++) paths.set(line, site * line.length);
  const points = beads(state, `${MEANT}${name}`, color, paths, labels);
  const edges: EdgePicture[] = labels.slice(1).map((_, at) => ({
    from: { kind: "place", at: line.subarray(3 * at, 3 * at + 3) },
    to: { kind: "place", at: line.subarray(3 * at + 3, 3 * at + 6) },
    weight: trust ? 0.1 + 0.9 * moveTrust(trust[at]) : 0.55,
    color,
    arrow: false,
    plain: true,
  }));
  return {
    cloud: name === "path" ? recoloured(picture.cloud, () => null) : picture.cloud,
    sentences: [points, ...picture.sentences],
    edges: [...(picture.edges ?? []), ...edges],
  };
}
