/** One line that says what a picture shows and where it comes from. Pure. */

import { number } from "../i18n/language.ts";
import { meanTrust } from "../state/fidelity.ts";
import { projectionOf } from "../state/projections.ts";
import { siteWords } from "../state/sites.ts";
import { shownProjection, stepNumber } from "../state/state.ts";
import { wordsOfRun } from "../state/run-words.ts";
import type { State, Words } from "../state/types.ts";

/** Run, step, site, projection with its seed, trust and version. */
export function citationOf(state: State, t: Words) {
  const trust = meanTrust(state);
  const seed = state.card?.layout_seed;
  const shown = projectionOf(state);
  const name =
    (state.language === "zh" ? shown?.title_zh : shown?.title_en) ?? shownProjection(state);
  return [
    wordsOfRun(state.card ?? { name: state.run }, t).title,
    t("strip.step.value", { step: stepNumber(state) }),
    siteWords(t, state.card?.sites ?? [], state.site),
    typeof seed === "number" ? t("cite.seed", { name, seed }) : name,
    trust === null
      ? ""
      : t("trust.badge", { value: number(trust, state.language, { maximumFractionDigits: 3 }) }),
    `Layerfold ${state.version}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** A name for a file of the scene. */
export function sceneName(state: State, kind: string) {
  const site = state.card?.sites[Math.round(state.site)] ?? "";
  const parts = ["layerfold", state.run, `step-${stepNumber(state)}`, site];
  return `${parts.map((part) => part.replace(/[^\p{L}\p{N}._@-]+/gu, "-")).join("_")}.${kind}`;
}
