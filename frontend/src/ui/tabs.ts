/** A row of tabs; arrows walk along it. */

import { h } from "preact";
import { turnTabs } from "./dom.ts";

interface Props<Name extends string> {
  /** what the ids of the tabs begin with */
  prefix?: string;
  label: string;
  /** the id of the element that the tabs change */
  controls: string;
  tabs: { name: Name; words: string; title?: string }[];
  chosen: Name;
  onChoose: (name: Name) => void;
}

export function Tabs<Name extends string>({
  prefix = "tab",
  label,
  controls,
  tabs,
  chosen,
  onChoose,
}: Props<Name>) {
  const turn = (event: KeyboardEvent) => {
    const list = event.currentTarget as HTMLElement;
    turnTabs(event, [...list.querySelectorAll<HTMLButtonElement>("[role=tab]")]);
  };
  return h(
    "div",
    { role: "tablist", class: "tabs", "aria-label": label, onKeyDown: turn },
    tabs.map(({ name, words, title }) =>
      h(
        "button",
        {
          key: name,
          type: "button",
          role: "tab",
          id: `${prefix}-${name}`,
          title,
          "aria-controls": controls,
          "aria-selected": name === chosen,
          tabindex: name === chosen ? 0 : -1,
          onClick: () => onChoose(name),
        },
        words,
      ),
    ),
  );
}
