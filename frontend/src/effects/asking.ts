/**
 * Asks what the open view of the inside wants to know, again whenever that has changed and come to
 * rest.
 */

import { wantedLooks } from "../state/inside/inside.ts";
import type { Store } from "../state/store.ts";
import type { State } from "../state/types.ts";

const SETTLE = 120;

export function asking(
  store: Store,
  client: { send(message: any): boolean },
  nextId: () => number,
) {
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
    if (state.panel !== "inside") return;
    if (state.connection === "open" && previous.connection !== "open")
      store.dispatch({ type: "inside.set", asking: {} });
    if (
      previous.inside.generation.wish &&
      !state.inside.generation.wish &&
      !state.inside.asking.generation
    )
      client.send({ type: "cancel", sentence: "generation" });
    const mapped = (one: State) => one.inside.landscape.map?.on !== false;
    if (mapped(previous) && !mapped(state))
      client.send({ type: "cancel", sentence: "loss_landscape" });
    const moved = [
      "inside",
      "panel",
      "step",
      "site",
      "sentences",
      "active",
      "picked",
      "projection",
      "run",
      "card",
      "playing",
      "connection",
      "sheet",
    ].some((name) => (state as any)[name] !== (previous as any)[name]);
    if (!moved) return;
    clearTimeout(timer);
    timer = window.setTimeout(ask, SETTLE);
  });
}
