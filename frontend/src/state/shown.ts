/** Which panel stands on the page where several could. Pure. */

import { insideShown } from "./inside/asked.ts";
import { labShown } from "./lab.ts";
import { meaningShown } from "./meaning/meaning.ts";
import { seedCardShown } from "./seed/seed.ts";
import type { State } from "./types.ts";

/**
 * Whether the card of claims is folded: unless a person said, it is open where a run was made to
 * show them.
 */
export function claimsFolded(state: State) {
  return state.folded.claims ?? !state.card?.task;
}

/** Whether the card of claims is on the page: another panel takes its place for a while. */
export function claimsShown(state: State) {
  const covered =
    state.picked !== null ||
    ["search", "sentences", "door"].includes(state.sheet ?? "") ||
    labShown(state) ||
    insideShown(state) ||
    meaningShown(state) ||
    seedCardShown(state);
  return state.claims.length > 0 && !covered && !claimsFolded(state);
}
