/** Generation: go on from the sentence, stop, go back, take a branch; and what the next word could be. */

import { fill, h, visible } from "../dom.js";
import { sentenceInside } from "../inside/asked.js";
import { walkOf } from "../inside/walk.js";
import { number } from "../language.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {import("../types.d.ts").Dispatch} Dispatch */

/** What may be chosen: name, least, most, step. @type {["temperature" | "top_k" | "top_p" | "count", number, number, number][]} */
const FIELDS = [
  ["count", 1, 64, 1],
  ["temperature", 0, 2, 0.05],
  ["top_k", 0, 100, 1],
  ["top_p", 0.05, 1, 0.05],
];

/** @param {Dispatch} dispatch */
export function walkTab(dispatch) {
  const about = h("p", { class: "quiet" });
  const go = h("button", { type: "button", class: "start", id: "walk-go" });
  const clear = h("button", { type: "button", class: "plain", id: "walk-clear", onclick: () => dispatch({ type: "walk.back", to: 0 }) });
  const text = h("p", { class: "walked", dir: "auto" });
  const next = h("h3", {});
  const branches = h("ol", { class: "branches", id: "walk-branches" });
  const rows = FIELDS.map(([name, min, max, step]) => {
    const words = h("span", {});
    const value = h("output", { for: `walk-${name}` });
    const input = h("input", { type: "range", id: `walk-${name}`, min, max, step, oninput: () => dispatch({ type: "walk.set", [name]: Number(input.value) }) });
    return { name, words, value, input, row: h("label", {}, words, input, value) };
  });
  const fields = h("details", {}, h("summary", {}), h("div", { class: "fields" }, ...rows.map((one) => one.row)));
  const root = h("div", { class: "walk" }, about, h("div", { class: "buttons" }, go, clear), text, next, branches, fields);
  go.addEventListener("click", () => dispatch({ type: go.dataset.on ? "walk.stop" : "walk.go" }));
  let key = "";

  return {
    root,
    /** @param {State} state @param {Words} t */
    update(state, t) {
      const walk = walkOf(state);
      const next_ = JSON.stringify([walk, state.language, state.theme, sentenceInside(state)?.id, state.card?.max_tokens], (name, value) => (name === "tensors" ? undefined : value));
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
        value.textContent = name === "top_k" && !walk.top_k ? t("walk.all") : number(walk[name], state.language);
      }
      fields.firstElementChild?.replaceChildren(t("walk.how"));
    },
  };
}

/** The sentence and the tokens after it; pressing one goes back to before it. @param {HTMLElement} root @param {State} state @param {Words} t @param {Dispatch} dispatch */
function showText(root, state, t, dispatch) {
  const sentence = sentenceInside(state);
  const { steps } = walkOf(state);
  const own = h("span", { class: "own" }, (sentence?.tokens ?? []).map((one) => (one.piece ? "" : one.text)).join(""));
  const drawn = steps.map(({ text, share }, at) => {
    const tip = t("walk.token", { share: share === null ? "?" : number(100 * share, state.language, { maximumFractionDigits: 1 }) });
    return h("button", { type: "button", class: "token", title: tip, "aria-label": `${visible(text)}: ${tip}`, onclick: () => dispatch({ type: "walk.back", to: at }) }, visible(text));
  });
  fill(root, own, ...drawn);
}

/** @param {State} state @param {Words} t @param {Dispatch} dispatch */
function branchRows(state, t, dispatch) {
  const { fork, wish } = walkOf(state);
  if (!fork) return [];
  const percent = (/** @type {number} */ share) => `${number(100 * share, state.language, { maximumFractionDigits: 1 })} %`;
  const rows = fork.answer.branches.map((/** @type {any} */ one) =>
    h(
      "li",
      { style: { "--part": one.value } },
      h("button", { type: "button", disabled: Boolean(wish), onclick: () => dispatch({ type: "walk.take", id: one.id, text: one.text, share: one.value }) }, visible(one.text)),
      h("span", {}, percent(one.value)),
    ),
  );
  return [...rows, h("li", { class: "rest", style: { "--part": fork.answer.rest } }, h("span", {}, t("walk.rest")), h("span", {}, percent(fork.answer.rest)))];
}
