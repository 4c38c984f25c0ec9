/** The panel of the inside of a pass: a row of tabs, and below it what the open one shows. */

import { h } from "preact";
import type { FunctionComponent } from "preact";
import { useState } from "preact/hooks";
import { failureWords } from "../../i18n/language.ts";
import { INSIDE_TABS } from "../../state/inside/types.ts";
import { insideShown, lookOf, sentenceInside, wantedLooks } from "../../state/inside/inside.ts";
import type { Dispatch } from "../../state/messages.ts";
import { siteWords } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import type { InsideTab, State, Words } from "../../state/types.ts";
import { hosted, part } from "../../ui/host.ts";
import type { Shown } from "../../ui/host.ts";
import { SidePanel } from "../../ui/panel.ts";
import { Tabs } from "../../ui/tabs.ts";
import { ablation } from "./ablation.ts";
import { attention } from "./attention.ts";
import { decomposition } from "./decomposition.ts";
import { drawnHow } from "./drawn.ts";
import { generation } from "./generation.ts";
import type { Unfolded } from "./generation.ts";
import { gradients } from "./gradients.ts";
import { landscape } from "./landscape.ts";
import { optimizerStep } from "./optimizer-step.ts";

const TABS: Record<InsideTab, FunctionComponent<Shown<Unfolded>>> = {
  attention: part(attention, true),
  decomposition: part(decomposition, true),
  ablation: part(ablation, true),
  generation: part(generation, true),
  gradients: part(gradients, true),
  "optimizer-step": part(optimizerStep, true),
  landscape: part(landscape),
};

const DrawnHow = part(drawnHow);

export const insidePanel = hosted("inside", inside);

export function inside(state: State, t: Words, dispatch: Dispatch) {
  const how: Unfolded = useState(false);
  const hidden = !insideShown(state);
  return h(
    SidePanel,
    {
      id: "inside",
      tag: "section",
      label: t("inside.title"),
      hidden,
      keeps: true,
      head: h("h2", {}, t("inside.title")),
      close: { label: t("panel.close"), onClick: () => dispatch({ type: "drawer.close" }) },
    },
    hidden ? null : [...headOf(state, t, dispatch), body(state, t, dispatch, how)],
  );
}

/** Where it looks, the tabs, what the open one is in plain words, and what hinders it. */
function headOf(state: State, t: Words, dispatch: Dispatch) {
  const at = t("strip.step.value", { step: stepNumber(state) });
  const where = state.card ? `${at} · ${siteWords(t, state.card.sites, state.site)}` : "";
  const trouble = troubleWords(state, t);
  return [
    h("p", { class: "quiet where" }, where),
    h(Tabs<InsideTab>, {
      prefix: "inside",
      label: t("inside.tabs"),
      controls: "inside-body",
      tabs: INSIDE_TABS.map((name) => ({ name, words: t(`inside.tab.${name}`) })),
      chosen: state.inside.tab,
      onChoose: (tab) => dispatch({ type: "inside.set", tab }),
    }),
    h("p", { class: "plain-words" }, t(`inside.plain.${state.inside.tab}`)),
    h(DrawnHow, { state, t, dispatch, acts: undefined }),
    h(
      "p",
      { class: troubleOf(state) ? "bad" : "quiet", role: "status", hidden: !trouble },
      trouble,
    ),
  ];
}

function body(state: State, t: Words, dispatch: Dispatch, acts: Unfolded) {
  const { tab } = state.inside;
  const stale = wantedLooks(state).some(({ kind }) => !lookOf(state, kind).fresh);
  return h(
    "div",
    {
      class: `body scroll ${stale ? "stale" : ""}`.trim(),
      id: "inside-body",
      role: "tabpanel",
      tabindex: 0,
      "aria-labelledby": `inside-${tab}`,
    },
    h(TABS[tab], { key: tab, state, t, dispatch, acts }),
    h("p", { class: "quiet foot" }, tab === "landscape" ? "" : t("inside.exact")),
  );
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
