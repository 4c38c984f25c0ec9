/**
 * Under the training slider: what the training's own log says at the step on screen, and what in it
 * somebody should look at.
 */

import { h } from "preact";
import { useMemo } from "preact/hooks";
import { findingsOf, BURST, BEFORE, FLAT, LAST, VANISHING } from "../../charts/health.ts";
import { brief, number } from "../../i18n/language.ts";
import { figuresIn, logOf, loggedAt } from "../../state/logged.ts";
import { siteWords } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import type { Finding } from "../../charts/health.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";

/** So many figures stand in the line. */
const MOST = 4;

export function logged(state: State, t: Words, dispatch: Dispatch) {
  const rows = logOf(state);
  const found = useMemo(() => findingsOf(rows), [rows]);
  const figures = rows.length ? figureWords(state, t, stepNumber(state)) : [];
  return h(
    "p",
    { class: "logged", id: "logged", hidden: !rows.length },
    h(
      "span",
      { class: "figures" },
      figures.map((words) => h("span", { key: words }, words)),
    ),
    h(
      "span",
      { class: "findings" },
      found.map((one) => chip(one, state, t, dispatch)),
    ),
  );
}

/** "loss 3.41", "lr 0.0003": the first few that are known at a step. */
export function figureWords(state: State, t: Words, step: number) {
  const rows = logOf(state);
  return figuresIn(rows)
    .map((name) => ({ name, value: loggedAt(rows, name, step) }))
    .filter(({ value }) => value !== null)
    .slice(0, MOST)
    .map(({ name, value }) => `${shortName(t, name)} ${brief(value as number, state.language)}`);
}

function shortName(t: Words, name: string) {
  const key = `logged.${name}`;
  return t(key) === key ? name.replaceAll("_", " ") : t(key);
}

/** What was found, in words; its rule is a hover away, its curve a click. */
function chip(one: Finding, state: State, t: Words, dispatch: Dispatch) {
  const rule = ruleWords(one, state, t);
  return h(
    "button",
    {
      key: `${one.kind} ${one.measure}`,
      type: "button",
      class: `finding of-${one.kind}`,
      title: rule,
      "aria-label": `${findingWords(one, state, t)} ${rule}`,
      onClick: () => {
        dispatch({ type: "set", measure: one.measure, curves: true });
        dispatch({ type: "set", notice: { key: "notice.plain", values: { en: rule, zh: rule } } });
      },
    },
    findingWords(one, state, t),
  );
}

export function findingWords({ kind, values }: Finding, state: State, t: Words) {
  return t(`finding.${kind}`, { ...values, ...namedSites(values, state, t), ...rounded(values) });
}

/** The rule by which it was found; its thresholds are ours. */
export function ruleWords({ kind, values }: Finding, state: State, t: Words) {
  const thresholds = {
    flat: number(100 * FLAT, state.language),
    vanishing: number(1 / VANISHING, state.language),
    burst: BURST,
    before: BEFORE,
    last: LAST,
  };
  return t(`finding.${kind}.rule`, { ...values, ...thresholds, ...rounded(values) });
}

function namedSites(values: Finding["values"], state: State, t: Words) {
  const sites = state.card?.sites ?? [];
  const names = String(values.sites ?? "")
    .split(" ")
    .filter(Boolean);
  const words = names.map((name) =>
    sites.includes(name) ? siteWords(t, sites, sites.indexOf(name)) : name,
  );
  const shown = words.slice(0, 2).join(", ");
  return {
    sites: words.length > 2 ? t("finding.more", { shown, count: words.length - 2 }) : shown,
  };
}

function rounded(values: Finding["values"]) {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === "number" && !Number.isInteger(value)
        ? [[name, Number(value.toPrecision(2))]]
        : [],
    ),
  );
}
