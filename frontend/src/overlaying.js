/** Brings what a comparison needs: the other run's card, what aligning finds, and how the other reads each sentence. */

import { failureOf, getBytes, getJson, postBytes } from "./client.js";
import { otherCard, otherRun, otherStep, overlayKey } from "./comparing.js";
import { isTyped } from "./following.js";
import { decode, decodeSlice } from "./safetensors.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {ReturnType<typeof import("./store.js").createStore>} Store */

/** Milliseconds that a step has to stay before it is aligned. */
const REST = 180;

/** @param {Store} store */
export function overlaying(store) {
  let asked = "";
  let timer = 0;
  /** The readings that are being made, by sentence. @type {Map<string, string>} */
  const reading = new Map();
  let stop = new AbortController();

  /** @param {State} state */
  async function bringCard(state) {
    const run = otherRun(state);
    try {
      store.dispatch({ type: "compare.card", run, card: await getJson(`api/runs/${encodeURIComponent(run)}`) });
    } catch (error) {
      store.dispatch({ type: "compare.failed", run, failure: failureOf(error) });
    }
  }

  async function lay() {
    const state = store.get();
    const key = overlayKey(state);
    if (!key || key !== asked) return;
    const { signal } = stop;
    const query = new URLSearchParams({ other: otherRun(state), at: String(otherStep(state)) });
    const path = pathOf(state);
    try {
      const table = await getJson(`${path}?${query}`);
      query.set("projection", state.projection);
      const bytes = await getBytes(`${path}/clouds?${query}`, signal);
      const positions = decode(bytes).tensors.positions.data;
      if (!signal.aborted) store.dispatch({ type: "compare.over", key, table, positions });
    } catch (error) {
      if (!signal.aborted) store.dispatch({ type: "compare.over.failed", key, failure: failureOf(error) });
    }
  }

  /** A sentence of the page as the other run reads it. @param {State} state @param {string} id @param {string} text */
  async function read(state, id, text) {
    const key = overlayKey(state);
    reading.set(id, key + text);
    const { signal } = stop;
    try {
      const body = { other: otherRun(state), at: otherStep(state), text, projection: state.projection };
      const bytes = await postBytes(`${pathOf(state)}/reading`, body, signal);
      store.dispatch({ type: "compare.reading", key, id, text, slice: decodeSlice(bytes).slice });
    } catch {
      // the sentence itself says what is wrong with it; without the other's reading the picture stands
    }
  }

  /** @param {State} state */
  function readAll(state) {
    const over = state.compare?.over;
    if (!over?.table || !isTyped(state.card) || !isTyped(otherCard(state))) return;
    for (const { id, text, status } of state.sentences) {
      if (status !== "placed" || reading.get(id) === over.key + text) continue;
      if (over.readings[id]?.text !== text) read(state, id, text);
    }
  }

  store.subscribe((state, previous) => {
    const { compare } = state;
    const wanted = compare && compare.with !== null && !compare.card && !compare.failure;
    if (wanted && (otherRun(previous) !== otherRun(state) || previous.compare?.failure)) bringCard(state);
    const key = overlayKey(state);
    if (key !== asked) {
      asked = key;
      stop.abort();
      stop = new AbortController();
      reading.clear();
      clearTimeout(timer);
      if (key) timer = window.setTimeout(lay, REST);
    } else if (key && compare?.over?.key === key) readAll(state);
  });
  if (store.get().compare?.with) bringCard(store.get());

  return {
    /** The other run has grown, or can be opened by now. @param {import("./types.d.ts").Message} message */
    hear(message) {
      const state = store.get();
      if (message.type === "changed" && state.compare?.with && message.runs?.includes(state.compare.with)) bringCard(state);
    },
  };
}

/** @param {State} state */
function pathOf(state) {
  return `api/runs/${encodeURIComponent(state.run)}/compare/${state.card?.steps[Math.round(state.step)] ?? 0}`;
}
