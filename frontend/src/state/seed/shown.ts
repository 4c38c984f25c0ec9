/** What of the seed's text and the lesson is on the page. Pure. */

import type { State } from "../types.ts";

/** Whether the text or the lesson stands beside the picture. */
export function readingShown(state: State) {
  return state.seed.reading !== null;
}

/** Whether the card is on the page: what is picked or searched takes its place for a while. */
export function seedCardShown(state: State) {
  return (
    readingShown(state) &&
    state.seed.card !== null &&
    state.picked === null &&
    !["search", "door"].includes(state.sheet ?? "")
  );
}
