/**
 * How the open tab is drawn: in which projection best, with a way there; how long its arrows are;
 * and how many of them are too short to be seen.
 */

import { h } from "../../ui/dom.ts";
import { bestFor } from "../../state/inside/arrows.ts";
import { timesInside } from "../../state/inside/inside.ts";
import { number } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";

export function drawnHow(dispatch: Dispatch) {
  const best = h("span", {});
  let name = "";
  const glide = h("button", {
    type: "button",
    class: "toggle",
    id: "glide-best",
    onclick: () => dispatch({ type: "projection", name }),
  });
  const arrows = h("p", { class: "quiet", id: "arrows-drawn" });
  const root = h("div", { class: "drawn-how" }, h("p", { class: "quiet" }, best, glide), arrows);

  return {
    root,
    update(state: State, t: Words) {
      const found = bestFor(state, state.inside.tab);
      root.hidden = !found;
      if (!found) return;
      name = found.name ?? "";
      best.textContent = bestWords(t, found);
      glide.hidden = found.here || !found.name;
      glide.textContent = t(`drawn.glide.${found.kind}`);
      arrows.textContent = arrowWords(state, t);
      arrows.hidden = !arrows.textContent;
    },
  };
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
