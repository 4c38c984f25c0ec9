/**
 * What is compared with the picture: the choice of run, step and way; where one is laid over the
 * other, what is left at each site.
 */

import { Fragment, h } from "preact";
import { useState } from "preact/hooks";
import { residualChart } from "../charts/residuals.ts";
import { failureWords, number, said } from "../i18n/language.ts";
import type { ComparedSite } from "../protocol/wire.ts";
import {
  isBeside,
  otherCard,
  otherRun,
  otherStep,
  overlayKey,
  overlayOf,
  siteCompared,
} from "../state/comparing.ts";
import { compareShown } from "../state/drawer.ts";
import type { Dispatch } from "../state/messages.ts";
import { siteWords } from "../state/sites.ts";
import { stepNumber } from "../state/state.ts";
import type { Compare, State, Words } from "../state/types.ts";
import { IconButton } from "../ui/button.ts";
import { Drawing } from "../ui/drawing.ts";
import { hosted } from "../ui/host.ts";
import { Select } from "../ui/select.ts";
import { wordsOfRun } from "../state/run-words.ts";

type Mode = Compare["mode"];
type Choose = (change: Partial<Pick<Compare, "with" | "step" | "mode">>) => void;

const MODES: Mode[] = ["beside", "over"];
const SAME = "\u0000same";

export const comparePanel = hosted("compare", compare);

export function compare(state: State, t: Words, dispatch: Dispatch) {
  /** The way that is wanted before there is anything to compare. */
  const [wanted, want] = useState<Mode>("beside");
  const { compare: now } = state;
  const choose: Choose = (change) => {
    if (change.mode) want(change.mode);
    if (!now && change.with === undefined) return;
    const { with: other = null, step = null, mode = change.mode ?? wanted } = now ?? {};
    dispatch({ type: "compare", ...{ with: other, step, mode }, ...change });
  };
  const hidden = !compareShown(state);
  return h(
    Fragment,
    {},
    h(
      "section",
      {
        id: "compare",
        class: `compare panel ${isBeside(state) ? "line" : ""}`.trim(),
        "aria-label": t("compare.title"),
        hidden,
      },
      !hidden && [
        head(state, t, dispatch),
        h(
          "div",
          { class: "row" },
          runs(state, t, choose),
          steps(state, t, choose),
          modes(now?.mode ?? wanted, t, choose),
        ),
        found(state, t, dispatch),
      ],
    ),
    isBeside(state) && tags(state, t),
  );
}

function head(state: State, t: Words, dispatch: Dispatch) {
  const leave = {
    id: "leave-compare",
    class: "button small",
    icon: "close",
    label: t(state.compare ? "compare.leave" : "compare.close"),
    onClick: () => dispatch({ type: "compare.toggle" }),
  };
  return h("header", {}, h("h2", {}, t("compare.title")), h(IconButton, leave));
}

function modes(chosen: Mode, t: Words, choose: Choose) {
  const buttons = MODES.map((mode) =>
    h(
      "button",
      {
        key: mode,
        type: "button",
        role: "radio",
        class: "segment",
        "data-mode": mode,
        title: t(`compare.${mode}.tip`),
        "aria-checked": mode === chosen,
        onClick: () => choose({ mode }),
      },
      t(`compare.${mode}`),
    ),
  );
  const label = t("compare.way");
  return h("div", { class: "choice", role: "radiogroup", "aria-label": label }, buttons);
}

function runs(state: State, t: Words, choose: Choose) {
  const chosen = state.compare?.with ?? null;
  const others = state.runs.filter((one) => one.name !== state.run);
  const options = others.map((one) => ({
    value: one.name,
    words: wordsOfRun(one, t).title + (one.problem ? ` (${t("compare.unready")})` : ""),
    disabled: Boolean(one.problem),
    title: one.problem ? said(t, one.problem) : undefined,
  }));
  const gone = chosen !== null && !others.some((one) => one.name === chosen);
  return h(Select, {
    id: "compare-run",
    label: t("compare.run"),
    value: state.compare ? (chosen ?? SAME) : "",
    options: [
      ...(state.compare ? [] : [{ value: "", words: t("compare.choose"), disabled: true }]),
      { value: SAME, words: t("compare.same") },
      ...options,
      ...(gone ? [{ value: chosen, words: chosen }] : []),
    ],
    onChoose: (run) => choose({ with: run === SAME ? null : run, step: null }),
  });
}

