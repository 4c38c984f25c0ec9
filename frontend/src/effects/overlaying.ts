/**
 * Brings what a comparison needs: the other run's card, what aligning finds, and how the other
 * reads each sentence.
 */

import { failureOf, getBytes, getJson, postBytes } from "./client.ts";
import { otherCard, otherRun, otherStep, overlayKey } from "../state/comparing.ts";
import { isTyped } from "../state/following.ts";
import { decode, decodeSlice } from "../protocol/safetensors.ts";
import type { Message } from "../state/messages.ts";
import type { State } from "../state/types.ts";
import type { Store } from "../state/store.ts";

/** Milliseconds that a step has to stay before it is aligned. */
const REST = 180;

export function overlaying(store: Store) {
  let asked = "";
  let timer = 0;
  /** The readings that are being made, by sentence. */
  const reading: Map<string, string> = new Map();
  let stop = new AbortController();

  function readAll(state: State) {
    const over = state.compare?.over;
    if (!over?.table || !isTyped(state.card) || !isTyped(otherCard(state))) return;
    for (const { id, text, special, status } of state.sentences) {
      const mine = over.key + Number(special) + text;
      const there = over.readings[id];
      if (
        status !== "placed" ||
        reading.get(id) === mine ||
        (there?.text === text && there.special === special)
      )
        continue;
      reading.set(id, mine);
      read(store, { id, text, special }, stop.signal);
    }
  }

  store.subscribe((state, previous) => {
    const { compare } = state;
    const wanted = compare && compare.with !== null && !compare.card && !compare.failure;
    if (wanted && (otherRun(previous) !== otherRun(state) || previous.compare?.failure))
      bringCard(store);
    const key = overlayKey(state);
    if (key !== asked) {
      asked = key;
      stop.abort();
      stop = new AbortController();
      reading.clear();
      clearTimeout(timer);
      if (key) timer = window.setTimeout(lay, REST, store, key, stop.signal);
    } else if (key && compare?.over?.key === key) readAll(state);
  });
  if (store.get().compare?.with) bringCard(store);

  return {
    /** The other run has grown, or can be opened by now. */
    hear(message: Message) {
      const { compare } = store.get();
      if (message.type === "changed" && compare?.with && message.runs?.includes(compare.with))
        bringCard(store);
    },
  };
}

async function bringCard(store: Store) {
  const run = otherRun(store.get());
  try {
    store.dispatch({
      type: "compare.card",
      run,
      card: await getJson(`api/runs/${encodeURIComponent(run)}`),
    });
  } catch (error) {
    store.dispatch({ type: "compare.failed", run, failure: failureOf(error) });
  }
}

/** What aligning finds of what is on screen: the numbers, then the places. */
async function lay(store: Store, key: string, signal: AbortSignal) {
  const state = store.get();
  if (overlayKey(state) !== key) return;
  const query = new URLSearchParams({ other: otherRun(state), at: String(otherStep(state)) });
  const path = pathOf(state);
  try {
    const table = await getJson(`${path}?${query}`);
    query.set("projection", state.projection);
    const bytes = await getBytes(`${path}/clouds?${query}`, signal);
    if (!signal.aborted)
      store.dispatch({
        type: "compare.over",
        key,
        table,
        positions: decode(bytes).tensors.positions.data as Float32Array,
      });
  } catch (error) {
    if (!signal.aborted)
      store.dispatch({ type: "compare.over.failed", key, failure: failureOf(error) });
  }
}

/** A sentence of the page as the other run reads it. */
async function read(
  store: Store,
  one: { id: string; text: string; special: boolean },
  signal: AbortSignal,
) {
  const state = store.get();
  const key = overlayKey(state);
  const { id, text, special } = one;
  const body = {
    other: otherRun(state),
    at: otherStep(state),
    text,
    special,
    projection: state.projection,
  };
  try {
    const bytes = await postBytes(`${pathOf(state)}/reading`, body, signal);
    const { slice } = decodeSlice(bytes);
    store.dispatch({ type: "compare.reading", key, id, text, special, slice });
  } catch {
    // the sentence says what is wrong with it; without the other's reading the picture stands
  }
}

function pathOf(state: State) {
  const step = state.card?.steps[Math.round(state.step)] ?? 0;
  return `api/runs/${encodeURIComponent(state.run)}/compare/${step}`;
}
