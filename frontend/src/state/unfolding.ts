/**
 * What of the page has unfolded: at a first visit little is there, the rest comes when used. Pure.
 */

import type { Kind, Message } from "./messages.ts";
import type { State, Unfolded } from "./types.ts";

const PARTS: Unfolded[] = ["tools", "sentences", "strip", "scene"];

/** What a message is the first use of. */
const USES: Partial<Record<Kind, Unfolded>> = {
  "sentence.add": "sentences",
  "sentence.edit": "sentences",
  "sentence.remove": "sentences",
  play: "strip",
  "loop.toggle": "strip",
  "curves.toggle": "strip",
  "drawer.toggle": "scene",
  "inside.toggle": "scene",
  "meaning.toggle": "scene",
  "lab.toggle": "scene",
  "claims.toggle": "scene",
  "compare.toggle": "scene",
  "colour.next": "scene",
  projection: "scene",
  "projection.next": "scene",
  "trails.next": "scene",
  "axes.toggle": "scene",
};

/** What is not on the page yet. */
export function foldedParts({ unfolded }: State) {
  return PARTS.filter((part) => !unfolded.includes(part));
}

/** The state with what a message is the first use of. */
export function unfolding(state: State, message: Message): State {
  if (state.unfolded.length === PARTS.length) return state;
  const used = message.type === "pick" && message.pick ? "scene" : USES[message.type];
  return !used || state.unfolded.includes(used)
    ? state
    : { ...state, unfolded: [...state.unfolded, used] };
}

/** Everything is on the page. */
export function allUnfolded(state: State): State {
  return { ...state, unfolded: PARTS };
}
