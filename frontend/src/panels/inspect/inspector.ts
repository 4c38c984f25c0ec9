/** The column at the right: what is picked, in three tabs. */

import { h } from "preact";
import { className, failureWords } from "../../i18n/language.ts";
import { HUES, css } from "../../state/colour/colours.ts";
import { sectionShown } from "../../state/drawer.ts";
import type { Dispatch } from "../../state/messages.ts";
import { contextOf } from "../../state/search.ts";
import { siteWords } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import type { State, Tab, Token, Words } from "../../state/types.ts";
import { visible } from "../../ui/dom.ts";
import { hosted } from "../../ui/host.ts";
import type { Tree } from "../../ui/host.ts";
import { Marked } from "../../ui/marked.ts";
import { SidePanel } from "../../ui/panel.ts";
import { Tabs } from "../../ui/tabs.ts";
import { lensTab } from "./lens.ts";
import { neighboursTab } from "./neighbours.ts";
import { numbersTab } from "./numbers.ts";

const TABS: Tab[] = ["neighbours", "lens", "numbers"];
const BODIES: Record<Tab, (state: State, t: Words, dispatch: Dispatch) => Tree[]> = {
  neighbours: neighboursTab,
  lens: lensTab,
  numbers: numbersTab,
};

export const inspectorPanel = hosted("inspector", inspector);

export function inspector(state: State, t: Words, dispatch: Dispatch) {
  const told = toldOf(state, t);
  const tabs = TABS.map((name) => ({ name, words: t(`tab.${name}`) }));
  const onChoose = (tab: Tab) => dispatch({ type: "set", tab });
  return h(
    SidePanel,
    {
      id: "inspector",
      label: t("inspector.label"),
      hidden: sectionShown(state) !== "token",
      head: told
        ? [
            told.hue !== null && h("i", { class: "swatch", style: { background: told.hue } }),
            h("h2", { dir: "auto", title: told.source }, visible(told.parts.token).trim() || "␣"),
          ]
        : h("h2", {}, t("inspector.label")),
      close: { label: t("panel.close"), onClick: () => dispatch({ type: "drawer.close" }) },
    },
    state.picked
      ? [
          told && context(told),
          h("p", { class: "quiet" }, whereWords(state, t)),
          h(Tabs<Tab>, {
            label: t("inspector.tabs"),
            controls: "tab-body",
            tabs,
            chosen: state.tab,
            onChoose,
          }),
          body(state, t, dispatch),
        ]
      : h("p", { class: "quiet none" }, t("token.none")),
  );
}

/** A tab of its own element, so that each begins at its top. */
function body(state: State, t: Words, dispatch: Dispatch) {
  const stale = state.inspection !== null && (state.inspecting !== null || !fresh(state));
  return h(
    "div",
    {
      key: state.tab,
      class: `body scroll ${stale ? "stale" : ""}`.trim(),
      id: "tab-body",
      role: "tabpanel",
      tabindex: 0,
      "aria-labelledby": `tab-${state.tab}`,
    },
    bodyOf(state, t, dispatch),
  );
}

function bodyOf(state: State, t: Words, dispatch: Dispatch) {
  if (state.inspectionFailure)
    return h("p", { class: "bad" }, failureWords(t, state.inspectionFailure));
  if (state.inspection) return BODIES[state.tab](state, t, dispatch);
  const waiting = state.connection === "open" ? "inspector.loading" : "inspector.offline";
  return h("p", { class: "quiet" }, t(waiting));
}

/** Whether the answer at hand is about the place on screen. */
function fresh(state: State) {
  return (
    state.inspection?.step === stepNumber(state) && state.inspection.site === Math.round(state.site)
  );
}

interface Told {
  /** the colour of its sentence; null: a token of the reference */
  hue: string | null;
  source: string;
  parts: { before: string; token: string; after: string };
}

function context({ parts, source }: Told) {
  const from = source && h("span", { class: "source" }, source);
  return h("p", { class: "context", dir: "auto" }, h(Marked, parts), from);
}

/** What is picked, in its context. */
function toldOf({ picked, reference, sentences, theme }: State, t: Words): Told | null {
  if (picked?.kind === "cloud") {
    const alone = { before: "", token: `#${picked.index}`, after: "" };
    const source = className(reference?.source[reference.window[picked.index]] ?? "", t);
    const parts = reference ? contextOf(reference, picked.index, 14, 8) : alone;
    return { hue: null, source, parts };
  }
  const sentence = sentences.find((one) => one.id === picked?.id);
  const token = sentence?.tokens[picked?.token ?? -1];
  if (!sentence || !token || !picked) return null;
  const text = (list: Token[]) => list.map((one) => (one.piece ? "" : one.text)).join("");
  // a character of several tokens is said once, whichever of them is picked
  const first = picked.token - (token.piece ?? 0);
  const next = Math.max(picked.token + 1, first + (token.pieces ?? 1));
  const before = text(sentence.tokens.slice(Math.max(0, first - 24), first));
  const after = text(sentence.tokens.slice(next, next + 15));
  return {
    hue: css(HUES[theme][sentence.hue]),
    source: "",
    parts: { before, token: token.text, after },
  };
}

function whereWords(state: State, t: Words) {
  const site = siteWords(t, state.card?.sites ?? [], state.site);
  return `${t("strip.step.value", { step: stepNumber(state) })} · ${site}`;
}
