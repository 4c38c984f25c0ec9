/**
 * The other trainings, a line each: name, state, a tiny curve; pressed, one is told of and shown.
 */

import { said } from "../../i18n/language.ts";
import { fill, h, iconButton, relabel } from "../../ui/dom.ts";
import { mayOf } from "../../state/lab.ts";
import { figuresOf } from "../../charts/progress.ts";
import { patch } from "../../charts/svg.ts";
import { spark } from "../../charts/training.ts";
import { brieflyOf, stateOf, titleOf } from "./labwords.ts";
import type { State, Words } from "../../state/types.ts";
import type { JobCard } from "../../protocol/wire.ts";
import type { LabActs } from "./labacts.ts";

export function jobLines(acts: LabActs) {
  const title = h("h3", {});
  const list = h("ul", { class: "jobs" });
  const none = h("p", { class: "quiet" });
  const element = h("div", { class: "others" }, title, none, list);
  let lines: Map<string, ReturnType<typeof line>> = new Map();
  let order = "";

  return {
    element,
    update(state: State, t: Words) {
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

function line(acts: LabActs) {
  let now: JobCard | null = null;
  let shown: unknown[] = [];
  const name = h("span", { class: "name" });
  const words = h("span", { class: "quiet" });
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const open = h(
    "button",
    { type: "button", class: "job", onclick: () => now && acts.open(now) },
    h("span", { class: "words" }, name, words),
    picture,
  );
  const turn = iconButton(
    "pause",
    "",
    () => now && acts.act(now.id, now.status === "running" ? "pause" : "resume"),
    { class: "button small" },
  );
  const element = h("li", {}, open, turn);

  return {
    element,
    update(state: State, job: JobCard, t: Words) {
      now = job;
      const key = [
        job,
        state.lab.logs[job.run],
        state.language,
        state.lab.offer,
        state.lab.busy[job.id],
      ];
      if (key.every((one, i) => one === shown[i]) && shown.length) return;
      shown = key;
      const title = titleOf(state, job, t);
      const { unseen, unseenLoss, shownLoss } = figuresOf(state.lab.logs[job.run] ?? []);
      const share = unseen.values.length > 0;
      name.textContent = title;
      words.textContent = brieflyOf(state, job, t);
      words.classList.toggle("bad", job.status === "failed");
      open.title =
        job.status === "failed"
          ? said(t, { message: job.message ?? "", message_zh: job.message_zh })
          : `${stateOf(state, job, t)}\n${t("lab.open")}`;
      open.dataset.job = job.id;
      patch(
        picture,
        spark(
          share ? unseen : unseenLoss.values.length ? unseenLoss : shownLoss,
          share ? "share" : "loss",
          job.steps,
        ),
      );
      const may = mayOf(job);
      const act = may.includes("pause")
        ? "pause"
        : may.includes("resume") && job.status === "paused"
          ? "resume"
          : "";
      turn.hidden = !act;
      turn.disabled = job.id in state.lab.busy;
      if (act)
        relabel(
          turn,
          act === "pause" ? "pause" : "play",
          `${t(act === "pause" ? "lab.pause" : "lab.resume")}: ${title}`,
        );
    },
  };
}
