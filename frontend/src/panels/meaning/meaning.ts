/** The panel of meaning: eight questions, each with its measurement and what could refute it. */

import { h } from "preact";
import { failureWords, said } from "../../i18n/language.ts";
import {
  askingNow,
  keyOf,
  meaningShown,
  measuredNow,
  partHere,
} from "../../state/meaning/meaning.ts";
import { PURITY } from "../../state/meaning/series.ts";
import { SECTIONS } from "../../state/meaning/types.ts";
import type { MeaningSection } from "../../state/meaning/types.ts";
import type { Dispatch } from "../../state/messages.ts";
import { siteWords } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import type { Look, State, Words } from "../../state/types.ts";
import { Button } from "../../ui/button.ts";
import { hosted } from "../../ui/host.ts";
import type { Tree } from "../../ui/host.ts";
import { SidePanel } from "../../ui/panel.ts";
import { axesScene } from "./axes-scene.ts";
import { chartHere, chartOverSteps, keyOfLines, linedHere } from "./chart.ts";
import { formOf, kindWords } from "./forms.ts";
import { findingOf } from "./findings.ts";
import { lawOf } from "./law.ts";
import { percent } from "./numbers.ts";

export interface MeaningActs {
  saveMeaning(): void;
}

export const meaningPanel = hosted<MeaningActs>("meaning", meaning);

export function meaning(state: State, t: Words, dispatch: Dispatch, acts: MeaningActs) {
  const shown = meaningShown(state);
  return h(
    SidePanel,
    {
      id: "meaning",
      tag: "section",
      label: t("meaning.title"),
      hidden: !shown,
      head: h("h2", {}, t("meaning.title")),
      close: {
        label: t("panel.close"),
        onClick: () => dispatch({ type: "meaning.toggle" }),
      },
    },
    shown && [
      sections(state, t, dispatch),
      h("p", { class: "quiet where", key: "where" }, whereWords(state, t)),
      h(
        "div",
        {
          class: "body scroll",
          id: "meaning-body",
          role: "tabpanel",
          tabindex: 0,
          key: state.meaning.section,
          "aria-label": t(`meaning.tab.${state.meaning.section}`),
        },
        body(state, t, dispatch, acts),
      ),
    ],
  );
}

/** The eight sections, a button each. */
function sections(state: State, t: Words, dispatch: Dispatch): Tree {
  const choose = (section: MeaningSection) => () => dispatch({ type: "meaning.section", section });
  return h(
    "div",
    { class: "sections", role: "tablist", "aria-label": t("meaning.sections"), key: "sections" },
    SECTIONS.map((section) =>
      h(
        "button",
        {
          key: section,
          type: "button",
          role: "tab",
          id: `meaning-${section}`,
          class: "meaning-chip",
          "aria-controls": "meaning-body",
          "aria-selected": section === state.meaning.section,
          title: t(`meaning.${section}.question`),
          onClick: choose(section),
        },
        t(`meaning.tab.${section}`),
      ),
    ),
  );
}

function whereWords(state: State, t: Words) {
  const site = siteWords(t, state.card?.sites ?? [], state.site);
  return `${t("strip.step.value", { step: stepNumber(state) })} · ${site}`;
}

function body(state: State, t: Words, dispatch: Dispatch, acts: MeaningActs): (Tree | null)[] {
  const { section } = state.meaning;
  const look = partHere(state);
  const { parts, fresh } = measuredNow(state);
  const some = Object.keys(parts).length > 0;
  return [
    h("h3", { class: "question" }, t(`meaning.${section}.question`)),
    formOf(state, t, dispatch),
    actions(state, t, dispatch),
    trouble(state, t),
    h(
      "div",
      { class: `found${fresh || !some ? "" : " stale"}`, key: "found" },
      look ? found(state, t, dispatch, look) : missing(state, t),
      ...overTraining(state, t, look),
      look && scene(state, t, dispatch),
      look && section === "axes" && axesScene(state, t, dispatch, look),
      some && foot(t, acts),
    ),
    h("p", { class: "quiet limits" }, t(`meaning.${section}.limits`)),
  ];
}

