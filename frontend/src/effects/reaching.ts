/** Asks why the socket is refused where the page itself is served, and says what to set. */

import { getJson } from "./client.ts";
import type { Store } from "../state/store.ts";

export function reaching(store: Store) {
  let asked = false;
  store.subscribe((state, previous) => {
    if (state.connection === "open" && state.refusal)
      store.dispatch({ type: "set", refusal: null });
    if (state.connection === "open") asked = false;
    if (state.connection !== "lost" || previous.connection === "lost" || asked) return;
    asked = true;
    look(store);
  });
}

async function look(store: Store) {
  try {
    const path = `api/reach?origin=${encodeURIComponent(location.origin)}`;
    const { accepted, ...words } = await getJson(path);
    // an accepted origin whose socket was never open: something between takes it away
    if (!accepted || !store.get().version) store.dispatch({ type: "set", refusal: words });
  } catch {
    return; // the server is away, which is said already
  }
}
