/** How regions are named and coloured, and how they came to be through training. Pure. */

import { CATEGORIES } from "../colour/colours.ts";
import { meaningShown, measuredNow } from "./meaning.ts";
import type { RegionColumn } from "./types.ts";
import type { RGB, State, Theme } from "../types.ts";

/** What is over-represented in it, else what the model would say next, else its number. */
export function regionName(one: {
  index: number;
  tokens: { text: string }[];
  labels: { text: string }[];
}) {
  const words = one.tokens.slice(0, 2).map(({ text }) => text.trim() || "␣");
  if (words.length) return words.join(" ");
  return one.labels[0]?.text ?? `#${one.index + 1}`;
}

/** Regions share seven hues in turn; what is in none is grey. */
export function regionHue(index: number, theme: Theme): RGB {
  const hues = CATEGORIES[theme];
  return index < 0 ? hues[7] : hues[index % 7];
}

/** A column for each step that was measured, in order; none of fewer than two. */
export function columnsOf(state: State): RegionColumn[] {
  if (state.meaning.section !== "regions") return [];
  const { parts } = measuredNow(state);
  const steps = (state.card?.steps ?? []).filter((step) => parts[step]);
  if (steps.length < 2) return [];
  return steps.map((step) => ({
    step,
    regions: parts[step].answer.regions.map(({ index, size }: any) => ({ index, size })),
    links: parts[step].answer.links,
    before: parts[step].answer.before,
  }));
}

/** Those that are drawn over the slider of training: while the panel shows them, and of this
 * site. */
export function columnsOver(state: State): RegionColumn[] {
  const { fresh } = measuredNow(state);
  return meaningShown(state) && state.meaning.scene && fresh ? columnsOf(state) : [];
}
