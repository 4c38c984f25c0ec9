/** The clock of the player: one timer, wound while something plays. */

import { keyframe, tick } from "../state/player.ts";
import type { Store } from "../state/store.ts";

const WAIT = 80;

export function playback(store: Store) {
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
