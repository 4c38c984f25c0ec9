/** Everything the page knows, and questions about it. Pure. */

import { newCompare } from "./comparing.js";
import { EMPTY, labShown } from "./lab.js";
import { EMPTY_INSIDE, insideShown, pathsInside, trustInside } from "./inside/inside.js";
import { clamp, nearestIndex } from "./sites.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").View} View */
/** @typedef {import("./types.d.ts").AtlasSlice} AtlasSlice */
/** @typedef {import("./types.d.ts").Sentence} Sentence */
/** @typedef {import("./types.d.ts").PlacedSlice} PlacedSlice */

export const GLIDE = 420;

/** Nothing is pointed at or picked. */
const UNPICKED = { hover: null, hoverAt: null, picked: null, inspection: null, inspecting: null, inspectionFailure: null };

/**
 * The state before anything has been heard.
 * @param {{ view?: View, language?: "en" | "zh", theme?: "dark" | "light", reducedMotion?: boolean }} boot
 * @returns {State}
 */
export function initialState({ view = {}, language = "en", theme = "dark", reducedMotion = false } = {}) {
  return {
    language: view.language ?? language,
    theme: view.theme ?? theme,
    reducedMotion,
    flat: false,
    connection: "connecting",
    retryIn: 0,
    limits: { characters: 20000, tokens: 256, message_bytes: 65536, sentences: 16 },
    version: "",
    runs: [],
    run: view.run ?? "",
    card: null,
    runFailure: null,
    reference: null,
    measures: null,
    claims: [],
    step: 0,
    site: 0,
    glide: 0,
    atlas: {},
    atlasFailures: {},
    projection: view.projection ?? "umap",
    former: null,
    along: false,
    sentences: [],
    active: null,
    serial: 0,
    writtenFor: "",
    shelved: {},
    trails: view.trails ?? true,
    axes: false,
    colour: view.colour ?? "source",
    coloured: view.colour !== undefined,
    measure: view.measure ?? "",
    curves: view.curves ?? false,
    second: view.second ?? "",
    fit: view.fit ?? false,
    compare: view.compare ? newCompare(view.compare) : null,
    playing: null,
    speed: 1,
    loop: false,
    search: "",
    ...UNPICKED,
    tab: "neighbours",
    sheet: null,
    folded: { sentences: false, legend: false, strip: false, claims: null },
    camera: view.camera ?? null,
    caption: null,
    touring: false,
    notice: null,
    lab: { ...EMPTY, open: view.lab ?? false },
    inside: { ...EMPTY_INSIDE, open: view.inside !== undefined, tab: view.inside ?? EMPTY_INSIDE.tab },
    wanted: view,
  };
}

/** The number of the training step the sliders are nearest to. @param {State} state */
export function stepNumber(state) {
  return state.card ? state.card.steps[Math.round(state.step)] : 0;
}

/** Whether the card of claims is folded: unless a person said, it is open where a run was made to show them. @param {State} state */
export function claimsFolded(state) {
  return state.folded.claims ?? !state.card?.task;
}

/** Whether the card of claims is on the page: another panel takes its place for a while. @param {State} state */
export function claimsShown(state) {
  const covered = state.picked !== null || ["search", "sentences", "door"].includes(state.sheet ?? "") || labShown(state) || insideShown(state);
  return state.claims.length > 0 && !covered && !claimsFolded(state);
}

/** The site the sliders are nearest to. @param {State} state */
export function siteIndex(state) {
  return Math.round(state.site);
}

/**
 * What there is to show at a fractional index: two neighbours and the mix, or the nearest that is there.
 * @template T
 * @param {number[]} steps @param {Record<number, T>} held @param {number} index
 * @returns {{ a: T, b: T | null, mix: number, exact: boolean } | null}
 */
export function around(steps, held, index) {
  const low = clamp(Math.floor(index), 0, Math.max(0, steps.length - 1));
  const mix = index - low;
  const a = held[steps[low]];
  const b = held[steps[low + 1]];
  if (a && mix < 1e-6) return { a, b: null, mix: 0, exact: true };
  if (a && b) return { a, b, mix, exact: true };
  const present = steps.map((step, i) => ({ step, i })).filter(({ step }) => held[step]);
  const at = nearestIndex(present.map(({ i }) => i), index);
  return at < 0 ? null : { a: held[present[at].step], b: null, mix: 0, exact: false };
}

