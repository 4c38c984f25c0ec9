/** Numbers of findings in words, and what a finding is. */

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

/** 1.02 [0.91, 1.14]; – where there is none. */
export function boundedWords(state: State, { value, low, high }: Bounded) {
  const short = (one: number | null) => (one === null ? "–" : brief(one, state.language));
  return low === null || high === null
    ? short(value)
    : `${short(value)} [${short(low)}, ${short(high)}]`;
}

export function percent(state: State, value: number | null) {
  if (value === null) return "–";
  return number(value, state.language, { style: "percent", maximumFractionDigits: 0 });
}
