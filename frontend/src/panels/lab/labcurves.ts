/**
 * The curves of a training on the page: read at the step on screen, travelled by dragging and by
 * keys.
 */

import { otherStep } from "../../state/comparing.ts";
import { h } from "../../ui/dom.ts";
import { brief } from "../../i18n/language.ts";
import { figuresOf, floorOf, percent, valueAt } from "../../charts/progress.ts";
import { indexAt } from "../../charts/scales.ts";
import { sticky } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import { patch } from "../../charts/svg.ts";
import { CHART, stepAxis, trainingChart } from "../../charts/training.ts";
import { optimizerName } from "./labwords.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import type { JobCard } from "../../protocol/wire.ts";
import type { Drawn } from "../../charts/svg.ts";
import type { Series } from "../../charts/progress.ts";
import type { Curves } from "../../charts/training.ts";

type Figures = ReturnType<typeof figuresOf>;

const KEYS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -4,
  PageUp: 4,
  Home: -Infinity,
  End: Infinity,
};

export function labCurves(dispatch: Dispatch) {
  const blocks = { share: block(), loss: block() };
  const element = h(
    "div",
    {
      class: "lab-curves",
      role: "slider",
      tabindex: 0,
      "aria-orientation": "horizontal",
      "aria-valuemin": 0,
    },
    blocks.share.element,
    blocks.loss.element,
  );
  let now: { steps: number[]; places: number[]; at: number } | null = null;
  travel(element, dispatch, () => now);
  let drawn: unknown[] = [];

  return {
    element,
    update(state: State, job: JobCard, t: Words) {
      const here = state.run === job.run && state.card !== null;
      const steps = here ? (state.card?.steps ?? []) : [];
      const rows = state.lab.logs[job.run] ?? [];
      const last = Math.max(
        job.status === "stopped" || job.status === "finished" ? job.step : job.steps,
        steps[steps.length - 1] ?? 0,
        1,
      );
      const axis = stepAxis(last);
      now = here ? { steps, places: steps.map(axis.at), at: state.step } : null;
      element.hidden = rows.length === 0;
      element.classList.toggle("tied", here);
      element.setAttribute("aria-disabled", String(!here));
      if (element.hidden) return;
      const step = here ? stepNumber(state) : job.step;
      const rival = here ? rivalOf(state) : null;
      const key = [
        rows,
        steps,
        here ? state.step : null,
        job.status,
        last,
        state.language,
        rival && state.lab.logs[rival.run],
        rival && otherStep(state),
      ];
      if (key.every((one, i) => one === drawn[i])) return;
      drawn = key;
      const told = [{ figures: figuresOf(rows), name: optimizerName(t, job.optimizer), step }];
      if (rival)
        told.push({
          figures: figuresOf(state.lab.logs[rival.run] ?? []),
          name: optimizerName(t, rival.optimizer),
          step: otherStep(state),
        });
      const common = {
        axis,
        steps,
        at: here ? state.step : null,
        growing: job.status === "running",
      };
      showShares(blocks.share, told, common, state, t);
      showLosses(blocks.loss, told, floorOf(rows), common, state, t);
      element.setAttribute("aria-label", t("lab.curves"));
      element.setAttribute("aria-valuemax", String(Math.max(1, steps.length - 1)));
      element.setAttribute("aria-valuenow", String(Math.round(here ? state.step : 0)));
      element.setAttribute(
        "aria-valuetext",
        `${t("strip.step.value", { step })}: ${[blocks.share, blocks.loss]
          .filter((one) => !one.element.hidden)
          .map((one) => one.words())
          .join("; ")}`,
      );
    },
  };
}

/** The training that is watched beside the one on screen, if it is one of the lab's. */
function rivalOf(state: State) {
  return state.lab.jobs.find(({ run }) => run === state.compare?.with) ?? null;
}

/** A drawing under its name and its numbers at the step on screen. */
function block() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const title = h("b", {});
  const values = [h("span", {}), h("span", {})];
  const element = h(
    "div",
    { class: "lab-curve" },
    h("p", { class: "over" }, title, ...values),
    svg,
  );
  return {
    element,
    words: () =>
      [title, ...values]
        .map((one) => one.textContent)
        .filter(Boolean)
        .join(" "),
    /** @param parts those with numbers */
    show(name: string, parts: Part[], drawing: Drawn) {
      title.textContent = name;
      values.forEach((one, i) => {
        one.className = `value of-${parts[i]?.kind}`;
        one.textContent = parts[i] ? parts[i].words : "";
      });
      patch(svg, drawing);
    },
  };
}

