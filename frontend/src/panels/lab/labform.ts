/** A training is put together: the task, the optimizer, the numbers; then it is begun. */

import { said } from "../../charts/claims.ts";
import { fill, h } from "../../ui/dom.ts";
import { glyphOf } from "../../charts/glyphs.ts";
import { hindrance, taskOffered } from "../../state/lab.ts";
import { failureWords, said as told } from "../../i18n/language.ts";
import { patch } from "../../charts/svg.ts";
import { numberField } from "./labnumber.ts";
import { textField, sizeWords } from "./labtext.ts";
import { optimizerName, titleOf } from "./labwords.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import type { LabTask } from "../../protocol/wire.ts";
import type { LabActs } from "./labacts.ts";

export function labForm(dispatch: Dispatch, acts: LabActs) {
  const like = h("p", { class: "like" });
  const tasks = h("fieldset", { class: "tasks" });
  const text = textField(dispatch);
  const optimizers = h("fieldset", { class: "optimizers" });
  const numbers = h("fieldset", { class: "numbers" });
  const fields = h("div", { class: "body scroll" }, like, tasks, text.root, optimizers, numbers);
  const refusal = h("p", { class: "bad", role: "alert" });
  const start = h("button", { type: "submit", class: "start", id: "lab-start" });
  const bounds = h("p", { class: "quiet" });
  const foot = h("footer", {}, refusal, start, bounds);
  const element = h("form", { class: "lab-form", novalidate: true }, fields, foot);
  // keys here are not the scene's
  element.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
  element.addEventListener("submit", (event) => (event.preventDefault(), acts.start()));
  let rows: ReturnType<typeof numberField>[] = [];
  let built = "";

  return {
    element,
    focus: () =>
      (element.querySelector("input:checked") as HTMLElement | null)?.focus({
        preventScroll: true,
      }),
    update(state: State, t: Words) {
      const { lab, language, theme } = state;
      const task = taskOffered(lab, lab.draft.task);
      const key = JSON.stringify([lab.offer, lab.draft.task, language, theme]);
      if (key !== built) {
        choiceOfTasks(tasks, lab.offer?.tasks ?? [], state, t, dispatch);
        choiceOfOptimizers(optimizers, lab.offer?.optimizers ?? [], t, dispatch);
        rows = (task?.numbers ?? []).map((one) => numberField(one, dispatch));
        fill(
          numbers,
          h("legend", { class: "unseen" }, t("lab.numbers")),
          ...rows.map((one) => one.element),
        );
      }
      built = key;
      for (const input of element.querySelectorAll("input[type=radio]"))
        if (input instanceof HTMLInputElement)
          input.checked =
            input.value === (input.name === "lab-task" ? lab.draft.task : lab.draft.optimizer);
      showAdvice(optimizers, task, state, t);
      for (const row of rows) row.update(state, t);
      text.update(state, t);
      const from = lab.jobs.find(({ id }) => id === lab.draft.like);
      like.hidden = !from;
      like.textContent = from ? t("lab.like", { title: titleOf(state, from, t) }) : "";
      showFoot(state, t, { fields, refusal, start, bounds });
    },
  };
}

function choiceOfTasks(
  root: HTMLElement,
  tasks: LabTask[],
  state: State,
  t: Words,
  dispatch: Dispatch,
) {
  const cards = tasks.map((task) => {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    patch(picture, glyphOf(task.text ? "storyteller" : task.name, state.theme));
    const input = h("input", {
      type: "radio",
      name: "lab-task",
      value: task.name,
      onchange: () => dispatch({ type: "lab.task", task: task.name }),
    });
    const words = h(
      "span",
      { class: "words" },
      h("b", {}, said(task, "title_en", state.language)),
      h("span", { class: "quiet" }, said(task, "about_en", state.language)),
    );
    return h("label", { class: "task" }, input, picture, words);
  });
  fill(root, h("legend", {}, t("lab.task")), ...cards);
}

function choiceOfOptimizers(root: HTMLElement, names: string[], t: Words, dispatch: Dispatch) {
  const choices = names.map((name) => {
    const input = h("input", {
      type: "radio",
      name: "lab-optimizer",
      value: name,
      onchange: () => dispatch({ type: "lab.optimizer", optimizer: name }),
    });
    return h("label", {}, input, h("span", {}, optimizerName(t, name)));
  });
  fill(
    root,
    h("legend", {}, t("lab.optimizer")),
    h("div", { class: "segments" }, ...choices),
    h("p", { class: "quiet advice" }),
  );
}

/** What the chosen optimizer does. */
function showAdvice(root: HTMLElement, task: LabTask | null, state: State, t: Words) {
  const { optimizer } = state.lab.draft;
  const key = `lab.does.${optimizer}`;
  const words = t(key) === key ? "" : t(key);
  const suited =
    task && task.optimizer !== optimizer
      ? t("lab.suited", { name: optimizerName(t, task.optimizer) })
      : "";
  const advice = root.querySelector(".advice");
  if (advice) advice.textContent = [words, suited].filter(Boolean).join(" ");
}

/** Why it cannot begin, the button, and the bounds of the lab. */
function showFoot(
  state: State,
  t: Words,
  {
    fields,
    refusal,
    start,
    bounds,
  }: { fields: HTMLElement; refusal: HTMLElement; start: HTMLButtonElement; bounds: HTMLElement },
) {
  const { lab, language } = state;
  const closed = lab.offer?.closed ?? null;
  const failure = closed ?? lab.refusal ?? lab.failure;
  const hindered = hindrance(lab);
  fields.hidden = Boolean(closed) || !lab.offer;
  refusal.hidden = !failure;
  refusal.className = closed ? "quiet" : "bad";
  refusal.textContent = failure ? told(t, failure) || failureWords(t, failure) : "";
  start.hidden = fields.hidden;
  start.disabled = lab.asking || Boolean(hindered);
  start.textContent = t(lab.asking ? "lab.starting" : "lab.start");
  const why = {
    text: "lab.hindered.text",
    "text.long": "lab.hindered.long",
    numbers: "lab.hindered.numbers",
  }[hindered];
  const limits = lab.offer?.limits;
  bounds.hidden = !limits || fields.hidden;
  if (limits)
    bounds.textContent = why
      ? t(why)
      : t("lab.limits", {
          running: limits.running,
          minutes: limits.minutes,
          size: sizeWords(limits.bytes, language),
        });
}
