/**
 * Below the sentences: what the colours of the cloud mean, trails, and warnings of the axis guard.
 */

import { h } from "preact";
import { labelShown, modesOf } from "../state/colour/colouring.ts";
import { guardedAxes } from "../state/fidelity.ts";
import type { Dispatch } from "../state/messages.ts";
import type { ColourMode, State, Words } from "../state/types.ts";
import { IconButton } from "../ui/button.ts";
import { hosted, part } from "../ui/host.ts";
import { Icon } from "../ui/icon.ts";
import { Select } from "../ui/select.ts";
import { colourKey } from "./key.ts";
import { projectionChoice } from "./projection.ts";
import { guardWords } from "./top.ts";

const Projections = part(projectionChoice);
const Head = part(head);
const Key = part(colourKey);
const Guard = part(guard, true);
const Toggles = part(toggles);

export const legendPanel = hosted("legend", legend);

export function legend(state: State, t: Words, dispatch: Dispatch) {
  const shown = { state, t, dispatch, acts: undefined };
  return h(
    "section",
    { id: "legend", class: "panel legend-panel" },
    h(Projections, shown),
    h(Head, shown),
    h(
      "div",
      { class: "body", hidden: state.folded.legend },
      h(Key, shown),
      h(Guard, shown),
      h(Toggles, shown),
    ),
  );
}

/** What the cloud is coloured by, and what folds the rest. */
function head(state: State, t: Words, dispatch: Dispatch) {
  const { colour } = state;
  const { legend: folded } = state.folded;
  return h(
    "header",
    {},
    h("label", { for: "colour" }, t("colour.label")),
    h(Select, {
      id: "colour",
      title: labelShown(state) ? colourWords(state, t, colour) : t(`colour.${colour}.note`),
      value: colour,
      options: modesOf(state).map((value) => ({ value, words: colourWords(state, t, value) })),
      onChoose: (mode) => dispatch({ type: "set", colour: mode as ColourMode, glide: 500 }),
    }),
    h(IconButton, {
      id: "fold-legend",
      icon: folded ? "unfold" : "fold",
      label: t(folded ? "panel.unfold" : "panel.fold"),
      "aria-expanded": !folded,
      onClick: () => dispatch({ type: "fold", panel: "legend" }),
    }),
  );
}

/** What a colouring is called: a known variable by its own title. */
function colourWords(state: State, t: Words, mode: string) {
  const label = state.reference?.labels?.find((one) => `label:${one.name}` === mode);
  return label
    ? (state.language === "zh" ? label.title_zh : label.title_en) || label.name
    : t(`colour.${mode}`);
}

/** Axes of the layout that are but a plain variable, with a warning. */
function guard(state: State, t: Words) {
  const guarded = guardedAxes(state);
  const words = guarded.map(({ axis, variable, r }) => guardWords(state, t, axis, variable, r));
  return h(
    "p",
    { class: "guard", hidden: !guarded.length },
    h(Icon, { name: "warn" }),
    h("span", {}, words.join(" ")),
  );
}

function toggles(state: State, t: Words, dispatch: Dispatch) {
  const toggle = (id: string, icon: string, words: string, pressed: boolean, more: object) =>
    h(
      "button",
      { type: "button", class: "toggle", id, "aria-pressed": pressed, ...more },
      h(Icon, { name: icon }),
      h("span", {}, t(words)),
    );
  return h(
    "div",
    { class: "toggles" },
    toggle("trails", "trails", `trails.${state.trails}`, state.trails !== "off", {
      title: t("trails.tip"),
      onClick: () => dispatch({ type: "trails.next" }),
    }),
    toggle("axes", "map", "axes.label", state.axes, {
      onClick: () => dispatch({ type: "axes.toggle" }),
    }),
  );
}
