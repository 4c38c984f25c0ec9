/** Words of a training: its name, its state, what it has come to. Pure. */

import { said } from "../claims.js";
import { taskOffered } from "../lab.js";
import { number } from "../language.js";
import { clock, percent, progressOf, remaining } from "../progress.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {import("../wire.d.ts").JobCard} JobCard */

/** An optimiser by its usual name. @param {Words} t @param {string} name */
export function optimiserName(t, name) {
  const key = `lab.optimiser.${name}`;
  return t(key) === key ? name : t(key);
}

/** What is trained: the task in the language of the page, or the name that a person gave. @param {State} state @param {JobCard} job @param {Words} t */
export function titleOf(state, job, t) {
  const task = taskOffered(state.lab, job.task);
  const what = task && !task.text ? said(task, "title_en", state.language) : job.title || job.run;
  return `${what} · ${optimiserName(t, job.optimiser)}`;
}

/** How it was set: seed and rates, in a line. @param {State} state @param {JobCard} job */
export function settingOf(state, job) {
  const task = taskOffered(state.lab, job.task);
  const known = (task?.numbers ?? []).filter(({ name }) => name !== "steps" && job.numbers[name] !== undefined);
  return known.map((one) => `${said(one, "title_en", state.language)} ${number(job.numbers[one.name], state.language, { maximumSignificantDigits: 6, useGrouping: false })}`).join(" · ");
}

/** Its state, how far it is, how long it took and what is left. @param {State} state @param {JobCard} job @param {Words} t */
export function stateOf(state, job, t) {
  const far = t("lab.far", { step: job.step, steps: job.steps });
  const left = job.status === "running" ? remaining(job) : null;
  return [t(`lab.status.${job.status}`), far, clock(job.seconds ?? 0), left === null ? "" : t("lab.left", { time: clock(left) })].filter(Boolean).join(" · ");
}

/** The same in few words, for a line of the list. @param {State} state @param {JobCard} job @param {Words} t */
export function brieflyOf(state, job, t) {
  const right = typeof job.test === "number" ? t("lab.right", { share: percent(job.test, state.language) }) : "";
  const far = job.status === "finished" ? clock(job.seconds ?? 0) : t("strip.step.value", { step: job.step });
  return [t(`lab.status.${job.status}`), far, right].filter(Boolean).join(" · ");
}

/** What a training has come to, from its log. @param {State} state @param {JobCard} job @param {Words} t */
export function saysOf(state, job, t) {
  const { key, values } = progressOf(state.lab.logs[job.run] ?? [], state.language);
  return t(key, values);
}
