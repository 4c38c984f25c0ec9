/**
 * What is compared with the picture: the choice of run, step and way; where one is laid over the
 * other, what is left at each site.
 */

import {
  otherCard,
  otherRun,
  otherStep,
  isBeside,
  overlayKey,
  overlayOf,
  siteCompared,
} from "../state/comparing.ts";
import { compareShown } from "../state/drawer.ts";
import { residualChart } from "../charts/residuals.ts";
import { byId, fill, h, iconButton, relabel } from "../ui/dom.ts";
import { failureWords, number, said } from "../i18n/language.ts";
import { siteWords } from "../state/sites.ts";
import { stepNumber } from "../state/state.ts";
import { patch } from "../charts/svg.ts";
import { wordsOfRun } from "./door.ts";
import type { Dispatch } from "../state/messages.ts";
import type { State, Words } from "../state/types.ts";
import type { ComparedSite } from "../protocol/wire.ts";

type Mode = "beside" | "over";

const MODES = ["beside", "over"] as const;
const SAME = "\u0000same";

export function comparePanel(dispatch: Dispatch) {
  const root = byId("compare");
  const title = h("h2", {});
  const run = h("select", { id: "compare-run" });
  const step = h("select", { id: "compare-step" });
  const buttons = MODES.map((mode) =>
    h("button", {
      type: "button",
      role: "radio",
      class: "segment",
      "data-mode": mode,
      onclick: () => choose({ mode }),
    }),
  );
  const modes = h("div", { class: "choice", role: "radiogroup" }, ...buttons);
  const close = iconButton("close", "", () => dispatch({ type: "compare.toggle" }), {
    id: "leave-compare",
    class: "button small",
  });
  const found = foundParts();
  const body = h(
    "div",
    { class: "body scroll" },
    found.words,
    found.chart,
    found.facts,
    found.help,
  );
  fill(root, h("header", {}, title, close), h("div", { class: "row" }, run, step, modes), body);
  const tags = [
    h("p", { class: "compare-tag own", hidden: true }),
    h("p", { class: "compare-tag other", hidden: true }),
  ];
  root.after(...tags);
  let now: State | null = null;
  let wanted: Mode = "beside";
  run.addEventListener("change", () =>
    choose({ with: run.value === SAME ? null : run.value, step: null }),
  );
  step.addEventListener("change", () =>
    choose({ step: step.value === "" ? null : Number(step.value) }),
  );
  found.chart.addEventListener("click", (event) => {
    const site = (event.target as Element).closest("[data-site]")?.getAttribute("data-site");
    if (site) dispatch({ type: "go", site: Number(site), glide: 420 });
  });

  function choose(change: { with?: string | null; step?: number | null; mode?: Mode }) {
    wanted = change.mode ?? wanted;
    if (!now) return;
    const { compare } = now;
    if (!compare && change.with === undefined) return update(now, t);
    dispatch({
      type: "compare",
      with: compare?.with ?? null,
      step: compare?.step ?? null,
      mode: compare?.mode ?? wanted,
      ...change,
    });
  }

  let t: Words = (key) => key;

  function update(state: State, spoken: Words) {
    [now, t] = [state, spoken];
    const shown = compareShown(state);
    root.hidden = !shown;
    showTags(state, t, tags);
    if (!shown) return;
    const mode = state.compare?.mode ?? wanted;
    root.classList.toggle("line", isBeside(state));
    root.setAttribute("aria-label", t("compare.title"));
    title.textContent = t("compare.title");
    relabel(close, "close", t(state.compare ? "compare.leave" : "compare.close"));
    showModes(mode, t, modes, buttons);
    showRuns(state, t, run);
    showSteps(state, t, step);
    showFound(state, t, found);
  }

  return { update };
}

function showModes(mode: Mode, t: Words, modes: HTMLElement, buttons: HTMLElement[]) {
  modes.setAttribute("aria-label", t("compare.way"));
  for (const [i, one] of MODES.entries()) {
    buttons[i].textContent = t(`compare.${one}`);
    buttons[i].title = t(`compare.${one}.tip`);
    buttons[i].setAttribute("aria-checked", String(one === mode));
  }
}