/** Measure here, at every step, or stop; how far it is. */
function actions(state: State, t: Words, dispatch: Dispatch): Tree {
  const asking = askingNow(state);
  const ready = keyOf(state) !== null && state.connection === "open";
  const { parts, fresh } = measuredNow(state);
  const steps = state.card?.steps ?? [];
  const left = steps.filter((step) => !(fresh && parts[step])).length;
  const here = fresh && parts[stepNumber(state)] !== undefined;
  if (asking) {
    const of = asking.steps.length;
    return h(
      "div",
      { class: "actions asking", role: "status" },
      h("progress", { max: 1, value: asking.share || undefined }),
      h(
        "span",
        { class: "quiet" },
        of > 1
          ? t("meaning.progress", { done: asking.done, of })
          : t("meaning.working", { share: percent(state, asking.share) }),
      ),
      h(Button, { id: "meaning-stop", onClick: () => dispatch({ type: "meaning.stop" }) }, [
        t("meaning.stop"),
      ]),
    );
  }
  const go = (all: boolean) => () => dispatch({ type: "meaning.measure", all });
  return h(
    "div",
    { class: "actions" },
    h(
      Button,
      { id: "meaning-measure", class: "primary", disabled: !ready || here, onClick: go(false) },
      t("meaning.measure"),
    ),
    steps.length > 1 &&
      h(
        Button,
        { id: "meaning-all", class: "plain", disabled: !ready || !left, onClick: go(true) },
        t("meaning.all", { count: steps.length }),
      ),
  );
}

function trouble(state: State, t: Words) {
  const failure = state.meaning.troubles[state.meaning.section];
  return failure
    ? h("p", { class: "bad", role: "alert", key: "trouble" }, failureWords(t, failure))
    : null;
}

function missing(state: State, t: Words) {
  const asking = askingNow(state);
  return asking ? null : h("p", { class: "quiet", key: "missing" }, t("meaning.missing"));
}

/** What was found at the step on screen: in words, as a chart, in detail. */
function found(state: State, t: Words, dispatch: Dispatch, look: Look): Tree[] {
  const lined = linedHere(state, look);
  const { words, detail, more } = findingOf(state, t, dispatch, look);
  return [
    h("p", { class: "meaning-finding", role: "status", key: "told" }, words),
    ...(lined ? [keyOfLines(lined.lines, t), chartHere(state, t, look, lined)] : []),
    ...(more ?? []),
    ...detail,
    remarks(look, t),
  ];
}

/** What must be said beside the numbers. */
function remarks(look: Look, t: Words): Tree {
  const notes = new Set<string>(
    look.answer.notes.map(({ key, values }: any) => {
      const { name, why, why_zh } = values;
      const words = name && { name: kindWords(t, name) };
      const reason = why && { why: said(t, { message: why, message_zh: why_zh }) };
      return t(`meaning.note.${key}`, { ...values, ...words, ...reason });
    }),
  );
  return h(
    "ul",
    { class: "remarks", key: "remarks" },
    [...notes].map((words) => h("li", { key: words }, words)),
  );
}

function overTraining(state: State, t: Words, look: Look | null): (Tree | null)[] {
  const any = look ?? Object.values(measuredNow(state).parts)[0] ?? null;
  const lined = linedHere(state, any);
  const own = lined?.whole ?? lined?.lines;
  const lines = own ?? (state.meaning.section === "regions" ? PURITY : []);
  const chart = lines.length ? chartOverSteps(state, t, lined, lines) : null;
  const law = chart && state.meaning.section === "compress" ? lawOf(state, t) : null;
  return chart && !lined ? [keyOfLines(lines, t), chart] : [chart, law];
}

const SEEN: readonly MeaningSection[] = ["senses", "axes", "path", "probe", "regions", "attack"];

/** Whether the scene shows it. */
function scene(state: State, t: Words, dispatch: Dispatch): Tree | null {
  const { section, scene: on } = state.meaning;
  if (!SEEN.includes(section)) return null;
  const change = (event: Event) =>
    dispatch({ type: "meaning.scene", on: (event.target as HTMLInputElement).checked });
  return h(
    "label",
    { class: "check", key: "scene" },
    h("input", { type: "checkbox", id: "meaning-scene", checked: on, onChange: change }),
    t(`meaning.scene.${section}`),
  );
}

function foot(t: Words, acts: MeaningActs): Tree {
  return h(
    "p",
    { class: "actions", key: "foot" },
    h(Button, { id: "meaning-csv", onClick: acts.saveMeaning }, t("meaning.csv")),
  );
}
