/** The drawer at the right edge: its sections, of which one at a time is on the page. Pure. */

import { isBeside } from "./comparing.ts";
import { seedCardShown } from "./seed/shown.ts";
import type { Handlers } from "./messages.ts";
import type { Panel, State } from "./types.ts";

/** Sections that speak of the token in hand themselves: picking another one leaves them there. */
const OF_THE_TOKEN: Panel[] = ["inside", "meaning", "act"];

/** Whether a sheet lies over the place of the drawer. */
function isCovered({ sheet }: State) {
  return sheet === "search" || sheet === "sentences";
}

/**
 * Whether the claims are folded: unless a person said, they are open where a run was made to show
 * them.
 */
export function claimsFolded(state: State) {
  return state.folded.claims ?? !state.card?.task;
}

/** The section on the page; null: the drawer is closed, or something lies over it. */
export function sectionShown(state: State): Panel | null {
  const { panel } = state;
  if (isCovered(state)) return null;
  if (panel && OF_THE_TOKEN.includes(panel)) return panel;
  if (state.picked) return "token";
  if (panel) return panel;
  if (state.compare && !isBeside(state)) return "compare";
  if (seedCardShown(state)) return null;
  const claimed = state.claims.length > 0 && state.unfolded.includes("scene");
  return claimed && !claimsFolded(state) ? "metrics" : null;
}

/** Whether the panel of comparing is on the page: a section, or a line above two scenes. */
export function compareShown(state: State) {
  return isBeside(state)
    ? !isCovered(state) && state.picked === null
    : sectionShown(state) === "compare";
}

function unpicked(state: State): State {
  return {
    ...state,
    picked: null,
    inspection: null,
    inspecting: null,
    inspectionFailure: null,
  };
}

/** The state with a section on the page, whatever was there before. */
export function opened(state: State, section: Panel): State {
  const keeps = section === "token" || OF_THE_TOKEN.includes(section);
  const folded = section === "metrics" ? { ...state.folded, claims: false } : state.folded;
  const bare = keeps ? state : unpicked(state);
  const seed = { ...state.seed, card: null };
  return { ...bare, panel: section, folded, seed, sheet: null, search: "" };
}

/** The state without the section on the page. */
export function closed(state: State): State {
  const section = sectionShown(state);
  if (section === null) return state;
  const panel = state.panel === section ? null : state.panel;
  if (section === "token") return { ...unpicked(state), panel };
  if (section === "compare") return { ...state, compare: null, panel };
  if (section === "metrics") return { ...state, panel, folded: { ...state.folded, claims: true } };
  return { ...state, panel };
}

/** A section comes or goes. */
export function toggled(state: State, section: Panel): State {
  return sectionShown(state) === section ? closed(state) : opened(state, section);
}

export const DRAWER: Handlers<
  "drawer.toggle" | "drawer.close" | "claims.toggle" | "compare.toggle" | "meaning.toggle"
> = {
  "drawer.toggle": (state, { section }) => toggled(state, section),
  "drawer.close": closed,
  "claims.toggle": (state) => toggled(state, "metrics"),
  "meaning.toggle": (state) => toggled(state, "meaning"),
  // a comparison that is under way ends
  "compare.toggle": (state) =>
    state.compare
      ? { ...state, compare: null, panel: state.panel === "compare" ? null : state.panel }
      : toggled(state, "compare"),
};
