/** One training told of at length: what it has come to, its curves tied to the slider, and what can be done with it. */

import { fill, h, icon } from "../dom.js";
import { mayOf, partners, sameSeed, selectedJob } from "../lab.js";
import { failureWords } from "../language.js";
import { labCurves } from "./labcurves.js";
import { optimiserName, saysOf, settingOf, stateOf, titleOf } from "./labwords.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {import("../types.d.ts").Dispatch} Dispatch */
/** @typedef {import("../wire.d.ts").JobCard} JobCard */
/** @typedef {import("./lab.js").LabActs} LabActs */

/** @type {Record<string, string>} */
const ICONS = { pause: "pause", resume: "play", stop: "stop" };

/** @param {Dispatch} dispatch @param {LabActs} acts */
export function jobTold(dispatch, acts) {
  const name = h("h3", { class: "name" });
  const says = h("p", { class: "says", role: "status" });
  const where = h("p", { class: "quiet" });
  const bar = h("i", { class: "bar", "aria-hidden": "true" });
  const curves = labCurves(dispatch);
  const setting = h("p", { class: "quiet setting" });
  const trouble = h("p", { class: "bad", role: "alert" });
  const buttons = h("div", { class: "acts-row" });
  const beside = h("div", { class: "beside-row" });
  const element = h("section", { class: "told" }, name, says, where, bar, curves.element, trouble, buttons, beside, setting);
  let shown = "";
  /** @type {unknown[]} */
  let known = [];

  /** What it has come to and how far it is. @param {State} state @param {JobCard} job @param {Words} t */
  function tell(state, job, t) {
    name.textContent = titleOf(state, job, t);
    say(says, saysOf(state, job, t));
    where.textContent = stateOf(state, job, t);
    bar.style.setProperty("--part", String(job.steps ? job.step / job.steps : 0));
    bar.classList.toggle("running", job.status === "running");
    setting.textContent = settingOf(state, job);
  }

  return {
    element,
    /** @param {State} state @param {Words} t */
    update(state, t) {
      const job = selectedJob(state);
      element.hidden = !job;
      if (!job) return void ([shown, known] = ["", []]);
      curves.update(state, job, t);
      const heard = [job, state.lab.logs[job.run], state.language, state.lab.offer];
      if (heard.some((one, i) => one !== known[i])) tell(state, job, t);
      known = heard;
      const wrong = state.lab.troubles[job.id] ? failureWords(t, state.lab.troubles[job.id]) : (job.message ?? "");
      trouble.hidden = !wrong;
      trouble.textContent = wrong;
      const pairs = partners(state.lab.jobs, job, state.runs);
      const there = state.runs.some((one) => one.name === job.run);
      const key = JSON.stringify([job.id, job.status, state.run === job.run, there, state.lab.busy[job.id], state.lab.sure, state.language, pairs.map((one) => one.id), Boolean(state.lab.offer)]);
      if (key === shown) return;
      shown = key;
      keepingFocus(element, () => {
        fill(buttons, ...buttonsOf(state, job, there, t, dispatch, acts));
        fill(beside, ...besideOf(state, job, pairs, t, dispatch));
      });
    },
  };
}

/** Only what is new is said to a screen reader. @param {HTMLElement} element @param {string} words */
function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Where a button with the focus is made anew, the new one has it. @param {HTMLElement} element @param {() => void} work */
function keepingFocus(element, work) {
  const act = element.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.act : undefined;
  work();
  if (!act) return;
  const twin = { pause: "resume", resume: "pause", remove: "sure", keep: "remove" }[act] ?? act;
  const found = [...element.querySelectorAll("button")].filter((one) => !one.disabled);
  (found.find((one) => one.dataset.act === act) ?? found.find((one) => one.dataset.act === twin) ?? found[0])?.focus({ preventScroll: true });
}

/** @param {string} act @param {string} words @param {() => void} onclick @param {Record<string, any>} [props] */
function actButton(act, words, onclick, props = {}) {
  return h("button", { type: "button", class: "plain", "data-act": act, onclick, ...props }, ICONS[act] ? icon(ICONS[act]) : null, words);
}

/** @param {State} state @param {JobCard} job @param {boolean} there whether its run can be shown @param {Words} t @param {Dispatch} dispatch @param {LabActs} acts */
function buttonsOf(state, job, there, t, dispatch, acts) {
  if (state.lab.sure === job.id) return sureOf(job, t, dispatch, acts);
  const may = mayOf(job);
  const disabled = job.id in state.lab.busy;
  const plain = /** @type {const} */ (["pause", "resume", "stop"]).filter((act) => may.includes(act)).map((act) => actButton(act, t(`lab.${act}`), () => acts.act(job.id, act), { disabled }));
  const open = state.run !== job.run && there ? actButton("open", t("lab.show"), () => acts.open(job)) : null;
  const more = state.lab.offer && !state.lab.offer.closed ? actButton("again", t("lab.again"), () => dispatch({ type: "lab.again", id: job.id }), { title: t("lab.again.tip") }) : null;
  const remove = may.includes("remove") ? actButton("remove", t("lab.remove"), () => dispatch({ type: "lab.sure", id: job.id }), { disabled }) : null;
  return [open, ...plain, more, remove];
}

/** The question before a training is deleted. @param {JobCard} job @param {Words} t @param {Dispatch} dispatch @param {LabActs} acts */
function sureOf(job, t, dispatch, acts) {
  return [
    h("p", { role: "alert" }, t("lab.sure")),
    actButton("sure", t("lab.sure.yes"), () => acts.remove(job), { class: "plain bad" }),
    actButton("keep", t("lab.sure.no"), () => dispatch({ type: "lab.sure", id: null })),
  ];
}

/** The likest other training to watch beside this one; the others in a list. @param {State} state @param {JobCard} job @param {JobCard[]} pairs @param {Words} t @param {Dispatch} dispatch */
function besideOf(state, job, pairs, t, dispatch) {
  if (!pairs.length || state.run !== job.run) return [];
  const watch = (/** @type {string} */ run) => dispatch({ type: "compare", with: run, mode: "beside" });
  const words = (/** @type {JobCard} */ one) => `${optimiserName(t, one.optimiser)}${sameSeed(one, job) ? ` · ${t("lab.same.seed")}` : ""}`;
  const select = h("select", { id: "lab-beside", "aria-label": t("lab.beside") }, ...pairs.map((one) => h("option", { value: one.run }, words(one))));
  const button = actButton("beside", t("lab.beside"), () => watch(select.value));
  return [button, select];
}
