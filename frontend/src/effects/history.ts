/**
 * The address follows the picture: quietly while a person looks around, as a new entry when another
 * claim or chapter is read, so that back and forward lead through them.
 */

import { loadRun } from "./loading.ts";
import { linkOf, viewOf } from "../state/url.ts";
import { viewOfState } from "../state/view.ts";
import type { Store } from "../state/store.ts";
import type { State } from "../state/types.ts";

const LINK_PAUSE = 300;

/** Marks the entries that the page itself made: it can go back to them. */
const OURS = { layerfold: true };

/** What makes an entry of its own: what is read, of which run. */
function placeOf({ seed, run }: State) {
  const { reading, card, chapter } = seed;
  return JSON.stringify(reading ? [reading, card, reading === "lesson" && chapter, run] : []);
}

export function keepLink(store: Store) {
  let timer = 0;
  let place = "";
  let followed = "";

  function write(state: State, fresh: boolean) {
    const hash = linkOf(viewOfState(state));
    if (!hash || hash === location.hash) return;
    if (fresh) history.pushState(OURS, "", hash);
    else history.replaceState(OURS, "", hash);
  }

  /** A picture of another run is awaited: it is opened. */
  store.subscribe(({ seed, run }, previous) => {
    const { awaited } = seed;
    if (!awaited || awaited === "card" || awaited === previous.seed.awaited) return;
    if (awaited.run && awaited.run !== run) loadRun(store, awaited.run);
  });

  store.subscribe((state, previous) => {
    if (!state.card || state.touring) return;
    const next = placeOf(state);
    const fresh = place !== "" && next !== place && state.seed.awaited === null;
    if (fresh && previous.card) write(previous, false);
    if (fresh) write(state, true);
    if (state.seed.awaited === null) place = next;
    if (fresh || timer) return;
    timer = window.setTimeout(() => {
      timer = 0;
      const now = store.get();
      if (now.card && !now.touring && now.seed.awaited === null) write(now, false);
    }, LINK_PAUSE);
  });

  window.addEventListener("popstate", (event) => {
    const { view } = viewOf(location.hash);
    if (!event.state?.layerfold || !view) return;
    followed = location.hash;
    clearTimeout(timer);
    timer = 0;
    place = "";
    store.dispatch({ type: "seed.await", view });
  });
  window.addEventListener("hashchange", () => {
    if (location.hash !== followed) location.reload();
  });
}
