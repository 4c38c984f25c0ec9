/** Below the sentences: what the colours of the cloud mean, trails, and warnings of the axis guard. */

import { MODES, legendOf } from "../colouring.js";
import { css, gradient } from "../colours.js";
import { fill, h, icon, iconButton, relabel } from "../dom.js";
import { number } from "../language.js";
import { guardedAxes, shownAtlas } from "../state.js";
import { guardWords } from "./top.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */

/** @param {HTMLElement} column @param {import("../types.d.ts").Dispatch} dispatch */
export function legendPanel(column, dispatch) {
  const label = h("label", { for: "colour" });
  const select = h("select", { id: "colour" });
  select.addEventListener("change", () => dispatch({ type: "set", colour: select.value, glide: 500 }));
  const fold = iconButton("fold", "", () => dispatch({ type: "fold", panel: "legend" }), { id: "fold-legend" });
  const key = h("div", { class: "key" });
  const guard = h("p", { class: "guard" });
  const trails = h("button", { type: "button", class: "toggle", id: "trails", onclick: () => dispatch({ type: "trails.toggle" }) });
  const axes = h("button", { type: "button", class: "toggle", id: "axes", onclick: () => dispatch({ type: "axes.toggle" }) });
  const body = h("div", { class: "body" }, key, guard, h("div", { class: "toggles" }, trails, axes));
  column.append(h("section", { class: "panel legend-panel" }, h("header", {}, label, select, fold), body));
  let shown = "";

  return {
    /** @param {State} state @param {Words} t */
    update(state, t) {
      label.textContent = t("colour.label");
      relabel(fold, state.folded.legend ? "unfold" : "fold", t(state.folded.legend ? "panel.unfold" : "panel.fold"));
      fold.setAttribute("aria-expanded", String(!state.folded.legend));
      body.hidden = state.folded.legend;
      fill(trails, icon("trails"), h("span", {}, t("trails.label")));
      fill(axes, icon("map"), h("span", {}, t("axes.label")));
      trails.setAttribute("aria-pressed", String(state.trails));
      axes.setAttribute("aria-pressed", String(state.axes));
      if (select.dataset.language !== state.language) {
        select.dataset.language = state.language;
        fill(select, ...MODES.map((mode) => h("option", { value: mode }, t(`colour.${mode}`))));
      }
      select.value = state.colour;
      select.title = t(`colour.${state.colour}.note`);
      const about = [state.colour, state.theme, state.language, Boolean(state.reference), Boolean(shownAtlas(state)), state.run];
      if (state.colour === "sentence") about.push(...state.sentences.map((one) => `${one.text}${one.hue}${one.hidden}`));
      if (JSON.stringify(about) !== shown) fill(key, ...keyOf(state, t));
      shown = JSON.stringify(about);
      const guarded = guardedAxes(state);
      guard.hidden = guarded.length === 0;
      fill(guard, icon("warn"), h("span", {}, guarded.map(({ axis, variable, r }) => guardWords(state, t, axis, variable, r)).join(" ")));
    },
  };
}

/** @param {State} state @param {Words} t @returns {HTMLElement[]} */
function keyOf(state, t) {
  const legend = legendOf(state);
  const note = h("p", { class: "quiet" }, t(`colour.${state.colour}.note`));
  if (legend.kind === "none") return [note];
  if (legend.kind === "scale") {
    const [low, high] = [legend.low, legend.high].map((value) => number(value, state.language, { maximumSignificantDigits: 2 }));
    const unit = t(`colour.${state.colour}.unit`);
    return [
      h("div", { class: "ramp", style: { background: gradient(state.theme) } }),
      h("div", { class: "ends" }, h("span", {}, low), h("span", { class: "quiet" }, unit), h("span", {}, high)),
      note,
    ];
  }
  const items = legend.items.slice(0, 9).map(({ name, colour, count }) =>
    h("li", { title: count ? t("legend.count", { count }) : name }, h("i", { style: { background: css(colour) } }), h("span", { dir: "auto" }, name)),
  );
  return [h("ul", { class: state.colour === "sentence" ? "wide" : "" }, ...items), ...(state.colour === "sentence" ? [note] : [])];
}
