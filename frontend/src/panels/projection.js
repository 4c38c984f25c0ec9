/** The choice of a projection: a few buttons side by side, what the one chosen can say, and the names of its axes. */

import { fill, h } from "../dom.js";
import { pathsInside } from "../inside/inside.js";
import { axisNames, kindShown, projectionsOf } from "../projections.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {import("../types.d.ts").Projection} Projection */

/** @param {import("../types.d.ts").Dispatch} dispatch */
export function projectionChoice(dispatch) {
  const choice = h("div", { class: "segments", role: "radiogroup" });
  const names = h("p", { class: "axis-names" });
  const note = h("p", { class: "quiet" });
  const element = h("div", { class: "projection" }, choice, names, note);
  choice.addEventListener("keydown", (event) => turn(event, choice));
  let offered = "";

  return {
    element,
    /** @param {State} state @param {Words} t */
    update(state, t) {
      const all = projectionsOf(state);
      element.hidden = all.length < 2;
      if (element.hidden) return;
      choice.setAttribute("aria-label", t("projection.label"));
      const key = JSON.stringify([state.language, all]);
      if (key !== offered) fill(choice, ...all.map((one) => segment(one, state, t, dispatch)));
      offered = key;
      for (const button of choice.querySelectorAll("button")) {
        const chosen = button.dataset.name === state.projection;
        button.setAttribute("aria-checked", String(chosen));
        button.tabIndex = chosen ? 0 : -1;
      }
      choice.classList.toggle("coming", state.former !== null);
      const axes = axisNames(state).filter(Boolean);
      const own = pathsInside(state) !== null;
      names.hidden = own || axes.length === 0 || kindShown(state) !== "basis" || state.folded.legend;
      fill(names, ...axes.map((name, i) => h("span", {}, h("b", {}, String(i + 1)), name)));
      note.hidden = state.folded.legend;
      note.textContent = t(`projection.${own ? "inside" : kindShown(state)}.note`);
    },
  };
}

/** @param {Projection} one @param {State} state @param {Words} t @param {import("../types.d.ts").Dispatch} dispatch */
function segment(one, state, t, dispatch) {
  const title = (state.language === "zh" ? one.title_zh : one.title_en) || one.name;
  const short = one.kind === "basis" ? title : t(`projection.${one.kind}`);
  const choose = () => dispatch({ type: "projection", name: one.name });
  return h("button", { type: "button", role: "radio", class: "segment", "data-name": one.name, title: `${title}. ${t(`projection.${one.kind}.note`)}`, onclick: choose }, short);
}

/** Arrows choose the next, as in any group of radio buttons. @param {KeyboardEvent} event @param {HTMLElement} choice */
function turn(event, choice) {
  const by = ["ArrowRight", "ArrowDown"].includes(event.key) ? 1 : ["ArrowLeft", "ArrowUp"].includes(event.key) ? -1 : 0;
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  const buttons = [...choice.querySelectorAll("button")];
  const at = buttons.findIndex((one) => one.getAttribute("aria-checked") === "true");
  const next = buttons[(at + by + buttons.length) % buttons.length];
  next.click();
  next.focus();
}
