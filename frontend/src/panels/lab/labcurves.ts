/**
 * The curves of a training on the page: read at the step on screen, travelled by dragging and by
 * keys.
 */

import { h } from "preact";
import { useMemo } from "preact/hooks";
import { figuresOf, floorOf, percent, valueAt } from "../../charts/progress.ts";
import type { Series } from "../../charts/progress.ts";
import { indexAt } from "../../charts/scales.ts";
import { CHART, attributesOf, hereOf, stepAxis, stillOf } from "../../charts/training.ts";
import type { Curves } from "../../charts/training.ts";
import { brief } from "../../i18n/language.ts";
import type { JobCard } from "../../protocol/wire.ts";
import { otherStep } from "../../state/comparing.ts";
import { selectedJob } from "../../state/lab.ts";
import type { Dispatch } from "../../state/messages.ts";
import { sticky } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import type { State, Words } from "../../state/types.ts";
import { Drawing } from "../../ui/drawing.ts";
import { placeByKey } from "../../ui/keys.ts";
import { optimizerName } from "./labwords.ts";

type Figures = ReturnType<typeof figuresOf>;
type Rows = Parameters<typeof figuresOf>[0];
/** A training, what it is called where there are two, and its step on screen. */
type Told = { figures: Figures; name: string; step: number };
type Part = { series: Series; kind: "shown" | "unseen" | "other"; words: string };
/** A drawing with its name and its numbers at the step on screen. */
type Block = { title: string; parts: Part[]; curves: Curves };

const [NONE, NO_STEPS]: [Rows, number[]] = [[], []];

export function labCurves(state: State, t: Words, dispatch: Dispatch) {
  const job = selectedJob(state);
  const rows = logOf(state, job);
  const here = job !== null && state.run === job.run && state.card !== null;
  const rival = here ? rivalOf(state) : null;
  const [own, other] = [useFigures(rows), useFigures(logOf(state, rival))];
  const steps = here ? (state.card?.steps ?? NO_STEPS) : NO_STEPS;
  const last = lastStep(job, steps);
  const axis = useMemo(() => stepAxis(last), [last]);
  if (!job || !rows.length) return null;
  const step = here ? stepNumber(state) : job.step;
  const told: Told[] = [{ figures: own, name: optimizerName(t, job.optimizer), step }];
  if (rival)
    told.push({
      figures: other,
      name: optimizerName(t, rival.optimizer),
      step: otherStep(state),
    });
  const at = here ? state.step : null;
  const common = { axis, steps, at, growing: job.status === "running" };
  const blocks = [shares(told, common, state, t), losses(told, floorOf(rows), common, state, t)];
  const shown = blocks.filter((one) => one !== null);
  return h(
    "div",
    {
      class: here ? "lab-curves tied" : "lab-curves",
      role: "slider",
      tabindex: 0,
      "aria-orientation": "horizontal",
      "aria-disabled": !here,
      "aria-label": t("lab.curves"),
      "aria-valuemin": 0,
      "aria-valuemax": Math.max(1, steps.length - 1),
      "aria-valuenow": Math.round(at ?? 0),
      "aria-valuetext": `${t("strip.step.value", { step })}: ${shown.map(wordsOf).join("; ")}`,
      ...(here && travel(steps.map(axis.at), state, dispatch)),
    },
    shown.map((one) => h(Chart, { key: one.curves.scale, ...one })),
  );
}

function logOf(state: State, job: JobCard | null) {
  return (job && state.lab.logs[job.run]) ?? NONE;
}

/** The training that is watched beside the one on screen, if it is one of the lab's. */
function rivalOf(state: State) {
  return state.lab.jobs.find(({ run }) => run === state.compare?.with) ?? null;
}

function useFigures(rows: Rows) {
  return useMemo(() => figuresOf(rows), [rows]);
}

