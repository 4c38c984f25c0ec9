/**
 * Generation: go on from the sentence, stop, go back, take a branch; and what the next word could
 * be.
 */

import { fill, h, visible } from "../../ui/dom.ts";
import { sentenceInside } from "../../state/inside/asked.ts";
import { walkOf } from "../../state/inside/walk.ts";
import { number } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";

/** What may be chosen: name, least, most, step. */
const FIELDS: ["temperature" | "top_k" | "top_p" | "count", number, number, number][] = [
  ["count", 1, 64, 1],
  ["temperature", 0, 2, 0.05],
  ["top_k", 0, 100, 1],
  ["top_p", 0.05, 1, 0.05],
];

export function walkTab(dispatch: Dispatch) {
  const about = h("p", { class: "quiet" });
  const go = h("button", { type: "button", class: "start", id: "walk-go" });
  const clear = h("button", {
    type: "button",
    class: "plain",
    id: "walk-clear",
    onclick: () => dispatch({ type: "walk.back", to: 0 }),
  });
  const text = h("p", { class: "walked", dir: "auto" });
  const next = h("h3", {});
  const branches = h("ol", { class: "branches", id: "walk-branches" });
  const rows = FIELDS.map(([name, min, max, step]) => {
    const words = h("span", {});
    const value = h("output", { for: `walk-${name}` });
    const input = h("input", {
      type: "range",
      id: `walk-${name}`,
      min,
      max,
      step,
      oninput: () => dispatch({ type: "walk.set", [name]: Number(input.value) }),
    });
    return { name, words, value, input, row: h("label", {}, words, input, value) };
  });
  const fields = h(
    "details",
    {},
    h("summary", {}),
    h("div", { class: "fields" }, ...rows.map((one) => one.row)),
  );
  const root = h(
    "div",
    { class: "walk" },
    about,
    h("div", { class: "buttons" }, go, clear),
    text,
    next,
    branches,
    fields,
  );
  go.addEventListener("click", () => dispatch({ type: go.dataset.on ? "walk.stop" : "walk.go" }));
  let key = "";

  return {
    root,
    update(state: State, t: Words) {
      const walk = walkOf(state);
      const next_ = JSON.stringify(
        [walk, state.language, state.theme, sentenceInside(state)?.id, state.card?.max_tokens],
        (name, value) => (name === "tensors" ? undefined : value),
      );
      if (next_ === key) return;
      key = next_;
      about.textContent = t("walk.about");
      go.textContent = t(walk.wish ? "walk.stop" : walk.steps.length ? "walk.more" : "walk.go");
      go.dataset.on = walk.wish ? "1" : "";
      clear.textContent = t("walk.clear");
      clear.disabled = !walk.steps.length;
      showText(text, state, t, dispatch);
      next.textContent = t("walk.next");
      fill(branches, ...branchRows(state, t, dispatch));
      for (const { name, words, value, input } of rows) {
        words.textContent = t(`walk.${name}`);
        words.title = t(`walk.${name}.tip`);
        input.value = String(walk[name]);
        value.textContent =
          name === "top_k" && !walk.top_k ? t("walk.all") : number(walk[name], state.language);
      }
      fields.firstElementChild?.replaceChildren(t("walk.how"));
    },
  };
}

/** The sentence and the tokens after it; pressing one goes back to before it. */
function showText(root: HTMLElement, state: State, t: Words, dispatch: Dispatch) {
  const sentence = sentenceInside(state);
  const { steps } = walkOf(state);
  const own = h(
    "span",
    { class: "own" },
    (sentence?.tokens ?? []).map((one) => (one.piece ? "" : one.text)).join(""),
  );
  const drawn = steps.map(({ text, share }, at) => {
    const tip = t("walk.token", {
      share:
        share === null ? "?" : number(100 * share, state.language, { maximumFractionDigits: 1 }),
    });
    return h(
      "button",
      {
        type: "button",
        class: "token",
        title: tip,
        "aria-label": `${visible(text)}: ${tip}`,
        onclick: () => dispatch({ type: "walk.back", to: at }),
      },
      visible(text),
    );
  });
  fill(root, own, ...drawn);
}

function branchRows(state: State, t: Words, dispatch: Dispatch) {
  const { fork, wish } = walkOf(state);
  if (!fork) return [];
  const percent = (share: number) =>
    `${number(100 * share, state.language, { maximumFractionDigits: 1 })} %`;
  const rows = fork.answer.branches.map((one: any) =>
    h(
      "li",
      { style: { "--part": one.value } },
      h(
        "button",
        {
          type: "button",
          disabled: Boolean(wish),
          onclick: () =>
            dispatch({ type: "walk.take", id: one.id, text: one.text, share: one.value }),
        },
        visible(one.text),
      ),
      h("span", {}, percent(one.value)),
    ),
  );
  return [
    ...rows,
    h(
      "li",
      { class: "rest", style: { "--part": fork.answer.rest } },
      h("span", {}, t("walk.rest")),
      h("span", {}, percent(fork.answer.rest)),
    ),
  ];
}