/** What is told of an overlay: words, chart, numbers, help. */
function foundParts() {
  const words = h("p", { class: "words", role: "status" });
  const chart = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  chart.setAttribute("class", "residuals");
  return {
    words,
    chart,
    facts: h("p", { class: "quiet facts" }),
    help: h("p", { class: "quiet help" }),
  };
}

function showRuns(state: State, t: Words, select: HTMLSelectElement) {
  select.setAttribute("aria-label", t("compare.run"));
  const others = state.runs.filter((one) => one.name !== state.run);
  const options = others.map((one) =>
    h(
      "option",
      {
        value: one.name,
        disabled: Boolean(one.problem),
        title: one.problem ? said(t, one.problem) : undefined,
      },
      wordsOfRun(one, t).title + (one.problem ? ` (${t("compare.unready")})` : ""),
    ),
  );
  const gone =
    state.compare?.with && !others.some((one) => one.name === state.compare?.with)
      ? [h("option", { value: state.compare.with }, state.compare.with)]
      : [];
  const first = state.compare
    ? []
    : [h("option", { value: "", disabled: true }, t("compare.choose"))];
  refill(
    select,
    [...first, h("option", { value: SAME }, t("compare.same")), ...options, ...gone],
    state.compare ? (state.compare.with ?? SAME) : "",
  );
}

function showSteps(state: State, t: Words, select: HTMLSelectElement) {
  const steps = otherCard(state)?.steps ?? [];
  select.hidden = !steps.length;
  select.setAttribute("aria-label", t("compare.step"));
  const follow =
    state.compare?.with == null ? [] : [h("option", { value: "" }, t("compare.follow"))];
  const options = steps.map((one) =>
    h("option", { value: one }, t("strip.step.value", { step: one })),
  );
  refill(
    select,
    [...follow, ...options],
    state.compare?.step == null ? "" : String(otherStep(state)),
  );
}

/** Options are made anew only where they differ, so that an open list stays. */
function refill(select: HTMLSelectElement, options: HTMLOptionElement[], value: string) {
  const key = options.map((one) => one.outerHTML).join("");
  if (select.dataset.key !== key) select.replaceChildren(...options);
  select.dataset.key = key;
  if (select.value !== value) select.value = value;
}

function showFound(
  state: State,
  t: Words,
  {
    words,
    chart,
    facts,
    help,
  }: { words: HTMLElement; chart: SVGElement; facts: HTMLElement; help: HTMLElement },
) {
  const over = overlayOf(state);
  const failure = state.compare?.failure ?? (state.compare?.mode === "over" ? over?.failure : null);
  const site = siteCompared(state);
  words.classList.toggle("bad", Boolean(failure));
  words.textContent = failure
    ? failureWords(t, failure, { run: otherRun(state), step: otherStep(state) })
    : wordsFound(state, t, site);
  chart.toggleAttribute("hidden", !over?.table || Boolean(failure));
  if (over?.table && !failure)
    patch(chart, residualChart(over.table.sites, Math.round(state.site), t("compare.chart")));
  facts.hidden = !site || Boolean(failure);
  if (site) facts.textContent = factsOf(state, t, site);
  help.hidden = Boolean(failure) || (state.compare !== null && !over?.table);
  help.textContent = t(over?.table ? "compare.help" : "compare.about");
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
function showTags(state: State, t: Words, [own, other]: HTMLElement[]) {
  own.hidden = other.hidden = !isBeside(state);
  if (own.hidden || !state.card) return;
  const names = [
    { ...state.card, name: state.run },
    { ...otherCard(state), name: otherRun(state) },
  ].map((one) => wordsOfRun(one as any, t).title);
  fill(own, h("b", {}, names[0]), t("strip.step.value", { step: stepNumber(state) }));
  fill(other, h("b", {}, names[1]), t("strip.step.value", { step: otherStep(state) }));
}
