/**
 * The curves as a drawing that stands alone: with its run, step, site, units and version in it, in
 * words and as data. Pure.
 */

import { charting, shownMeasures } from "./charting.ts";
import { INKS, chartOf, frameOf, markOf } from "./chart.ts";
import { number } from "../i18n/language.ts";
import {
  meaningOf,
  measureName,
  measureOf,
  placeWords,
  readingAt,
  readingWords,
  unitOf,
} from "./measures.ts";
import { siteWords } from "../state/sites.ts";
import { stepNumber } from "../state/state.ts";
import { draw, textOf } from "./svg.ts";
import { wordsOfRun } from "../state/run-words.ts";
import type { Axis, State, Words } from "../state/types.ts";

const [WIDE, HIGH] = [480, 230];
const [EDGE, HEAD, BETWEEN] = [32, 92, 74];
const FONT =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', " +
  "'PingFang SC', 'Microsoft YaHei', sans-serif";

/** What is shown, in names and numbers: goes into every file. */
export function describe(state: State) {
  const site = state.card?.sites[Math.round(state.site)] ?? "";
  const measures = shownMeasures(state).map((name) => ({
    name,
    unit: measureOf(state, name)?.unit ?? "",
    ...readingAt(state, name),
  }));
  return { layerfold: state.version, run: state.run, step: stepNumber(state), site, measures };
}

/** A name for a file: run, measures, step, site. */
export function fileName(state: State, kind: string) {
  const { run, step, site } = describe(state);
  const parts = ["layerfold", run, ...shownMeasures(state), `step-${step}`, site];
  return `${parts.map((part) => part.replace(/[^\p{L}\p{N}._@-]+/gu, "-")).join("_")}.${kind}`;
}

/** The drawing as an SVG document, and its size. */
export function paperOf(state: State, t: Words) {
  const names = shownMeasures(state);
  const width = 2 * EDGE + 2 * WIDE + 24;
  const height = HEAD + names.length * (HIGH + BETWEEN) + 40;
  const inks = INKS[state.theme][0];
  const about = describe(state);
  const run = wordsOfRun(state.card ?? { name: state.run }, t).title;
  const root = draw(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      "font-family": FONT,
      role: "img",
    },
    draw("title", {}, `${names.map((name) => measureName(state, t, name)).join(", ")} · ${run}`),
    draw("desc", {}, JSON.stringify(about)),
    draw("metadata", {}, JSON.stringify(about)),
    draw("rect", { width, height, fill: inks.ground }),
    draw("text", { x: EDGE, y: 44, "font-size": 20, "font-weight": 600, fill: inks.ink }, run),
    draw(
      "text",
      { x: EDGE, y: 68, "font-size": 13, fill: inks.soft },
      placeWords(state, t, Math.round(state.step), Math.round(state.site)),
    ),
    ...names.map((name, i) => measureBlock(state, t, name, HEAD + i * (HIGH + BETWEEN))),
    draw(
      "text",
      { x: EDGE, y: height - 20, "font-size": 11, fill: inks.soft },
      `${state.run} · step ${about.step} · ${about.site} · Layerfold ${state.version}`,
    ),
  );
  return { text: `<?xml version="1.0" encoding="UTF-8"?>\n${textOf(root)}\n`, width, height };
}

function measureBlock(state: State, t: Words, name: string, top: number) {
  const inks = INKS[state.theme][Math.max(0, shownMeasures(state).indexOf(name))];
  const exact = (value: number) => number(value, state.language, { maximumSignificantDigits: 6 });
  const site = siteWords(t, state.card?.sites ?? [], state.site);
  const heads = {
    layers: `${t("curves.layers")} ${t("curves.layers.at", { step: stepNumber(state) })}`,
    steps: `${t("curves.steps")} ${t("curves.steps.at", { site })}`,
  };
  const charts = (["layers", "steps"] as Axis[]).map((axis, i) => {
    const chart = charting(
      state,
      t,
      name,
      axis,
      frameOf(WIDE, HIGH - 30),
      `paper-${shownMeasures(state).indexOf(name)}-${axis}`,
    );
    const at = `translate(${EDGE + i * (WIDE + 24)} ${top + 70})`;
    return draw(
      "g",
      { transform: at },
      draw("text", { y: -8, "font-size": 12, fill: inks.soft }, heads[axis]),
      chartOf(chart),
      markOf(chart),
    );
  });
  const value = readingWords(t, readingAt(state, name), exact);
  const line = `${measureName(state, t, name)}: ${value} · ${unitOf(state, t, name)}`;
  return draw(
    "g",
    {},
    draw("rect", { x: EDGE, y: top + 8, width: 14, height: 3, rx: 1.5, fill: inks.line }),
    draw(
      "text",
      { x: EDGE + 22, y: top + 14, "font-size": 14, "font-weight": 600, fill: inks.ink },
      line,
    ),
    draw(
      "text",
      { x: EDGE + 22, y: top + 34, "font-size": 12, fill: inks.soft },
      meaningOf(state, t, name),
    ),
    ...charts,
  );
}
