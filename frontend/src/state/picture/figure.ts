/** state -> Picture: what the scene shall show. Pure. */

import { cloudColours } from "../colour/colouring.ts";
import { overlayOf } from "../comparing.ts";
import { HUES } from "../colour/colours.ts";
import {
  barePaths,
  cloudInside,
  edgesInside,
  ghostsInside,
  insideKey,
  pathsInside,
  sentenceInside,
  tintInside,
} from "../inside/inside.ts";
import { ghostsBeside } from "./ghosts.ts";
import { blend } from "./blend.ts";
import { meant, meantKey } from "./meant.ts";
import { overlaid } from "./overlaid.ts";
import { isTower, stacked } from "./tower.ts";
import { wayOf } from "./way.ts";
import { buildingOf } from "../following.ts";
import { frameShown } from "../projections.ts";
import { matches } from "../search.ts";
import { isOlder } from "../sentences.ts";
import { shownAtlas, shownSlices } from "../state.ts";
import { isScore, scoresHere } from "../discontinuity.ts";
import { moveTrust } from "../trust.ts";
import type { AtlasSlice } from "../../protocol/slices.ts";
import type { Link, Picture, Sentence, SentencePicture, State, Token } from "../types.ts";

export { blend };

const FAR = 99.5;

/**
 * A token as a label: one line, no blanks around it, nothing for the later parts of a character.
 */
export function labelOf(token: Token) {
  if (token.piece) return "";
  const text = token.text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  return [...text].length > 24 ? `${[...text].slice(0, 23).join("")}…` : text;
}

/** The cloud of a slice at a fractional site. */
function cloudAt(slice: Pick<AtlasSlice, "sites" | "ref" | "positions">, site: number) {
  const low = Math.max(0, Math.min(slice.sites - 1, Math.floor(site)));
  const size = 3 * slice.ref;
  const at = (k: number) => slice.positions.subarray(k * size, (k + 1) * size);
  return low + 1 < slice.sites ? blend(at(low), at(low + 1), site - low) : at(low);
}

function cloudPositions(state: State) {
  const shown = shownAtlas(state);
  if (!shown) return null;
  const moved = cloudInside(state);
  if (moved?.ref === shown.a.ref) return cloudAt(moved, state.site);
  const a = cloudAt(shown.a, state.site);
  return shown.b ? blend(a, cloudAt(shown.b, state.site), shown.mix) : a;
}

function sentencePicture(state: State, sentence: Sentence): SentencePicture | null {
  const shown = shownSlices(state, sentence);
  if (!shown || sentence.hidden || !sentence.tokens.length) return null;
  const { a, b, mix } = shown;
  // other words have come, their places have not
  if (a.tokens !== sentence.tokens.length) return null;
  const otherwise = pathsInside(state);
  const own = sentence.id === sentenceInside(state)?.id;
  if (otherwise && !own) return null; // it has no place in that view
  const site = Math.min(a.sites - 1, state.site);
  const row = Math.round(site) * a.tokens;
  const clouds = shownAtlas(state);
  const trail = state.trails !== "off" && !barePaths(state);
  const late = isOlder(sentence) && sentence.shown?.late;
  return {
    id: sentence.id,
    color: HUES[state.theme][sentence.hue],
    labels: sentence.tokens.map(labelOf),
    paths: otherwise ?? blend(a.positions, b?.positions ?? null, mix),
    sites: a.sites,
    tokens: a.tokens,
    site,
    trail,
    comet: Number(state.trails === "comet"),
    ghosts: trail && clouds && !otherwise ? ghostsBeside(a, clouds) : null,
    faint: Uint8Array.from({ length: a.tokens }, (_, i) =>
      Number(late || a.outside[row + i] >= FAR),
    ),
    trust: state.colour === "trust" && !otherwise ? a.trust.map(moveTrust) : null,
    tint: own ? tintInside(state) : null,
    active: sentence.id === state.active,
  };
}

/** True neighbours of what is picked, at this very place. */
export function shownNeighbours(state: State) {
  const { inspection, picked, card } = state;
  if (!inspection || !picked || !card) return [];
  const here =
    inspection.step === card.steps[Math.round(state.step)] &&
    inspection.site === Math.round(state.site);
  return here ? inspection.neighbors : [];
}

function linksOf(state: State, near: { index: number; distance: number }[]): Link[] {
  const { picked } = state;
  if (!picked || !near.length) return [];
  const first = Math.max(near[0].distance, 1e-6);
  return near.map(({ index, distance }) => ({
    from: picked,
    to: { kind: "cloud", index },
    weight: Math.max(0.15, Math.min(1, first / Math.max(distance, 1e-6))),
  }));
}

/**
 * Which points are meant: matches of the search, or the picked token and its neighbours; null =
 * all.
 */
function meantPoints(state: State, near: { index: number }[]) {
  if (state.search.trim()) return new Set(matches(state.reference, state.search));
  if (!near.length) return null;
  const meant = new Set(near.map(({ index }) => index));
  if (state.picked?.kind === "cloud") meant.add(state.picked.index);
  return meant;
}

/** The picture of a state, or null while there is no cloud. */
export function figure(state: State): Picture | null {
  const positions = cloudPositions(state);
  if (!positions || !state.card) return null;
  const count = positions.length / 3;
  const near = shownNeighbours(state);
  const chosen = meantPoints(state, near);
  const colors = cloudColours(state, count, chosen && ((i) => chosen.has(i)));
  const sizes = chosen && Float32Array.from({ length: count }, (_, i) => (chosen.has(i) ? 1.7 : 1));
  const sentences = [];
  for (const sentence of state.sentences) {
    const one = sentencePicture(state, sentence);
    if (one) sentences.push(one);
  }
  sentences.push(...ghostsInside(state), ...wayOf(state));
  const tower = isTower(state);
  const picture = {
    frame: frameShown(state),
    cloud: { positions, colors, sizes },
    sentences,
    links: linksOf(state, near),
    edges: edgesInside(state),
  };
  if (tower) return stacked(state, picture);
  return overlaid(state, meant(state, picture), chosen === null);
}

/** What the picture depends on: two states with equal keys have the same picture. */
export function pictureKey(state: State): unknown[] {
  const shown = shownAtlas(state);
  const key: unknown[] = [
    shown?.a,
    shown?.b,
    shown?.mix,
    state.site,
    state.trails,
    state.colour,
    state.theme,
    state.search,
    state.picked,
    state.active,
  ];
  key.push(
    overlayOf(state),
    ...insideKey(state),
    ...meantKey(state),
    state.reference,
    state.card,
    shown === null && buildingOf(state) !== null,
    ...shownNeighbours(state).slice(0, 1),
    shownNeighbours(state).length,
    state.inspection?.near,
    isScore(state.colour) && scoresHere(state),
  );
  if (isTower(state)) key.push(state.stack, state.atlas, state.sentences);
  for (const one of state.sentences) {
    const at = shownSlices(state, one);
    key.push(one.id, one.hue, one.hidden, one.tokens, at?.a, at?.b, at?.mix);
    key.push(isOlder(one) && one.shown?.late);
    if (state.colour === "sentence") key.push(one.text);
  }
  return key;
}
