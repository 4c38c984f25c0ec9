/** The path of a corpus token that is picked: where it lies at every site. Pure. */

import { PLAIN } from "../colour/colouring.ts";
import { cloudInside } from "../inside/inside.ts";
import { shownAtlas } from "../state.ts";
import { RANKS, ghostsOf } from "./ghosts.ts";
import type { AtlasSlice } from "../../protocol/slices.ts";
import type { SentencePicture, State } from "../types.ts";

/** A sentence of the one token; none where no corpus token is picked. */
export function wayOf(state: State): SentencePicture[] {
  const { picked, trails, card } = state;
  const shown = shownAtlas(state);
  if (picked?.kind !== "cloud" || trails === "off" || !shown || !card || cloudInside(state))
    return [];
  const { a, b, mix } = shown;
  if (picked.index >= a.ref) return [];
  const paths = pathOf(a, picked.index);
  if (b) pathOf(b, picked.index).forEach((one, i) => (paths[i] += (one - paths[i]) * mix));
  return [
    {
      id: "~picked",
      color: PLAIN[state.theme],
      labels: [state.reference?.text[picked.index]?.trim() ?? ""],
      paths,
      sites: a.sites,
      tokens: 1,
      site: Math.min(a.sites - 1, state.site),
      trail: true,
      ghosts: ghostsOf({ sites: a.sites, tokens: 1, near: nearOf(state, a.sites) }, shown),
      active: false,
      silent: true,
    },
  ];
}

function pathOf({ sites, ref, positions }: AtlasSlice, index: number) {
  const out = new Float32Array(3 * sites);
  for (let site = 0; site < sites; site++) {
    const from = 3 * (site * ref + index);
    out.set(positions.subarray(from, from + 3), 3 * site);
  }
  return out;
}

/** Its neighbours at every site, once the server has told. */
function nearOf({ inspection }: State, sites: number) {
  const near = inspection?.near;
  if (near?.length !== sites) return null;
  return Int32Array.from(
    near.flatMap((row) => Array.from({ length: RANKS }, (_, k) => row[k] ?? -1)),
  );
}
