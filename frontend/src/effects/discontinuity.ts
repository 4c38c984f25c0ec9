/** Asks for the scores of the slice on screen, and stops what nobody waits for any more. */

import { wantedScores } from "../state/discontinuity.ts";
import type { ClientMessage } from "../protocol/wire.ts";
import type { State } from "../state/types.ts";
import type { Store } from "../state/store.ts";

const SETTLE = 250;

export function scoring(
  store: Store,
  client: { send(message: ClientMessage): boolean },
  nextId: () => number,
) {
  let timer = 0;
  /** what was wanted when we looked last, and whether the picture stood still */
  let last = "";

  function ask() {
    const { wanted, key } = wantedOf(store.get());
    if (!wanted || isKnown(store.get(), key) || store.get().playing) return;
    const id = nextId();
    if (client.send({ ...wanted, id })) store.dispatch({ type: "discontinuity.asked", id, key });
  }

  store.subscribe((state) => {
    const { key } = wantedOf(state);
    const { asking } = state.discontinuity;
    if (asking && asking.key !== key) {
      client.send({ type: "cancel", sentence: "discontinuity" });
      store.dispatch({ type: "discontinuity.stop" });
    }
    const now = `${key} ${state.playing}`;
    if (now === last) return;
    last = now;
    clearTimeout(timer);
    timer = window.setTimeout(ask, state.discontinuity.wish ? 0 : SETTLE);
  });
}

function wantedOf(state: State) {
  const wanted = wantedScores(state);
  return { wanted, key: wanted ? JSON.stringify(wanted) : "" };
}

/** Whether it has been answered, or is being. */
function isKnown({ discontinuity }: State, key: string) {
  const { asking, look, trouble } = discontinuity;
  return [asking?.key, look?.key, trouble?.key].includes(key);
}
