/** What was measured of meaning as a table: a row a number, each beside its control. Pure. */

import { PURITY, linesOf } from "../state/meaning/series.ts";
import type { Bounded } from "../state/meaning/series.ts";
import { measuredNow } from "../state/meaning/meaning.ts";
import type { Look, State } from "../state/types.ts";
import { field } from "./csv.ts";

const COLUMNS = ["run", "layerfold", "section", "step", "place", "what", "value", "low", "high"];

/** Every line of the open section at every step that has been measured, with what was asked. */
export function meaningCsv(state: State) {
  const { section, measured } = state.meaning;
  const { parts } = measuredNow(state);
  const steps = (state.card?.steps ?? []).filter((step) => parts[step]);
  const rows = steps.flatMap((step) => rowsOf(state, parts[step], step));
  const asked = `# ${measured[section]?.key ?? ""}`;
  const lines = [COLUMNS, ...rows].map((row) => row.map(field).join(","));
  return `${[asked, ...lines].join("\r\n")}\r\n`;
}

function rowsOf(state: State, look: Look, step: number) {
  const { section } = state.meaning;
  const lined = linesOf(section, look, state);
  const names = lined?.along.names ?? [look.answer.site ?? ""];
  const head = [state.run, state.version, section, step];
  return (lined?.lines ?? PURITY).flatMap(({ key, at }) =>
    names.map((name: string, place: number) => {
      const { value, low, high }: Bounded = at(look, place);
      return [...head, name, key, value, low, high];
    }),
  );
}

/** A name for the file. */
export function meaningFile({ run, meaning }: State) {
  const parts = ["layerfold", run, meaning.section];
  return `${parts.map((part) => part.replace(/[^\p{L}\p{N}._@-]+/gu, "-")).join("_")}.csv`;
}
