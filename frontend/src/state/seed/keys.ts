/** What the keys do in the lesson before a class, and how reading is left. Pure. */

import { seedCardShown } from "./shown.ts";
import type { Message } from "../messages.ts";
import type { State } from "../types.ts";

/** Turns a page: arrows, and what a clicker sends. */
const TURNS: Record<string, number> = {
  ArrowRight: 1,
  ArrowDown: 1,
  PageDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
  PageUp: -1,
};

/** The message of a key while the lesson is presented; null where the key is another's. */
export function presentingKey({ seed }: State, key: string): Message | null {
  if (!seed.presenting) return null;
  if (key in TURNS) return { type: "lesson.go", chapter: seed.chapter + TURNS[key] };
  if (key === "Home") return { type: "lesson.go", chapter: 1 };
  if (key === "End") return { type: "lesson.go", chapter: Infinity };
  if (key.toLowerCase() === "n") return { type: "lesson.set", notes: !seed.notes };
  return null;
}

/** What Escape closes of all this, one thing at a time. */
export function leavesReading(state: State): Message | null {
  if (seedCardShown(state)) return { type: "seed.choose", card: null };
  if (state.seed.presenting) return { type: "lesson.set", presenting: false };
  return state.seed.reading ? { type: "seed.read", reading: null } : null;
}
