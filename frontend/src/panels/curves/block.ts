/** One measure: its name and value, what it says, its two charts. */

import { Fragment, h } from "preact";
import { INKS } from "../../charts/chart.ts";
import { shownMeasures, wholeRange } from "../../charts/charting.ts";
import { meaningOf, readingAt, readingWords, unitOf } from "../../charts/measures.ts";
import { number } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import { siteWords } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import type { Axis, State, Words } from "../../state/types.ts";
import { part } from "../../ui/host.ts";
import { Select } from "../../ui/select.ts";
import { measureGroups } from "../strip/choice.ts";
import { Plot } from "./plot.ts";
import type { Point } from "./plot.ts";
import { exact } from "./reading.ts";

const AXES: Axis[] = ["layers", "steps"];
const FIELDS = ["measure", "second"] as const;

const Says = part(says, true);

export interface Pointed {
  axis: Axis;
  index: number;
}

interface Props {
  /** 0: the measure in hand, 1: the second one */
  order: number;
  state: State;
  t: Words;
  dispatch: Dispatch;
  pointed: Pointed | null;
  point: Point;
}

export function Block({ order, pointed, point, ...shown }: Props) {
  const { state, t } = shown;
  const charts = AXES.map((axis) => {
    const [title, place] = [t(`curves.${axis}`), placeOf(axis, state, t)];
    const index = pointed?.axis === axis ? pointed.index : null;
    return h(
      "div",
      { key: axis, class: "chart" },
      h(
        "p",
        { class: "over", title: `${title} ${place}\n${t("curves.band")}` },
        h("span", {}, title),
        " ",
        h("span", { class: "quiet" }, place),
      ),
      h(Plot, { ...shown, order, axis, pointed: index, point }),
    );
  });
  return h(
    "div",
    { class: `block ${FIELDS[order]}` },
    h(Says, { ...shown, acts: order }),
    h("div", { class: "pair" }, charts),
  );
}

/** Where the chart along an axis is taken. */
function placeOf(axis: Axis, state: State, t: Words) {
  return axis === "layers"
    ? t("curves.layers.at", { step: stepNumber(state) })
    : t("curves.steps.at", { site: siteWords(t, state.card?.sites ?? [], state.site) });
}

/** The measure, its value on screen and what it says. */
function says(state: State, t: Words, dispatch: Dispatch, order: number) {
  const name = shownMeasures(state)[order];
  if (!name) return null;
  const field = FIELDS[order];
  const meaning = meaningOf(state, t, name);
  const none = order ? [{ value: "", words: t("curves.only") }] : [];
  return h(
    Fragment,
    {},
    h(
      "div",
      { class: "head" },
      h("i", { class: "stroke", style: { background: INKS[state.theme][order].line } }),
      h(Select, {
        id: `curves-${field}`,
        label: t(order ? "curves.second" : "curves.first"),
        value: name,
        options: [...none, ...measureGroups(state, t)],
        onChoose: (chosen) => dispatch({ type: "set", [field]: chosen }),
      }),
      ...value(state, t, name),
    ),
    h("p", { class: "quiet says-what", title: meaning }, meaning),
  );
}

/** The value on screen with its interval, or that there is none and why; then its unit. */
function value(state: State, t: Words, name: string) {
  const reading = readingAt(state, name);
  const none = reading.value === null;
  const { low, high } = reading;
  const said = (bound: number) => number(bound, state.language);
  const within =
    low === null || high === null ? "" : t("measure.range", { low: said(low), high: said(high) });
  const title = readingWords(t, reading, exact(state));
  const log = wholeRange(state, name)?.log ? t("curves.log") : "";
  const unit = [unitOf(state, t, name), log].filter(Boolean).join(" · ");
  return [
    h(
      "b",
      { class: none ? "value none" : "value", title },
      reading.value === null ? t("measure.undefined") : number(reading.value, state.language),
    ),
    within && h("span", { class: "quiet within", title }, within),
    h("span", { class: "quiet" }, unit),
  ];
}
