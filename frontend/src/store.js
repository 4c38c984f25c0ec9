/** The one state, and who wants to hear of it. */

import { update } from "./update.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Message} Message */

/**
 * A store: `dispatch` is the only way in, listeners hear (state, previous) after every change.
 * @param {State} initial
 */
export function createStore(initial) {
  let state = initial;
  /** @type {((state: State, previous: State) => void)[]} */
  const listeners = [];
  /** @type {Message[]} */
  const queue = [];
  let busy = false;

  /** A message from inside a listener waits for its turn, so that every listener sees every state. @param {Message} message */
  function dispatch(message) {
    queue.push(message);
    if (busy) return;
    busy = true;
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const previous = state;
        state = update(state, next);
        if (state !== previous) for (const listener of listeners) listener(state, previous);
      }
    } finally {
      busy = false;
      queue.length = 0;
    }
  }

  return {
    get: () => state,
    dispatch,
    /** @param {(state: State, previous: State) => void} listener */
    subscribe(listener) {
      listeners.push(listener);
    },
  };
}
