/** Brings the catalogue, and of the run chosen its card, reference tokens and measures. */

import { failureOf, getJson } from "./client.js";

/** @typedef {ReturnType<typeof import("./store.js").createStore>} Store */

/** @param {Store} store */
export async function loadRuns(store) {
  try {
    const { runs } = await getJson("api/runs");
    store.dispatch({ type: "runs", runs });
    const { run } = store.get();
    const wanted = run || runs.find((/** @type {{ default: boolean }} */ one) => one.default)?.name || runs[0]?.name;
    if (!wanted) store.dispatch({ type: "run.failed", failure: { code: "no_runs", message: "" } });
    else await loadRun(store, wanted);
  } catch (error) {
    store.dispatch({ type: "run.failed", failure: failureOf(error) });
  }
}

/** @param {Store} store @param {string} run */
export async function loadRun(store, run) {
  const path = `api/runs/${encodeURIComponent(run)}`;
  store.dispatch({ type: "run.choose", run });
  const { problem } = store.get().runs.find((one) => one.name === run) ?? {};
  if (problem) return store.dispatch({ type: "run.failed", failure: problem }); // what is known need not be asked for
  try {
    const card = await getJson(path);
    if (store.get().run === run) store.dispatch({ type: "run.card", card });
  } catch (error) {
    if (store.get().run === run) store.dispatch({ type: "run.failed", failure: failureOf(error) });
    return;
  }
  await loadTables(store, run, true);
}

/** What the card does not hold: measures, claims, and the reference tokens where they are wanted. @param {Store} store @param {string} run @param {boolean} reference */
export async function loadTables(store, run, reference) {
  const path = `api/runs/${encodeURIComponent(run)}`;
  await Promise.all([
    reference && part(store, run, `${path}/reference`, (table) => ({ type: "reference", reference: table })),
    part(store, run, `${path}/measures`, (measures) => ({ type: "measures", measures })),
    part(store, run, `${path}/claims`, ({ claims }) => ({ type: "claims", claims })),
  ]);
}

/** A part that the picture can do without: its absence is said, the rest goes on. @param {Store} store @param {string} run @param {string} path @param {(body: any) => import("./types.d.ts").Message} message */
async function part(store, run, path, message) {
  try {
    const body = await getJson(path);
    if (store.get().run === run) store.dispatch(message(body));
  } catch (error) {
    const { message: words } = failureOf(error);
    if (store.get().run === run) store.dispatch({ type: "set", notice: { key: "notice.plain", values: { message: words } } });
  }
}
