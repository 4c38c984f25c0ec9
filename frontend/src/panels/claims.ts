/**
 * The section of metrics: the one on the map, and a published result each beside the same number
 * here, moving as one scrubs.
 */

import { h } from "preact";
import { useState } from "preact/hooks";
import { chartOf, isOurs, said, sourceOf, valueAt } from "../charts/claims.ts";
import { grouped, meaningOf, plainName, readingAt, readingWords } from "../charts/measures.ts";
import { number } from "../i18n/language.ts";
import { sticky } from "../state/sites.ts";
import { claimsShown } from "../state/shown.ts";
import { stepNumber } from "../state/state.ts";
import type { Dispatch } from "../state/messages.ts";
import type { Claim, State, Words } from "../state/types.ts";
import { Drawing } from "../ui/drawing.ts";
import { hosted } from "../ui/host.ts";
import { Icon } from "../ui/icon.ts";
import { SidePanel } from "../ui/panel.ts";
import { Select } from "../ui/select.ts";

/** The claims that say what is seen in the picture: one of them is open at first. */
const CENTRAL = ["sparse", "belief-leading", "induction-head"];
const CHART = { width: 304, height: 76 };
const SPARK = { width: 60, height: 22, small: true };

interface Props {
  state: State;
  t: Words;
  dispatch: Dispatch;
}

export const claimsPanel = hosted("claims", claims);

export function claims(state: State, t: Words, dispatch: Dispatch) {
  return h(
    SidePanel,
    {
      id: "claims",
      label: t("metrics.title"),
      hidden: !claimsShown(state),
      head: h("h2", {}, t("metrics.title")),
      close: { label: t("panel.close"), onClick: () => dispatch({ type: "drawer.close" }) },
    },
    h(
      "div",
      { class: "body scroll", tabindex: 0 },
      h(Metric, { state, t, dispatch }),
      h("h3", {}, t("claims.title")),
      state.claims.length
        ? [
            h(Rows, { key: `${state.run} ${state.claim}`, state, t, dispatch }),
            h("p", { class: "quiet" }, t("claims.note")),
          ]
        : h("p", { class: "quiet" }, t("metrics.none")),
    ),
  );
}

/** The metric of the map and the curves, and what it is here. */
function Metric({ state, t, dispatch }: Props) {
  const { measure, measures, language } = state;
  if (!measures?.measures.length || !measure) return null;
  const exact = (value: number) => number(value, language);
  const options = grouped(measures.measures).map((one) => ({
    group: t(`group.${one.group}`),
    options: one.measures.map(({ name }) => ({ value: name, words: plainName(state, t, name) })),
  }));
  const label = t("curves.first");
  const onChoose = (name: string) => dispatch({ type: "set", measure: name });
  return h(
    "div",
    { class: "metric" },
    h(Select, { id: "metric", label, value: measure, options, onChoose }),
    h("b", { class: "value" }, readingWords(t, readingAt(state, measure), exact)),
    h("p", { class: "quiet" }, meaningOf(state, t, measure)),
    h(
      "button",
      { type: "button", class: "text-button", onClick: () => dispatch({ type: "curves.toggle" }) },
      t(state.curves ? "curves.hide" : "curves.show"),
    ),
  );
}

function Rows({ state, t, dispatch }: Props) {
  const led = state.claims.find((one) => one.id === state.claim);
  const first = led ?? state.claims.find((one) => CENTRAL.includes(one.id)) ?? state.claims[0];
  const [open, choose] = useState<string | null>(first.id);
  return h(
    "div",
    { class: "claim-rows" },
    state.claims.map((claim) => {
      const here = claim.id === open;
      const toggle = () => choose(here ? null : claim.id);
      return h(
        "section",
        { key: claim.id, class: here ? "claim open" : "claim", "data-claim": claim.id },
        head(claim, here, { state, t, dispatch }, toggle),
        here && told(claim, { state, t, dispatch }),
      );
    }),
  );
}

