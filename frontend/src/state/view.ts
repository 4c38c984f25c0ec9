/** What a link to the picture carries. Pure. */

import { readingInView } from "./seed/seed.ts";
import { siteIndex, stepNumber } from "./state.ts";
import type { State, View } from "./types.ts";

/** What a link to this picture carries. */
export function viewOfState(state: State): View {
  if (!state.card) return state.wanted;
  const active = state.sentences.findIndex((one) => one.id === state.active);
  return {
    run: state.run,
    step: stepNumber(state),
    site: state.card.sites[siteIndex(state)],
    colour: state.colour,
    projection: state.projection === "umap" ? undefined : state.projection,
    measure: state.measure || undefined,
    curves: state.curves || undefined,
    second: state.second || undefined,
    fit: state.fit || undefined,
    inside: state.panel === "inside" ? state.inside.tab : undefined,
    meaning: state.panel === "meaning" ? state.meaning.section : undefined,
    lab: state.panel === "lab" || undefined,
    ...readingInView(state),
    compare: state.compare
      ? {
          with: state.compare.with,
          step: state.compare.step ?? undefined,
          mode: state.compare.mode,
        }
      : undefined,
    trails: state.trails,
    stack: state.stack === "steps" ? "steps" : undefined,
    theme: state.theme,
    language: state.language,
    camera: state.camera ?? undefined,
    active: active < 0 ? undefined : active,
    sentences: state.sentences.map(({ text, hue, hidden, special }) => ({
      text,
      hue,
      hidden,
      special,
    })),
  };
}
