/**
 * How the open tab is drawn: in which projection best, with a way there; how long its arrows are;
 * and how many of them are too short to be seen.
 */

import { h } from "preact";
import { bestFor } from "../../state/inside/arrows.ts";
import { timesInside } from "../../state/inside/inside.ts";
import { number } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";

export function drawnHow(state: State, t: Words, dispatch: Dispatch) {
  const found = bestFor(state, state.inside.tab);
  if (!found) return null;
  const { name, here, kind } = found;
  const arrows = arrowWords(state, t);
  return h(
    "div",
    { class: "drawn-how" },
    h(
      "p",
      { class: "quiet" },
      h("span", {}, bestWords(t, found)),
      h(
        "button",
        {
          type: "button",
          class: "toggle",
          id: "glide-best",
          hidden: here || !name,
          onClick: () => dispatch({ type: "projection", name: name ?? "" }),
        },
        t(`drawn.glide.${kind}`),
      ),
    ),
    h("p", { class: "quiet", id: "arrows-drawn", hidden: !arrows }, arrows),
  );
}

function bestWords(t: Words, { kind, here, name }: NonNullable<ReturnType<typeof bestFor>>) {
  const way = [here ? "here" : name ? "best" : "lacks", kind].join(".");
  return t(`drawn.${way}`);
}

/** The scale of the arrows, and what is too short to be seen; "" where there are none. */
function arrowWords(state: State, t: Words) {
  const times = timesInside(state);
  if (times === null) return "";
  const words = [
    times > 1 ? t("drawn.longer", { times: number(times, state.language) }) : t("drawn.true"),
  ];
  const { count, short } = state.arrows;
  if (short > 0)
    words.push(t(short === count ? "drawn.short.all" : "drawn.short", { count, short }));
  return words.join(" ");
}
