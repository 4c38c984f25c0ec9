/** What the curves say of a place: the value of every shown measure there. */

import { h } from "preact";
import { INKS } from "../../charts/chart.ts";
import { shownMeasures } from "../../charts/charting.ts";
import { measureName, placeWords, readingAt, readingWords } from "../../charts/measures.ts";
import { number } from "../../i18n/language.ts";
import type { Axis, State, Words } from "../../state/types.ts";

/** Six digits: enough to be read off. */
export function exact(state: State): (value: number) => string {
  return (value) => number(value, state.language, { maximumSignificantDigits: 6 });
}

/** What is told of the place under the pointer, in a line each. */
export function linesAt(state: State, t: Words, axis: Axis, index: number) {
  const [step, site] =
    axis === "layers" ? [Math.round(state.step), index] : [index, Math.round(state.site)];
  const told = (name: string) => readingWords(t, readingAt(state, name, step, site), exact(state));
  const rows = shownMeasures(state).map((name, i) =>
    h(
      "p",
      {},
      h("i", { class: "stroke", style: { background: INKS[state.theme][i].line } }),
      `${measureName(state, t, name)}: ${told(name)}`,
    ),
  );
  return [placeWords(state, t, step, site), ...rows];
}
