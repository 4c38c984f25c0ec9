/** The curves of a training on the page: read at the step on screen, travelled by dragging and by keys. */

import { h } from "../dom.js";
import { figuresOf, floorOf, nats, percent, valueAt } from "../progress.js";
import { indexAt } from "../scales.js";
import { sticky } from "../sites.js";
import { stepNumber } from "../state.js";
import { patch } from "../svg.js";
import { CHART, stepAxis, trainingChart } from "../training.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {import("../types.d.ts").Dispatch} Dispatch */
/** @typedef {import("../wire.d.ts").JobCard} JobCard */
/** @typedef {ReturnType<typeof figuresOf>} Figures */

/** @type {Record<string, number>} */
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -4, PageUp: 4, Home: -Infinity, End: Infinity };

/** @param {Dispatch} dispatch */
export function labCurves(dispatch) {
  const blocks = { share: block(), loss: block() };
  const element = h("div", { class: "lab-curves", role: "slider", tabindex: 0, "aria-orientation": "horizontal", "aria-valuemin": 0 }, blocks.share.element, blocks.loss.element);
  /** @type {{ steps: number[], places: number[], at: number } | null} */
  let now = null;
  travel(element, dispatch, () => now);
  /** @type {unknown[]} */
  let drawn = [];

  return {
    element,
    /** @param {State} state @param {JobCard} job @param {Words} t */
    update(state, job, t) {
      const here = state.run === job.run && state.card !== null;
      const steps = here ? (state.card?.steps ?? []) : [];
      const rows = state.lab.logs[job.run] ?? [];
      const last = Math.max(job.status === "stopped" || job.status === "finished" ? job.step : job.steps, steps[steps.length - 1] ?? 0, 1);
      const axis = stepAxis(last);
      now = here ? { steps, places: steps.map(axis.at), at: state.step } : null;
      element.hidden = rows.length === 0;
      element.classList.toggle("tied", here);
      element.setAttribute("aria-disabled", String(!here));
      if (element.hidden) return;
      const key = [rows, steps, here ? state.step : null, job.status, last, state.language];
      if (key.every((one, i) => one === drawn[i])) return;
      drawn = key;
      const figures = figuresOf(rows);
      const common = { axis, steps, at: here ? state.step : null, growing: job.status === "running" };
      const step = here ? stepNumber(state) : job.step;
      showShares(blocks.share, figures, common, step, state, t);
      showLosses(blocks.loss, figures, floorOf(rows), common, step, state, t);
      element.setAttribute("aria-label", t("lab.curves"));
      element.setAttribute("aria-valuemax", String(Math.max(1, steps.length - 1)));
      element.setAttribute("aria-valuenow", String(Math.round(here ? state.step : 0)));
      element.setAttribute("aria-valuetext", `${t("strip.step.value", { step })}: ${[blocks.share, blocks.loss].filter((one) => !one.element.hidden).map((one) => one.words()).join("; ")}`);
    },
  };
}

/** A drawing under its name and its numbers at the step on screen. */
function block() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const title = h("b", {});
  const shown = h("span", { class: "value of-shown" });
  const unseen = h("span", { class: "value of-unseen" });
  const element = h("div", { class: "lab-curve" }, h("p", { class: "over" }, title, unseen, shown), svg);
  return {
    element,
    words: () => [title, unseen, shown].map((one) => one.textContent).filter(Boolean).join(" "),
    /** @param {string} name @param {string} ofUnseen @param {string} ofShown @param {import("../svg.js").Drawn} drawing */
    show(name, ofUnseen, ofShown, drawing) {
      [title.textContent, unseen.textContent, shown.textContent] = [name, ofUnseen, ofShown];
      patch(svg, drawing);
    },
  };
}

/** @typedef {Pick<import("../training.js").Curves, "axis" | "steps" | "at" | "growing">} Common */

/** @param {ReturnType<typeof block>} one @param {Figures} figures @param {Common} common @param {number} step @param {State} state @param {Words} t */
function showShares(one, { shown, unseen }, common, step, state, t) {
  one.element.hidden = !unseen.values.length;
  if (one.element.hidden) return;
  const lines = [{ series: shown, kind: /** @type {const} */ ("shown") }, { series: unseen, kind: /** @type {const} */ ("unseen") }];
  const text = (/** @type {typeof shown} */ series) => {
    const value = valueAt(series, step);
    return value === null ? "–" : percent(value, state.language);
  };
  const drawing = trainingChart({ ...common, lines, scale: "share", floor: null, named: false });
  one.show(t("lab.accuracy"), t("lab.of.unseen", { value: text(unseen) }), t("lab.of.shown", { value: text(shown) }), drawing);
}

/** @param {ReturnType<typeof block>} one @param {Figures} figures @param {number | null} floor @param {Common} common @param {number} step @param {State} state @param {Words} t */
function showLosses(one, { shownLoss, unseenLoss }, floor, common, step, state, t) {
  const lines = [{ series: shownLoss, kind: /** @type {const} */ ("shown") }, { series: unseenLoss, kind: /** @type {const} */ ("unseen") }].filter(({ series }) => series.values.length);
  one.element.hidden = !lines.length;
  const text = (/** @type {typeof shownLoss} */ series) => {
    const value = valueAt(series, step);
    return value === null ? "–" : nats(value, state.language);
  };
  const drawing = trainingChart({ ...common, lines, scale: "loss", floor, named: true });
  const unseen = unseenLoss.values.length ? t("lab.of.unseen", { value: text(unseenLoss) }) : "";
  one.show(t("lab.loss"), unseen, shownLoss.values.length ? t("lab.of.shown", { value: text(shownLoss) }) : "", drawing);
}

/** Pressing goes to the checkpoint nearest to there, dragging follows. @param {HTMLElement} element @param {Dispatch} dispatch @param {() => { places: number[], at: number } | null} now */
function travel(element, dispatch, now) {
  const at = (/** @type {PointerEvent} */ event) => {
    const box = element.querySelector("div:not([hidden]) > svg")?.getBoundingClientRect() ?? element.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * CHART.width;
    return indexAt(now()?.places ?? [0], (x - CHART.left) / (CHART.width - CHART.left - CHART.right));
  };
  const go = (/** @type {number} */ step, /** @type {number} */ glide) => dispatch({ type: "go", step, glide });
  element.addEventListener("pointerdown", (event) => {
    if (event.button || !now()) return;
    element.setPointerCapture(event.pointerId);
    dispatch({ type: "pause" });
    go(Math.round(at(event)), 300);
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && go(sticky(at(event)), 0));
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) element.addEventListener(end, (event) => element.hasPointerCapture(event.pointerId) && go(Math.round(at(event)), 200));
  element.addEventListener("keydown", (event) => {
    const by = KEYS[event.key];
    const place = now();
    if (by === undefined || !place) return;
    event.preventDefault();
    event.stopPropagation();
    dispatch({ type: "pause" });
    go(Math.abs(by) === Infinity ? (by > 0 ? place.places.length - 1 : 0) : Math.round(place.at) + by, 300);
  });
}
