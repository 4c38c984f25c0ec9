/** How a region is named and coloured, on the page as in the scene. Pure. */

import { CATEGORIES } from "../colour/colours.ts";
import type { RGB, Theme } from "../types.ts";

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