/** A line of its name and number. */
function head(claim: Claim, open: boolean, { state, t }: Props, toggle: () => void) {
  const steps = state.card?.steps ?? [];
  const holds = h(
    "span",
    { class: claim.holds ? "verdict" : "verdict bad" },
    h(Icon, { name: claim.holds ? "check" : "close" }),
    h("span", { class: open ? "" : "unseen" }, t(claim.holds ? "claims.holds" : "claims.fails")),
  );
  return h(
    "button",
    { type: "button", class: "claim-head", "aria-expanded": open, onClick: toggle },
    h("span", { class: "name" }, said(claim, "title_en", state.language)),
    !open && h(Drawing, chartOf(claim, steps, state.step, SPARK)),
    !open && value(claim, state, t),
    holds,
  );
}

function value(claim: Claim, state: State, t: Words) {
  const here = valueAt(claim, stepNumber(state));
  const digits = { minimumSignificantDigits: 3, maximumSignificantDigits: 3 };
  const title = here === null ? t("claims.undefined") : said(claim, "unit", state.language);
  const words = here === null ? "–" : number(here, state.language, digits);
  return h("span", { class: "value", title }, words);
}

/** Opened: the number here beside the published one, the chart, what it says and its papers. */
function told(claim: Claim, { state, t, dispatch }: Props) {
  const { language } = state;
  const step = stepNumber(state);
  const known = valueAt(claim, step) !== null;
  const [unit, caveat] = [said(claim, "unit", language), said(claim, "caveat_en", language)];
  const title = t("claims.chart", { title: said(claim, "title_en", language) });
  const drag = scrubbing(dispatch, state.card?.steps.length ?? 1);
  return [
    h(
      "dl",
      { class: "figures" },
      h(
        "div",
        { class: "ours" },
        h("dt", {}, known ? t("claims.here", { step }) : t("claims.undefined")),
        h("dd", {}, value(claim, state, t)),
      ),
      fact(t("claims.published"), said(claim, "published", language)),
    ),
    h(
      "div",
      { class: "chart", title, ...drag },
      h(Drawing, chartOf(claim, state.card?.steps ?? [], state.step, CHART)),
    ),
    unit && h("p", { class: "unit quiet" }, unit),
    controlsOf(claim, language),
    h("p", {}, said(claim, "says_en", language)),
    factsOf(claim, t, language),
    caveat && h("p", { class: "quiet" }, caveat),
  ];
}

function fact(name: string, words: string) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, words));
}

/** What the thin lines are. */
function controlsOf(claim: Claim, language: State["language"]) {
  if (!claim.controls.length) return null;
  const items = claim.controls.map((one) => {
    const last = one.values.at(-1);
    const name = said(one, "name_en", language);
    const ending = typeof last === "number" ? h("b", {}, number(last, language)) : null;
    return h("li", { key: name }, h("i", {}), h("span", {}, name), ending);
  });
  return h("ul", { class: "controls-key" }, items);
}

function factsOf(claim: Claim, t: Words, language: string) {
  const here = t("claims.decided", { step: claim.at_step, here: said(claim, "here", language) });
  const ours = isOurs(claim) ? `${t("claims.ours")} · ` : "";
  const threshold = `${ours}${said(claim, "threshold", language)} · ${here}`;
  return h(
    "dl",
    { class: "claim-facts" },
    fact(t("claims.threshold"), threshold),
    fact(t("claims.source"), sourceOf(claim, t)),
  );
}

/** Dragging along the chart moves through training. */
function scrubbing(dispatch: Dispatch, count: number) {
  const at = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const part = (event.clientX - box.left - 5) / (box.width - 10);
    return Math.max(0, Math.min(1, part)) * (count - 1);
  };
  const held = (event: PointerEvent) =>
    (event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId);
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      dispatch({ type: "pause" });
      dispatch({ type: "go", step: Math.round(at(event)), glide: 300 });
    },
    onPointerMove: (event: PointerEvent) =>
      held(event) && dispatch({ type: "go", step: sticky(at(event)), glide: 0 }),
    onPointerUp: (event: PointerEvent) =>
      dispatch({ type: "go", step: Math.round(at(event)), glide: 180 }),
  };
}
