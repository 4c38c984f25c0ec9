/** The edge of the drawer: a button for each section, pressed where it is on the page. */

import { h } from "preact";
import { sectionShown } from "../../state/drawer.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import { hosted } from "../../ui/host.ts";
import { Icon } from "../../ui/icon.ts";
import { SECTIONS } from "./sections.ts";
import type { Section } from "./sections.ts";

export const railPanel = hosted("rail", rail);

export function rail(state: State, t: Words, dispatch: Dispatch) {
  const shown = sectionShown(state);
  return h(
    "nav",
    { id: "rail", class: "rail panel", "aria-label": t("drawer.label") },
    SECTIONS.map((one) => button(one, shown === one.name, state, t, dispatch)),
  );
}

/** Opened by a key, a section is where the next Tab leads. */
function enter(panel: string) {
  requestAnimationFrame(() => {
    const section = document.getElementById(panel);
    if (!section?.checkVisibility()) return;
    section.tabIndex = -1;
    section.focus({ preventScroll: true });
  });
}

function button(one: Section, here: boolean, state: State, t: Words, dispatch: Dispatch) {
  const mark = one.mark?.(state, t) ?? null;
  const tip = t(`drawer.${one.name}.tip`);
  return h(
    "button",
    {
      key: one.name,
      type: "button",
      id: one.id ?? `open-${one.name}`,
      class: "rail-button",
      title: mark ? `${tip}\n\n${mark.tip}` : tip,
      "aria-expanded": here,
      "aria-controls": one.panel ?? one.name,
      onClick: ({ detail }: MouseEvent) => {
        dispatch(one.message ?? { type: "drawer.toggle", section: one.name });
        if (detail === 0) enter(one.panel ?? one.name);
      },
    },
    h(Icon, { name: one.icon }),
    h("span", { class: "name" }, t(`drawer.${one.name}`)),
    mark &&
      h("span", { class: `rail-mark ${mark.busy ? "busy" : ""}`.trim() }, mark.words || h("i", {})),
  );
}
