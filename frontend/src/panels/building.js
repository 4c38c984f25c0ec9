/** How far the making of a run is: a thin bar and a line of words; a voice hears of it by quarters. */

import { h } from "../dom.js";
import { buildingWords, isCounted, percentOf, spokenWords } from "../following.js";

/** @typedef {import("../wire.d.ts").Building} Building */
/** @typedef {import("../types.d.ts").Words} Words */

export function buildingLine() {
  const bar = h("span", { class: "making-bar", "aria-hidden": "true" });
  const words = h("span", { class: "making-words", "aria-hidden": "true" });
  const spoken = h("span", { class: "unseen" });
  const element = h("span", { class: "making" }, bar, words, spoken);

  return {
    element,
    /** @param {Building} building @param {Words} t */
    update(building, t) {
      const counted = isCounted(building);
      element.classList.toggle("uncounted", !counted);
      bar.style.setProperty("--share", String(counted ? percentOf(building) / 100 : 0));
      for (const [part, text] of /** @type {[HTMLElement, string][]} */ ([[words, buildingWords(t, building)], [spoken, spokenWords(t, building)]])) {
        if (part.textContent !== text) part.textContent = text;
      }
    },
  };
}