type Common = Pick<Curves, "axis" | "steps" | "at" | "growing">;
type Part = { series: Series; kind: "shown" | "unseen" | "other"; words: string };
/** A training, what it is called where there are two, and its step on screen. */
type Told = { figures: Figures; name: string; step: number };

/**
 * One training is told by what it was shown and what not; of two, what neither was shown.
 * @param pick unseen, shown
 */
function partsOf(
  told: Told[],
  pick: (figures: Figures) => Series[],
  text: (value: number) => string,
  t: Words,
): Part[] {
  const read = (series: Series, step: number) => {
    const value = valueAt(series, step);
    return value === null ? "–" : text(value);
  };
  const kinds = ["unseen", "other"] as const;
  if (told.length > 1)
    return told.map(({ figures, name, step }, i) => ({
      series: pick(figures)[0],
      kind: kinds[i],
      words: `${name} ${read(pick(figures)[0], step)}`,
    }));
  const [{ figures, step }] = told;
  const [unseen, shown] = pick(figures);
  return [
    { series: unseen, kind: "unseen", words: t("lab.of.unseen", { value: read(unseen, step) }) },
    { series: shown, kind: "shown", words: t("lab.of.shown", { value: read(shown, step) }) },
  ];
}

function showShares(
  one: ReturnType<typeof block>,
  told: Told[],
  common: Common,
  state: State,
  t: Words,
) {
  const parts = partsOf(
    told,
    ({ unseen, shown }) => [unseen, shown],
    (value) => percent(value, state.language),
    t,
  ).filter(({ series }) => series.values.length);
  one.element.hidden = !told[0].figures.unseen.values.length;
  if (one.element.hidden) return;
  one.show(
    t(told.length > 1 ? "lab.accuracy.unseen" : "lab.accuracy"),
    parts,
    trainingChart({
      ...common,
      lines: parts.toReversed(),
      scale: "share",
      floor: null,
      named: false,
    }),
  );
}

function showLosses(
  one: ReturnType<typeof block>,
  told: Told[],
  floor: number | null,
  common: Common,
  state: State,
  t: Words,
) {
  const parts = partsOf(
    told,
    ({ unseenLoss, shownLoss }) => [unseenLoss, shownLoss],
    (value) => brief(value, state.language),
    t,
  ).filter(({ series }) => series.values.length);
  one.element.hidden = !parts.length;
  one.show(
    t(told.length > 1 ? "lab.loss.unseen" : "lab.loss"),
    parts,
    trainingChart({ ...common, lines: parts.toReversed(), scale: "loss", floor, named: true }),
  );
}

/** Pressing goes to the checkpoint nearest to there, dragging follows. */
function travel(
  element: HTMLElement,
  dispatch: Dispatch,
  now: () => { places: number[]; at: number } | null,
) {
  const at = (event: PointerEvent) => {
    const box =
      element.querySelector("div:not([hidden]) > svg")?.getBoundingClientRect() ??
      element.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * CHART.width;
    return indexAt(
      now()?.places ?? [0],
      (x - CHART.left) / (CHART.width - CHART.left - CHART.right),
    );
  };
  const go = (step: number, glide: number) => dispatch({ type: "go", step, glide });
  element.addEventListener("pointerdown", (event) => {
    if (event.button || !now()) return;
    element.setPointerCapture(event.pointerId);
    dispatch({ type: "pause" });
    go(Math.round(at(event)), 300);
  });
  element.addEventListener(
    "pointermove",
    (event) => element.hasPointerCapture(event.pointerId) && go(sticky(at(event)), 0),
  );
  for (const end of ["pointerup", "pointercancel"] as const)
    element.addEventListener(
      end,
      (event) => element.hasPointerCapture(event.pointerId) && go(Math.round(at(event)), 200),
    );
  element.addEventListener("keydown", (event) => {
    const by = KEYS[event.key];
    const place = now();
    if (by === undefined || !place) return;
    event.preventDefault();
    event.stopPropagation();
    dispatch({ type: "pause" });
    go(
      Math.abs(by) === Infinity
        ? by > 0
          ? place.places.length - 1
          : 0
        : Math.round(place.at) + by,
      300,
    );
  });
}
