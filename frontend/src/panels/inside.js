/** The panel of the inside of a pass: a row of tabs, and below it what the open one shows. */

import { byId, fill, h, iconButton, relabel, turnTabs } from "../dom.js";
import { failureWords } from "../language.js";
import { insideShown, lookOf, sentenceInside, wantedLooks } from "../inside/inside.js";
import { siteWords } from "../sites.js";
import { stepNumber } from "../state.js";
import { attentionTab } from "./attention.js";
import { partsTab } from "./parts.js";
import { pushTab } from "./push.js";
import { stepTab } from "./step.js";
import { walkTab } from "./walk.js";
import { wayTab } from "./way.js";
import { whatifTab } from "./whatif.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {import("../types.d.ts").Dispatch} Dispatch */
/** @typedef {import("../types.d.ts").InsideTab} InsideTab */
/** @typedef {(dispatch: Dispatch) => { root: HTMLElement, update(state: State, t: Words): void }} TabMaker */

/** @type {[InsideTab, TabMaker][]} */
const TABS = [["attention", attentionTab], ["parts", partsTab], ["whatif", whatifTab], ["walk", walkTab], ["push", pushTab], ["step", stepTab], ["way", wayTab]];

/** @param {Dispatch} dispatch */
export function insidePanel(dispatch) {
  const root = byId("inside");
  const name = h("h2", {});
  const close = iconButton("close", "", () => dispatch({ type: "inside.toggle" }), { id: "close-inside" });
  const where = h("p", { class: "quiet where" });
  const tabs = TABS.map(([tab]) =>
    h("button", { type: "button", role: "tab", id: `inside-${tab}`, "aria-controls": "inside-body", onclick: () => dispatch({ type: "inside.set", tab }) }),
  );
  const list = h("div", { role: "tablist", class: "tabs" }, ...tabs);
  list.addEventListener("keydown", (event) => turnTabs(event, tabs));
  const trouble = h("p", { class: "bad", role: "status" });
  const foot = h("p", { class: "quiet foot" });
  const made = new Map(TABS.map(([tab, make]) => [tab, make(dispatch)]));
  const body = h("div", { class: "body scroll", id: "inside-body", role: "tabpanel", tabindex: 0 });
  fill(root, h("header", {}, name, close), where, list, trouble, body);
  let shown = "";

  return {
    /** @param {State} state @param {Words} t */
    update(state, t) {
      root.hidden = !insideShown(state);
      if (root.hidden) return;
      root.setAttribute("aria-label", t("inside.title"));
      name.textContent = t("inside.title");
      relabel(close, "close", t("panel.close"));
      list.setAttribute("aria-label", t("inside.tabs"));
      where.textContent = state.card ? `${t("strip.step.value", { step: stepNumber(state) })} · ${siteWords(t, state.card.sites, state.site)}` : "";
      showTabs(state, t, tabs);
      const words = troubleWords(state, t);
      trouble.hidden = !words;
      trouble.textContent = words;
      trouble.className = troubleOf(state) ? "bad" : "quiet";
      const tab = made.get(state.inside.tab);
      if (!tab) return;
      body.setAttribute("aria-labelledby", `inside-${state.inside.tab}`);
      if (shown !== state.inside.tab) fill(body, tab.root, foot);
      shown = state.inside.tab;
      body.classList.toggle("stale", wantedLooks(state).some(({ kind }) => !lookOf(state, kind).fresh));
      foot.textContent = state.inside.tab === "way" ? "" : t("inside.exact");
      tab.update(state, t);
    },
  };
}

/** @param {State} state @param {Words} t @param {HTMLButtonElement[]} tabs */
function showTabs(state, t, tabs) {
  for (const [i, one] of tabs.entries()) {
    const chosen = TABS[i][0] === state.inside.tab;
    one.textContent = t(`inside.tab.${TABS[i][0]}`);
    one.setAttribute("aria-selected", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
  }
}

/** What hinders the open tab, in words; "" where nothing does. @param {State} state @param {Words} t */
function troubleWords(state, t) {
  const way = state.inside.tab === "way";
  if (!sentenceInside(state) && !way) return t("inside.none");
  const found = troubleOf(state);
  if (found) return failureWords(t, found);
  if (state.playing && !way) return t("inside.playing");
  return wantedLooks(state).some(({ kind }) => !lookOf(state, kind).look) ? t("inside.asking") : "";
}

/** What was refused of the open tab's questions. @param {State} state */
function troubleOf(state) {
  return wantedLooks(state).map(({ kind }) => state.inside.troubles[kind]).find(Boolean);
}
