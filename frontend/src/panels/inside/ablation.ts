/**
 * Ablation: sliders for the parts of a layer, what is scaled, and the next words before and after.
 */

import { h } from "preact";
import { number, said as told } from "../../i18n/language.ts";
import { HUES, css } from "../../state/colour/colours.ts";
import {
  ablated,
  ablationOf,
  factorOf,
  farWords,
  ghostly,
  headsOf,
  layerScaled,
  layersOf,
  nextWords,
  streamView,
} from "../../state/inside/ablation.ts";
import { sentenceInside } from "../../state/inside/asked.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Inside, Language, Look, Scaled, State, Words } from "../../state/types.ts";
import { Button, IconButton } from "../../ui/button.ts";
import { visible } from "../../ui/dom.ts";
import { Field, Range } from "../../ui/field.ts";
import { Select } from "../../ui/select.ts";
import { Table } from "../../ui/table.ts";

const VIEWS: Inside["seen"][] = ["picture", "normalised", "raw", "added"];
/** An axis that follows the length of the state more closely than this shows little else. */
const GUARD = 0.9;

export function ablation(state: State, t: Words, dispatch: Dispatch) {
  const { factors } = ablationOf(state);
  const { look } = ablated(state);
  const reset = () => dispatch({ type: "ablation.reset" });
  return h(
    "div",
    { class: "ablation" },
    h(
      "div",
      { class: "fields" },
      h(Field, { words: t("ablation.seen") }, views(state, t, dispatch)),
    ),
    h("p", { class: "quiet keeps", role: "status" }, keepsWords(state, t)),
    h("p", { class: "quiet" }, t("ablation.about")),
    parts(state, t, dispatch),
    h(
      "h3",
      {},
      h("span", {}, t("ablation.scaled")),
      h(
        Button,
        { class: "text-button", id: "ablation-reset", hidden: !factors.length, onClick: reset },
        t("ablation.reset"),
      ),
    ),
    h("ul", { class: "scaled" }, scaled(factors, t, state.language, dispatch)),
    words(state, t, look),
  );
}

function views(state: State, t: Words, dispatch: Dispatch) {
  return h(Select, {
    id: "ablation-seen",
    value: state.inside.seen,
    options: VIEWS.map((value) => ({ value, words: t(`ablation.seen.${value}`) })),
    onChoose: (seen) => dispatch({ type: "inside.set", seen: seen as Inside["seen"] }),
  });
}

/** What a view of the stream shows and how far it can be trusted. */
function keepsWords(state: State, t: Words) {
  const { seen, troubles } = state.inside;
  const view = streamView(state);
  if (seen === "picture") return t("ablation.keeps.picture");
  const trouble = troubles.stream_view;
  if (!view) return trouble ? told(t, trouble) : t("ablation.keeps.waiting");
  const { shares, norm, trust, sample } = view.answer;
  const digits = (value: number) => number(value, state.language, { maximumFractionDigits: 2 });
  const share = number(
    shares.reduce((sum: number, one: number) => sum + one, 0),
    state.language,
    { style: "percent", maximumFractionDigits: 0 },
  );
  const here = trust[Math.round(state.site)];
  const axis = norm.findIndex((r: number) => Math.abs(r) > GUARD);
  const said = [t(`ablation.keeps.${seen}`), t("ablation.keeps.share", { share })];
  said.push(
    here === null
      ? t("ablation.keeps.nothing")
      : t("ablation.keeps.trust", { trust: digits(here), sample }),
  );
  if (axis >= 0) said.push(t("ablation.keeps.norm", { axis: axis + 1, r: digits(norm[axis]) }));
  return said.join(" ");
}

