/**
 * Generation: go on from the sentence, stop, go back, take a branch; and what the next word could
 * be.
 */

import { h } from "preact";
import { number } from "../../i18n/language.ts";
import { sentenceInside } from "../../state/inside/asked.ts";
import { generationOf } from "../../state/inside/generation.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import { Button } from "../../ui/button.ts";
import { visible } from "../../ui/dom.ts";
import { Field, Range } from "../../ui/field.ts";
import { Bar } from "./bar.ts";

/** What may be chosen: name, least, most, step. */
const FIELDS: ["temperature" | "top_k" | "top_p" | "count", number, number, number][] = [
  ["count", 1, 64, 1],
  ["temperature", 0, 2, 0.05],
  ["top_k", 0, 100, 1],
  ["top_p", 0.05, 1, 0.05],
];

/** Whether it is unfolded how tokens are drawn, and who unfolds it; kept over other tabs. */
export type Unfolded = [boolean, (open: boolean) => void];

export function generation(state: State, t: Words, dispatch: Dispatch, [open, unfold]: Unfolded) {
  const { wish, steps } = generationOf(state);
  const go = wish ? "generation.stop" : steps.length ? "generation.more" : "generation.go";
  const begin = () => dispatch({ type: wish ? "generation.stop" : "generation.go" });
  const clear = () => dispatch({ type: "generation.back", to: 0 });
  return h(
    "div",
    { class: "generation" },
    h("p", { class: "quiet" }, t("generation.about")),
    h(
      "div",
      { class: "buttons" },
      h(Button, { class: "start", id: "generation-go", onClick: begin }, t(go)),
      h(
        Button,
        { id: "generation-clear", disabled: !steps.length, onClick: clear },
        t("generation.clear"),
      ),
    ),
    text(state, t, dispatch),
    h("h3", {}, t("generation.next")),
    h("ol", { class: "branches", id: "generation-branches" }, branches(state, t, dispatch)),
    h(
      "details",
      { open, onToggle: (event: Event) => unfold((event.target as HTMLDetailsElement).open) },
      h("summary", {}, t("generation.how")),
      h("div", { class: "fields" }, fields(state, t, dispatch)),
    ),
  );
}

function fields(state: State, t: Words, dispatch: Dispatch) {
  const chosen = generationOf(state);
  return FIELDS.map(([name, min, max, step]) => {
    const all = name === "top_k" && !chosen.top_k;
    const range = {
      id: `generation-${name}`,
      ...{ min, max, step, value: chosen[name] },
      written: all ? t("generation.all") : number(chosen[name], state.language),
      onSlide: (value: number) => dispatch({ type: "generation.set", [name]: value }),
    };
    const words = { words: t(`generation.${name}`), tip: t(`generation.${name}.tip`) };
    return h(Field, { key: name, ...words }, h(Range, range));
  });
}

/** The sentence and the tokens after it; pressing one goes back to before it. */
function text(state: State, t: Words, dispatch: Dispatch) {
  const tokens = sentenceInside(state)?.tokens ?? [];
  const digits = { maximumFractionDigits: 1 };
  const drawn = generationOf(state).steps.map((one, at) => {
    const share = one.share === null ? "?" : number(100 * one.share, state.language, digits);
    const title = t("generation.token", { share });
    const props = { class: "token", title, "aria-label": `${visible(one.text)}: ${title}` };
    const back = () => dispatch({ type: "generation.back", to: at });
    return h(Button, { key: at, ...props, onClick: back }, visible(one.text));
  });
  const own = tokens.map((one) => (one.piece ? "" : one.text)).join("");
  return h("p", { class: "generated", dir: "auto" }, h("span", { class: "own" }, own), drawn);
}

interface Branch {
  id: number;
  text: string;
  value: number;
}

/** What the next token could be, and all the rest. */
function branches(state: State, t: Words, dispatch: Dispatch) {
  const { fork, wish } = generationOf(state);
  if (!fork) return null;
  const percent = (share: number) =>
    `${number(100 * share, state.language, { maximumFractionDigits: 1 })} %`;
  const rows = fork.answer.branches.map(({ id, text, value }: Branch) => {
    const take = () => dispatch({ type: "generation.take", id, text, share: value });
    const button = h(
      "button",
      { type: "button", disabled: Boolean(wish), onClick: take },
      visible(text),
    );
    return h(Bar, { key: id, part: value, name: button, value: percent(value) });
  });
  const { rest } = fork.answer;
  const name = h("span", {}, t("generation.rest"));
  return [...rows, h(Bar, { key: "rest", class: "rest", part: rest, name, value: percent(rest) })];
}
