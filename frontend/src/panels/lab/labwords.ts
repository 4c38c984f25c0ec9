/** Words of a training: its name, its state, what it has come to. Pure. */

import { said } from "../../charts/claims.ts";
import { taskOffered } from "../../state/lab.ts";
import { number } from "../../i18n/language.ts";
import { clock, percent, progressOf, remaining } from "../../charts/progress.ts";
import type { State, Words } from "../../state/types.ts";
import type { JobCard } from "../../protocol/wire.ts";

/** An optimizer by its usual name. */
export function optimizerName(t: Words, name: string) {
  const key = `lab.optimizer.${name}`;
  return t(key) === key ? name : t(key);
}

/** What is trained: the task in the language of the page, or the name that a person gave. */
export function titleOf(state: State, job: JobCard, t: Words) {
  const task = taskOffered(state.lab, job.task);
  const what = task && !task.text ? said(task, "title_en", state.language) : job.title || job.run;
  return `${what} · ${optimizerName(t, job.optimizer)}`;
}

/** How it was set: seed and rates, in a line. */
export function settingOf(state: State, job: JobCard) {
  const task = taskOffered(state.lab, job.task);
  const known = (task?.numbers ?? []).filter(
    ({ name }) => name !== "steps" && job.numbers[name] !== undefined,
  );
  const exact = { maximumSignificantDigits: 6, useGrouping: false };
  const told = known.map((one) => {
    const value = number(job.numbers[one.name], state.language, exact);
    return `${said(one, "title_en", state.language)} ${value}`;
  });
  return told.join(" · ");
}

/** Its state, how far it is, how long it took and what is left. */
export function stateOf(state: State, job: JobCard, t: Words) {
  const far = t("lab.far", { step: job.step, steps: job.steps });
  const left = job.status === "running" ? remaining(job) : null;
  return [
    t(`lab.status.${job.status}`),
    far,
    clock(job.seconds ?? 0),
    left === null ? "" : t("lab.left", { time: clock(left) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The same in few words, for a line of the list. */
export function brieflyOf(state: State, job: JobCard, t: Words) {
  const right =
    typeof job.test === "number"
      ? t("lab.right", { share: percent(job.test, state.language) })
      : "";
  const far =
    job.status === "finished" ? clock(job.seconds ?? 0) : t("strip.step.value", { step: job.step });
  return [t(`lab.status.${job.status}`), far, right].filter(Boolean).join(" · ");
}

/** What a training has come to, from its log. */
export function saysOf(state: State, job: JobCard, t: Words) {
  const { key, values } = progressOf(state.lab.logs[job.run] ?? [], state.language);
  return t(key, values);
}
