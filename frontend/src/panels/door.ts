/**
 * The page of models: cards, one a model, each with a tiny picture and a line of what will be seen.
 */

import { said } from "../i18n/language.ts";
import { byId, fill, h, iconButton, relabel } from "../ui/dom.ts";
import { glyphOf } from "../charts/glyphs.ts";
import { buildingLine } from "./building.ts";
import { patch } from "../charts/svg.ts";
import { offered } from "../state/offers.ts";
import { render } from "preact";
import type { Tree } from "../ui/host.ts";
import type { Dispatch } from "../state/messages.ts";
import { wordsOfRun } from "../state/run-words.ts";
import type { RunEntry, State, Words } from "../state/types.ts";

/** @param more cards of models that can be fetched, below */
export function doorPanel(
  dispatch: Dispatch,
  acts: { chooseRun(name: string): void },
  more: (state: State, t: Words) => Tree | null,
) {
  const root = byId("door");
  const offers = h("div", { class: "door-offers" });
  const title = h("h2", {});
  const list = h("ul", { class: "cards" });
  const fold = iconButton("close", "", () => dispatch({ type: "set", sheet: null }), {
    id: "fold-door",
  });
  root.setAttribute("role", "dialog");
  root.setAttribute("aria-modal", "true");
  fill(root, h("header", {}, title, fold), h("div", { class: "door-rows" }, list, offers));
  list.addEventListener("keydown", (event) => walk(event, list));
  const making: Map<string, ReturnType<typeof buildingLine>> = new Map();
  let shown = "";
  let wasOpen = false;

  return {
    update(state: State, t: Words, previous: State | null) {
      const open = state.sheet === "door" && state.runs.length + offered(state).length > 1;
      root.hidden = !open;
      if (previous && open !== wasOpen) aside(root, open);
      wasOpen = open;
      if (!open) return;
      title.textContent = t("door.title");
      root.setAttribute("aria-label", t("door.title"));
      relabel(fold, "close", t("door.fold"));
      const runs = state.runs.map((one) => ({ ...one, building: Boolean(one.building) }));
      const key = JSON.stringify([runs, state.run, state.language, state.theme]);
      if (key !== shown) showCards(state, t);
      shown = key;
      if (drawsOffers(state, previous)) render(more(state, t), offers);
      for (const { name, building } of state.runs)
        if (building) making.get(name)?.update(building, t);
      if (previous?.sheet !== "door")
        list
          .querySelector<HTMLElement>("[aria-current], button:not(:disabled)")
          ?.focus({ preventScroll: true });
    },
  };

  function showCards(state: State, t: Words) {
    const held =
      document.activeElement instanceof HTMLElement
        ? document.activeElement.dataset.run
        : undefined;
    making.clear();
    for (const { name, building } of state.runs) if (building) making.set(name, buildingLine());
    fill(
      list,
      ...state.runs.map((one) =>
        h("li", {}, cardOf(one, state, t, acts, making.get(one.name)?.element)),
      ),
    );
    if (held) focusRun(list, held);
  }
}

function focusRun(list: HTMLElement, name: string) {
  const found = [...list.querySelectorAll("button")].find((one) => one.dataset.run === name);
  found?.focus({ preventScroll: true });
}

function drawsOffers(state: State, previous: State | null) {
  if (previous?.sheet !== "door") return true;
  const fields = ["offers", "runs", "language"] as const;
  return fields.some((name) => state[name] !== previous[name]);
}

/** While the page of models is open the rest of the page is out of reach. */
function aside(root: HTMLElement, open: boolean) {
  for (const other of document.body.children)
    if (other !== root && !other.contains(root) && other instanceof HTMLElement) other.inert = open;
  if (!open) document.getElementById("run")?.focus({ preventScroll: true });
}

function cardOf(
  run: RunEntry,
  state: State,
  t: Words,
  acts: { chooseRun(name: string): void },
  making?: HTMLElement,
) {
  const { title, line } = wordsOfRun(run, t);
  const here = run.name === state.run;
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  patch(picture, glyphOf(run.name, state.theme));
  const live = run.live
    ? h("i", { class: "pulse", role: "img", "aria-label": t("live.mark"), title: t("live.tip") })
    : null;
  const below =
    making ??
    h(
      "span",
      { class: run.problem ? "line bad" : "line" },
      run.problem ? said(t, run.problem) : line,
    );
  const words = h("span", { class: "words" }, h("b", {}, live, title), below);
  const choose = () => acts.chooseRun(run.name);
  const props = {
    type: "button",
    class: "card",
    "data-run": run.name,
    disabled: Boolean(run.problem) && !making,
    title: line,
    onclick: choose,
  };
  return h("button", { ...props, "aria-current": here ? "true" : undefined }, picture, words);
}

const ARROWS: Record<string, number> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
};

/** Arrows walk along the cards. */
function walk(event: KeyboardEvent, list: HTMLElement) {
  const by = ARROWS[event.key] ?? 0;
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  const cards = [...list.querySelectorAll("button")].filter((one) => !one.disabled);
  const at = cards.findIndex((one) => one === document.activeElement);
  cards[(at + by + cards.length) % cards.length]?.focus();
}
