/**
 * Brings the cards of the seed: those of the run on screen, and once the text or the lesson is read
 * those of every run, and of the models that can be fetched.
 */

import { saidBoth } from "../protocol/failure.ts";
import { failureOf, getJson } from "./client.ts";
import { firstCloud } from "./waiting.ts";
import { offered } from "../state/offers.ts";
import type { State } from "../state/types.ts";
import type { Store } from "../state/store.ts";

export function seeding(store: Store) {
  const asked: Set<string> = new Set();

  async function bring(run: string, room = "runs") {
    asked.add(run);
    if (run === store.get().run) await firstCloud(store, run);
    try {
      const { cards } = await getJson(`api/${room}/${encodeURIComponent(run)}/seed`);
      store.dispatch({ type: "seed.cards", run, cards });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === "no_answer") return void asked.delete(run);
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
      state.offers !== previous.offers ||
      state.card !== previous.card ||
      state.seed.reading !== previous.seed.reading;
    if (!moved) return;
    for (const run of wanted(state)) if (!asked.has(run)) bring(run);
    if (!state.seed.reading) return;
    for (const { name } of offered(state)) if (!asked.has(name)) bring(name, "models");
  });
}
