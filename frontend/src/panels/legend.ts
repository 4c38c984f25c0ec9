/**
 * Below the sentences: what the colours of the cloud mean, trails, and warnings of the axis guard.
 */

import { labelShown, modesOf } from "../state/colour/colouring.ts";
import { fill, h, icon, iconButton, relabel } from "../ui/dom.ts";
import { guardedAxes } from "../state/fidelity.ts";
import { shownAtlas } from "../state/state.ts";
import { keyOf } from "./key.ts";
import { projectionChoice } from "./projection.ts";
import { guardWords } from "./top.ts";
import type { Dispatch } from "../state/messages.ts";
import type { ColourMode, State, Words } from "../state/types.ts";

export function legendPanel(column: HTMLElement, dispatch: Dispatch) {
  const label = h("label", { for: "colour" });
  const select = h("select", { id: "colour" });
  select.addEventListener("change", () =>
    dispatch({ type: "set", colour: select.value as ColourMode, glide: 500 }),
  );
  const fold = iconButton("fold", "", () => dispatch({ type: "fold", panel: "legend" }), {
    id: "fold-legend",
  });
  const key = h("div", { class: "key" });
  const guard = h("p", { class: "guard" });
  const trails = h("button", {
    type: "button",
    class: "toggle",
    id: "trails",
    onclick: () => dispatch({ type: "trails.next" }),
  });
  const axes = h("button", {
    type: "button",
    class: "toggle",
    id: "axes",
    onclick: () => dispatch({ type: "axes.toggle" }),
  });
  const body = h(
    "div",
    { class: "body" },
    key,
    guard,
    h("div", { class: "toggles" }, trails, axes),
  );
  const projection = projectionChoice(dispatch);
  column.append(
    h(
      "section",
      { class: "panel legend-panel" },
      projection.element,
      h("header", {}, label, select, fold),
      body,
    ),
  );
  let shown = "";

  return {
    update(state: State, t: Words) {
      label.textContent = t("colour.label");
      projection.update(state, t);
      relabel(
        fold,
        state.folded.legend ? "unfold" : "fold",
        t(state.folded.legend ? "panel.unfold" : "panel.fold"),
      );
      fold.setAttribute("aria-expanded", String(!state.folded.legend));
      body.hidden = state.folded.legend;
      fill(trails, icon("trails"), h("span", {}, t(`trails.${state.trails}`)));
      trails.title = t("trails.tip");
      fill(axes, icon("map"), h("span", {}, t("axes.label")));
      trails.setAttribute("aria-pressed", String(state.trails !== "off"));
      axes.setAttribute("aria-pressed", String(state.axes));
      const modes = modesOf(state);
      const offered = `${state.language} ${modes.join(" ")}`;
      if (select.dataset.offered !== offered) {
        select.dataset.offered = offered;
        fill(
          select,
          ...modes.map((mode) => h("option", { value: mode }, colourWords(state, t, mode))),
        );
      }
      select.value = state.colour;
      select.title = labelShown(state)
        ? colourWords(state, t, state.colour)
        : t(`colour.${state.colour}.note`);
      const about = [
        state.colour,
        state.theme,
        state.language,
        Boolean(state.reference),
        Boolean(shownAtlas(state)),
        state.run,
        state.writtenFor,
      ];
      if (state.colour === "sentence")
        about.push(...state.sentences.map((one) => `${one.text}${one.hue}${one.hidden}`));
      if (JSON.stringify(about) !== shown) fill(key, ...keyOf(state, t));
      shown = JSON.stringify(about);
      const guarded = guardedAxes(state);
      guard.hidden = guarded.length === 0;
      fill(
        guard,
        icon("warn"),
        h(
          "span",
          {},
          guarded.map(({ axis, variable, r }) => guardWords(state, t, axis, variable, r)).join(" "),
        ),
      );
    },
  };
}

/** What a colouring is called: a known variable by its own title. */
function colourWords(state: State, t: Words, mode: string) {
  const label = state.reference?.labels?.find((one) => `label:${one.name}` === mode);
  return label
    ? (state.language === "zh" ? label.title_zh : label.title_en) || label.name
    : t(`colour.${mode}`);
}
