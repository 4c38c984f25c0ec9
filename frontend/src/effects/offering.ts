/** Brings what can be fetched, asks for it, and opens a model that has come. */

import { askJson, failureOf, getJson } from "./client.ts";
import { isFetching } from "../state/offers.ts";
import type { Store } from "../state/store.ts";
import type { ModelOffers } from "../protocol/wire.ts";

/** Milliseconds between two looks at what is being fetched. */
const PAUSE = 1000;

/** @param openRun what shows a run */
export function offering(store: Store, openRun: (name: string) => void) {
  let timer = 0;
  /** Models that a person said yes to here: they are opened when they come. */
  const wanted = new Set<string>();

  store.subscribe((state, previous) => {
    const opened = state.sheet === "door" && previous.sheet !== "door";
    const back = state.connection === "open" && previous.connection !== "open";
    if (opened || back) look();
  });

  async function look() {
    clearTimeout(timer);
    try {
      await take(await getJson("api/models"));
    } catch {
      return; // an older server offers none
    }
  }

  async function take(offers: ModelOffers) {
    store.dispatch({ type: "offers", offers });
    if (isFetching(store.get().offers)) timer = window.setTimeout(look, PAUSE);
    const come = offers.models.filter(({ run }) => run);
    if (come.some(({ run }) => !store.get().runs.some(({ name }) => name === run)))
      store.dispatch({ type: "runs", ...(await getJson("api/runs")) });
    for (const { name, run } of come) if (run && wanted.delete(name)) openRun(run);
  }

  async function ask(method: "POST" | "DELETE", name: string) {
    try {
      await take(await askJson(method, `api/models/${encodeURIComponent(name)}`));
    } catch (error) {
      store.dispatch({ type: "offers.failed", failure: failureOf(error) });
    }
  }

  return {
    fetch(name: string) {
      wanted.add(name);
      return ask("POST", name);
    },
    stop(name: string) {
      wanted.delete(name);
      return ask("DELETE", name);
    },
  };
}
