/**
 * The trainings: the one in hand, and the others, a line each: name, state, a tiny curve; pressed,
 * one is told of and shown.
 */

import { Fragment, h } from "preact";
import { useMemo } from "preact/hooks";
import { figuresOf } from "../../charts/progress.ts";
import { spark } from "../../charts/training.ts";
import { said } from "../../i18n/language.ts";
import type { JobCard } from "../../protocol/wire.ts";
import { mayOf } from "../../state/lab.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import { IconButton } from "../../ui/button.ts";
import { Drawing } from "../../ui/drawing.ts";
import { part } from "../../ui/host.ts";
import type { LabActs } from "./labacts.ts";
import { jobTold } from "./labjob.ts";
import { brieflyOf, stateOf, titleOf } from "./labwords.ts";

type LogRow = Parameters<typeof figuresOf>[0][number];

const NONE: LogRow[] = [];

const Told = part(jobTold);
const Lines = part(jobLines);

/** The training in hand, and below it the others. */
export function trainings(state: State, t: Words, dispatch: Dispatch, acts: LabActs) {
  const shown = { state, t, dispatch, acts };
  return h(Fragment, {}, h(Told, shown), h(Lines, shown));
}

function jobLines(state: State, t: Words, _: Dispatch, acts: LabActs) {
  const { jobs, selected, listed } = state.lab;
  const others = jobs.filter(({ id }) => id !== selected);
  const titled = others.length > 0 && others.length < jobs.length;
  return h(
    "div",
    { class: "others" },
    h("h3", { hidden: !titled }, t("lab.others")),
    h("p", { class: "quiet", hidden: !listed || jobs.length > 0 }, t("lab.none")),
    h(
      "ul",
      { class: "jobs" },
      others.map((job) => line(state, job, t, acts)),
    ),
  );
}

function line(state: State, job: JobCard, t: Words, acts: LabActs) {
  const failed = job.status === "failed";
  const tip = failed
    ? said(t, { message: job.message ?? "", message_zh: job.message_zh })
    : `${stateOf(state, job, t)}\n${t("lab.open")}`;
  return h(
    "li",
    { key: job.id },
    h(
      "button",
      {
        type: "button",
        class: "job",
        title: tip,
        "data-job": job.id,
        onClick: () => acts.open(job),
      },
      h(
        "span",
        { class: "words" },
        h("span", { class: "name" }, titleOf(state, job, t)),
        h("span", { class: failed ? "quiet bad" : "quiet" }, brieflyOf(state, job, t)),
      ),
      h(Curve, { rows: state.lab.logs[job.run] ?? NONE, steps: job.steps }),
    ),
    turn(state, job, t, acts),
  );
}

/** The share of right answers of what was not shown, else the loss. */
function Curve({ rows, steps }: { rows: LogRow[]; steps: number }) {
  return useMemo(() => {
    const { unseen, unseenLoss, shownLoss } = figuresOf(rows);
    const share = unseen.values.length > 0;
    const loss = unseenLoss.values.length ? unseenLoss : shownLoss;
    return h(Drawing, spark(share ? unseen : loss, share ? "share" : "loss", steps));
  }, [rows, steps]);
}

/** The button that pauses it, or lets it go on. */
function turn(state: State, job: JobCard, t: Words, acts: LabActs) {
  const may = mayOf(job);
  const act = may.includes("pause")
    ? "pause"
    : may.includes("resume") && job.status === "paused"
      ? "resume"
      : null;
  if (!act) return null;
  return h(IconButton, {
    class: "button small",
    icon: act === "pause" ? "pause" : "play",
    label: `${t(`lab.${act}`)}: ${titleOf(state, job, t)}`,
    disabled: job.id in state.lab.busy,
    onClick: () => acts.act(job.id, act),
  });
}
