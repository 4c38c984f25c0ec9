/** The other trainings, a line each: name, state, a tiny curve; pressed, one is told of and shown. */

import { fill, h, iconButton, relabel } from "../dom.js";
import { mayOf } from "../lab.js";
import { figuresOf } from "../progress.js";
import { patch } from "../svg.js";
import { spark } from "../training.js";
import { brieflyOf, stateOf, titleOf } from "./labwords.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {import("../wire.d.ts").JobCard} JobCard */
/** @typedef {import("./lab.js").LabActs} LabActs */

/** @param {LabActs} acts */
export function jobLines(acts) {
  const title = h("h3", {});
  const list = h("ul", { class: "jobs" });
  const none = h("p", { class: "quiet" });
  const element = h("div", { class: "others" }, title, none, list);
  /** @type {Map<string, ReturnType<typeof line>>} */
  let lines = new Map();
  let order = "";

  return {
    element,
    /** @param {State} state @param {Words} t */
    update(state, t) {
      const { jobs, selected, listed } = state.lab;
      const others = jobs.filter(({ id }) => id !== selected);
      title.textContent = t("lab.others");
      title.hidden = !others.length || others.length === jobs.length;
      none.hidden = !listed || jobs.length > 0;
      none.textContent = t("lab.none");
      lines = new Map(others.map((job) => [job.id, lines.get(job.id) ?? line(acts)]));
      const next = others.map(({ id }) => id).join(" ");
      if (next !== order) fill(list, ...others.map(({ id }) => lines.get(id)?.element));
      order = next;
      for (const job of others) lines.get(job.id)?.update(state, job, t);
    },
  };
}

/** @param {LabActs} acts */
function line(acts) {
  /** @type {JobCard | null} */
  let now = null;
  /** @type {unknown[]} */
  let shown = [];
  const name = h("span", { class: "name" });
  const words = h("span", { class: "quiet" });
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const open = h("button", { type: "button", class: "job", onclick: () => now && acts.open(now) }, h("span", { class: "words" }, name, words), picture);
  const turn = iconButton("pause", "", () => now && acts.act(now.id, now.status === "running" ? "pause" : "resume"), { class: "button small" });
  const element = h("li", {}, open, turn);

  return {
    element,
    /** @param {State} state @param {JobCard} job @param {Words} t */
    update(state, job, t) {
      now = job;
      const key = [job, state.lab.logs[job.run], state.language, state.lab.offer, state.lab.busy[job.id]];
      if (key.every((one, i) => one === shown[i]) && shown.length) return;
      shown = key;
      const title = titleOf(state, job, t);
      const { unseen, unseenLoss, shownLoss } = figuresOf(state.lab.logs[job.run] ?? []);
      const share = unseen.values.length > 0;
      name.textContent = title;
      words.textContent = brieflyOf(state, job, t);
      words.classList.toggle("bad", job.status === "failed");
      open.title = job.status === "failed" ? (job.message ?? "") : `${stateOf(state, job, t)}\n${t("lab.open")}`;
      open.dataset.job = job.id;
      patch(picture, spark(share ? unseen : unseenLoss.values.length ? unseenLoss : shownLoss, share ? "share" : "loss", job.steps));
      const may = mayOf(job);
      const act = may.includes("pause") ? "pause" : may.includes("resume") && job.status === "paused" ? "resume" : "";
      turn.hidden = !act;
      turn.disabled = job.id in state.lab.busy;
      if (act) relabel(turn, act === "pause" ? "pause" : "play", `${t(act === "pause" ? "lab.pause" : "lab.resume")}: ${title}`);
    },
  };
}
