/** What the colours of the cloud mean: the colours themselves and their legend. Pure. */

import { SCORES, isScore, scoredCloud } from "../discontinuity.ts";
import { CATEGORIES, HUES, magnitude } from "./colours.ts";
import { CORNERS, labelColours, rangeOf } from "./palettes.ts";
import { shownAtlas } from "../state.ts";
import type { ColourMode, LabelOfTokens, RGB, Reference, State, Theme } from "../types.ts";

export const MODES: ColourMode[] = [
  "source",
  "trust",
  ...SCORES,
  "position",
  "frequency",
  "sentence",
  "none",
];

/** What the cloud can be coloured by: the known variables of the run, then what every run has. */
export function modesOf({ reference, written }: State): ColourMode[] {
  const labels = (reference?.labels ?? []).map((one) => `label:${one.name}` as ColourMode);
  const one = labels.length > 0 && new Set(reference?.source).size < 2;
  return [
    ...labels,
    ...MODES.filter((mode) => !(one && mode === "source") && !(written && isScore(mode))),
  ];
}

/**
 * The colouring a run opens with: what was chosen, else its first known variable, else the sources.
 */
export function openingColour(state: State, reference: Reference): ColourMode {
  const modes = modesOf({ ...state, reference });
  if (state.coloured && modes.includes(state.colour)) return state.colour;
  return modes.find((mode) => mode.startsWith("label:")) ?? "source";
}

/** The known variable that colours the cloud, if one does. */
export function labelShown({ reference, colour }: State) {
  return (reference?.labels ?? []).find((one) => `label:${one.name}` === colour) ?? null;
}

export const TRUST_FLOOR = 0.5;
const REST = 7;

export const PLAIN: Record<"dark" | "light", RGB> = {
  dark: [148, 156, 172],
  light: [104, 112, 128],
};

/** Sources, the largest first; past the seventh they share a colour. */
export function sourcesOf(reference: Reference) {
  const counts: Map<string, number> = new Map();
  for (const window of reference.window) {
    const source = reference.source[window] ?? "";
    counts.set(source, (counts.get(source) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([name, count], i) => ({ name, count, category: Math.min(i, REST) }));
}

function range(values: ArrayLike<number>) {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  return low < high ? { low, high } : { low: 0, high: 1 };
}

/** Frequencies are drawn and told on a log scale. */
export function frequencyRange(reference: Reference) {
  const positive = reference.frequency.filter((value) => value > 0);
  return positive.length ? range(positive) : { low: 1, high: 10 };
}

const bare = (text: string) => text.trim().toLowerCase();

/** The hue of a token that stands in a sentence, by its text; the active sentence wins. */
function huesByText(state: State) {
  const hues: Map<string, RGB> = new Map();
  const visible = state.sentences
    .filter((one) => !one.hidden)
    .sort((a, b) => Number(b.id === state.active) - Number(a.id === state.active));
  for (const one of visible) {
    for (const token of one.tokens) {
      const text = bare(token.text);
      if (text && !hues.has(text)) hues.set(text, HUES[state.theme][one.hue]);
    }
  }
  return hues;
}

/** A function index -> colour for the mode chosen. */
function colourer(state: State): (index: number) => RGB {
  const { theme, reference } = state;
  const plain = PLAIN[theme];
  if (state.colour === "trust") {
    const slice = shownAtlas(state)?.a;
    if (!slice?.trust) return () => plain;
    const { trust } = slice;
    const from = Math.min(slice.sites - 1, Math.round(state.site)) * slice.ref;
    return (i) => magnitude((trust[from + i] / 255 - TRUST_FLOOR) / (1 - TRUST_FLOOR), theme);
  }
  if (isScore(state.colour)) {
    const scored = scoredCloud(state);
    if (!scored) return () => plain;
    const { values, low, high } = scored;
    const width = Math.log(high / low);
    return (i) => magnitude(Math.min(1, Math.log(Math.max(values[i], low) / low) / width), theme);
  }
  if (!reference || state.colour === "none") return () => plain;
  const label = labelShown(state);
  if (label) {
    const colourOf = labelColours(label, theme);
    return (i) => colourOf(i) ?? plain;
  }
  if (state.colour === "source") {
    const category = new Map(sourcesOf(reference).map((one) => [one.name, one.category]));
    return (i) =>
      CATEGORIES[theme][category.get(reference.source[reference.window[i]] ?? "") ?? REST];
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

/** Colours [ref, 4] of the cloud; what `dim` says is not meant fades. */
export function cloudColours(
  state: State,
  count: number,
  meant: ((index: number) => boolean) | null,
) {
  const colourOf = colourer(state);
  const quiet =
    state.colour === "sentence" || state.colour === "none" || labelShown(state) !== null;
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

/** What the legend says: categories with colours, or a scale with its ends. */
export function legendOf(state: State):
  | { kind: "none" }
  | {
      kind: "categories";
      items: { name: string; colour: RGB; count: number }[];
      /** tokens that belong to none of them, where it is known */
      unlabeled?: number;
    }
  | { kind: "scale"; low: number; high: number; log: boolean }
  | { kind: "ring"; period: number }
  | { kind: "triangle"; names: string[]; corners: RGB[] } {
  const { reference, theme } = state;
  if (state.colour === "trust") return { kind: "scale", low: TRUST_FLOOR, high: 1, log: false };
  if (isScore(state.colour)) {
    const scored = scoredCloud(state);
    return scored
      ? { kind: "scale", low: scored.low, high: scored.high, log: true }
      : { kind: "none" };
  }
  if (!reference) return { kind: "none" };
  const label = labelShown(state);
  if (label) return legendOfLabel(label, theme);
  if (state.colour === "source") {
    const items = sourcesOf(reference).map(({ name, count, category }) => ({
      name,
      count,
      colour: CATEGORIES[theme][category],
    }));
    return { kind: "categories", items };
  }
  if (state.colour === "position")
    return { kind: "scale", low: 0, high: range(reference.position).high, log: false };
  if (state.colour === "frequency")
    return { kind: "scale", ...frequencyRange(reference), log: true };
  if (state.colour === "sentence") {
    const items = state.sentences
      .filter((one) => !one.hidden && one.text.trim())
      .map((one) => ({ name: one.text, count: 0, colour: HUES[theme][one.hue] }));
    return { kind: "categories", items };
  }
  return { kind: "none" };
}

function legendOfLabel(label: LabelOfTokens, theme: Theme): ReturnType<typeof legendOf> {
  const { low, high } = rangeOf(label);
  if (label.kind === "cyclic") return { kind: "ring", period: label.period ?? high - low + 1 };
  if (label.kind === "magnitude") return { kind: "scale", low, high, log: false };
  if (label.kind === "mixture" && label.values.some((one) => one.length === 3))
    return { kind: "triangle", names: label.names, corners: CORNERS[theme] };
  const colours = CATEGORIES[theme];
  const items = label.names.map((name, i) => ({
    name,
    count: 0,
    colour: colours[Math.min(i, colours.length - 1)],
  }));
  return {
    kind: "categories",
    items,
    unlabeled: label.values.filter(([one]) => one === null).length,
  };
}
