/** What the state says of a chart: a measure along an axis, its range, its ghosts, its marks. Pure. */

import { happenings } from "./events.js";
import { number } from "./language.js";
import { curveOf, measureOf, rangeOf } from "./measures.js";
import { INKS } from "./panels/chart.js";
import { sitesAlong, stepsAlong, valueScale } from "./scales.js";
import { siteShort } from "./sites.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Words} Words */
/** @typedef {import("./types.d.ts").Axis} Axis */
/** @typedef {import("./panels/chart.js").Chart} Chart */
/** @typedef {import("./measures.js").Range} Range */

/** More than so many ghosts would be a fog. */
const GHOSTS = 60;

/** Units of shares and correlations, which are read on their own scale. */
const BOUNDED = /\d\.\.1$/;

/** The measures whose curves are shown: one or two. @param {State} state */
export function shownMeasures(state) {
  return [state.measure, state.second].filter((name, i, all) => name && measureOf(state, name) && all.indexOf(name) === i);
}

/** The range of a measure over the whole grid; null when it is defined nowhere. @param {State} state @param {string} name */
export function wholeRange(state, name) {
  const measure = measureOf(state, name);
  const range = rangeOf(measure?.values.flat() ?? []);
  return range && BOUNDED.test(measure?.unit ?? "") ? { ...range, log: false } : range;
}

/** The range of the upward axis: the whole grid's, or that of the two curves shown with their error bars. @param {State} state @param {string} name @returns {Range} */
function axisRange(state, name) {
  const whole = wholeRange(state, name) ?? { low: 0, high: 1, log: false };
  if (!state.fit) return whole;
  const curves = [curveOf(state, name, "layers"), curveOf(state, name, "steps")];
  const fitted = rangeOf(curves.flatMap(({ values, low, high }) => [...values, ...low, ...high]));
  return fitted ? { ...fitted, log: whole.log && fitted.low > 0 } : whole;
}

/** The curves of the same measure at every other place, thinned to a number that can be seen. @param {State} state @param {string} name @param {Axis} axis */
function ghosts(state, name, axis) {
  const count = (axis === "layers" ? state.card?.steps.length : state.card?.sites.length) ?? 0;
  const every = Math.ceil(count / GHOSTS);
  const places = Array.from({ length: count }, (_, i) => i).filter((i) => i % every === 0);
  const all = places.map((at) => curveOf(state, name, axis, at));
  const flat = all.every(({ values }) => values.every((value) => value === values[0])); // one value a step: the lines would say nothing
  return flat ? [] : all;
}

/** A tick's number in few characters. @param {State} state @returns {(value: number) => string} */
function tickText(state) {
  return (value) => number(value, state.language, Math.abs(value) >= 10000 ? { notation: "compact", maximumSignificantDigits: 3 } : { maximumSignificantDigits: 4 });
}

/**
 * The chart of a measure along an axis through the place on screen.
 * @param {State} state @param {Words} t @param {string} name @param {Axis} axis @param {import("./chart.js").Frame} frame @param {string} key
 * @returns {Chart}
 */
export function charting(state, t, name, axis, frame, key) {
  const order = Math.max(0, shownMeasures(state).indexOf(name));
  const sites = state.card?.sites ?? [];
  const width = frame.width - frame.left - frame.right;
  const along = axis === "layers" ? sitesAlong(sites, (site) => siteShort(t, site), width) : stepsAlong(state.card?.steps ?? []);
  const scale = valueScale(axisRange(state, name), frame.height < 110 ? 3 : 4);
  return {
    key,
    frame,
    curve: curveOf(state, name, axis),
    ghosts: ghosts(state, name, axis),
    along,
    scale: wholeRange(state, name) ? scale : { ...scale, ticks: [] },
    ramp: name === state.measure ? wholeRange(state, name) : null,
    at: axis === "layers" ? state.site : state.step,
    events: axis === "steps" ? happenings(state).filter(({ events }) => events.some((one) => one.measure === name)).map(({ index }) => index) : [],
    text: tickText(state),
    nothing: t("measure.undefined"),
    inks: INKS[state.theme][order],
    theme: state.theme,
  };
}
