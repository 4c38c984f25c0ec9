/**
 * Generation: go on from the sentence, stop, go back, take a branch; and what the next word could
 * be.
 */

import { fill, h, visible } from "../../ui/dom.ts";
import { sentenceInside } from "../../state/inside/asked.ts";
import { generationOf } from "../../state/inside/generation.ts";
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

export function generationTab(dispatch: Dispatch) {
  const about = h("p", { class: "quiet" });
  const go = h("button", { type: "button", class: "start", id: "generation-go" });
  const clear = h("button", {
    type: "button",
    class: "plain",
    id: "generation-clear",
    onclick: () => dispatch({ type: "generation.back", to: 0 }),
  });
  const text = h("p", { class: "generated", dir: "auto" });
  const next = h("h3", {});
  const branches = h("ol", { class: "branches", id: "generation-branches" });
  const rows = FIELDS.map(([name, min, max, step]) => {
    const words = h("span", {});
    const value = h("output", { for: `generation-${name}` });
    const input = h("input", {
      type: "range",
      id: `generation-${name}`,
      min,
      max,
      step,
      oninput: () => dispatch({ type: "generation.set", [name]: Number(input.value) }),
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
    { class: "generation" },
    about,
    h("div", { class: "buttons" }, go, clear),
    text,
    next,
    branches,
    fields,
  );
  go.addEventListener("click", () =>
    dispatch({ type: go.dataset.on ? "generation.stop" : "generation.go" }),
  );
  let key = "";

  return {
    root,
    update(state: State, t: Words) {
      const generation = generationOf(state);
      const next_ = JSON.stringify(
        [
          generation,
          state.language,
          state.theme,
          sentenceInside(state)?.id,
          state.card?.max_tokens,
        ],
        (name, value) => (name === "tensors" ? undefined : value),
      );
      if (next_ === key) return;
      key = next_;
      about.textContent = t("generation.about");
      go.textContent = t(
        generation.wish
          ? "generation.stop"
          : generation.steps.length
            ? "generation.more"
            : "generation.go",
      );
      go.dataset.on = generation.wish ? "1" : "";
      clear.textContent = t("generation.clear");
      clear.disabled = !generation.steps.length;
      showText(text, state, t, dispatch);
      next.textContent = t("generation.next");
      fill(branches, ...branchRows(state, t, dispatch));
      for (const { name, words, value, input } of rows) {
        words.textContent = t(`generation.${name}`);
        words.title = t(`generation.${name}.tip`);
        input.value = String(generation[name]);
        value.textContent =
          name === "top_k" && !generation.top_k
            ? t("generation.all")
            : number(generation[name], state.language);
      }
      fields.firstElementChild?.replaceChildren(t("generation.how"));
    },
  };
}

/** The sentence and the tokens after it; pressing one goes back to before it. */
function showText(root: HTMLElement, state: State, t: Words, dispatch: Dispatch) {
  const sentence = sentenceInside(state);
  const { steps } = generationOf(state);
  const own = h(
    "span",
    { class: "own" },
    (sentence?.tokens ?? []).map((one) => (one.piece ? "" : one.text)).join(""),
  );
  const drawn = steps.map(({ text, share }, at) => {
    const tip = t("generation.token", {
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
        onclick: () => dispatch({ type: "generation.back", to: at }),
      },
      visible(text),
    );
  });
  fill(root, own, ...drawn);
}

function branchRows(state: State, t: Words, dispatch: Dispatch) {
  const { fork, wish } = generationOf(state);
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
            dispatch({ type: "generation.take", id: one.id, text: one.text, share: one.value }),
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
      h("span", {}, t("generation.rest")),
      h("span", {}, percent(fork.answer.rest)),
    ),
  ];
}