/** The step that the curves end at. */
function lastStep(job: JobCard | null, steps: number[]) {
  const over = job?.status === "stopped" || job?.status === "finished";
  return Math.max((over ? job?.step : job?.steps) ?? 0, steps[steps.length - 1] ?? 0, 1);
}

function wordsOf({ title, parts }: Block) {
  return [title, ...parts.map(({ words }) => words)].join(" ");
}

/** A drawing under its name and its numbers; going along it, its mark alone is drawn anew. */
function Chart({ title, parts, curves }: Block) {
  const { axis, steps, floor, growing, lines } = curves;
  const all = lines.map(({ series }) => series);
  const still = useMemo(
    () => stillOf(curves).map((one) => h(Drawing, one)),
    [axis, steps, floor, growing, ...all],
  );
  const here = hereOf(curves);
  return h(
    "div",
    { class: "lab-curve" },
    h(
      "p",
      { class: "over" },
      h("b", {}, title),
      parts.map(({ kind, words }) => h("span", { key: kind, class: `value of-${kind}` }, words)),
    ),
    h("svg", attributesOf(curves), still, here && h(Drawing, here)),
  );
}

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
  const two = told.map(({ figures, name, step }, i) => {
    const [series] = pick(figures);
    return { series, kind: kinds[i], words: `${name} ${read(series, step)}` };
  });
  const [{ figures, step }] = told;
  const one = (["unseen", "shown"] as const).map((kind, i) => {
    const series = pick(figures)[i];
    return { series, kind, words: t(`lab.of.${kind}`, { value: read(series, step) }) };
  });
  return (told.length > 1 ? two : one).filter(({ series }) => series.values.length);
}

type Common = Pick<Curves, "axis" | "steps" | "at" | "growing">;

function shares(told: Told[], common: Common, state: State, t: Words): Block | null {
  if (!told[0].figures.unseen.values.length) return null;
  const text = (value: number) => percent(value, state.language);
  const parts = partsOf(told, ({ unseen, shown }) => [unseen, shown], text, t);
  return {
    title: t(told.length > 1 ? "lab.accuracy.unseen" : "lab.accuracy"),
    parts,
    curves: { ...common, lines: parts.toReversed(), scale: "share", floor: null, named: false },
  };
}

function losses(
  told: Told[],
  floor: number | null,
  common: Common,
  state: State,
  t: Words,
): Block | null {
  const text = (value: number) => brief(value, state.language);
  const parts = partsOf(told, ({ unseenLoss, shownLoss }) => [unseenLoss, shownLoss], text, t);
  if (!parts.length) return null;
  return {
    title: t(told.length > 1 ? "lab.loss.unseen" : "lab.loss"),
    parts,
    curves: { ...common, lines: parts.toReversed(), scale: "loss", floor, named: true },
  };
}

/** Pressing goes to the checkpoint nearest to there, dragging follows. */
function travel(places: number[], state: State, dispatch: Dispatch) {
  const go = (step: number, glide: number) => dispatch({ type: "go", step, glide });
  const held = (event: PointerEvent) =>
    (event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId);
  const settle = (event: PointerEvent) => held(event) && go(Math.round(at(event, places)), 200);
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      dispatch({ type: "pause" });
      go(Math.round(at(event, places)), 300);
    },
    onPointerMove: (event: PointerEvent) => held(event) && go(sticky(at(event, places)), 0),
    onPointerUp: settle,
    onPointerCancel: settle,
    onKeyDown: (event: KeyboardEvent) => {
      const to = placeByKey(event, state.step, places.length - 1);
      if (to === null) return;
      dispatch({ type: "pause" });
      go(to, 300);
    },
  };
}

/** Which of the checkpoints a pointer is at, may lie between two. */
function at(event: PointerEvent, places: number[]) {
  const curves = event.currentTarget as HTMLElement;
  const box = (curves.querySelector("svg") ?? curves).getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * CHART.width;
  return indexAt(places, (x - CHART.left) / (CHART.width - CHART.left - CHART.right));
}
