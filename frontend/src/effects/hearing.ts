/** Hears of runs that came, went or grew, and brings what is new of them. */

import { getJson } from "./client.ts";
import { loadRun, loadTables } from "./loading.ts";
import type { Store } from "../state/store.ts";
import type { Message } from "../state/messages.ts";

export function hearing(store: Store) {
  const named: Set<string> = new Set();
  let busy = false;

  /** What has been named is brought; what is named meanwhile comes next. */
  async function bring() {
    if (busy) return;
    busy = true;
    while (named.size) {
      const runs = new Set(named);
      named.clear();
      // the line is lost: it will be heard of again when it is back
      await bringNews(store, runs).catch(() => {});
    }
    busy = false;
  }

  store.subscribe((state, previous) => {
    if (state.connection !== "open" || previous.connection !== "lost" || !state.card) return;
    named.add(state.run);
    bring();
  });

  return {
    hear(message: Message) {
      if (message.type !== "changed" || !message.runs.length) return;
      for (const run of message.runs) named.add(run);
      bring();
    },
  };
}

async function bringNews(store: Store, named: Set<string>) {
  const { runs } = await getJson("api/runs");
  store.dispatch({ type: "runs", runs });
  const { run, card } = store.get();
  const entry = runs.find((one: { name: string }) => one.name === run);
  if (!run && runs.length)
    return loadRun(store, (runs.find((one: { problem: unknown }) => !one.problem) ?? runs[0]).name);
  if (!entry || entry.problem || !named.has(run)) return;
  if (card) await bringGrown(store, run, card.lineage);
  else await loadRun(store, run);
}

/** The card as it is now, then its tables; the reference only where it may be another. */
async function bringGrown(store: Store, run: string, lineage: string | undefined) {
  const card = await getJson(`api/runs/${encodeURIComponent(run)}`);
  if (store.get().run !== run) return;
  store.dispatch({ type: "run.grown", card });
  await loadTables(store, run, card.lineage !== lineage);
}
