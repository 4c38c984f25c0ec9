/** Steps where something happens: gathered by step, the strongest kept, said in words. Pure. */

import { number } from "../i18n/language.ts";
import { measureName } from "./measures.ts";
import { siteWords } from "../state/sites.ts";
import type { MeasuredEvent, State, Words } from "../state/types.ts";

type Happening = { index: number; step: number; events: MeasuredEvent[] };

/** As many steps are marked at most: more would mark nothing. */
const MOST = 8;
/** As many events are told of a step. */
const TOLD = 3;

/**
 * The steps of the slider where something happens, in order; each with its events, those of the
 * chosen measures first, then the strongest.
 */
export function happenings(state: State): Happening[] {
  const chosen = [state.measure, state.curves ? state.second : ""];
  const weight = (one: MeasuredEvent) =>
    (chosen.includes(one.measure) ? 1e6 : 0) + Math.min(one.score, 1e5);
  const bySteps: Map<number, MeasuredEvent[]> = new Map();
  for (const one of state.measures?.events ?? [])
    bySteps.set(one.step, [...(bySteps.get(one.step) ?? []), one]);
  const all = [...bySteps]
    .map(([step, events]) => ({
      step,
      index: state.card?.steps.indexOf(step) ?? -1,
      events: events.sort((a, b) => weight(b) - weight(a)),
    }))
    .filter(({ index }) => index >= 0);
  const strongest = all
    .toSorted((a, b) => weight(b.events[0]) - weight(a.events[0]))
    .slice(0, MOST);
  return strongest.sort((a, b) => a.index - b.index);
}

/** The index of the marked step before or after the present one; null when there is none. */
export function neighbouring(state: State, by: 1 | -1) {
  const at = state.step;
  const found = happenings(state).filter(({ index }) =>
    by > 0 ? index > at + 1e-6 : index < at - 1e-6,
  );
  return (by > 0 ? found[0] : found.at(-1))?.index ?? null;
}

/** "Test accuracy 0.21 → 0.97", with the site where a measure has sites. */
export function eventWords(state: State, t: Words, event: MeasuredEvent) {
  const text = (value: number) => number(value, state.language, { maximumSignificantDigits: 2 });
  const words = t("event.words", {
    measure: measureName(state, t, event.measure),
    before: text(event.before),
    after: text(event.after),
  });
  return overall(state, event)
    ? words
    : t("event.at", { words, site: siteWords(t, state.card?.sites ?? [], event.site) });
}

/** Whether the measure of an event is the same at every site of its step. */
function overall(state: State, event: MeasuredEvent) {
  const found = state.measures?.measures.find((one) => one.name === event.measure);
  const row = found?.values[state.measures?.steps.indexOf(event.step) ?? -1] ?? [];
  return row.every((value) => value === row[0]);
}

/** What happened at a step, the strongest first, one line each measure. */
export function happeningWords(state: State, t: Words, { events }: Happening): string[] {
  const first = events.filter(
    (one, i) => events.findIndex((other) => other.measure === one.measure) === i,
  );
  const told = first.slice(0, TOLD).map((one) => eventWords(state, t, one));
  return first.length > TOLD ? [...told, t("event.more", { count: first.length - TOLD })] : told;
}
