/** What a step of a series counts, and which others hold its weights, in words. Pure. */

import type { Card, Words } from "./types.ts";

/** “step 512”, of a series that counts epochs “epoch 3”; with the others that hold its weights. */
export function stepWords(card: Card | null, step: number | string, t: Words) {
  const counted = t(card?.unit === "epoch" ? "strip.epoch.value" : "strip.step.value", { step });
  const alike = card?.same?.find((group) => group.includes(Number(step))) ?? [];
  const others = alike.filter((one) => one !== Number(step));
  const same = others.length ? [t("strip.same", { steps: others.join(", ") })] : [];
  const own = card?.own === Number(step) && card.own !== null ? [t("strip.own")] : [];
  return [counted, ...same, ...own].join(" · ");
}
