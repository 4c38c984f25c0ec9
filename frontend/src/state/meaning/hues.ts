/** The colours of what a probe says: those that the cloud has for the same classes. Pure. */

import { legendOf } from "../colour/colouring.ts";
import { CATEGORIES } from "../colour/colours.ts";
import { regionHue } from "./regions.ts";
import type { ColourMode, RGB, State, Theme } from "../types.ts";

/** Of a token that a probe has right, and of one that it has wrong. */
export function hitHues(theme: Theme): { right: RGB; wrong: RGB } {
  return { right: CATEGORIES[theme][2], wrong: CATEGORIES[theme][4] };
}

/** The hue of each class by its index: that of the class in the key of the cloud, where it has
 * one. */
export function classHues(
  state: State,
  { label, classes }: { label: string; classes: string[] },
): (index: number) => RGB {
  const colour = (label === "source" ? "source" : `label:${label}`) as ColourMode;
  const legend = legendOf({ ...state, colour });
  const items = legend.kind === "categories" ? legend.items : [];
  const known = new Map(items.map((one) => [one.name, one.colour]));
  const hues = classes.map((name, at) => known.get(name) ?? regionHue(at, state.theme));
  return (index) => hues[index] ?? regionHue(-1, state.theme);
}
