/** What the table of the edge says of the off-cloud percentile at the place on screen. Pure. */

import { stepNumber } from "../state.ts";
import type { State } from "../types.ts";

export interface Standing {
  /** kinds of text that the percentile tells from natural text here */
  supported: string[];
  /** kinds that lie nearer to the cloud than natural text does */
  inverted: string[];
}

const CONTROL = "held-out";

/** Null where the edge has not been measured at this step. */
export function standingHere(state: State): Standing | null {
  const measured = state.meaning.measured.ood;
  const look = measured?.run === state.run ? measured.parts[stepNumber(state)] : undefined;
  if (!look) return null;
  const site = Math.round(state.site);
  const kinds: string[] = look.answer.kinds;
  const of = (standing: string) =>
    kinds.filter((kind, k) => kind !== CONTROL && look.answer.alarms[k][site] === standing);
  return { supported: of("supported"), inverted: of("inverted") };
}
