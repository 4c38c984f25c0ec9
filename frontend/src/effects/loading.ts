/** Brings the catalogue, and of the run chosen its card, reference tokens and measures. */

import { saidBoth } from "../protocol/failure.ts";
import { failureOf, getJson } from "./client.ts";
import { firstCloud } from "./waiting.ts";
import { openingRun } from "../state/opening.ts";
import type { Store } from "../state/store.ts";
import type { Message } from "../state/messages.ts";

export async function loadRuns(store: Store) {
  try {
    const { runs } = await getJson("api/runs");
    store.dispatch({ type: "runs", runs });
    const { run, language } = store.get();
    const wanted = run || openingRun(runs, language);
    if (!wanted) store.dispatch({ type: "run.failed", failure: { code: "no_runs", message: "" } });
    else await loadRun(store, wanted);
  } catch (error) {
    store.dispatch({ type: "run.failed", failure: failureOf(error) });
  }
}

export async function loadRun(store: Store, run: string) {
  const path = `api/runs/${encodeURIComponent(run)}`;
  store.dispatch({ type: "run.choose", run });
  const { problem } = store.get().runs.find((one) => one.name === run) ?? {};
  // what is known need not be asked for
  if (problem) return store.dispatch({ type: "run.failed", failure: problem });
  try {
    const card = await getJson(path);
    if (store.get().run === run) store.dispatch({ type: "run.card", card });
  } catch (error) {
    if (store.get().run === run) store.dispatch({ type: "run.failed", failure: failureOf(error) });
    return;
  }
  await loadTables(store, run, true);
}

/**
 * What the card does not hold: the reference tokens where they are wanted, for they colour the
 * first cloud; and once that has come measures, claims and the log.
 */
export async function loadTables(store: Store, run: string, reference: boolean) {
  const path = `api/runs/${encodeURIComponent(run)}`;
  const coloured =
    reference &&
    part(store, run, `${path}/reference`, (table) => ({ type: "reference", reference: table }));
  await firstCloud(store, run);
  await Promise.all([
    coloured,
    part(store, run, `${path}/measures`, (measures) => ({ type: "measures", measures })),
    part(store, run, `${path}/claims`, ({ claims }) => ({ type: "claims", claims })),
    loadLog(store, run),
  ]);
}

/** What the training has written down of itself; a run may have no log. */
export async function loadLog(store: Store, run: string) {
  try {
    const { rows } = await getJson(`api/runs/${encodeURIComponent(run)}/metrics`);
    store.dispatch({ type: "lab.log", run, rows });
  } catch {
    // nothing has been written yet: asked again when the run has grown
  }
}

/** A part that the picture can do without: its absence is said, the rest goes on. */
async function part(store: Store, run: string, path: string, message: (body: any) => Message) {
  try {
    const body = await getJson(path);
    if (store.get().run === run) store.dispatch(message(body));
  } catch (error) {
    const values = saidBoth(failureOf(error));
    if (store.get().run === run)
      store.dispatch({ type: "set", notice: { key: "notice.plain", values } });
  }
}
