/** The tools of the curves: a second measure, the range, files, closing. */

import { h } from "preact";
import { shownMeasures } from "../../charts/charting.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import { IconButton } from "../../ui/button.ts";
import { Menu } from "../../ui/menu.ts";
import { Select } from "../../ui/select.ts";
import { measureGroups } from "../strip/choice.ts";

const KINDS = ["png", "svg", "csv"] as const;

export interface CurveActs {
  saveCurves(kind: (typeof KINDS)[number]): void;
}

export function tools(state: State, t: Words, dispatch: Dispatch, acts: CurveActs) {
  const { fit } = state;
  return h(
    "div",
    { class: "curve-tools" },
    h(Select, {
      id: "curves-compare",
      label: t("curves.second"),
      hidden: shownMeasures(state).length > 1,
      value: "",
      options: [{ value: "", words: t("curves.none") }, ...measureGroups(state, t)],
      onChoose: (second) => dispatch({ type: "set", second }),
    }),
    h(IconButton, {
      id: "curves-fit",
      icon: "fit",
      label: t(fit ? "curves.whole" : "curves.fit"),
      "aria-pressed": fit,
      onClick: () => dispatch({ type: "set", fit: !fit }),
    }),
    h(Menu, {
      id: "curves-save",
      icon: "save",
      label: t("curves.save"),
      items: KINDS.map((kind) => ({
        key: kind,
        id: `save-${kind}`,
        words: t(`curves.save.${kind}`),
        onChoose: () => acts.saveCurves(kind),
      })),
    }),
    h(IconButton, {
      id: "close-curves",
      icon: "close",
      label: t("curves.hide"),
      onClick: () => dispatch({ type: "set", curves: false }),
    }),
  );
}
