/** The tab of true neighbours: nearest in the original space, with distances and contexts. */

import { h, marked } from "../dom.js";
import { number } from "../language.js";
import { contextOf } from "../search.js";

/** @typedef {import("../types.d.ts").State} State */

/** @param {State} state @param {import("../types.d.ts").Words} t @param {import("../types.d.ts").Dispatch} dispatch @returns {HTMLElement[]} */
export function neighboursTab(state, t, dispatch) {
  const near = state.inspection?.neighbors ?? [];
  const farthest = Math.max(...near.map((one) => one.distance), 1e-9);
  const lines = near.map(({ index, distance }) => {
    const parts = state.reference ? contextOf(state.reference, index, 8, 5) : { before: "", token: `#${index}`, after: "" };
    const value = number(distance, state.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "neighbour", style: { "--part": distance / farthest }, onclick: () => dispatch({ type: "pick", pick: { kind: "cloud", index } }) },
        h("span", { class: "context", dir: "auto" }, ...marked(parts)),
        h("span", { class: "distance", title: t("neighbours.distance") }, value),
      ),
    );
  });
  return [h("p", { class: "quiet" }, t("neighbours.note", { count: near.length })), h("ol", { class: "neighbours" }, ...lines)];
}
