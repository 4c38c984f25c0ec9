/** Search in the cloud: what matches stays bright, the rest fades. */

import { byId, fill, h, iconButton, marked, relabel } from "../ui/dom.ts";
import { contextOf, matches } from "../state/search.ts";
import type { Dispatch } from "../state/messages.ts";
import type { State, Words } from "../state/types.ts";

const LISTED = 30;

export function searchPanel(dispatch: Dispatch) {
  const root = byId("search");
  const input = h("input", {
    type: "search",
    id: "query",
    autocomplete: "off",
    spellcheck: "false",
    dir: "auto",
    maxlength: 200,
  });
  input.addEventListener("input", () =>
    dispatch({ type: "search", text: input.value, glide: 300 }),
  );
  const close = iconButton("close", "", () => dispatch({ type: "search.close" }), {
    id: "close-search",
  });
  const count = h("p", { class: "quiet", role: "status" });
  const list = h("ol", { class: "neighbours scroll" });
  fill(root, h("header", {}, input, close), count, list);
  let shown = "";

  return {
    update(state: State, t: Words, previous: State | null) {
      const open = state.sheet === "search";
      root.hidden = !open;
      if (!open) return;
      if (previous?.sheet !== "search") input.focus();
      root.setAttribute("aria-label", t("tool.search"));
      input.placeholder = t("search.placeholder");
      input.setAttribute("aria-label", t("tool.search"));
      if (input.value !== state.search) input.value = state.search;
      relabel(close, "close", t("panel.close"));
      const key = JSON.stringify([
        state.search,
        state.language,
        state.run,
        Boolean(state.reference),
      ]);
      if (key !== shown) showMatches(state, t, count, list, dispatch);
      shown = key;
    },
  };
}

function showMatches(
  state: State,
  t: Words,
  count: HTMLElement,
  list: HTMLElement,
  dispatch: Dispatch,
) {
  const { reference } = state;
  const found = matches(reference, state.search);
  const total = reference?.text.length ?? 0;
  count.textContent = state.search.trim()
    ? t("search.count", { count: found.length, total })
    : t("search.hint", { total });
  list.hidden = !found.length;
  if (!reference) return;
  const lines = found.slice(0, LISTED).map((index) => {
    const pick = () => dispatch({ type: "pick", pick: { kind: "cloud", index } });
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "neighbour", onclick: pick },
        h("span", { class: "context", dir: "auto" }, ...marked(contextOf(reference, index, 7, 4))),
      ),
    );
  });
  fill(list, ...lines);
}
