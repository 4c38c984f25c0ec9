/**
 * Who lies beside a token's path: at each site its true neighbours (those of the original space),
 * where they are drawn there and a little before and after. Pure.
 */

import type { AtlasSlice, PlacedSlice } from "../../protocol/slices.ts";
import type { GhostPicture } from "../../scene/picture.ts";

type Cloud = Pick<AtlasSlice, "sites" | "ref" | "positions">;
/** The clouds on screen: two neighbouring steps and the mix. */
export interface Clouds {
  a: Cloud;
  b: Cloud | null;
  mix: number;
}

/** How many neighbours of each token come along, and into how many parts a site is cut. */
export const RANKS = 3;
const PARTS = [-1, 0, 1, 2].map((quarter) => quarter / 4);
/** So many are drawn at most: of long sentences in deep models fewer a token. */
const MOST = 24_000;

/** xyz of a reference token at a site between two, written to `out` at `to`. */
function writeAt(
  { sites, ref, positions }: Cloud,
  index: number,
  site: number,
  out: Float32Array,
  to: number,
) {
  const low = Math.min(Math.floor(site), sites - 1);
  const high = Math.min(low + 1, sites - 1);
  const [p, q] = [3 * (low * ref + index), 3 * (high * ref + index)];
  for (let k = 0; k < 3; k++)
    out[to + k] = positions[p + k] + (positions[q + k] - positions[p + k]) * (site - low);
}

/** The neighbours beside the paths of a sentence; null where nobody told who they are. */
export function ghostsOf(
  { sites, tokens, near }: Pick<PlacedSlice, "sites" | "tokens" | "near">,
  { a, b, mix }: Clouds,
): GhostPicture | null {
  if (!near || near.length !== sites * tokens * RANKS || a.sites !== sites) return null;
  const parts = sites * tokens * PARTS.length > MOST ? [0] : PARTS;
  const ranks = Math.min(RANKS, Math.max(1, Math.floor(MOST / (sites * tokens * parts.length))));
  const places: number[] = [];
  const marks: number[] = [];
  const [here, there] = [new Float32Array(3), new Float32Array(3)];
  for (let token = 0; token < tokens; token++)
    for (let site = 0; site < sites; site++)
      for (let rank = 0; rank < ranks; rank++) {
        const index = near[(site * tokens + token) * RANKS + rank];
        if (!(index >= 0 && index < a.ref)) continue;
        for (const part of parts) {
          const at = site + part;
          if (at < 0 || at > sites - 1) continue;
          writeAt(a, index, at, here, 0);
          if (b?.ref === a.ref && mix > 0) {
            writeAt(b, index, at, there, 0);
            for (let k = 0; k < 3; k++) here[k] += (there[k] - here[k]) * mix;
          }
          places.push(here[0], here[1], here[2]);
          marks.push(at, token, rank);
        }
      }
  return { places: Float32Array.from(places), marks: Float32Array.from(marks) };
}

const known = new WeakMap<PlacedSlice, { key: unknown[]; found: GhostPicture | null }>();

/** The same, worked out once for the same slice in the same clouds. */
export function ghostsBeside(slice: PlacedSlice, clouds: Clouds): GhostPicture | null {
  const key = [clouds.a.positions, clouds.b?.positions, clouds.mix];
  const before = known.get(slice);
  if (before && before.key.every((one, i) => Object.is(one, key[i]))) return before.found;
  const found = ghostsOf(slice, clouds);
  known.set(slice, { key, found });
  return found;
}
