/**
 * The lab at the right edge: what is being trained, and what could be. It can be folded to a line.
 */

import { byId, fill, h, icon, iconButton, relabel } from "../../ui/dom.ts";
import { goesOn, labShown, selectedJob } from "../../state/lab.ts";
import { failureWords } from "../../i18n/language.ts";
import { labForm } from "./labform.ts";
import { trainings } from "./labjobs.ts";
import { saysOf, titleOf } from "./labwords.ts";
import type { LabActs } from "./labacts.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";

export function labPanel(dispatch: Dispatch, { lab: acts }: { lab: LabActs }) {
  const root = byId("lab");
  const title = h("h2", {});
  const back = iconButton("back", "", () => dispatch({ type: "lab.page", page: "jobs" }), {
    id: "lab-back",
  });
  const fresh = h("button", {
    type: "button",
    class: "plain",
    id: "lab-new",
    onclick: () => dispatch({ type: "lab.page", page: "new" }),
  });
  const fold = iconButton("fold", "", () => dispatch({ type: "lab.fold" }), { id: "fold-lab" });
  const close = iconButton("close", "", () => dispatch({ type: "drawer.close" }), {
    id: "close-lab",
  });
  const head = h("header", {}, back, title, h("span", { class: "right" }, fresh, fold, close));
  const short = h("p", { class: "short quiet" });
  const trouble = h("p", { class: "bad", role: "alert" });
  const all = trainings(dispatch, acts);
  const jobs = h("div", { class: "body scroll", tabindex: 0 }, trouble, all.root);
  const form = labForm(dispatch, acts);
  fill(root, head, short, jobs, form.element);

  return {
    update(state: State, t: Words, previous: State | null) {
      const { lab } = state;
      const shown = labShown(state);
      root.hidden = !shown;
      if (!shown) return;
      const asking = lab.page === "new";
      root.setAttribute("aria-label", t("lab.title"));
      root.classList.toggle("folded", lab.folded);
      root.classList.toggle("asking", asking);
      title.textContent = t(asking ? "lab.new.title" : "lab.title");
      relabel(back, "back", t("lab.back"));
      relabel(close, "close", t("panel.close"));
      relabel(fold, lab.folded ? "unfold" : "fold", t(lab.folded ? "panel.unfold" : "panel.fold"));
      fold.setAttribute("aria-expanded", String(!lab.folded));
      fill(fresh, icon("plus"), t("lab.new"));
      back.hidden = !asking || lab.folded || (lab.listed && !lab.jobs.length);
      fresh.hidden = asking || lab.folded;
      showShort(state, t, short);
      trouble.hidden = !lab.failure;
      trouble.textContent = lab.failure ? failureWords(t, lab.failure) : "";
      [jobs.hidden, form.element.hidden] = [asking || lab.folded, !asking || lab.folded];
      if (lab.folded) return;
      if (asking) form.update(state, t);
      else all.update(state, t);
      if (previous && previous.lab.page !== lab.page)
        (asking ? form : { focus: () => fresh.focus({ preventScroll: true }) }).focus();
    },
  };
}

/** Folded, the lab says in a line what the training in hand has come to. */
function showShort(state: State, t: Words, short: HTMLElement) {
  const job = selectedJob(state) ?? state.lab.jobs.find(goesOn) ?? null;
  short.hidden = !state.lab.folded || !job;
  if (job) fill(short, h("b", {}, titleOf(state, job, t)), " ", saysOf(state, job, t));
}
