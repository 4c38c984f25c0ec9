/**
 * One training told of at length: what it has come to, its curves tied to the slider, and what can
 * be done with it.
 */

import { Fragment, h } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";
import { failureWords, said } from "../../i18n/language.ts";
import type { JobCard } from "../../protocol/wire.ts";
import { mayOf, partners, sameSeed, selectedJob } from "../../state/lab.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import { Button } from "../../ui/button.ts";
import { part } from "../../ui/host.ts";
import { Icon } from "../../ui/icon.ts";
import { Select } from "../../ui/select.ts";
import type { LabActs } from "./labacts.ts";
import { labCurves } from "./labcurves.ts";
import { optimizerName, saysOf, settingOf, stateOf, titleOf } from "./labwords.ts";

const ICONS: Record<string, string> = { pause: "pause", resume: "play", stop: "stop" };
/** What stands where an act stood once it is done. */
const TWINS: Record<string, string> = {
  pause: "resume",
  resume: "pause",
  remove: "sure",
  keep: "remove",
};

const Says = part(says);
const Acts = part(actsOf);
const Curves = part(labCurves);

export function jobTold(state: State, t: Words, dispatch: Dispatch, acts: LabActs) {
  if (!selectedJob(state)) return null;
  const shown = { state, t, dispatch, acts };
  return h(
    "section",
    { class: "told" },
    h(Says, { ...shown, acts: undefined }),
    h(Curves, { ...shown, acts: undefined }),
    h(Acts, shown),
  );
}

/** What it has come to and how far it is. */
function says(state: State, t: Words) {
  const job = selectedJob(state);
  if (!job) return null;
  const far = job.steps ? job.step / job.steps : 0;
  return h(
    Fragment,
    {},
    h("h3", { class: "name" }, titleOf(state, job, t)),
    h("p", { class: "says", role: "status" }, saysOf(state, job, t)),
    h("p", { class: "quiet" }, stateOf(state, job, t)),
    h("i", {
      class: job.status === "running" ? "bar running" : "bar",
      "aria-hidden": "true",
      style: { "--part": far },
    }),
  );
}

/** What hinders it, what can be done with it, what it can be watched beside, how it was set. */
function actsOf(state: State, t: Words, dispatch: Dispatch, acts: LabActs) {
  const rows = useRef<HTMLDivElement>(null);
  useKeptFocus(rows);
  const job = selectedJob(state);
  if (!job) return null;
  const failure = state.lab.troubles[job.id];
  const trouble = failure
    ? failureWords(t, failure)
    : said(t, { message: job.message ?? "", message_zh: job.message_zh });
  const sure = state.lab.sure === job.id;
  return h(
    "div",
    { class: "host", ref: rows },
    h("p", { class: "bad", role: "alert", hidden: !trouble }, trouble),
    h(
      "div",
      { class: "acts-row" },
      sure ? sureOf(job, t, dispatch, acts) : buttonsOf(state, job, t, dispatch, acts),
    ),
    h("div", { class: "beside-row" }, h(Beside, { state, job, t, dispatch })),
    h("p", { class: "quiet setting" }, settingOf(state, job)),
  );
}

/** Where a button with the focus goes away or cannot be pressed, its twin has it. */
function useKeptFocus(rows: RefObject<HTMLDivElement | null>) {
  const held = rows.current?.contains(document.activeElement)
    ? (document.activeElement as HTMLElement).dataset.act
    : undefined;
  useLayoutEffect(() => {
    if (!held) return;
    const buttons = [...(rows.current?.querySelectorAll("button") ?? [])];
    const found = buttons.filter((one) => !one.disabled);
    const [same, twin] = [held, TWINS[held]].map((act) =>
      found.find((one) => one.dataset.act === act),
    );
    (same ?? twin ?? found[0])?.focus({ preventScroll: true });
  });
}

function actButton(act: string, words: string, onClick: () => void, more = {}) {
  return h(
    Button,
    { key: act, "data-act": act, onClick, ...more },
    ICONS[act] && h(Icon, { name: ICONS[act] }),
    words,
  );
}

function buttonsOf(state: State, job: JobCard, t: Words, dispatch: Dispatch, acts: LabActs) {
  const may = mayOf(job);
  const disabled = job.id in state.lab.busy;
  /** whether its run can be shown, and is not */
  const there = state.run !== job.run && state.runs.some((one) => one.name === job.run);
  const open = state.lab.offer && !state.lab.offer.closed;
  const again = () => dispatch({ type: "lab.again", id: job.id });
  const remove = () => dispatch({ type: "lab.sure", id: job.id });
  return [
    there && actButton("open", t("lab.show"), () => acts.open(job)),
    ...(["pause", "resume", "stop"] as const)
      .filter((act) => may.includes(act))
      .map((act) => actButton(act, t(`lab.${act}`), () => acts.act(job.id, act), { disabled })),
    open && actButton("again", t("lab.again"), again, { title: t("lab.again.tip") }),
    may.includes("remove") && actButton("remove", t("lab.remove"), remove, { disabled }),
  ];
}

/** The question before a training is deleted. */
function sureOf(job: JobCard, t: Words, dispatch: Dispatch, acts: LabActs) {
  return [
    h("p", { key: "ask", role: "alert" }, t("lab.sure")),
    actButton("sure", t("lab.sure.yes"), () => acts.remove(job), { class: "plain bad" }),
    actButton("keep", t("lab.sure.no"), () => dispatch({ type: "lab.sure", id: null })),
  ];
}

interface BesideProps {
  state: State;
  job: JobCard;
  t: Words;
  dispatch: Dispatch;
}

/** The likest other training to watch beside this one; the others in a list. */
function Beside({ state, job, t, dispatch }: BesideProps) {
  const [wanted, choose] = useState("");
  const pairs = partners(state.lab.jobs, job, state.runs);
  if (!pairs.length || state.run !== job.run) return null;
  const value = pairs.some(({ run }) => run === wanted) ? wanted : pairs[0].run;
  const watch = () => dispatch({ type: "compare", with: value, mode: "beside" });
  const options = pairs.map((one) => {
    const seed = sameSeed(one, job) ? ` · ${t("lab.same.seed")}` : "";
    return { value: one.run, words: `${optimizerName(t, one.optimizer)}${seed}` };
  });
  return [
    actButton("beside", t("lab.beside"), watch),
    h(Select, { id: "lab-beside", label: t("lab.beside"), value, options, onChoose: choose }),
  ];
}
