/**
 * Brings the cards of the seed: those of the run on screen, and of every run once the text or the
 * lesson is read.
 */

import { saidBoth } from "../protocol/failure.ts";
import { failureOf, getJson } from "./client.ts";
import type { State } from "../state/types.ts";
import type { Store } from "../state/store.ts";

export function seeding(store: Store) {
  const asked: Set<string> = new Set();

  async function bring(run: string) {
    asked.add(run);
    try {
      const { cards } = await getJson(`api/runs/${encodeURIComponent(run)}/seed`);
      store.dispatch({ type: "seed.cards", run, cards });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === "unreachable") return void asked.delete(run);
      store.dispatch({ type: "seed.cards", run, cards: [] });
      if (run === store.get().run)
        store.dispatch({
          type: "set",
          notice: { key: "notice.plain", values: saidBoth(failure) },
        });
    }
  }

  function wanted(state: State) {
    const known = state.runs.filter(({ problem }) => !problem).map(({ name }) => name);
    return state.seed.reading ? known : known.filter((name) => name === state.run && state.card);
  }

  store.subscribe((state, previous) => {
    const moved =
      state.runs !== previous.runs ||
      state.card !== previous.card ||
      state.seed.reading !== previous.seed.reading;
    if (moved) for (const run of wanted(state)) if (!asked.has(run)) bring(run);
  });
}
