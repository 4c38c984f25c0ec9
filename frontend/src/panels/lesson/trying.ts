/** What the button of a chapter does: it sets the scene, and plays what is to be seen. */

import { elsewhereOf } from "../../state/seed/elsewhere.ts";
import { sceneOf } from "../../state/seed/scenes.ts";
import type { Context } from "../seed/pieces.ts";

export function tryChapter({ state, dispatch }: Context) {
  if (!state.card) return;
  const elsewhere = elsewhereOf(state);
  if (elsewhere) return dispatch({ type: "seed.await", view: elsewhere });
  const { view, play } = sceneOf(state.seed.chapter, state.card);
  dispatch({ type: "lesson.show", view });
  if (play) dispatch({ type: "play", axis: play });
}
