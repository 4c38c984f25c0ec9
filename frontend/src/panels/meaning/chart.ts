/** The charts of a section: over the sites (or points, sizes, changes) and over training. */

import { h } from "preact";
import { frameOf } from "../../charts/chart.ts";
import { linesChart, pointsAlong, roomFor, thingsAlong } from "../../charts/lines.ts";
import type { LinesChart } from "../../charts/lines.ts";
import { sitesAlong, stepsAlong } from "../../charts/scales.ts";
import type { Along as AlongAxis } from "../../charts/scales.ts";
import { brief } from "../../i18n/language.ts";
import { measuredNow } from "../../state/meaning/meaning.ts";
import { linesOf } from "../../state/meaning/series.ts";
import type { Along, Line, Lined } from "../../state/meaning/series.ts";
import { siteShort, siteWords } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import type { Look, State, Words } from "../../state/types.ts";
import { Drawing } from "../../ui/drawing.ts";
import type { Tree } from "../../ui/host.ts";
import { changeWords } from "./smaller.ts";

const [WIDE, HIGH] = [308, 132];

/** What a chart shows, in a line each: a sample of the line and its name. */
export function keyOfLines(lines: Line[], t: Words): Tree {
  return h(
    "ul",
    { class: "chart-key" },
    lines.map(({ key, tone, dashed }) =>
      h(
        "li",
        { key, title: t(`meaning.${key}.tip`) },
        h("i", { class: `key-stroke ${tone}${dashed ? " dashed" : ""}`, "aria-hidden": "true" }),
        t(`meaning.${key}`),
      ),
    ),
  );
}

/** The numbers of lines along a chart. */
export function drawnOf(lines: Line[], looks: (Look | null)[], place: (at: number) => number) {
  return lines.map(({ tone, dashed = false, at }) => {
    const cells = looks.map((look, n) =>
      look ? at(look, place(n)) : { value: null, low: null, high: null },
    );
    return {
      tone,
      dashed,
      values: cells.map((one) => one.value),
      low: cells.map((one) => one.low),
      high: cells.map((one) => one.high),
    };
  });
}

function axisOf({ kind, names }: Along, t: Words): AlongAxis {
  if (kind === "sites") return sitesAlong(names, (name) => placeShort(t, name), WIDE - 54);
  if (kind === "points") return pointsAlong(names.length);
  return thingsAlong(kind === "changes" ? names.map((name) => changeWords(t, name)) : names);
}

/** A site or another place in a sentence. */
export function placeWords(t: Words, sites: string[], name: string) {
  return name === "unembed" ? t("meaning.unembed") : siteWords(t, sites, sites.indexOf(name));
}

/** A site's or another place's short name. */
export function placeShort(t: Words, name: string) {
  return name === "unembed" ? t("meaning.unembed") : siteShort(t, name);
}

/** The chart of the step on screen, along its sites, points, sizes or changes; ``said`` is the key
 * of its heading where it is not the usual one. */
export function chartHere(state: State, t: Words, look: Look, lined: Lined, said = ""): Tree {
  const { along, lines } = lined;
  const drawn = drawnOf(
    lines,
    along.names.map(() => look),
    (at) => at,
  );
  const at = along.kind === "sites" ? Math.min(state.site, along.names.length - 1) : null;
  const heading = t(said || `meaning.over.${along.kind}`, { step: stepNumber(state) });
  return figureOf(state, heading, {
    lines: drawn,
    along: axisOf(along, t),
    at,
    rule: lined.rule,
    range: lined.range,
  });
}

/** The chart over training at the place on screen; null of fewer than two steps. */
export function chartOverSteps(state: State, t: Words, lined: Lined | null, lines: Line[]) {
  const { parts } = measuredNow(state);
  const steps = (state.card?.steps ?? []).filter((step) => parts[step]);
  if (steps.length < 2) return null;
  const place = lined ? (lined.place ?? placeOf(state, lined.along)) : 0;
  const looks = steps.map((step) => parts[step]);
  const name = lined && !lined.whole ? nameOf(t, lined.along, place) : "";
  const heading = name ? t("meaning.over.steps.at", { name }) : t("meaning.over.steps");
  const here = steps.indexOf(stepNumber(state));
  return figureOf(state, heading, {
    lines: drawnOf(lines, looks, () => place),
    along: stepsAlong(steps),
    at: here < 0 ? null : here,
    rule: lined?.rule ?? null,
    range: lined?.range ?? null,
  });
}

/** The place that the chart over training is of. */
export function placeOf(state: State, { kind, names }: Along) {
  if (kind === "sites") return Math.min(Math.round(state.site), names.length - 1);
  return kind === "points" ? Math.floor(names.length / 2) : kind === "sizes" ? names.length - 1 : 0;
}

function nameOf(t: Words, { kind, names }: Along, place: number) {
  const name = names[place] ?? "";
  if (kind === "sites") return placeShort(t, name);
  if (kind === "changes") return changeWords(t, name);
  return t(kind === "points" ? "meaning.point" : "meaning.size", { at: place, size: name });
}

function figureOf(state: State, heading: string, chart: Omit<LinesChart, "frame" | "text">): Tree {
  const text = (value: number) => brief(value, state.language);
  const wide = { ...chart, frame: { ...frameOf(WIDE, HIGH), right: 8 }, text };
  const frame = { ...wide.frame, left: roomFor(wide, 38) };
  const voice = chart.lines[0]?.values.map((one) => (one === null ? "–" : text(one))).join(", ");
  return h(
    "figure",
    { class: "meaning-chart" },
    h("figcaption", {}, heading),
    h(
      "svg",
      { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${heading}: ${voice}` },
      h(Drawing, linesChart({ ...chart, frame, text })),
    ),
  );
}

/** What the charts of the open section show at the step on screen. */
export function linedHere(state: State, look: Look | null) {
  return look && linesOf(state.meaning.section, look, state);
}
