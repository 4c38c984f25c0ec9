/**
 * Ticks above the training slider: steps where something happens. Pointed at they say what, pressed
 * they go there.
 */

import { h } from "preact";
import { happenings, happeningWords } from "../../charts/events.ts";
import { stepAxis } from "../../state/comparing.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import { useReadingCard } from "./reading.ts";
import type { ReadingCard } from "./reading.ts";

export function eventMarks(state: State, t: Words, dispatch: Dispatch) {
  const card = useReadingCard();
  const all = happenings(state);
  const { steps } = stepAxis(state);
  const last = Math.max(1, steps.length - 1);
  return h(
    "div",
    { class: "marks", role: "group", "aria-label": t("event.list"), hidden: !all.length },
    all.map((one) => {
      const lines = [t("event.step", { step: one.step }), ...happeningWords(state, t, one)];
      const go = () => {
        dispatch({ type: "pause" });
        dispatch({ type: "go", step: one.index, glide: 420 });
      };
      return h("button", {
        key: one.index,
        type: "button",
        class: one.index === Math.round(state.step) ? "mark here" : "mark",
        style: { "--place": steps.indexOf(one.step) / last },
        "aria-label": lines.join(". "),
        tabindex: -1,
        onClick: go,
        ...telling(card, lines),
      });
    }),
  );
}

/** What is pointed at, or has the focus, is told above it. */
function telling(card: () => ReadingCard, lines: string[]) {
  const tell = (event: Event) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    card().tell({ x: box.left + box.width / 2, y: box.top }, lines);
  };
  const hide = () => card().hide();
  return { onPointerEnter: tell, onFocus: tell, onPointerLeave: hide, onBlur: hide };
}
