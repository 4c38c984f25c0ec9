/**
 * The choice of a projection: a few buttons side by side, what the one chosen can say, and the
 * names of its axes.
 */

import { fill, h } from "../ui/dom.ts";
import { pathsInside } from "../state/inside/inside.ts";
import { axisNames, kindShown, projectionsOf } from "../state/projections.ts";
import type { Dispatch } from "../state/messages.ts";
import type { Axis, Projection, State, Words } from "../state/types.ts";

export function projectionChoice(dispatch: Dispatch) {
  const choice = h("div", { class: "segments", role: "radiogroup" });
  const names = h("p", { class: "axis-names" });
  const note = h("p", { class: "quiet" });
  const stack = h("button", { type: "button", class: "plain", id: "stack" });
  stack.addEventListener("click", () => dispatch({ type: "set", stack: other }));
  let other: Axis = "steps";
  const element = h("div", { class: "projection" }, choice, names, stack, note);
  choice.addEventListener("keydown", (event) => turn(event, choice));
  let offered = "";

  return {
    element,
    update(state: State, t: Words) {
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
      names.hidden =
        own || axes.length === 0 || kindShown(state) !== "basis" || state.folded.legend;
      fill(names, ...axes.map((name, i) => h("span", {}, h("b", {}, String(i + 1)), name)));
      other = state.stack === "layers" ? "steps" : "layers";
      stack.hidden = kindShown(state) !== "plane";
      stack.textContent = t(`stack.${state.stack}`);
      stack.title = t("stack.tip");
      note.hidden = state.folded.legend;
      note.textContent =
        !own && kindShown(state) === "plane" && state.stack === "steps"
          ? t("projection.plane.steps")
          : t(`projection.${own ? "inside" : kindShown(state)}.note`);
    },
  };
}

function segment(one: Projection, state: State, t: Words, dispatch: Dispatch) {
  const title = (state.language === "zh" ? one.title_zh : one.title_en) || one.name;
  const short = one.kind === "basis" ? title : t(`projection.${one.kind}`);
  const choose = () => dispatch({ type: "projection", name: one.name });
  return h(
    "button",
    {
      type: "button",
      role: "radio",
      class: "segment",
      "data-name": one.name,
      title: `${title}. ${t(`projection.${one.kind}.note`)}`,
      onclick: choose,
    },
    short,
  );
}

/** Arrows choose the next, as in any group of radio buttons. */
function turn(event: KeyboardEvent, choice: HTMLElement) {
  const by = ["ArrowRight", "ArrowDown"].includes(event.key)
    ? 1
    : ["ArrowLeft", "ArrowUp"].includes(event.key)
      ? -1
      : 0;
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  const buttons = [...choice.querySelectorAll("button")];
  const at = buttons.findIndex((one) => one.getAttribute("aria-checked") === "true");
  const next = buttons[(at + by + buttons.length) % buttons.length];
  next.click();
  next.focus();
}
