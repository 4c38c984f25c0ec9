/**
 * Gradients: what the loss aims at, each token's own loss, the gradient of each group of weights by
 * layer, and the check.
 */

import { h } from "preact";
import { useState } from "preact/hooks";
import { number } from "../../i18n/language.ts";
import { css, gradient } from "../../state/colour/colours.ts";
import { answerTo, sentenceInside, tokenInside } from "../../state/inside/asked.ts";
import { arrowsAt, gradients as view, lossColour, mostLoss } from "../../state/inside/gradients.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Inside, Look, State, Words } from "../../state/types.ts";
import { tokenName } from "../../ui/dom.ts";
import { Field, Range } from "../../ui/field.ts";
import { Select } from "../../ui/select.ts";
import { Table } from "../../ui/table.ts";

type Asked = Inside["gradients"];
type Choose = (fields: Partial<Asked>) => void;

const AIMS = ["all", "next", "target"];
const COLUMNS = ["token", "own", "length", "drawn"];

export function gradients(state: State, t: Words, dispatch: Dispatch) {
  const { look } = answerTo(state, "gradients", view.questions(state)[0]);
  const asked = state.inside.gradients;
  const set: Choose = (fields) => dispatch({ type: "gradients.set", ...fields });
  return h(
    "div",
    { class: "gradients" },
    h("p", { class: "quiet" }, t("gradients.about")),
    h(
      "div",
      { class: "fields" },
      h(Field, { words: t("gradients.aim") }, aim(state, t, set)),
      h(
        Field,
        { words: t("gradients.target"), hidden: asked.aim !== "target" },
        h(Target, { asked: asked.target, set }),
      ),
      h(Field, { words: t("gradients.reach") }, h(Reach, { asked: asked.reach, set })),
    ),
    h("p", { class: "told", role: "status", hidden: !look }, look && lossWords(state, t, look)),
    look && told(state, t, look),
  );
}

function aim(state: State, t: Words, set: Choose) {
  const token = tokenName(sentenceInside(state)?.tokens[tokenInside(state) ?? 0]?.text ?? "");
  return h(Select, {
    id: "gradients-aim",
    value: state.inside.gradients.aim,
    options: AIMS.map((value) => ({ value, words: t(`gradients.aim.${value}`, { token }) })),
    onChoose: (one) => set({ aim: one as Asked["aim"] }),
  });
}

/** The word that is aimed at: asked once it is written to its end. */
function Target({ asked, set }: { asked: string; set: Choose }) {
  const [typed, type] = useState<string | null>(null);
  const valueOf = (event: Event) => (event.target as HTMLInputElement).value;
  return h("input", {
    type: "text",
    id: "gradients-target",
    maxlength: 64,
    value: typed ?? asked,
    onInput: (event: Event) => type(valueOf(event)),
    onChange: (event: Event) => set({ target: valueOf(event) }),
    onBlur: () => type(null),
  });
}

/** How long a step along an arrow is: asked once the thumb is let go. */
function Reach({ asked, set }: { asked: number; set: Choose }) {
  const [held, hold] = useState<number | null>(null);
  const value = held ?? Math.round(100 * asked);
  const letGo = (event: Event) => {
    set({ reach: Number((event.target as HTMLInputElement).value) / 100 });
    hold(null);
  };
  return h(Range, {
    id: "gradients-reach",
    ...{ min: 5, max: 150, step: 5, value },
    written: `${value} %`,
    onSlide: hold,
    onChange: letGo,
  });
}

const shortly = (state: State) => (value: number) =>
  number(value, state.language, { maximumSignificantDigits: 3 });

function lossWords(state: State, t: Words, look: Look) {
  return t("gradients.loss", { loss: shortly(state)(look.answer.loss) });
}

/** The check, the tokens with their losses and arrows, the groups of weights. */
function told(state: State, t: Words, look: Look) {
  const { language, theme } = state;
  const agreement = number(look.answer.agreement, language, { maximumFractionDigits: 4 });
  const most = number(mostLoss(state), language, { maximumFractionDigits: 1 });
  return [
    h("p", { class: "quiet" }, t("gradients.check", { agreement })),
    h("h3", {}, t("gradients.tokens")),
    h("div", { class: "ramp", style: { background: gradient(theme) } }),
    h(
      "div",
      { class: "ends" },
      h("span", {}, t("gradients.scale.low")),
      h("span", {}, t("gradients.scale.high", { loss: most })),
    ),
    tokens(state, t, look),
    h("h3", {}, t("gradients.groups")),
    groups(state, t, look),
  ];
}

function tokens(state: State, t: Words, look: Look) {
  const columns = COLUMNS.map((name) => ({
    words: t(`gradients.${name}`),
    tip: t(`gradients.${name}.tip`),
  }));
  const site = Math.round(state.site);
  const rows = arrowsAt(look, site).map((one) => tokenRow(state, look, site, one));
  return h(Table, { id: "gradients-tokens", class: "ledger", columns }, h("tbody", {}, rows));
}

function tokenRow(
  state: State,
  look: Look,
  site: number,
  { token, length, share }: ReturnType<typeof arrowsAt>[number],
) {
  const sentence = sentenceInside(state);
  const { picked } = state;
  const own = picked?.kind === "sentence" && picked.id === sentence?.id && picked.token === token;
  const { losses, trust } = look.tensors;
  const loss = losses.data[token];
  const short = shortly(state);
  return h(
    "tr",
    { key: token, class: own ? "own" : "" },
    h("th", { scope: "row", dir: "auto" }, tokenName(sentence?.tokens[token]?.text ?? "")),
    h(
      "td",
      {},
      h("i", { class: "swatch", style: { background: css(lossColour(state, loss)) } }),
      Number.isFinite(loss) ? short(loss) : "–",
    ),
    h("td", { style: { "--part": share } }, short(length)),
    h("td", {}, `×${short(trust.data[site * trust.shape[1] + token])}`),
  );
}

/** The gradient of each group of weights, a row a layer; above them those outside the layers. */
function groups(state: State, t: Words, look: Look) {
  const short = shortly(state);
  const { data, shape } = look.tensors.layers;
  const [layers, count] = shape;
  const most = Math.max(...data, 1e-30);
  const rows = Array.from({ length: layers }, (_, layer) => {
    const cells = Array.from({ length: count }, (_, group) => {
      const value = data[layer * count + group];
      const style = { "--part": Math.sqrt(value / most) };
      return h("td", { key: group, style, title: short(value) }, short(value));
    });
    return h("tr", { key: layer }, h("th", { scope: "row" }, String(layer + 1)), cells);
  });
  const outer = Object.entries(look.answer.outer).map(([name, value]) =>
    t("gradients.outer", { name: t(`gradients.outer.${name}`), value: short(Number(value)) }),
  );
  const columns = [t("gradients.layer"), ...look.answer.groups].map((words) => ({ words }));
  const above = h("caption", { class: "quiet" }, outer.join(" · "));
  return h(
    Table,
    { id: "gradients-groups", class: "ledger heat", columns, above },
    h("tbody", {}, rows),
  );
}
