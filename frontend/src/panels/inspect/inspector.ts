/** The column at the right: what is picked, in three tabs. */

import { HUES, css } from "../../state/colour/colours.ts";
import { byId, fill, h, iconButton, marked, relabel, turnTabs, visible } from "../../ui/dom.ts";
import { insideShown } from "../../state/inside/inside.ts";
import { failureWords } from "../../i18n/language.ts";
import { contextOf } from "../../state/search.ts";
import { siteWords } from "../../state/sites.ts";
import { sentenceOf, stepNumber } from "../../state/state.ts";
import { lensTab } from "./lens.ts";
import { neighboursTab } from "./neighbours.ts";
import { numbersTab } from "./numbers.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Tab, Token, Words } from "../../state/types.ts";

const TABS: Tab[] = ["neighbours", "lens", "numbers"];
const BODIES: Record<string, (state: State, t: Words, dispatch: Dispatch) => HTMLElement[]> = {
  neighbours: neighboursTab,
  lens: lensTab,
  numbers: numbersTab,
};

export function inspectorPanel(dispatch: Dispatch) {
  const root = byId("inspector");
  const swatch = h("i", { class: "swatch" });
  const name = h("h2", { dir: "auto" });
  const close = iconButton("close", "", () => dispatch({ type: "pick", pick: null }), {
    id: "close-inspector",
  });
  const context = h("p", { class: "context", dir: "auto" });
  const where = h("p", { class: "quiet" });
  const tabs = TABS.map((tab) =>
    h("button", {
      type: "button",
      role: "tab",
      id: `tab-${tab}`,
      "aria-controls": "tab-body",
      onclick: () => dispatch({ type: "set", tab }),
    }),
  );
  const list = h("div", { role: "tablist", class: "tabs" }, ...tabs);
  list.addEventListener("keydown", (event) => turnTabs(event, tabs));
  const body = h("div", { class: "body scroll", id: "tab-body", role: "tabpanel", tabindex: 0 });
  fill(root, h("header", {}, swatch, name, close), context, where, list, body);
  let shown = "";

  return {
    update(state: State, t: Words) {
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
      const key = JSON.stringify([
        state.tab,
        state.inspection?.id,
        state.inspectionFailure,
        state.language,
        state.theme,
        state.site,
        state.step,
        state.picked,
        Boolean(state.reference),
      ]);
      if (key === shown) return;
      const from = shown.slice(0, 14) === key.slice(0, 14) ? body.scrollTop : 0;
      fill(body, ...bodyOf(state, t, dispatch));
      body.scrollTop = from;
      shown = key;
    },
  };
}

/** Whether the answer at hand is about the place on screen. */
function fresh(state: State) {
  return (
    state.inspection !== null &&
    state.inspection.step === stepNumber(state) &&
    state.inspection.site === Math.round(state.site)
  );
}

function bodyOf(state: State, t: Words, dispatch: Dispatch) {
  if (state.inspectionFailure)
    return [h("p", { class: "bad" }, failureWords(t, state.inspectionFailure))];
  if (!state.inspection)
    return [
      h(
        "p",
        { class: "quiet" },
        t(state.connection === "open" ? "inspector.loading" : "inspector.offline"),
      ),
    ];
  return BODIES[state.tab](state, t, dispatch);
}

function showHead(
  state: State,
  t: Words,
  {
    swatch,
    name,
    context,
    where,
  }: { swatch: HTMLElement; name: HTMLElement; context: HTMLElement; where: HTMLElement },
) {
  const { picked, reference, card } = state;
  if (!picked || !card) return;
  where.textContent = `${t("strip.step.value", { step: stepNumber(state) })} · ${siteWords(t, card.sites, state.site)}`;
  swatch.hidden = picked.kind === "cloud";
  if (picked.kind === "cloud") {
    const parts = reference
      ? contextOf(reference, picked.index, 14, 8)
      : { before: "", token: `#${picked.index}`, after: "" };
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
  const text = (list: Token[]) => list.map((one) => (one.piece ? "" : one.text)).join("");
  const [before, after] = [
    sentence.tokens.slice(Math.max(0, picked.token - 24), picked.token),
    sentence.tokens.slice(picked.token + 1, picked.token + 16),
  ];
  fill(context, ...marked({ before: text(before), token: token.text, after: text(after) }));
}
