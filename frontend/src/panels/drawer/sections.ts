/**
 * The sections of the drawer, in their order. What is added here has a button at the right edge;
 * its panel stands in `index.html` and in the list of `main.ts`, and is on the page while
 * `sectionShown(state)` is its name.
 */

import { selectedJob } from "../../state/lab.ts";
import type { Message } from "../../state/messages.ts";
import type { Panel, State, Words } from "../../state/types.ts";

export interface Section {
  name: Panel;
  icon: string;
  /** the id of its button; without: `open-NAME` */
  id?: string;
  /** the id of its panel; without: its name */
  panel?: string;
  /** what its button says to the store; without: that the section comes or goes */
  message?: Message;
  /** a few characters beside its name; `busy`: something is going on there */
  mark?: (state: State, t: Words) => { words: string; tip: string; busy?: boolean } | null;
}

export const SECTIONS: Section[] = [
  { name: "token", icon: "token", panel: "inspector" },
  { name: "inside", icon: "inside" },
  { name: "meaning", icon: "meaning" },
  { name: "metrics", icon: "scroll", id: "open-claims", panel: "claims", mark: claimsHeld },
  { name: "compare", icon: "compare", message: { type: "compare.toggle" }, mark: compared },
  { name: "lab", icon: "flask", message: { type: "lab.toggle" }, mark: training },
];

function claimsHeld({ claims }: State, t: Words) {
  if (!claims.length) return null;
  const holding = claims.filter((one) => one.holds).length;
  const words = { holding, count: claims.length };
  return { words: `${holding}/${claims.length}`, tip: t("claims.badge", words) };
}

function compared(state: State, t: Words) {
  return state.compare ? { words: "", tip: t("compare.leave"), busy: true } : null;
}

function training(state: State, t: Words) {
  const running = state.lab.jobs.some((one) => one.status === "running");
  const far = selectedJob(state);
  if (!running) return null;
  const share =
    far?.status === "running" && far.steps ? Math.floor((100 * far.step) / far.steps) : 0;
  return { words: share ? `${share} %` : "", tip: t("lab.button.running"), busy: true };
}
