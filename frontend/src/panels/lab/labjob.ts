/**
 * One training told of at length: what it has come to, its curves tied to the slider, and what can
 * be done with it.
 */

import { fill, h, icon } from "../../ui/dom.ts";
import { mayOf, partners, sameSeed, selectedJob } from "../../state/lab.ts";
import { failureWords, said } from "../../i18n/language.ts";
import { labCurves } from "./labcurves.ts";
import { optimizerName, saysOf, settingOf, stateOf, titleOf } from "./labwords.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import type { JobCard } from "../../protocol/wire.ts";
import type { LabActs } from "./labacts.ts";

const ICONS: Record<string, string> = { pause: "pause", resume: "play", stop: "stop" };

export function jobTold(dispatch: Dispatch, acts: LabActs) {
  const name = h("h3", { class: "name" });
  const says = h("p", { class: "says", role: "status" });
  const where = h("p", { class: "quiet" });
  const bar = h("i", { class: "bar", "aria-hidden": "true" });
  const curves = labCurves(dispatch);
  const setting = h("p", { class: "quiet setting" });
  const trouble = h("p", { class: "bad", role: "alert" });
  const buttons = h("div", { class: "acts-row" });
  const beside = h("div", { class: "beside-row" });
  const element = h(
    "section",
    { class: "told" },
    name,
    says,
    where,
    bar,
    curves.element,
    trouble,
    buttons,
    beside,
    setting,
  );
  let shown = "";
  let known: unknown[] = [];

  /** What it has come to and how far it is. */
  function tell(state: State, job: JobCard, t: Words) {
    name.textContent = titleOf(state, job, t);
    say(says, saysOf(state, job, t));
    where.textContent = stateOf(state, job, t);
    bar.style.setProperty("--part", String(job.steps ? job.step / job.steps : 0));
    bar.classList.toggle("running", job.status === "running");
    setting.textContent = settingOf(state, job);
  }

  return {
    element,
    update(state: State, t: Words) {
      const job = selectedJob(state);
      element.hidden = !job;
      if (!job) return void ([shown, known] = ["", []]);
      curves.update(state, job, t);
      const heard = [job, state.lab.logs[job.run], state.language, state.lab.offer];
      if (heard.some((one, i) => one !== known[i])) tell(state, job, t);
      known = heard;
      const wrong = state.lab.troubles[job.id]
        ? failureWords(t, state.lab.troubles[job.id])
        : said(t, { message: job.message ?? "", message_zh: job.message_zh });
      trouble.hidden = !wrong;
      trouble.textContent = wrong;
      const pairs = partners(state.lab.jobs, job, state.runs);
      const there = state.runs.some((one) => one.name === job.run);
      const key = JSON.stringify([
        job.id,
        job.status,
        state.run === job.run,
        there,
        state.lab.busy[job.id],
        state.lab.sure,
        state.language,
        pairs.map((one) => one.id),
        Boolean(state.lab.offer),
      ]);
      if (key === shown) return;
      shown = key;
      keepingFocus(element, () => {
        fill(buttons, ...buttonsOf(state, job, there, t, dispatch, acts));
        fill(beside, ...besideOf(state, job, pairs, t, dispatch));
      });
    },
  };
}

/** Only what is new is said to a screen reader. */
function say(element: HTMLElement, words: string) {
  if (element.textContent !== words) element.textContent = words;
}

/** Where a button with the focus is made anew, the new one has it. */
function keepingFocus(element: HTMLElement, work: () => void) {
  const act = element.contains(document.activeElement)
    ? (document.activeElement as HTMLElement).dataset.act
    : undefined;
  work();
  if (!act) return;
  const twin = { pause: "resume", resume: "pause", remove: "sure", keep: "remove" }[act] ?? act;
  const found = [...element.querySelectorAll("button")].filter((one) => !one.disabled);
  (
    found.find((one) => one.dataset.act === act) ??
    found.find((one) => one.dataset.act === twin) ??
    found[0]
  )?.focus({ preventScroll: true });
}

function actButton(
  act: string,
  words: string,
  onclick: () => void,
  props: Record<string, any> = {},
) {
  return h(
    "button",
    { type: "button", class: "plain", "data-act": act, onclick, ...props },
    ICONS[act] ? icon(ICONS[act]) : null,
    words,
  );
}

/** @param there whether its run can be shown */
function buttonsOf(
  state: State,
  job: JobCard,
  there: boolean,
  t: Words,
  dispatch: Dispatch,
  acts: LabActs,
) {
  if (state.lab.sure === job.id) return sureOf(job, t, dispatch, acts);
  const may = mayOf(job);
  const disabled = job.id in state.lab.busy;
  const plain = (["pause", "resume", "stop"] as const)
    .filter((act) => may.includes(act))
    .map((act) => actButton(act, t(`lab.${act}`), () => acts.act(job.id, act), { disabled }));
  const open =
    state.run !== job.run && there ? actButton("open", t("lab.show"), () => acts.open(job)) : null;
  const more =
    state.lab.offer && !state.lab.offer.closed
      ? actButton("again", t("lab.again"), () => dispatch({ type: "lab.again", id: job.id }), {
          title: t("lab.again.tip"),
        })
      : null;
  const remove = may.includes("remove")
    ? actButton("remove", t("lab.remove"), () => dispatch({ type: "lab.sure", id: job.id }), {
        disabled,
      })
    : null;
  return [open, ...plain, more, remove];
}

/** The question before a training is deleted. */
function sureOf(job: JobCard, t: Words, dispatch: Dispatch, acts: LabActs) {
  return [
    h("p", { role: "alert" }, t("lab.sure")),
    actButton("sure", t("lab.sure.yes"), () => acts.remove(job), { class: "plain bad" }),
    actButton("keep", t("lab.sure.no"), () => dispatch({ type: "lab.sure", id: null })),
  ];
}

/** The likest other training to watch beside this one; the others in a list. */
function besideOf(state: State, job: JobCard, pairs: JobCard[], t: Words, dispatch: Dispatch) {
  if (!pairs.length || state.run !== job.run) return [];
  const watch = (run: string) => dispatch({ type: "compare", with: run, mode: "beside" });
  const words = (one: JobCard) =>
    `${optimizerName(t, one.optimizer)}${sameSeed(one, job) ? ` · ${t("lab.same.seed")}` : ""}`;
  const select = h(
    "select",
    { id: "lab-beside", "aria-label": t("lab.beside") },
    ...pairs.map((one) => h("option", { value: one.run }, words(one))),
  );
  const button = actButton("beside", t("lab.beside"), () => watch(select.value));
  return [button, select];
}
