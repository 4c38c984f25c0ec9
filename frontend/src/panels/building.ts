/**
 * How far the making of a run is: a thin bar and a line of words; a voice hears of it by quarters.
 */

import { h } from "../ui/dom.ts";
import { buildingWords, isCounted, percentOf, spokenWords } from "../state/following.ts";
import type { Building } from "../protocol/wire.ts";
import type { Words } from "../state/types.ts";

export function buildingLine() {
  const bar = h("span", { class: "making-bar", "aria-hidden": "true" });
  const words = h("span", { class: "making-words", "aria-hidden": "true" });
  const spoken = h("span", { class: "unseen" });
  const element = h("span", { class: "making" }, bar, words, spoken);

  return {
    element,
    update(building: Building, t: Words) {
      const counted = isCounted(building);
      element.classList.toggle("uncounted", !counted);
      bar.style.setProperty("--share", String(counted ? percentOf(building) / 100 : 0));
      for (const [part, text] of [
        [words, buildingWords(t, building)],
        [spoken, spokenWords(t, building)],
      ] as [HTMLElement, string][]) {
        if (part.textContent !== text) part.textContent = text;
      }
    },
  };
}
