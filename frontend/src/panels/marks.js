/** Ticks above the training slider: steps where something happens. Pointed at they say what, pressed they go there. */

import { stepAxis } from "../comparing.js";
import { happenings, happeningWords } from "../events.js";
import { fill, h } from "../dom.js";
import { readingCard } from "./reading.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */

/** @param {import("../types.d.ts").Dispatch} dispatch */
export function eventMarks(dispatch) {
  const tip = readingCard();
  const element = h("div", { class: "marks", role: "group" });
  let shown = "";

  return {
    element,
    /** @param {State} state @param {Words} t */
    update(state, t) {
      element.setAttribute("aria-label", t("event.list"));
      const all = happenings(state);
      element.hidden = all.length === 0;
      const { steps } = stepAxis(state);
      const last = Math.max(1, steps.length - 1);
      const key = JSON.stringify([state.language, state.run, steps, all]);
      if (key !== shown) fill(element, ...all.map((one) => mark(steps.indexOf(one.step) / last, one.index, [t("event.step", { step: one.step }), ...happeningWords(state, t, one)])));
      shown = key;
      all.forEach(({ index }, i) => element.children[i].classList.toggle("here", index === Math.round(state.step)));
    },
  };

  /** @param {number} at @param {number} index @param {string[]} lines */
  function mark(at, index, lines) {
    const one = h("button", { type: "button", class: "mark", style: { "--place": at }, "aria-label": lines.join(". "), tabindex: -1 });
    const tell = () => {
      const box = one.getBoundingClientRect();
      tip.tell({ x: box.left + box.width / 2, y: box.top }, lines);
    };
    one.addEventListener("click", () => {
      dispatch({ type: "pause" });
      dispatch({ type: "go", step: index, glide: 420 });
    });
    one.addEventListener("pointerenter", tell);
    one.addEventListener("focus", tell);
    one.addEventListener("pointerleave", tip.hide);
    one.addEventListener("blur", tip.hide);
    return one;
  }
}
