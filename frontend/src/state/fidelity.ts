/** How far the picture on screen can be trusted. Pure. */

import { pathsInside, trustInside } from "./inside/inside.ts";
import { measureAt, shownProjection } from "./state.ts";
import type { State } from "./types.ts";

/** A measure of the picture, such as `trust`, in the projection on screen. */
function fidelityAt(state: State, name: string) {
  const shown = shownProjection(state);
  return measureAt(state, shown === "umap" ? name : `${name}@${shown}`);
}

/**
 * Mean trust of the cloud on screen, 0..1: of the open tab's own view where there is one, else from
 * the slice itself, else from the table.
 */
export function meanTrust(state: State) {
  const own = trustInside(state);
  if (own !== undefined) return own;
  const slice =
    state.card && (state.former?.atlas ?? state.atlas)[state.card.steps[Math.round(state.step)]];
  if (!slice?.trust) return fidelityAt(state, "trust");
  const site = Math.min(slice.sites - 1, Math.round(state.site));
  let sum = 0;
  for (let i = site * slice.ref; i < (site + 1) * slice.ref; i++) sum += slice.trust[i];
  return sum / (255 * slice.ref);
}

/**
 * Share of true neighbours that are near in the picture; null where it is not known, as of a tab's
 * own view.
 */
export function recallShown(state: State) {
  return pathsInside(state) ? null : fidelityAt(state, "recall");
}

/**
 * Axes of the picture that mostly show something plain: |r| > 0.9 at this step and site. The table
 * is of the aligned UMAP: no other has any.
 */
export function guardedAxes(state: State): { axis: number; variable: string; r: number }[] {
  const table = state.measures;
  if (!table?.axes || !state.card || shownProjection(state) !== "umap" || pathsInside(state))
    return [];
  const row = table.steps.indexOf(state.card.steps[Math.round(state.step)]);
  const axes = table.axes.values[row]?.[Math.round(state.site)] ?? [];
  const found = [];
  for (let axis = 0; axis < axes.length; axis++) {
    for (let v = 0; v < table.axes.variables.length; v++) {
      const r = axes[axis]?.[v];
      if (typeof r === "number" && Math.abs(r) > 0.9)
        found.push({ axis, variable: table.axes.variables[v], r });
    }
  }
  return found;
}
