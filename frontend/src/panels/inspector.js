/** The column at the right: what is picked, in three tabs. */

import { HUES, css } from "../colours.js";
import { byId, fill, h, iconButton, marked, relabel, turnTabs, visible } from "../dom.js";
import { insideShown } from "../inside/inside.js";
import { failureWords } from "../language.js";
import { contextOf } from "../search.js";
import { siteWords } from "../sites.js";
import { sentenceOf, stepNumber } from "../state.js";
import { lensTab } from "./lens.js";
import { neighboursTab } from "./neighbours.js";
import { numbersTab } from "./numbers.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {import("../types.d.ts").Dispatch} Dispatch */

/** @type {import("../types.d.ts").Tab[]} */
const TABS = ["neighbours", "lens", "numbers"];
/** @type {Record<string, (state: State, t: Words, dispatch: Dispatch) => HTMLElement[]>} */
const BODIES = { neighbours: neighboursTab, lens: lensTab, numbers: numbersTab };

/** @param {Dispatch} dispatch */
export function inspectorPanel(dispatch) {
  const root = byId("inspector");
  const swatch = h("i", { class: "swatch" });
  const name = h("h2", { dir: "auto" });
  const close = iconButton("close", "", () => dispatch({ type: "pick", pick: null }), { id: "close-inspector" });
  const context = h("p", { class: "context", dir: "auto" });
  const where = h("p", { class: "quiet" });
  const tabs = TABS.map((tab) =>
    h("button", { type: "button", role: "tab", id: `tab-${tab}`, "aria-controls": "tab-body", onclick: () => dispatch({ type: "set", tab }) }),
  );
  const list = h("div", { role: "tablist", class: "tabs" }, ...tabs);
  list.addEventListener("keydown", (event) => turnTabs(event, tabs));
  const body = h("div", { class: "body scroll", id: "tab-body", role: "tabpanel", tabindex: 0 });
  fill(root, h("header", {}, swatch, name, close), context, where, list, body);
  let shown = "";

  return {
    /** @param {State} state @param {Words} t */
    update(state, t) {
      root.hidden = !state.picked || insideShown(state);
      if (root.hidden) return;
      root.setAttribute("aria-label", t("inspector.label"));
      relabel(close, "close", t("panel.close"));
      showHead(state, t, { swatch, name, context, where });
      list.setAttribute("aria-label", t("inspector.tabs"));
      for (const [i, one] of tabs.entries()) {
        const chosen = TABS[i] === state.tab;
        one.textContent = t(`tab.${TABS[i]}`);
        one.setAttribute("aria-selected", String(chosen));
        one.tabIndex = chosen ? 0 : -1;
      }
      body.setAttribute("aria-labelledby", `tab-${state.tab}`);
      const stale = state.inspecting !== null || !fresh(state);
      body.classList.toggle("stale", stale && state.inspection !== null);
      const key = JSON.stringify([state.tab, state.inspection?.id, state.inspectionFailure, state.language, state.theme, state.site, state.step, state.picked, Boolean(state.reference)]);
      if (key === shown) return;
      const from = shown.slice(0, 14) === key.slice(0, 14) ? body.scrollTop : 0;
      fill(body, ...bodyOf(state, t, dispatch));
      body.scrollTop = from;
      shown = key;
    },
  };
}

/** Whether the answer at hand is about the place on screen. @param {State} state */
function fresh(state) {
  return state.inspection !== null && state.inspection.step === stepNumber(state) && state.inspection.site === Math.round(state.site);
}

/** @param {State} state @param {Words} t @param {Dispatch} dispatch */
function bodyOf(state, t, dispatch) {
  if (state.inspectionFailure) return [h("p", { class: "bad" }, failureWords(t, state.inspectionFailure))];
  if (!state.inspection) return [h("p", { class: "quiet" }, t(state.connection === "open" ? "inspector.loading" : "inspector.offline"))];
  return BODIES[state.tab](state, t, dispatch);
}

/** @param {State} state @param {Words} t @param {{ swatch: HTMLElement, name: HTMLElement, context: HTMLElement, where: HTMLElement }} parts */
function showHead(state, t, { swatch, name, context, where }) {
  const { picked, reference, card } = state;
  if (!picked || !card) return;
  where.textContent = `${t("strip.step.value", { step: stepNumber(state) })} · ${siteWords(t, card.sites, state.site)}`;
  swatch.hidden = picked.kind === "cloud";
  if (picked.kind === "cloud") {
    const parts = reference ? contextOf(reference, picked.index, 14, 8) : { before: "", token: `#${picked.index}`, after: "" };
    const source = reference?.source[reference.window[picked.index]] ?? "";
    name.textContent = visible(parts.token).trim() || "␣";
    name.title = source;
    return fill(context, ...marked(parts), source ? h("span", { class: "source" }, source) : null);
  }
  const sentence = sentenceOf(state, picked.id);
  const token = sentence?.tokens[picked.token];
  if (!sentence || !token) return;
  swatch.style.background = css(HUES[state.theme][sentence.hue]);
  name.textContent = visible(token.text).trim() || "␣";
  name.title = "";
  const text = (/** @type {import("../types.d.ts").Token[]} */ list) => list.map((one) => (one.piece ? "" : one.text)).join("");
  const [before, after] = [sentence.tokens.slice(Math.max(0, picked.token - 24), picked.token), sentence.tokens.slice(picked.token + 1, picked.token + 16)];
  fill(context, ...marked({ before: text(before), token: token.text, after: text(after) }));
}
