/**
 * The curves: a measure over the layers at this step and over training at this site, a second one
 * beside it.
 */

import { charting, shownMeasures, wholeRange } from "../../charts/charting.ts";
import { byId, fill, h, icon, iconButton, relabel } from "../../ui/dom.ts";
import { number } from "../../i18n/language.ts";
import {
  meaningOf,
  measureName,
  placeWords,
  readingAt,
  readingWords,
  unitOf,
} from "../../charts/measures.ts";
import { siteWords } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import { fillChoice } from "../strip/choice.ts";
import { INKS } from "../../charts/chart.ts";
import { plot } from "./plot.ts";
import { readingCard } from "../strip/reading.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Axis, State, Words } from "../../state/types.ts";

const AXES: Axis[] = ["layers", "steps"];

export function curvesPanel(
  dispatch: Dispatch,
  acts: { saveCurves(kind: "png" | "svg" | "csv"): void },
) {
  const root = byId("curves");
  const tip = readingCard();
  let now: { state: State; t: Words } | null = null;
  const pointed = (axis: Axis, index: number | null, at: { x: number; y: number }) => {
    for (const block of blocks) block.plots[axis].point(index);
    if (index === null || !now) return tip.hide();
    tip.tell(
      { x: at.x, y: root.getBoundingClientRect().top + 4 },
      linesAt(now.state, now.t, axis, index),
    );
  };
  const resized = () => now && draw(now.state, now.t, true);
  const blocks = ["measure", "second"].map((field) =>
    block(field as "measure" | "second", dispatch, { pointed, resized }),
  );
  const head = tools(dispatch, acts);
  fill(
    root,
    head.element,
    h("div", { class: "blocks scroll" }, ...blocks.map((one) => one.element)),
  );
  let shown = "";
  const measured = () =>
    document.documentElement.style.setProperty(
      "--curves",
      root.hidden ? "0px" : `${root.offsetHeight + 12}px`,
    );
  new ResizeObserver(measured).observe(root);

  function draw(state: State, t: Words, whole: boolean) {
    const names = shownMeasures(state);
    blocks.forEach((one, i) => one.show(state, t, names[i] ?? null, whole));
  }

  return {
    update(state: State, t: Words) {
      const open = state.curves && Boolean(state.card && state.measures);
      now = open ? { state, t } : null;
      root.hidden = !open;
      if (!open) {
        shown = "";
        return tip.hide();
      }
      root.setAttribute("aria-label", t("curves.label"));
      root.dataset.count = String(shownMeasures(state).length);
      head.show(state, t);
      const key = JSON.stringify([
        state.run,
        shownMeasures(state),
        Math.round(state.step),
        Math.round(state.site),
        state.theme,
        state.language,
        state.fit,
        state.measures?.measures.length,
      ]);
      draw(state, t, key !== shown);
      shown = key;
    },
  };
}

/** One measure: its name and value, what it says, its two charts. */
function block(field: "measure" | "second", dispatch: Dispatch, acts: Parameters<typeof plot>[2]) {
  const swatch = h("i", { class: "stroke" });
  const select = h("select", { id: `curves-${field}` });
  select.addEventListener("change", () => dispatch({ type: "set", [field]: select.value }));
  const value = h("b", { class: "value" });
  const unit = h("span", { class: "quiet" });
  const meaning = h("p", { class: "quiet says-what" });
  const plots = { layers: plot("layers", dispatch, acts), steps: plot("steps", dispatch, acts) };
  const titles = { layers: h("span", {}), steps: h("span", {}) };
  const places = { layers: h("span", { class: "quiet" }), steps: h("span", { class: "quiet" }) };
  const charts = AXES.map((axis) =>
    h(
      "div",
      { class: "chart" },
      h("p", { class: "over" }, titles[axis], " ", places[axis]),
      plots[axis].element,
    ),
  );
  const element = h(
    "div",
    { class: `block ${field}` },
    h("div", { class: "head" }, swatch, select, value, unit),
    meaning,
    h("div", { class: "pair" }, ...charts),
  );

  return {
    element,
    plots,
    show(state: State, t: Words, name: string | null, whole: boolean) {
      element.hidden = !name;
      if (!name) return;
      fillChoice(select, state, t, field === "second" ? t("curves.only") : undefined);
      select.value = name;
      select.setAttribute("aria-label", t(field === "second" ? "curves.second" : "curves.first"));
      swatch.style.background = INKS[state.theme][field === "second" ? 1 : 0].line;
      showValue(state, t, name, value, unit);
      meaning.textContent = meaningOf(state, t, name);
      meaning.title = meaning.textContent;
      titles.layers.textContent = t("curves.layers");
      titles.steps.textContent = t("curves.steps");
      places.layers.textContent = t("curves.layers.at", { step: stepNumber(state) });
      places.steps.textContent = t("curves.steps.at", {
        site: siteWords(t, state.card?.sites ?? [], state.site),
      });
      for (const axis of AXES)
        (places[axis].parentElement ?? element).title =
          `${titles[axis].textContent} ${places[axis].textContent}\n${t("curves.band")}`;
      for (const axis of AXES)
        showPlot(state, t, name, axis, plots[axis], whole, titles[axis].textContent ?? "", field);
    },
  };
}

