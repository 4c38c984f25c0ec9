/** The menu of what can be taken away. */

import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Words } from "../state/types.ts";
import { Icon } from "../ui/icon.ts";

const ALL = ["png", "png@2", "png@4", "svg", "pdf", "webm", "html", "cite"] as const;
export type Taken = (typeof ALL)[number];

interface Props {
  t: Words;
  /** whether the page itself is one that was taken away */
  written: boolean;
  take: (kind: Taken) => void;
}

export function TakeMenu({ t, written, take }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (!menu.current?.open) return false;
    menu.current.open = false;
    menu.current.querySelector("summary")?.focus();
    return true;
  };
  useEffect(() => closedOutside(() => menu.current), []);
  const title = t("take.title");
  const kinds = ALL.filter((kind) => kind !== "html" || !written);
  return h(
    "details",
    {
      class: "menu",
      ref: menu,
      onKeyDown: (event: KeyboardEvent) =>
        event.key === "Escape" && close() && event.stopPropagation(),
    },
    h(
      "summary",
      { class: "button", id: "take", title, "aria-label": title },
      h(Icon, { name: "save" }),
    ),
    h(
      "div",
      { class: "panel" },
      kinds.map((kind) => {
        const onClick = () => (close(), take(kind));
        return h(
          "button",
          { key: kind, type: "button", "data-kind": kind, onClick },
          t(`take.${kind}`),
        );
      }),
    ),
  );
}

/** A press beside the menu closes it; what is returned ends that. */
function closedOutside(menu: () => HTMLDetailsElement | null) {
  const press = ({ target }: Event) => {
    const here = menu();
    if (here && !(target instanceof Node && here.contains(target))) here.open = false;
  };
  document.addEventListener("pointerdown", press);
  return () => document.removeEventListener("pointerdown", press);
}
