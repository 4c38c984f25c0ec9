/**
 * The key of the colours: names, a ramp, a ring for what comes round, a triangle for shares of
 * three.
 */

import { h } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { className, failureWords, number } from "../i18n/language.ts";
import { legendOf } from "../state/colour/colouring.ts";
import { isLayout, isScore, scoredCloud, troubleHere } from "../state/discontinuity.ts";
import { css, gradient } from "../state/colour/colours.ts";
import { mixture, wheel } from "../state/colour/palettes.ts";
import type { State, Theme, Words } from "../state/types.ts";
import type { Tree } from "../ui/host.ts";
import { meaningKey } from "./meaning/colours.ts";

type Legend = ReturnType<typeof legendOf>;
type Kind<Name> = Extract<Legend, { kind: Name }>;

/** Names beyond so many are left out. */
const MOST = 9;

export function colourKey(state: State, t: Words) {
  return meaningKey(state, t) ?? h("div", { class: "key" }, keyOf(state, t, legendOf(state)));
}

function keyOf(state: State, t: Words, legend: Legend): Tree | Tree[] | null {
  const named = state.colour.startsWith("label:");
  const status = scoreStatus(state, t);
  const note = named
    ? null
    : [h("p", { class: "quiet" }, t(`colour.${state.colour}.note`)), ...status];
  const sentence = state.colour === "sentence";
  if (legend.kind === "none") return note;
  if (legend.kind === "ring") return ringOf(state, t, legend.period);
  if (legend.kind === "triangle") return triangleOf(state, t, legend.names);
  const own =
    legend.kind === "scale"
      ? scaleOf(state, t, legend)
      : [listOf(t, legend, sentence ? "wide" : "")];
  return note && (legend.kind === "scale" || sentence) ? [...own, ...note] : own;
}

/** Why the scores that were chosen are not in the cloud. */
function scoreStatus(state: State, t: Words): Tree[] {
  if (!isScore(state.colour) || scoredCloud(state)) return [];
  if (!isLayout(state)) return [h("p", { class: "quiet" }, t("score.layout"))];
  const failure = troubleHere(state);
  return failure
    ? [h("p", { class: "bad" }, failureWords(t, failure))]
    : [h("p", { class: "quiet", role: "status" }, t("score.measuring"))];
}

/** A ramp with its ends in numbers, their unit between them. */
function scaleOf(state: State, t: Words, { low, high }: Kind<"scale">) {
  const said = (value: number) => number(value, state.language, { maximumSignificantDigits: 2 });
  const unit = state.colour.startsWith("label:") ? "" : t(`colour.${state.colour}.unit`);
  return [
    h("div", { class: "ramp", style: { background: gradient(state.theme) } }),
    h(
      "div",
      { class: "ends" },
      h("span", {}, said(low)),
      h("span", { class: "quiet" }, unit),
      h("span", {}, said(high)),
    ),
  ];
}

/** Names with their colours. */
function listOf(t: Words, { items, unlabeled }: Kind<"categories">, name: string) {
  // a sentence is no class's name, whatever it says
  const wordsOf = (text: string) => (name === "wide" ? text : className(text, t));
  const rows = items
    .slice(0, MOST)
    .map(({ name, colour, count }, at) =>
      h(
        "li",
        { key: at, title: count ? t("legend.count", { count }) : wordsOf(name) },
        h("i", { style: { background: css(colour) } }),
        h("span", { dir: "auto" }, wordsOf(name)),
      ),
    );
  const rest = unlabeled
    ? h(
        "li",
        { key: "rest", class: "rest quiet" },
        h("i", {}),
        t("label.none", { count: unlabeled }),
      )
    : null;
  return h("ul", { class: name }, rows, rest);
}

/** A ring with its quarters numbered, the start at the top. */
function ringOf(state: State, t: Words, period: number) {
  const quarters = [0, 1, 2, 3].map((k) =>
    h(
      "span",
      { key: k, class: "quarter", style: { "--turn": `${90 * k}deg` } },
      number(Math.round((k * period) / 4), state.language),
    ),
  );
  const background = wheel(state.theme);
  return h(
    "div",
    { class: "round" },
    h(
      "div",
      { class: "ringed" },
      h("div", { class: "wheel", style: { background }, "aria-hidden": "true" }),
      quarters,
    ),
    h("p", { class: "quiet" }, t("colour.cyclic.note", { last: period - 1 })),
  );
}

const SIDE = 104;

function triangleOf(state: State, t: Words, names: string[]) {
  const corners = ["apex", "west", "east"].map((at, k) =>
    h("span", { key: at, class: `corner ${at}` }, partName(names[k] ?? "", t)),
  );
  return h(
    "div",
    { class: "round" },
    h("div", { class: "triangle" }, h(Mixture, { theme: state.theme }), corners),
    h("p", { class: "quiet" }, t("colour.mixture.note")),
  );
}

/** A triangle painted with the mixture of its corners. */
function Mixture({ theme }: { theme: Theme }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current) paint(canvas.current, theme);
  }, [theme]);
  return h("canvas", { ref: canvas, width: SIDE, height: SIDE, "aria-hidden": "true" });
}

/** The name of a share, a hidden state's in the page's language. */
function partName(name: string, t: Words) {
  const state = name.match(/^state (\S+)$/);
  return state ? t("colour.mixture.state", { name: state[1] }) : name;
}

/** Every pixel inside gets the mixture of its barycentric coordinates. */
function paint(canvas: HTMLCanvasElement, theme: Theme) {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const image = pen.createImageData(SIDE, SIDE);
  const height = SIDE * Math.sin(Math.PI / 3);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const top = 1 - y / height;
      const right = (x - (SIDE / 2) * top) / SIDE;
      const shares = [top, 1 - top - right, right];
      // about pixels to the nearest edge: it fades over the first
      const inside = Math.min(...shares) * SIDE;
      if (inside <= 0) continue;
      image.data.set([...mixture(shares, theme), 255 * Math.min(1, inside)], 4 * (y * SIDE + x));
    }
  }
  pen.putImageData(image, 0, 0);
}
