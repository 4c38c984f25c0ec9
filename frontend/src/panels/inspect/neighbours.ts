/** The tab of true neighbours: nearest in the original space, with distances and contexts. */

import { h, marked } from "../../ui/dom.ts";
import { number } from "../../i18n/language.ts";
import { contextOf } from "../../state/search.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";

export function neighboursTab(state: State, t: Words, dispatch: Dispatch): HTMLElement[] {
  const near = state.inspection?.neighbors ?? [];
  const farthest = Math.max(...near.map((one) => one.distance), 1e-9);
  const lines = near.map(({ index, distance }) => {
    const parts = state.reference
      ? contextOf(state.reference, index, 8, 5)
      : { before: "", token: `#${index}`, after: "" };
    const value = number(distance, state.language, {
      minimumFractionDigits: 2,
      maximumFractionDigits: 2,
    });
    return h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: "neighbour",
          style: { "--part": distance / farthest },
          onclick: () => dispatch({ type: "pick", pick: { kind: "cloud", index } }),
        },
        h("span", { class: "context", dir: "auto" }, ...marked(parts)),
        h("span", { class: "distance", title: t("neighbours.distance") }, value),
      ),
    );
  });
  return [
    h("p", { class: "quiet" }, t("neighbours.note", { count: near.length })),
    h("ol", { class: "neighbours" }, ...lines),
  ];
}
