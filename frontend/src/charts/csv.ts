/**
 * The curves as a table that explains itself: a row a value, each with its run, step, site, unit
 * and version. Pure.
 */

import { shownMeasures } from "./charting.ts";
import { measureOf, readingAt } from "./measures.ts";
import type { State } from "../state/types.ts";

export const COLUMNS = [
  "run",
  "layerfold",
  "measure",
  "unit",
  "curve",
  "step",
  "site",
  "value",
  "low",
  "high",
  "undefined_because",
  "on_screen",
];

/** RFC 4180: what holds a comma, a quote or a line end is quoted. */
export function field(value: string | number | boolean | null) {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * What the charts show: each measure over the layers at this step, then over training at this site.
 * An undefined value is an empty field with its reason beside it.
 */
export function csvOf(state: State) {
  const { card } = state;
  const rows = card
    ? shownMeasures(state).flatMap((name) => [
        ...rowsOf(state, name, "layers"),
        ...rowsOf(state, name, "steps"),
      ])
    : [];
  return `${[COLUMNS, ...rows].map((row) => row.map(field).join(",")).join("\r\n")}\r\n`;
}

function rowsOf(state: State, name: string, axis: "layers" | "steps") {
  const [sites, steps] = [state.card?.sites ?? [], state.card?.steps ?? []];
  const [step, site] = [Math.round(state.step), Math.round(state.site)];
  const places =
    axis === "layers" ? sites.map((_, i) => [step, i]) : steps.map((_, i) => [i, site]);
  return places.map(([row, column]) => {
    const { value, low, high, reason } = readingAt(state, name, row, column);
    const why = value === null ? reason || "not known" : "";
    const unit = measureOf(state, name)?.unit ?? "";
    return [
      state.run,
      state.version,
      name,
      unit,
      axis,
      steps[row],
      sites[column],
      value,
      low,
      high,
      why,
      row === step && column === site,
    ];
  });
}
