/** Hears of runs that came, went or grew, and brings what is new of them. */

import { getJson } from "./client.js";
import { loadRun, loadTables } from "./loading.js";

/** @typedef {ReturnType<typeof import("./store.js").createStore>} Store */

/** @param {Store} store */
export function hearing(store) {
  /** @type {Set<string>} */
  const named = new Set();
  let busy = false;

  /** What has been named is brought; what is named meanwhile comes next. */
  async function bring() {
    if (busy) return;
    busy = true;
    while (named.size) {
      const runs = new Set(named);
      named.clear();
      await bringNews(store, runs).catch(() => {}); // the line is lost: it will be heard of again when it is back
    }
    busy = false;
  }

  store.subscribe((state, previous) => {
    if (state.connection !== "open" || previous.connection !== "lost" || !state.card) return;
    named.add(state.run);
    bring();
  });

  return {
    /** @param {import("./types.d.ts").Message} message */
    hear(message) {
      if (message.type !== "changed" || !message.runs.length) return;
      for (const run of message.runs) named.add(run);
      bring();
    },
  };
}

/** @param {Store} store @param {Set<string>} named */
async function bringNews(store, named) {
  const { runs } = await getJson("api/runs");
  store.dispatch({ type: "runs", runs });
  const { run, card } = store.get();
  const entry = runs.find((/** @type {{ name: string }} */ one) => one.name === run);
  if (!run && runs.length) return loadRun(store, (runs.find((/** @type {{ problem: unknown }} */ one) => !one.problem) ?? runs[0]).name);
  if (!entry || entry.problem || !named.has(run)) return;
  if (card) await bringGrown(store, run, card.lineage);
  else await loadRun(store, run);
}

/** The card as it is now, then its tables; the reference only where it may be another. @param {Store} store @param {string} run @param {string | undefined} lineage */
async function bringGrown(store, run, lineage) {
  const card = await getJson(`api/runs/${encodeURIComponent(run)}`);
  if (store.get().run !== run) return;
  store.dispatch({ type: "run.grown", card });
  await loadTables(store, run, card.lineage !== lineage);
}