/** The atlas slices on screen: those of the projection before, until the one chosen has come. @param {State} state */
export function shownAtlas(state) {
  return state.card ? around(state.card.steps, state.former?.atlas ?? state.atlas, state.step) : null;
}

/** The slices of a sentence on screen. @param {State} state @param {Sentence} sentence */
export function shownSlices(state, sentence) {
  return state.card ? around(state.card.steps, state.former?.slices[sentence.id] ?? sentence.slices, state.step) : null;
}

/** The projection on screen. @param {State} state */
export function shownProjection(state) {
  return state.former?.projection ?? state.projection;
}

/** A measure of the picture, such as `trust`, in the projection on screen. @param {State} state @param {string} name */
function fidelityAt(state, name) {
  const shown = shownProjection(state);
  return measureAt(state, shown === "umap" ? name : `${name}@${shown}`);
}

/** @param {State} state @param {string | null} id */
export function sentenceOf(state, id) {
  return state.sentences.find((one) => one.id === id) ?? null;
}

/**
 * The value of a measure at a place of the grid; null where it is not known.
 * @param {State} state @param {string} name @param {number} [step] @param {number} [site]
 */
export function measureAt(state, name, step = Math.round(state.step), site = Math.round(state.site)) {
  const table = state.measures;
  const found = table?.measures.find((one) => one.name === name);
  if (!table || !found || !state.card) return null;
  const row = table.steps.indexOf(state.card.steps[step]);
  return found.values[row]?.[site] ?? null;
}

/**
 * Mean trust of the cloud on screen, 0..1: of the open tab's own view where there is one, else from the slice itself, else from the table.
 * @param {State} state
 */
export function meanTrust(state) {
  const own = trustInside(state);
  if (own !== undefined) return own;
  const slice = state.card && (state.former?.atlas ?? state.atlas)[state.card.steps[Math.round(state.step)]];
  if (!slice?.trust) return fidelityAt(state, "trust");
  const site = Math.min(slice.sites - 1, Math.round(state.site));
  let sum = 0;
  for (let i = site * slice.ref; i < (site + 1) * slice.ref; i++) sum += slice.trust[i];
  return sum / (255 * slice.ref);
}

/** Share of true neighbours that are near in the picture; null where it is not known, as of a tab's own view. @param {State} state */
export function recallShown(state) {
  return pathsInside(state) ? null : (measureAt(state, "neighbor_recall") ?? fidelityAt(state, "recall"));
}

/**
 * Axes of the picture that mostly show something plain: |r| > 0.9 at this step and site. The table is of the aligned UMAP: no other has any.
 * @param {State} state
 * @returns {{ axis: number, variable: string, r: number }[]}
 */
export function guardedAxes(state) {
  const table = state.measures;
  if (!table?.axes || !state.card || shownProjection(state) !== "umap" || pathsInside(state)) return [];
  const row = table.steps.indexOf(state.card.steps[Math.round(state.step)]);
  const axes = table.axes.values[row]?.[Math.round(state.site)] ?? [];
  const found = [];
  for (let axis = 0; axis < axes.length; axis++) {
    for (let v = 0; v < table.axes.variables.length; v++) {
      const r = axes[axis]?.[v];
      if (typeof r === "number" && Math.abs(r) > 0.9) found.push({ axis, variable: table.axes.variables[v], r });
    }
  }
  return found;
}

/**
 * What a link to this picture carries.
 * @param {State} state
 * @returns {View}
 */
export function viewOfState(state) {
  if (!state.card) return state.wanted;
  const active = state.sentences.findIndex((one) => one.id === state.active);
  return {
    run: state.run,
    step: stepNumber(state),
    site: state.card.sites[siteIndex(state)],
    colour: state.colour,
    projection: state.projection === "umap" ? undefined : state.projection,
    measure: state.measure || undefined,
    curves: state.curves || undefined,
    second: state.second || undefined,
    fit: state.fit || undefined,
    inside: state.inside.open ? state.inside.tab : undefined,
    lab: state.lab.open || undefined,
    compare: state.compare ? { with: state.compare.with, step: state.compare.step ?? undefined, mode: state.compare.mode } : undefined,
    trails: state.trails,
    theme: state.theme,
    language: state.language,
    camera: state.camera ?? undefined,
    active: active < 0 ? undefined : active,
    sentences: state.sentences.map(({ text, hue, hidden }) => ({ text, hue, hidden })),
  };
}
