/** Numbers of findings in words, and what a finding is. */

import { h } from "preact";
import { brief, number } from "../../i18n/language.ts";
import type { Bounded } from "../../state/meaning/series.ts";
import type { State } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";

/** One sentence, further charts, and the details behind it. */
export interface Finding {
  words: string;
  more?: Tree[];
  detail: Tree[];
}

/** 1.02 [0.91, 1.14]: as many decimals as the interval bears; – where there is none. */
export function boundedWords(state: State, { value, low, high }: Bounded) {
  if (value === null) return "–";
  if (low === null || high === null) return brief(value, state.language);
  const digits = decimals(high - low);
  const short = (one: number) =>
    number(one, state.language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${short(value)} [${short(low)}, ${short(high)}]`;
}

/** The same in a table's cell: the number, and its bounds under it. */
export function boundedParts(state: State, bounds: Bounded): (Tree | string)[] {
  const [value, ...rest] = boundedWords(state, bounds).split(" [");
  return [value, ...rest.map((one) => h("small", { key: "bounds" }, `[${one}`))];
}

/** How many decimals show a width to two digits; two where there is none, four at most. */
export function decimals(width: number) {
  if (!(width > 0)) return 2;
  return Math.max(0, Math.min(4, 1 - Math.floor(Math.log10(width))));
}

/** With just so many decimals, for a column of a table; – where there is none. */
export function fixed(state: State, value: number | null, digits: number) {
  if (value === null) return "–";
  const shape = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return number(value, state.language, shape);
}

export function percent(state: State, value: number | null) {
  if (value === null) return "–";
  return number(value, state.language, { style: "percent", maximumFractionDigits: 0 });
}
