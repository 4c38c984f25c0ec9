/** What the colours of the cloud mean: the colours themselves and their legend. Pure. */

import { CATEGORIES, HUES, magnitude } from "./colours.js";
import { CORNERS, labelColours, rangeOf } from "./palettes.js";
import { shownAtlas } from "./state.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").RGB} RGB */
/** @typedef {import("./types.d.ts").Reference} Reference */

/** @type {import("./types.d.ts").ColourMode[]} */
export const MODES = ["source", "trust", "position", "frequency", "sentence", "none"];

/** @typedef {import("./types.d.ts").ColourMode} ColourMode */

/** What the cloud can be coloured by: the known variables of the run, then what every run has. @param {State} state @returns {ColourMode[]} */
export function modesOf({ reference }) {
  const labels = (reference?.labels ?? []).map((one) => /** @type {ColourMode} */ (`label:${one.name}`));
  const one = labels.length > 0 && new Set(reference?.source).size < 2;
  return [...labels, ...MODES.filter((mode) => !(one && mode === "source"))];
}

/** The colouring a run opens with: what was chosen, else its first known variable, else the sources. @param {State} state @param {Reference} reference @returns {ColourMode} */
export function openingColour(state, reference) {
  const modes = modesOf({ ...state, reference });
  if (state.coloured && modes.includes(state.colour)) return state.colour;
  return modes.find((mode) => mode.startsWith("label:")) ?? "source";
}

/** The known variable that colours the cloud, if one does. @param {State} state */
export function labelShown({ reference, colour }) {
  return (reference?.labels ?? []).find((one) => `label:${one.name}` === colour) ?? null;
}

export const TRUST_FLOOR = 0.5;
const REST = 7;

/** @type {Record<"dark" | "light", RGB>} */
export const PLAIN = { dark: [148, 156, 172], light: [104, 112, 128] };

/** Sources, the largest first; past the seventh they share a colour. @param {Reference} reference */
export function sourcesOf(reference) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const window of reference.window) {
    const source = reference.source[window] ?? "";
    counts.set(source, (counts.get(source) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name, count], i) => ({ name, count, category: Math.min(i, REST) }));
}

/** @param {ArrayLike<number>} values */
function range(values) {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  return low < high ? { low, high } : { low: 0, high: 1 };
}

/** Frequencies are drawn and told on a log scale. @param {Reference} reference */
export function frequencyRange(reference) {
  const positive = reference.frequency.filter((value) => value > 0);
  return positive.length ? range(positive) : { low: 1, high: 10 };
}

/** @param {string} text */
const bare = (text) => text.trim().toLowerCase();

/** The hue of a token that stands in a sentence, by its text; the active sentence wins. @param {State} state */
function huesByText(state) {
  /** @type {Map<string, RGB>} */
  const hues = new Map();
  const visible = state.sentences.filter((one) => !one.hidden).sort((a, b) => Number(b.id === state.active) - Number(a.id === state.active));
  for (const one of visible) {
    for (const token of one.tokens) {
      const text = bare(token.text);
      if (text && !hues.has(text)) hues.set(text, HUES[state.theme][one.hue]);
    }
  }
  return hues;
}

/**
 * A function index -> colour for the mode chosen.
 * @param {State} state
 * @returns {(index: number) => RGB}
 */
function colourer(state) {
  const { theme, reference } = state;
  const plain = PLAIN[theme];
  if (state.colour === "trust") {
    const slice = shownAtlas(state)?.a;
    if (!slice?.trust) return () => plain;
    const { trust } = slice;
    const from = Math.min(slice.sites - 1, Math.round(state.site)) * slice.ref;
    return (i) => magnitude((trust[from + i] / 255 - TRUST_FLOOR) / (1 - TRUST_FLOOR), theme);
  }
  if (!reference || state.colour === "none") return () => plain;
  const label = labelShown(state);
  if (label) {
    const colourOf = labelColours(label, theme);
    return (i) => colourOf(i) ?? plain;
  }
  if (state.colour === "source") {
    const category = new Map(sourcesOf(reference).map((one) => [one.name, one.category]));
    return (i) => CATEGORIES[theme][category.get(reference.source[reference.window[i]] ?? "") ?? REST];
  }
  if (state.colour === "sentence") {
    const hues = huesByText(state);
    return (i) => hues.get(bare(reference.text[i] ?? "")) ?? plain;
  }
  if (state.colour === "position") {
    const { high } = range(reference.position);
    return (i) => magnitude(reference.position[i] / high, theme);
  }
  const { low, high } = frequencyRange(reference);
  const width = Math.log(high / low) || 1;
  return (i) => magnitude(Math.log(Math.max(reference.frequency[i], low) / low) / width, theme);
}

/**
 * Colours [ref, 4] of the cloud; what `dim` says is not meant fades.
 * @param {State} state @param {number} count @param {((index: number) => boolean) | null} meant
 */
export function cloudColours(state, count, meant) {
  const colourOf = colourer(state);
  const quiet = state.colour === "sentence" || state.colour === "none" || labelShown(state) !== null;
  const plain = PLAIN[state.theme];
  const colours = new Uint8Array(4 * count);
  for (let i = 0; i < count; i++) {
    const rgb = colourOf(i);
    const strong = !quiet || rgb !== plain;
    colours.set(rgb, 4 * i);
    colours[4 * i + 3] = meant && !meant(i) ? 46 : meant ? 245 : strong ? 205 : 120;
  }
  return colours;
}

/**
 * What the legend says: categories with colours, or a scale with its ends.
 * @param {State} state
 * @returns {{ kind: "none" } | { kind: "categories", items: { name: string, colour: RGB, count: number }[] } | { kind: "scale", low: number, high: number, log: boolean }
 *   | { kind: "ring", period: number } | { kind: "triangle", names: string[], corners: RGB[] }}
 */
export function legendOf(state) {
  const { reference, theme } = state;
  if (state.colour === "trust") return { kind: "scale", low: TRUST_FLOOR, high: 1, log: false };
  if (!reference) return { kind: "none" };
  const label = labelShown(state);
  if (label) return legendOfLabel(label, theme);
  if (state.colour === "source") {
    const items = sourcesOf(reference).map(({ name, count, category }) => ({ name, count, colour: CATEGORIES[theme][category] }));
    return { kind: "categories", items };
  }
  if (state.colour === "position") return { kind: "scale", low: 0, high: range(reference.position).high, log: false };
  if (state.colour === "frequency") return { kind: "scale", ...frequencyRange(reference), log: true };
  if (state.colour === "sentence") {
    const items = state.sentences.filter((one) => !one.hidden && one.text.trim()).map((one) => ({ name: one.text, count: 0, colour: HUES[theme][one.hue] }));
    return { kind: "categories", items };
  }
  return { kind: "none" };
}

/** @param {import("./types.d.ts").LabelOfTokens} label @param {import("./types.d.ts").Theme} theme @returns {ReturnType<typeof legendOf>} */
function legendOfLabel(label, theme) {
  const { low, high } = rangeOf(label);
  if (label.kind === "cyclic") return { kind: "ring", period: label.period ?? high - low + 1 };
  if (label.kind === "magnitude") return { kind: "scale", low, high, log: false };
  if (label.kind === "mixture" && label.values.some((one) => one.length === 3)) return { kind: "triangle", names: label.names, corners: CORNERS[theme] };
  const colours = CATEGORIES[theme];
  const items = label.names.map((name, i) => ({ name, count: 0, colour: colours[Math.min(i, colours.length - 1)] }));
  return { kind: "categories", items };
}
