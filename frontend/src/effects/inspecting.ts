/**
 * Asks for the neighbours and the lens of what is picked, again whenever the place settles
 * elsewhere.
 */

import { stepNumber } from "../state/state.ts";
import type { State } from "../state/types.ts";
import type { Store } from "../state/store.ts";
import type { ClientMessage } from "../protocol/wire.ts";

const SETTLE = 140;

/** What the answer must be about; null when nothing can be asked. */
export function question(state: State) {
  const { picked, card, connection } = state;
  if (!picked || !card || connection !== "open") return null;
  const place = {
    run: state.run,
    step: stepNumber(state),
    site: Math.round(state.site),
    projection: state.projection,
  };
  if (picked.kind === "cloud") return { ...place, reference: picked.index };
  const sentence = state.sentences.find((one) => one.id === picked.id);
  if (!sentence?.asked || picked.token >= sentence.tokens.length) return null;
  const text = sentence.shown?.text ?? sentence.asked;
  return { ...place, text, special: sentence.special, token: picked.token };
}

export function inspecting(
  store: Store,
  client: { send(message: ClientMessage): boolean },
  nextId: () => number,
) {
  let asked = "";
  let timer = 0;

  function ask() {
    const wanted = question(store.get());
    if (!wanted) return;
    const id = nextId();
    if (!client.send({ type: "inspect", id, ...wanted })) return;
    asked = JSON.stringify(wanted);
    store.dispatch({ type: "inspect.asked", id });
  }

  store.subscribe((state, previous) => {
    if (state.connection !== previous.connection) asked = "";
    const wanted = question(state);
    if (!wanted) {
      asked = "";
      return;
    }
    const moved =
      state.picked !== previous.picked ||
      state.step !== previous.step ||
      state.site !== previous.site ||
      state.projection !== previous.projection;
    if (
      !moved &&
      state.sentences === previous.sentences &&
      state.connection === previous.connection
    )
      return;
    if (JSON.stringify(wanted) === asked) return;
    clearTimeout(timer);
    timer = window.setTimeout(ask, state.picked !== previous.picked ? 0 : SETTLE);
  });
}
