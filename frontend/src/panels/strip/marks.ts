/**
 * Ticks above the training slider: steps where something happens. Pointed at they say what, pressed
 * they go there.
 */

import { stepAxis } from "../../state/comparing.ts";
import { happenings, happeningWords } from "../../charts/events.ts";
import { fill, h } from "../../ui/dom.ts";
import { readingCard } from "./reading.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";

export function eventMarks(dispatch: Dispatch) {
  const tip = readingCard();
  const element = h("div", { class: "marks", role: "group" });
  let shown = "";

  return {
    element,
    update(state: State, t: Words) {
      element.setAttribute("aria-label", t("event.list"));
      const all = happenings(state);
      element.hidden = all.length === 0;
      const { steps } = stepAxis(state);
      const last = Math.max(1, steps.length - 1);
      const key = JSON.stringify([state.language, state.run, steps, all]);
      if (key !== shown)
        fill(
          element,
          ...all.map((one) =>
            mark(steps.indexOf(one.step) / last, one.index, [
              t("event.step", { step: one.step }),
              ...happeningWords(state, t, one),
            ]),
          ),
        );
      shown = key;
      all.forEach(({ index }, i) =>
        element.children[i].classList.toggle("here", index === Math.round(state.step)),
      );
    },
  };

  function mark(at: number, index: number, lines: string[]) {
    const one = h("button", {
      type: "button",
      class: "mark",
      style: { "--place": at },
      "aria-label": lines.join(". "),
      tabindex: -1,
    });
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
