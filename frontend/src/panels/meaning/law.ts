/** Whether what a change costs grows with training (2411.17691), of the steps measured. */

import { h } from "preact";
import { measuredNow } from "../../state/meaning/meaning.ts";
import { bounded, worstChange } from "../../state/meaning/series.ts";
import type { State, Words } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";
import { changeWords } from "./smaller.ts";
import { boundedWords } from "./numbers.ts";

/** One sentence; null of fewer than two steps. */
export function lawOf(state: State, t: Words): Tree | null {
  const { parts } = measuredNow(state);
  const steps = (state.card?.steps ?? []).filter((step) => parts[step]);
  if (steps.length < 2) return null;
  const last = parts[steps[steps.length - 1]];
  const at = worstChange(last);
  const of = (step: number) => bounded(parts[step], "damage", at);
  const peak = steps.reduce((best, step) =>
    (of(step).value ?? -Infinity) > (of(best).value ?? -Infinity) ? step : best,
  );
  const [early, late] = [of(steps[0]), of(steps[steps.length - 1])];
  const grows = (late.low ?? -Infinity) > (early.high ?? Infinity);
  const key = grows
    ? "grows"
    : (late.high ?? Infinity) < (early.low ?? -Infinity)
      ? "falls"
      : "flat";
  const values = {
    change: changeWords(t, last.answer.changes[at]),
    first: steps[0],
    early: boundedWords(state, early),
    last: steps[steps.length - 1],
    late: boundedWords(state, late),
    peak,
    most: boundedWords(state, of(peak)),
  };
  return h("p", { class: "meaning-law", key: "law" }, t(`meaning.compress.${key}`, values));
}
