/**
 * The key of the colours: names, a ramp, a ring for what comes round, a triangle for shares of
 * three.
 */

import { legendOf } from "../state/colour/colouring.ts";
import { css, gradient } from "../state/colour/colours.ts";
import { h } from "../ui/dom.ts";
import { number } from "../i18n/language.ts";
import { mixture, wheel } from "../state/colour/palettes.ts";
import type { State, Words } from "../state/types.ts";

export function keyOf(state: State, t: Words): HTMLElement[] {
  const legend = legendOf(state);
  const named = state.colour.startsWith("label:");
  const note = named ? null : h("p", { class: "quiet" }, t(`colour.${state.colour}.note`));
  if (legend.kind === "none") return note ? [note] : [];
  if (legend.kind === "ring") return [ringOf(state, t, legend.period)];
  if (legend.kind === "triangle") return [triangleOf(state, t, legend.names)];
  if (legend.kind === "scale") {
    const [low, high] = [legend.low, legend.high].map((value) =>
      number(value, state.language, { maximumSignificantDigits: 2 }),
    );
    const unit = named ? "" : t(`colour.${state.colour}.unit`);
    const ends = h(
      "div",
      { class: "ends" },
      h("span", {}, low),
      h("span", { class: "quiet" }, unit),
      h("span", {}, high),
    );
    return [
      h("div", { class: "ramp", style: { background: gradient(state.theme) } }),
      ends,
      ...(note ? [note] : []),
    ];
  }
  const items = legend.items
    .slice(0, 9)
    .map(({ name, colour, count }) =>
      h(
        "li",
        { title: count ? t("legend.count", { count }) : name },
        h("i", { style: { background: css(colour) } }),
        h("span", { dir: "auto" }, name),
      ),
    );
  return [
    h("ul", { class: state.colour === "sentence" ? "wide" : "" }, ...items),
    ...(note && state.colour === "sentence" ? [note] : []),
  ];
}

/** A ring with its quarters numbered, the start at the top. */
function ringOf(state: State, t: Words, period: number) {
  const quarters = [0, 1, 2, 3].map((k) =>
    h(
      "span",
      { class: "quarter", style: { "--turn": `${90 * k}deg` } },
      number(Math.round((k * period) / 4), state.language),
    ),
  );
  const wheeled = h("div", {
    class: "wheel",
    style: { background: wheel(state.theme) },
    "aria-hidden": "true",
  });
  return h(
    "div",
    { class: "round" },
    h("div", { class: "ringed" }, wheeled, ...quarters),
    h("p", { class: "quiet" }, t("colour.cyclic.note", { last: period - 1 })),
  );
}

const SIDE = 104;

/** A triangle painted with the mixture of its corners. */
function triangleOf(state: State, t: Words, names: string[]) {
  const canvas = h("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
  paint(canvas, state.theme);
  const corners = ["apex", "west", "east"].map((at, k) =>
    h("span", { class: `corner ${at}` }, partName(names[k] ?? "", t)),
  );
  return h(
    "div",
    { class: "round" },
    h("div", { class: "triangle" }, canvas, ...corners),
    h("p", { class: "quiet" }, t("colour.mixture.note")),
  );
}

/** The name of a share, a hidden state's in the page's language. */
function partName(name: string, t: Words) {
  const state = name.match(/^state (\S+)$/);
  return state ? t("colour.mixture.state", { name: state[1] }) : name;
}

/** Every pixel inside gets the mixture of its barycentric coordinates. */
function paint(canvas: HTMLCanvasElement, theme: "dark" | "light") {
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
