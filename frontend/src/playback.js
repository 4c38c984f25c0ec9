/** The clock of the player: one timer, wound while something plays. */

import { keyframe, tick } from "./player.js";

const WAIT = 80;

/** @param {ReturnType<typeof import("./store.js").createStore>} store */
export function playback(store) {
  let timer = 0;

  function beat() {
    const state = store.get();
    if (!state.playing) return;
    const message = tick(state);
    if (message) store.dispatch(message);
    timer = window.setTimeout(beat, message ? keyframe(store.get().speed) : WAIT);
  }

  store.subscribe((state, previous) => {
    if (state.playing === previous.playing) return;
    clearTimeout(timer);
    if (state.playing) timer = window.setTimeout(beat, 30);
  });
}
