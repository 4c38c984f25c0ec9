/**
 * What the state says of a chart: a measure along an axis, its range, its ghosts, its marks. Pure.
 */

import { happenings } from "./events.ts";
import { number } from "../i18n/language.ts";
import { curveOf, measureOf, nominalOf, rangeOf } from "./measures.ts";
import { INKS } from "./chart.ts";
import { sitesAlong, stepsAlong, valueScale } from "./scales.ts";
import { siteShort } from "../state/sites.ts";
import type { Axis, State, Words } from "../state/types.ts";
import type { Chart } from "./chart.ts";
import type { Range } from "./measures.ts";
import type { Frame } from "./geometry.ts";

/** More than so many ghosts would be a fog. */
const GHOSTS = 60;

/** A level so many times above the least value asks for a log scale. */
const FAR_ABOVE = 4;

/** Units of shares and correlations, which are read on their own scale. */
const BOUNDED = /\d\.\.1$/;

/** The measures whose curves are shown: one or two. */
export function shownMeasures(state: State) {
  return [state.measure, state.second].filter(
    (name, i, all) => name && measureOf(state, name) && all.indexOf(name) === i,
  );
}

/** The range of a measure over the whole grid; null when it is defined nowhere. */
export function wholeRange(state: State, name: string) {
  const measure = measureOf(state, name);
  const range = rangeOf(measure?.values.flat() ?? []);
  return range && BOUNDED.test(measure?.unit ?? "") ? { ...range, log: false } : range;
}

/**
 * The range of the upward axis: the whole grid's, or that of the two curves shown with their error
 * bars.
 */
function axisRange(state: State, name: string): Range {
  const whole = wholeRange(state, name) ?? { low: 0, high: 1, log: false };
  if (!state.fit) return upTo(whole, nominalOf(state, name));
  const curves = [curveOf(state, name, "layers"), curveOf(state, name, "steps")];
  const fitted = rangeOf(curves.flatMap(({ values, low, high }) => [...values, ...low, ...high]));
  return fitted ? { ...fitted, log: whole.log && fitted.low > 0 } : whole;
}

/** A range that reaches up to a level; on a log scale where that is far above. */
function upTo(range: Range, level: number | null): Range {
  if (level === null || level <= range.high) return range;
  return { ...range, high: level, log: range.low > 0 && level / range.low >= FAR_ABOVE };
}

/** The curves of the same measure at every other place, thinned to a number that can be seen. */
function ghosts(state: State, name: string, axis: Axis) {
  const count = (axis === "layers" ? state.card?.steps.length : state.card?.sites.length) ?? 0;
  const every = Math.ceil(count / GHOSTS);
  const places = Array.from({ length: count }, (_, i) => i).filter((i) => i % every === 0);
  const all = places.map((at) => curveOf(state, name, axis, at));
  // one value a step: the lines would say nothing
  const flat = all.every(({ values }) => values.every((value) => value === values[0]));
  return flat ? [] : all;
}

/** A tick's number in few characters. */
function tickText(state: State): (value: number) => string {
  return (value) =>
    number(
      value,
      state.language,
      Math.abs(value) >= 10000
        ? { notation: "compact", maximumSignificantDigits: 3 }
        : { maximumSignificantDigits: 4 },
    );
}

/** The chart of a measure along an axis through the place on screen. */
export function charting(
  state: State,
  t: Words,
  name: string,
  axis: Axis,
  frame: Frame,
  key: string,
): Chart {
  const order = Math.max(0, shownMeasures(state).indexOf(name));
  const sites = state.card?.sites ?? [];
  const width = frame.width - frame.left - frame.right;
  const along =
    axis === "layers"
      ? sitesAlong(sites, (site) => siteShort(t, site), width)
      : stepsAlong(state.card?.steps ?? []);
  const scale = valueScale(axisRange(state, name), frame.height < 110 ? 3 : 4);
  return {
    key,
    frame,
    curve: curveOf(state, name, axis),
    ghosts: ghosts(state, name, axis),
    along,
    scale: wholeRange(state, name) ? scale : { ...scale, ticks: [] },
    ramp: name === state.measure ? wholeRange(state, name) : null,
    level: levelOf(state, t, name),
    at: axis === "layers" ? state.site : state.step,
    events:
      axis === "steps"
        ? happenings(state)
            .filter(({ events }) => events.some((one) => one.measure === name))
            .map(({ index }) => index)
        : [],
    text: tickText(state),
    nothing: t("measure.undefined"),
    inks: INKS[state.theme][order],
    theme: state.theme,
  };
}

/** A line across the chart: the dimension that states are written in. */
function levelOf(state: State, t: Words, name: string) {
  const value = nominalOf(state, name);
  return value === null ? null : { value, words: t("measure.nominal", { d: value }) };
}
