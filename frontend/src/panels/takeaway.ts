/** The menu of what can be taken away. */

import { fill, h, icon } from "../ui/dom.ts";
import type { State, Words } from "../state/types.ts";

const ALL = ["png", "png@2", "png@4", "svg", "pdf", "webm", "html", "cite"] as const;
export type Taken = (typeof ALL)[number];

export function takeawayMenu(root: Element, take: (kind: Taken) => void) {
  const summary = h("summary", { class: "button", id: "take" }, icon("save"));
  const list = h("div", { class: "panel" });
  const menu = h("details", { class: "menu" }, summary, list);
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    summary.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!(event.target instanceof Node && menu.contains(event.target))) menu.open = false;
  });
  root.append(menu);
  let spoken = "";
  return {
    update(state: State, t: Words) {
      const key = `${state.language} ${state.written}`;
      if (key === spoken) return;
      spoken = key;
      summary.title = t("take.title");
      summary.setAttribute("aria-label", t("take.title"));
      const kinds = ALL.filter((kind) => kind !== "html" || !state.written);
      fill(
        list,
        ...kinds.map((kind) =>
          h(
            "button",
            {
              type: "button",
              "data-kind": kind,
              onclick: () => {
                menu.open = false;
                summary.focus();
                take(kind);
              },
            },
            t(`take.${kind}`),
          ),
        ),
      );
    },
  };
}
