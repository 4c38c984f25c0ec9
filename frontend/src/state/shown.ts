/** Which panel stands on the page where several could. Pure. */

import { sectionShown } from "./drawer.ts";
import type { State } from "./types.ts";

/** Whether the section of metrics and claims is on the page. */
export function claimsShown(state: State) {
  return sectionShown(state) === "metrics";
}
