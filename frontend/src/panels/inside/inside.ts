/** The panel of the inside of a pass: a row of tabs, and below it what the open one shows. */

import { byId, fill, h, iconButton, relabel, turnTabs } from "../../ui/dom.ts";
import { failureWords } from "../../i18n/language.ts";
import { insideShown, lookOf, sentenceInside, wantedLooks } from "../../state/inside/inside.ts";
import { siteWords } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import { attentionTab } from "./attention.ts";
import { decompositionTab } from "./decomposition.ts";
import { drawnHow } from "./drawn.ts";
import { gradientsTab } from "./gradients.ts";
import { optimizerStepTab } from "./optimizer-step.ts";
import { generationTab } from "./generation.ts";
import { landscapeTab } from "./landscape.ts";
import { ablationTab } from "./ablation.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { InsideTab, State, Words } from "../../state/types.ts";

type TabMaker = (dispatch: Dispatch) => { root: HTMLElement; update(state: State, t: Words): void };

const TABS: [InsideTab, TabMaker][] = [
  ["attention", attentionTab],
  ["decomposition", decompositionTab],
  ["ablation", ablationTab],
  ["generation", generationTab],
  ["gradients", gradientsTab],
  ["optimizer-step", optimizerStepTab],
  ["landscape", landscapeTab],
];

export function insidePanel(dispatch: Dispatch) {
  const root = byId("inside");
  const name = h("h2", {});
  const close = iconButton("close", "", () => dispatch({ type: "drawer.close" }), {
    id: "close-inside",
  });
  const plain = h("p", { class: "plain-words" });
  const where = h("p", { class: "quiet where" });
  const tabs = TABS.map(([tab]) =>
    h("button", {
      type: "button",
      role: "tab",
      id: `inside-${tab}`,
      "aria-controls": "inside-body",
      onclick: () => dispatch({ type: "inside.set", tab }),
    }),
  );
  const list = h("div", { role: "tablist", class: "tabs" }, ...tabs);
  list.addEventListener("keydown", (event) => turnTabs(event, tabs));
  const trouble = h("p", { class: "bad", role: "status" });
  const how = drawnHow(dispatch);
  const foot = h("p", { class: "quiet foot" });
  const made = new Map(TABS.map(([tab, make]) => [tab, make(dispatch)]));
  const body = h("div", { class: "body scroll", id: "inside-body", role: "tabpanel", tabindex: 0 });
  fill(root, h("header", {}, name, close), where, list, plain, how.root, trouble, body);
  let shown = "";

  return {
    update(state: State, t: Words) {
      root.hidden = !insideShown(state);
      if (root.hidden) return;
      root.setAttribute("aria-label", t("inside.title"));
      name.textContent = t("inside.title");
      relabel(close, "close", t("panel.close"));
      list.setAttribute("aria-label", t("inside.tabs"));
      const at = t("strip.step.value", { step: stepNumber(state) });
      where.textContent = state.card ? `${at} · ${siteWords(t, state.card.sites, state.site)}` : "";
      plain.textContent = t(`inside.plain.${state.inside.tab}`);
      how.update(state, t);
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
      body.classList.toggle(
        "stale",
        wantedLooks(state).some(({ kind }) => !lookOf(state, kind).fresh),
      );
      foot.textContent = state.inside.tab === "landscape" ? "" : t("inside.exact");
      tab.update(state, t);
    },
  };
}

function showTabs(state: State, t: Words, tabs: HTMLButtonElement[]) {
  for (const [i, one] of tabs.entries()) {
    const chosen = TABS[i][0] === state.inside.tab;
    one.textContent = t(`inside.tab.${TABS[i][0]}`);
    one.setAttribute("aria-selected", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
  }
}

/** What hinders the open tab, in words; "" where nothing does. */
function troubleWords(state: State, t: Words) {
  const landscape = state.inside.tab === "landscape";
  if (!sentenceInside(state) && !landscape) return t("inside.none");
  const found = troubleOf(state);
  if (found) return failureWords(t, found);
  if (state.playing && !landscape) return t("inside.playing");
  return wantedLooks(state).some(({ kind }) => !lookOf(state, kind).look) ? t("inside.asking") : "";
}

/** What was refused of the open tab's questions. */
function troubleOf(state: State) {
  return wantedLooks(state)
    .map(({ kind }) => state.inside.troubles[kind])
    .find(Boolean);
}
