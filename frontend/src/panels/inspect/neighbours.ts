/** The tab of true neighbours: nearest in the original space, with distances and contexts. */

import { h } from "preact";
import { number } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import { contextOf } from "../../state/search.ts";
import type { State, Words } from "../../state/types.ts";
import { Marked } from "../../ui/marked.ts";
import type { Tree } from "../../ui/host.ts";

const DIGITS = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

export function neighboursTab(state: State, t: Words, dispatch: Dispatch): Tree[] {
  const near = state.inspection?.neighbors ?? [];
  const farthest = Math.max(...near.map((one) => one.distance), 1e-9);
  const lines = near.map(({ index, distance }) =>
    h(
      "li",
      { key: index },
      h(
        "button",
        {
          type: "button",
          class: "neighbour",
          style: { "--part": distance / farthest },
          onClick: () => dispatch({ type: "pick", pick: { kind: "cloud", index } }),
        },
        h("span", { class: "context", dir: "auto" }, h(Marked, partsOf(state, index))),
        h(
          "span",
          { class: "distance", title: t("neighbours.distance") },
          number(distance, state.language, DIGITS),
        ),
      ),
    ),
  );
  return [
    h("p", { class: "quiet" }, t("neighbours.note", { count: near.length })),
    h("ol", { class: "neighbours" }, lines),
  ];
}

function partsOf({ reference }: State, index: number) {
  return reference
    ? contextOf(reference, index, 8, 5)
    : { before: "", token: `#${index}`, after: "" };
}