function steps(state: State, t: Words, choose: Choose) {
  const all = otherCard(state)?.steps ?? [];
  const follows = state.compare?.with != null;
  return h(Select, {
    id: "compare-step",
    label: t("compare.step"),
    hidden: !all.length,
    value: state.compare?.step == null ? "" : String(otherStep(state)),
    options: [
      ...(follows ? [{ value: "", words: t("compare.follow") }] : []),
      ...all.map((step) => ({ value: String(step), words: t("strip.step.value", { step }) })),
    ],
    onChoose: (step) => choose({ step: step === "" ? null : Number(step) }),
  });
}

/** What is told of an overlay: words, chart, numbers, help. */
function found(state: State, t: Words, dispatch: Dispatch) {
  const over = overlayOf(state);
  const failure =
    state.compare?.failure ?? (state.compare?.mode === "over" ? over?.failure : null) ?? null;
  const site = siteCompared(state);
  const names = { run: otherRun(state), step: otherStep(state) };
  const words = failure ? failureWords(t, failure, names) : wordsFound(state, t, site);
  const table = failure ? null : (over?.table ?? null);
  const helps = !failure && (state.compare === null || over?.table);
  const toSite = (event: MouseEvent) => {
    const at = (event.target as Element).closest("[data-site]")?.getAttribute("data-site");
    if (at) dispatch({ type: "go", site: Number(at), glide: 420 });
  };
  return h(
    "div",
    { class: "body scroll", onClick: toSite },
    h("p", { class: failure ? "words bad" : "words", role: "status" }, words),
    table && h(Drawing, residualChart(table.sites, Math.round(state.site), t("compare.chart"))),
    site && !failure && h("p", { class: "quiet facts" }, factsOf(state, t, site)),
    helps && h("p", { class: "quiet help" }, t(over?.table ? "compare.help" : "compare.about")),
  );
}

function wordsFound(state: State, t: Words, site: ComparedSite | null) {
  if (!state.compare) return t("compare.invite");
  if (!otherCard(state)) return t("compare.coming");
  if (isBeside(state)) return "";
  if (!site) return overlayKey(state) ? t("compare.aligning") : t("compare.coming");
  if (site.residual === null) return t("compare.undefined", { reason: site.reason });
  const where = siteWords(t, state.card?.sites ?? [], state.site);
  const values = {
    where,
    left: percent(state, site.residual),
    without: percent(state, site.without ?? 0),
  };
  return t(site.residual < 5e-4 ? "compare.nothing" : "compare.left", values);
}

function factsOf(state: State, t: Words, site: ComparedSite) {
  const table = overlayOf(state)?.table;
  const facts = [];
  if (site.shape !== null) facts.push(t("compare.shape", { value: percent(state, site.shape) }));
  if (site.cka !== null)
    facts.push(
      t("compare.cka", { value: number(site.cka, state.language, { maximumFractionDigits: 2 }) }),
    );
  if (site.other !== site.site) facts.push(t("compare.matched", { site: site.other }));
  if (table && table.widths[0] !== table.widths[1])
    facts.push(t("compare.widths", { one: table.widths[0], other: table.widths[1] }));
  if (table) facts.push(t("compare.drawn", { drawn: table.drawn.length, tokens: table.tokens }));
  return facts.join(" · ");
}

function percent(state: State, share: number) {
  return number(share, state.language, {
    style: "percent",
    maximumFractionDigits: share < 0.0995 && share >= 5e-4 ? 1 : 0,
  });
}

/** A line below each of two scenes: which run, at which step. */
function tags(state: State, t: Words) {
  const sides = [
    { of: "own", run: { ...state.card, name: state.run }, step: stepNumber(state) },
    { of: "other", run: { ...otherCard(state), name: otherRun(state) }, step: otherStep(state) },
  ];
  return sides.map(({ of, run, step }) =>
    h(
      "p",
      { key: of, class: `compare-tag ${of}` },
      h("b", {}, wordsOfRun(run, t).title),
      t("strip.step.value", { step }),
    ),
  );
}
