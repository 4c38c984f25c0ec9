/** Asks what the open view of the inside wants to know, again whenever that has changed and come to rest. */

import { wantedLooks } from "./inside/inside.js";

const SETTLE = 120;

/**
 * @param {ReturnType<typeof import("./store.js").createStore>} store
 * @param {{ send(message: any): boolean }} client
 * @param {() => number} nextId
 */
export function asking(store, client, nextId) {
  let timer = 0;

  function ask() {
    timer = 0;
    const state = store.get();
    for (const { kind, key, message } of wantedLooks(state)) {
      if (state.inside.asking[kind]?.key === key) continue;
      const id = nextId();
      if (client.send({ ...message, id })) store.dispatch({ type: "inside.asked", kind, id, key });
    }
  }

  store.subscribe((state, previous) => {
    if (!state.inside.open) return;
    if (state.connection === "open" && previous.connection !== "open") store.dispatch({ type: "inside.set", asking: {} });
    if (previous.inside.walk.wish && !state.inside.walk.wish && !state.inside.asking.walk) client.send({ type: "cancel", sentence: "walk" });
    const surveyed = (/** @type {import("./types.d.ts").State} */ one) => one.inside.way.survey?.on !== false;
    if (surveyed(previous) && !surveyed(state)) client.send({ type: "cancel", sentence: "survey" });
    const moved = ["inside", "step", "site", "sentences", "active", "picked", "projection", "run", "card", "playing", "connection", "sheet"].some(
      (name) => /** @type {any} */ (state)[name] !== /** @type {any} */ (previous)[name],
    );
    if (!moved) return;
    clearTimeout(timer);
    timer = window.setTimeout(ask, SETTLE);
  });
}