/** The layer, and what of it is scaled: all, attention, MLP, one head. */
function parts(state: State, t: Words, dispatch: Dispatch) {
  const layer = layerScaled(state);
  const head = Math.max(0, Math.min(headsOf(state) - 1, ablationOf(state).head));
  const wrong = state.inside.troubles.ablation && !ablated(state).look;
  const choice = (name: "layer" | "head", count: number, key: string) => ({
    id: `ablation-${name}`,
    value: String(name === "layer" ? layer : head),
    options: Array.from({ length: count }, (_, n) => ({
      value: String(n),
      words: t(key, { [name]: n + 1 }),
    })),
    onChoose: (value: string) => dispatch({ type: "ablation.choose", [name]: Number(value) }),
  });
  const slider = (part: Scaled["part"]) => scale({ part, layer, head }, state, t, dispatch);
  const label = (part: Scaled["part"]) => t(`ablation.${part}`, { head: head + 1 });
  return h(
    "fieldset",
    { class: "fields", disabled: !sentenceInside(state) || Boolean(wrong) },
    h(
      Field,
      { words: t("ablation.layer") },
      h(Select, choice("layer", layersOf(state), "ablation.layer.number")),
    ),
    (["residual", "attention", "mlp"] as const).map((part) =>
      h(Field, { key: part, words: label(part) }, h(Range, slider(part))),
    ),
    h(
      "div",
      { class: "head-row" },
      h(Select, {
        label: t("attention.head"),
        ...choice("head", headsOf(state), "attention.number"),
      }),
      h("span", { class: "unseen" }, label("head")),
      h(Range, { label: label("head"), ...slider("head") }),
    ),
  );
}

/** A slider from 0 to 2 with its number; pressed twice it is 1 again. */
function scale(
  { part, layer, head }: { part: Scaled["part"]; layer: number; head: number },
  state: State,
  t: Words,
  dispatch: Dispatch,
) {
  const here = part === "head" ? { part, layer, head } : { part, layer };
  const factor = factorOf(ablationOf(state), here);
  const set = (to: number) => dispatch({ type: "ablation.set", part, layer, head, factor: to });
  const key = factor === 0 ? "ablation.zero" : factor === 1 ? "ablation.one" : "ablation.times";
  return {
    id: `ablation-${part}`,
    ...{ min: 0, max: 2, step: 0.05, value: factor },
    words: t(key, { factor }),
    written: times(factor, state.language),
    changed: factor !== 1,
    onSlide: set,
    onDblClick: () => set(1),
  };
}

function times(factor: number, language: Language) {
  return `×${number(factor, language, { maximumFractionDigits: 2 })}`;
}

function scaled(factors: Scaled[], t: Words, language: Language, dispatch: Dispatch) {
  if (!factors.length) return h("li", { class: "quiet" }, t("ablation.nothing"));
  return factors.map((one) => {
    const { part, layer, head, factor } = one;
    const what = t("ablation.row", {
      layer: layer + 1,
      part: t(`ablation.${part}`, { head: (head ?? 0) + 1 }),
    });
    const choose = () =>
      dispatch({ type: "ablation.choose", layer, ...(head === undefined ? {} : { head }) });
    const drop = () => dispatch({ type: "ablation.set", ...one, factor: 1 });
    return h(
      "li",
      { key: what },
      h(Button, { class: "name", onClick: choose }, what),
      h("b", {}, times(factor, language)),
      h(IconButton, { icon: "close", label: t("ablation.drop", { what }), onClick: drop }),
    );
  });
}

/** How far the next words are from what they were, and both beside each other. */
function words(state: State, t: Words, look: Look | null) {
  const sentence = sentenceInside(state);
  const there = look !== null && sentence !== null;
  const nats = there
    ? number(look.answer.divergence, state.language, { maximumSignificantDigits: 2 })
    : "";
  return [
    h(
      "p",
      { class: "told", role: "status", hidden: !there },
      there && t(farWords(look.answer.divergence), { nats }),
    ),
    there && beforeAfter(look, sentence.hue, state, t),
    h("p", { class: "quiet", hidden: !there }, t("ablation.kept")),
  ];
}

function beforeAfter(look: Look, hue: number, { theme, language }: State, t: Words) {
  const own = HUES[theme][hue];
  const percent = (value: number) =>
    number(value, language, { style: "percent", maximumFractionDigits: 1 });
  const share = (value: number) =>
    value < 0.001 ? t("ablation.less", { share: percent(0.001) }) : percent(value);
  const cell = (value: number, ink: string) =>
    h("td", { style: { "--part": value, "--ink": ink } }, share(value));
  const rows = nextWords(look).map(({ text, before, after }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row", dir: "auto" }, visible(text).replace(/^ /, "␣") || "∅"),
      cell(before, css(own)),
      cell(after, css(ghostly(own, theme))),
    ),
  );
  const columns = ["next", "before", "after"].map((name) => ({ words: t(`ablation.${name}`) }));
  const caption = t("ablation.table");
  return h(Table, { class: "before-after", caption, columns }, h("tbody", {}, rows));
}
