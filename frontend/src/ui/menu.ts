/** A menu behind an icon: what it offers is in words; Escape or a press beside it closes it. */

import { h } from "preact";
import type { HTMLAttributes } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.ts";

interface Item extends Omit<HTMLAttributes<HTMLButtonElement>, "onClick"> {
  key: string;
  words: string;
  onChoose: () => void;
  "data-kind"?: string;
}

interface Props {
  id: string;
  icon: string;
  label: string;
  items: Item[];
}

export function Menu({ id, icon, label, items }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (!menu.current?.open) return false;
    menu.current.open = false;
    menu.current.querySelector("summary")?.focus();
    return true;
  };
  useEffect(() => closedOutside(() => menu.current), []);
  const onKeyDown = (event: KeyboardEvent) =>
    event.key === "Escape" && close() && event.stopPropagation();
  return h(
    "details",
    { class: "menu", ref: menu, onKeyDown },
    h(
      "summary",
      { class: "button", id, title: label, "aria-label": label },
      h(Icon, { name: icon }),
    ),
    h(
      "div",
      { class: "panel" },
      items.map(({ words, onChoose, ...rest }) =>
        h("button", { ...rest, type: "button", onClick: () => (close(), onChoose()) }, words),
      ),
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
