/** Asks for measurements of meaning, and stops what nobody waits for any more. */

import { meaningShown, wantedMeaning } from "../state/meaning/meaning.ts";
import { SECTIONS } from "../state/meaning/types.ts";
import type { ClientMessage } from "../protocol/wire.ts";
import type { Store } from "../state/store.ts";
import type { State } from "../state/types.ts";

const SETTLE = 160;
const WATCHED = [
  "meaning",
  "panel",
  "step",
  "site",
  "sheet",
  "card",
  "run",
  "projection",
  "playing",
  "connection",
] as const satisfies (keyof State)[];

export function measuring(
  store: Store,
  client: { send(message: ClientMessage): boolean },
  nextId: () => number,
) {
  let timer = 0;

  function ask() {
    timer = 0;
    const state = store.get();
    askForSets(state);
    const wanted = wantedMeaning(store.get());
    if (!wanted) return;
    const { section, key, steps } = wanted;
    const id = nextId();
    if (client.send({ ...JSON.parse(key), id, steps }))
      store.dispatch({ type: "meaning.asked", section, id, key, steps });
  }

  function askForSets({ meaning, run, card, connection }: State) {
    if (meaning.setsAsked !== null || !card || connection !== "open") return;
    const id = nextId();
    if (client.send({ type: "meaning_sets", id, run }))
      store.dispatch({ type: "meaning.sets.asked", id });
  }

  store.subscribe((state, previous) => {
    for (const section of SECTIONS)
      if (
        previous.meaning.asking[section] &&
        !state.meaning.asking[section] &&
        stopped(state, previous, section)
      )
        client.send({ type: "cancel", sentence: section });
    if (!meaningShown(state) || !WATCHED.some((name) => state[name] !== previous[name])) return;
    clearTimeout(timer);
    timer = window.setTimeout(ask, state.meaning.wish ? 0 : SETTLE);
  });
}

/** Whether it ended before its last answer: a person has stopped it. */
function stopped(state: State, previous: State, section: (typeof SECTIONS)[number]) {
  const same = state.meaning.measured[section] === previous.meaning.measured[section];
  return same && !state.meaning.troubles[section] && state.run === previous.run;
}
