/** The whole screen for the lesson before a class, and back. */

import type { Store } from "../state/store.ts";

export function presenting(store: Store) {
  store.subscribe((state, previous) => {
    const { presenting: now } = state.seed;
    if (now === previous.seed.presenting) return;
    const turned = now ? document.documentElement.requestFullscreen?.() : leave();
    // where it is refused, the lesson is presented in the window
    turned?.catch(() => {});
  });
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement && store.get().seed.presenting)
      store.dispatch({ type: "lesson.set", presenting: false });
  });
}

function leave() {
  return document.fullscreenElement ? document.exitFullscreen() : undefined;
}
