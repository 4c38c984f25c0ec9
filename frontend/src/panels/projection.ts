/**
 * The choice of a projection: a few buttons side by side, what the one chosen can say, and the
 * names of its axes.
 */

import { h } from "preact";
import { pathsInside } from "../state/inside/inside.ts";
import type { Dispatch } from "../state/messages.ts";
import { axisNames, kindShown, projectionsOf } from "../state/projections.ts";
import type { Projection, State, Words } from "../state/types.ts";

export function projectionChoice(state: State, t: Words, dispatch: Dispatch) {
  const all = projectionsOf(state);
  if (all.length < 2) return null;
  const own = pathsInside(state) !== null;
  const kind = kindShown(state);
  const folded = state.folded.legend;
  const axes = own || kind !== "basis" || folded ? [] : axisNames(state).filter(Boolean);
  const names = axes.map((name, i) => h("span", { key: name }, h("b", {}, String(i + 1)), name));
  return h(
    "div",
    { class: "projection" },
    h(
      "div",
      {
        class: state.former ? "segments coming" : "segments",
        role: "radiogroup",
        "aria-label": t("projection.label"),
        onKeyDown: turn,
      },
      all.map((one) => segment(one, state, t, dispatch)),
    ),
    h("p", { class: "axis-names", hidden: !names.length }, names),
    h(
      "button",
      {
        type: "button",
        class: "plain",
        id: "stack",
        hidden: kind !== "plane",
        title: t("stack.tip"),
        onClick: () =>
          dispatch({ type: "set", stack: state.stack === "layers" ? "steps" : "layers" }),
      },
      t(`stack.${state.stack}`),
    ),
    h("p", { class: "quiet", hidden: folded }, t(noteOf(state, own))),
  );
}

/** What is said of the projection: of a tower, what its sheets are. */
function noteOf(state: State, own: boolean) {
  const kind = kindShown(state);
  if (own) return "projection.inside.note";
  if (kind === "umap" && state.card?.density) return "projection.umap.note.dense";
  return kind === "plane" && state.stack === "steps"
    ? "projection.plane.steps"
    : `projection.${kind}.note`;
}

function segment({ name, kind, ...one }: Projection, state: State, t: Words, dispatch: Dispatch) {
  const title = (state.language === "zh" ? one.title_zh : one.title_en) || name;
  const chosen = name === state.projection;
  return h(
    "button",
    {
      key: name,
      type: "button",
      role: "radio",
      class: "segment",
      "data-name": name,
      title: `${title}. ${t(`projection.${kind}.note`)}`,
      "aria-checked": chosen,
      tabindex: chosen ? 0 : -1,
      onClick: () => dispatch({ type: "projection", name }),
    },
    kind === "basis" ? title : t(`projection.${kind}`),
  );
}

const TURNS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** Arrows choose the next, as in any group of radio buttons. */
function turn(event: KeyboardEvent) {
  const by = TURNS[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll("button")];
  const at = buttons.findIndex((one) => one.getAttribute("aria-checked") === "true");
  const next = buttons[(at + by + buttons.length) % buttons.length];
  next.click();
  next.focus();
}
