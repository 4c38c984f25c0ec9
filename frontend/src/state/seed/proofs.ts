/** Which cards bear out what a run's own words say of its model. Pure. */

import { cardOf } from "./seed.ts";
import type { Caption, State } from "../types.ts";

export type Proof = NonNullable<Caption["card"]>;

const claims = (...ids: string[]): Proof[] => ids.map((id) => ({ of: "claims", id }));
const seed = (...ids: string[]): Proof[] => ids.map((id) => ({ of: "seed", id }));

/** The notes to the bundled runs' examples rest on these. */
export const NOTES: Record<string, Proof[]> = {
  storyteller: seed("1.3a"),
  poet: claims("line-ends", "two-strands", "rhyme"),
  "belief-simplex": claims("belief-leading"),
  induction: claims("induction-head"),
  "modular-addition": claims("understood", "circle"),
};

/** The cards that a run's notes rest on, as far as they are here. */
export function proofsOf(state: State): Proof[] {
  return (NOTES[state.run] ?? []).filter(({ of, id }) =>
    of === "seed" ? cardOf(state, id) : state.claims.some((one) => one.id === id),
  );
}
