/** A chapter's picture in another run, where the one on screen cannot show it. Pure. */

import { cardOf, runsWith } from "./seed.ts";
import type { State, View } from "../types.ts";

/** What a chapter's picture needs: that this claim can be tested on the run. */
const NEEDS: Record<number, string> = { 6: "1.4b" };

/** The run that shows the chapter in the place of the one on screen; null where that one does. */
export function otherRunOf(state: State): string | null {
  const id = NEEDS[state.seed.chapter];
  const untestable = (run: string) => cardOf(state, id, run)?.verdict === "untestable";
  if (!id || !untestable(state.run)) return null;
  return runsWith(state, id).find(({ name }) => !untestable(name))?.name ?? null;
}

/** The link to it; null where the run on screen shows the chapter. */
export function elsewhereOf(state: State): View | null {
  const run = otherRunOf(state);
  if (!run) return null;
  const { chapter, presenting } = state.seed;
  const text = "The old sailor told the boy a story.";
  return {
    run,
    lesson: chapter,
    present: presenting || undefined,
    inside: "optimizer-step",
    sentences: [{ text, hue: 0, hidden: false }],
  };
}
