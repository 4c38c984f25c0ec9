/** Waiting for the state to come to something. */

import type { State } from "../state/types.ts";
import type { Store } from "../state/store.ts";

/** Milliseconds that what the first picture does without waits for it. */
const PATIENCE = 6000;

/** Resolves when the state is as wanted, at the latest after so many milliseconds. */
export function once(store: Store, wanted: (state: State) => boolean, patience: number) {
  return new Promise<void>((resolve) => {
    if (wanted(store.get())) return resolve();
    window.setTimeout(resolve, patience);
    store.subscribe((state) => wanted(state) && resolve());
  });
}

/** Whether a cloud of the run on screen has come, or none is to be expected. */
export function cloudThere({ card, atlas, atlasFailures }: State) {
  return !card?.steps.length || Object.keys({ ...atlas, ...atlasFailures }).length > 0;
}

/** Resolves when a run's first cloud has come, or none is to be expected. */
export function firstCloud(store: Store, run: string) {
  return once(store, (state) => state.run !== run || cloudThere(state), PATIENCE);
}