function showPlot(
  state: State,
  t: Words,
  name: string,
  axis: Axis,
  one: ReturnType<typeof plot>,
  whole: boolean,
  title: string,
  field: string,
) {
  const frame = one.size();
  if (frame.width < 80 || frame.height < 40) return;
  const chart = charting(state, t, name, axis, frame, `${field}-${axis}`);
  const [step, site] = [Math.round(state.step), Math.round(state.site)];
  const words = readingWords(t, readingAt(state, name), exact(state));
  one.show(chart, whole, {
    label: t("curves.chart", { measure: measureName(state, t, name), axis: title }),
    value: `${placeWords(state, t, step, site)}: ${words}`,
    glide: state.reducedMotion ? 0 : state.glide,
  });
}

/** The value on screen, or that there is none and why. */
function showValue(state: State, t: Words, name: string, value: HTMLElement, unit: HTMLElement) {
  const reading = readingAt(state, name);
  const undefinedHere = reading.value === null;
  value.textContent =
    reading.value === null ? t("measure.undefined") : number(reading.value, state.language);
  value.classList.toggle("none", undefinedHere);
  value.title = readingWords(t, reading, exact(state));
  const log = wholeRange(state, name)?.log ? t("curves.log") : "";
  unit.textContent = [unitOf(state, t, name), log].filter(Boolean).join(" · ");
}

/** Six digits: enough to be read off. */
function exact(state: State): (value: number) => string {
  return (value) => number(value, state.language, { maximumSignificantDigits: 6 });
}

/** What is told of the place under the pointer: every shown measure there. */
function linesAt(state: State, t: Words, axis: Axis, index: number) {
  const [step, site] =
    axis === "layers" ? [Math.round(state.step), index] : [index, Math.round(state.site)];
  const toldAt = (name: string) =>
    readingWords(t, readingAt(state, name, step, site), exact(state));
  const rows = shownMeasures(state).map((name, i) =>
    h(
      "p",
      {},
      h("i", { class: "stroke", style: { background: INKS[state.theme][i].line } }),
      `${measureName(state, t, name)}: ${toldAt(name)}`,
    ),
  );
  return [placeWords(state, t, step, site), ...rows];
}

/** Compare, fit, save, close. */
function tools(dispatch: Dispatch, acts: { saveCurves(kind: "png" | "svg" | "csv"): void }) {
  const compare = h("select", { id: "curves-compare" });
  compare.addEventListener("change", () => dispatch({ type: "set", second: compare.value }));
  let now: State | null = null;
  const fit = iconButton("fit", "", () => dispatch({ type: "set", fit: !now?.fit }), {
    id: "curves-fit",
  });
  const close = iconButton("close", "", () => dispatch({ type: "set", curves: false }), {
    id: "close-curves",
  });
  const summary = h("summary", { class: "button", id: "curves-save" }, icon("save"));
  const kinds = ["png", "svg", "csv"] as const;
  const menu = h("details", { class: "menu" }, summary);
  const entries = kinds.map((kind) =>
    h("button", {
      type: "button",
      id: `save-${kind}`,
      onclick: () => (acts.saveCurves(kind), (menu.open = false), summary.focus()),
    }),
  );
  menu.append(h("div", { class: "panel" }, ...entries));
  menu.addEventListener(
    "keydown",
    (event) =>
      event.key === "Escape" &&
      menu.open &&
      (event.stopPropagation(), (menu.open = false), summary.focus()),
  );
  window.addEventListener("pointerdown", (event) => {
    if (!(event.target instanceof Node && menu.contains(event.target))) menu.open = false;
  });
  const element = h("div", { class: "curve-tools" }, compare, fit, menu, close);

  return {
    element,
    show(state: State, t: Words) {
      now = state;
      fillChoice(compare, state, t, t("curves.none"));
      compare.value = "";
      compare.hidden = shownMeasures(state).length > 1;
      compare.setAttribute("aria-label", t("curves.second"));
      relabel(fit, "fit", t(state.fit ? "curves.whole" : "curves.fit"));
      fit.setAttribute("aria-pressed", String(state.fit));
      relabel(close, "close", t("curves.hide"));
      summary.setAttribute("aria-label", t("curves.save"));
      summary.title = t("curves.save");
      kinds.forEach((kind, i) => (entries[i].textContent = t(`curves.save.${kind}`)));
    },
  };
}
