/** Waiting for the state to come to something. */

import type { State } from "../state/types.ts";
import type { Store } from "../state/store.ts";

/** Milliseconds that what the first picture does without waits for it. */
const PATIENCE = 1500;

/** Resolves when the state is as wanted, at the latest after so many milliseconds. */
export function once(store: Store, wanted: (state: State) => boolean, patience: number) {
  return new Promise<void>((resolve) => {
    if (wanted(store.get())) return resolve();
    window.setTimeout(resolve, patience);
    store.subscribe((state) => wanted(state) && resolve());
  });
}

/** Resolves when a run's first cloud has come, or none is to be expected. */
export function firstCloud(store: Store, run: string) {
  const there = (state: State) =>
    state.run !== run ||
    !state.card?.steps.length ||
    Object.keys(state.atlas).length + Object.keys(state.atlasFailures).length > 0;
  return once(store, there, PATIENCE);
}
