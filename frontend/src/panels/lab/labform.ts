/** A training is put together: the task, the optimizer, the numbers; then it is begun. */

import { h } from "preact";
import { said } from "../../charts/claims.ts";
import { glyphOf } from "../../charts/glyphs.ts";
import { failureWords, said as told } from "../../i18n/language.ts";
import type { LabTask } from "../../protocol/wire.ts";
import { hindrance, taskOffered } from "../../state/lab.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import { Drawing } from "../../ui/drawing.ts";
import { part } from "../../ui/host.ts";
import type { LabActs } from "./labacts.ts";
import { NumberField } from "./labnumber.ts";
import { ownText, sizeWords } from "./labtext.ts";
import { optimizerName, titleOf } from "./labwords.ts";

const OwnText = part(ownText);

export function labForm(state: State, t: Words, dispatch: Dispatch, acts: LabActs) {
  const { offer, page, folded, jobs, draft } = state.lab;
  const from = jobs.find(({ id }) => id === draft.like);
  return h(
    "form",
    {
      class: "lab-form",
      noValidate: true,
      hidden: page !== "new" || folded,
      // keys here are not the scene's
      onKeyDown: (event: KeyboardEvent) => event.key !== "Escape" && event.stopPropagation(),
      onSubmit: (event: Event) => (event.preventDefault(), acts.start()),
    },
    h(
      "div",
      { class: "body scroll", hidden: !offer || Boolean(offer.closed) },
      h(
        "p",
        { class: "like", hidden: !from },
        from ? t("lab.like", { title: titleOf(state, from, t) }) : "",
      ),
      tasks(state, t, dispatch),
      h(OwnText, { state, t, dispatch, acts: undefined }),
      optimizers(state, t, dispatch),
      numbers(state, t, dispatch),
    ),
    foot(state, t),
  );
}

function tasks({ lab, theme, language }: State, t: Words, dispatch: Dispatch) {
  const card = (task: LabTask) =>
    h(
      "label",
      { key: task.name, class: "task" },
      h("input", {
        type: "radio",
        name: "lab-task",
        value: task.name,
        checked: task.name === lab.draft.task,
        onChange: () => dispatch({ type: "lab.task", task: task.name }),
      }),
      h(Drawing, glyphOf(task.text ? "storyteller" : task.name, theme)),
      h(
        "span",
        { class: "words" },
        h("b", {}, said(task, "title_en", language)),
        h("span", { class: "quiet" }, said(task, "about_en", language)),
      ),
    );
  return h(
    "fieldset",
    { class: "tasks" },
    h("legend", {}, t("lab.task")),
    (lab.offer?.tasks ?? []).map(card),
  );
}

function optimizers({ lab }: State, t: Words, dispatch: Dispatch) {
  const choice = (name: string) =>
    h(
      "label",
      { key: name },
      h("input", {
        type: "radio",
        name: "lab-optimizer",
        value: name,
        checked: name === lab.draft.optimizer,
        onChange: () => dispatch({ type: "lab.optimizer", optimizer: name }),
      }),
      h("span", {}, optimizerName(t, name)),
    );
  const advice = adviceOf(taskOffered(lab, lab.draft.task), lab.draft.optimizer, t);
  return h(
    "fieldset",
    { class: "optimizers" },
    h("legend", {}, t("lab.optimizer")),
    h("div", { class: "segments" }, (lab.offer?.optimizers ?? []).map(choice)),
    h("p", { class: "quiet advice" }, advice),
  );
}

/** What the chosen optimizer does, and which one suits the task. */
function adviceOf(task: LabTask | null, optimizer: string, t: Words) {
  const key = `lab.does.${optimizer}`;
  const does = t(key) === key ? "" : t(key);
  const suited =
    task && task.optimizer !== optimizer
      ? t("lab.suited", { name: optimizerName(t, task.optimizer) })
      : "";
  return [does, suited].filter(Boolean).join(" ");
}

function numbers({ lab, language }: State, t: Words, dispatch: Dispatch) {
  const { draft } = lab;
  const fields = (taskOffered(lab, draft.task)?.numbers ?? []).map((one) =>
    h(NumberField, {
      key: `${draft.task} ${one.name}`,
      one,
      text: draft.numbers[one.name] ?? "",
      language,
      t,
      tell: (text) => dispatch({ type: "lab.number", name: one.name, text }),
    }),
  );
  return h(
    "fieldset",
    { class: "numbers" },
    h("legend", { class: "unseen" }, t("lab.numbers")),
    fields,
  );
}

/** Why it cannot begin, the button, and the bounds of the lab. */
function foot({ lab, language }: State, t: Words) {
  const closed = lab.offer?.closed ?? null;
  const failure = closed ?? lab.refusal ?? lab.failure;
  const hindered = hindrance(lab);
  const none = Boolean(closed) || !lab.offer;
  return h(
    "footer",
    {},
    h(
      "p",
      { class: closed ? "quiet" : "bad", role: "alert", hidden: !failure },
      failure ? told(t, failure) || failureWords(t, failure) : "",
    ),
    h(
      "button",
      {
        type: "submit",
        class: "start",
        id: "lab-start",
        hidden: none,
        disabled: lab.asking || Boolean(hindered),
      },
      t(lab.asking ? "lab.starting" : "lab.start"),
    ),
    h("p", { class: "quiet", hidden: none }, none ? "" : boundsWords(lab, language, t, hindered)),
  );
}

const WHY: Record<string, string> = {
  text: "lab.hindered.text",
  "text.long": "lab.hindered.long",
  numbers: "lab.hindered.numbers",
};

function boundsWords(
  { offer }: State["lab"],
  language: State["language"],
  t: Words,
  hindered: string,
) {
  if (WHY[hindered] || !offer) return WHY[hindered] ? t(WHY[hindered]) : "";
  const { running, minutes, bytes } = offer.limits;
  return t("lab.limits", { running, minutes, size: sizeWords(bytes, language) });
}
