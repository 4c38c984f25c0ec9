/** The one state, and who wants to hear of it. */

import { update } from "./update.ts";
import type { Message } from "./messages.ts";
import type { State } from "./types.ts";

/** A store: `dispatch` is the only way in, listeners hear (state, previous) after every change. */
export function createStore(initial: State) {
  let state = initial;
  const listeners: ((state: State, previous: State) => void)[] = [];
  const queue: Message[] = [];
  let busy = false;

  /**
   * A message from inside a listener waits for its turn, so that every listener sees every state.
   */
  function dispatch(message: Message) {
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
    subscribe(listener: (state: State, previous: State) => void) {
      listeners.push(listener);
    },
  };
}

export type Store = ReturnType<typeof createStore>;
