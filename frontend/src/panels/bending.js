/** Bending: how a token's way turns and how its neighbourhood is stretched, site by site; how far that is from what can be undone. */

import { css } from "../colours.js";
import { fill, h } from "../dom.js";
import { INKS, bendsOf, farness } from "../inside/parts.js";
import { number } from "../language.js";
import { siteShort, siteWords } from "../sites.js";
import { draw, patch } from "../svg.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {ReturnType<typeof bendsOf>[number]} Bend */

const WIDE = 306;
const TALL = 132;
/** Room for numbers at the left, and where the two charts lie: [top, bottom]. */
const LEFT = 38;
const RIGHT = 6;
const STRETCH = [8, 74];
const TURN = [88, 116];

/** @param {import("../types.d.ts").Dispatch} dispatch */
export function bendingBlock(dispatch) {
  const head = h("h3", {});
  const told = h("p", { class: "quiet" });
  const chart = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  chart.addEventListener("click", (event) => {
    const site = event.target instanceof Element ? event.target.getAttribute("data-site") : null;
    if (site !== null) dispatch({ type: "go", site: Number(site), glide: 420 });
  });
  const shown = h("input", { type: "checkbox", id: "parts-stretch", onchange: () => dispatch({ type: "inside.set", stretch: shown.checked }) });
  const shownInk = h("span", {});
  const shownWords = h("span", {});
  const meterName = h("span", { id: "bend-meter-name" });
  const meter = h("div", { class: "meter", role: "meter", "aria-labelledby": "bend-meter-name", "aria-valuemin": 0, "aria-valuemax": 4 });
  const meterWords = h("p", { class: "quiet" });
  const honest = h("p", { class: "quiet" });
  const root = h("section", { class: "bending" }, head, chart, told, h("label", { class: "tick" }, shown, shownInk, shownWords), h("h3", {}, meterName), meter, meterWords, honest);

  return {
    root,
    /** @param {State} state @param {Words} t @param {import("../types.d.ts").Look | null} look @param {import("../inside/parts.js").Move & { times: number }} move `times`: how much longer the cross is drawn */
    update(state, t, look, move) {
      root.hidden = !look;
      if (!look || !state.card) return;
      const bends = bendsOf(look);
      const here = bends[move.from];
      const number2 = (/** @type {number | null} */ value) => (value === null ? "–" : number(value, state.language, { maximumSignificantDigits: 3 }));
      head.textContent = t("bend.title");
      told.textContent = tellHere(t, here, number2);
      shown.checked = state.inside.stretch;
      fill(shownInk, inkOf(state, "stretch"));
      shownWords.textContent = `${t("bend.shown")}${shown.checked && move.times > 1 ? ` · ${t("bend.longer", { times: move.times })}` : ""}`;
      patch(chart, chartOf(state, t, bends, move.from));
      meterName.textContent = t("bend.meter");
      const far = farness(here);
      meter.style.setProperty("--part", String((far?.powers ?? 0) / 4));
      meter.setAttribute("aria-valuenow", String(far?.powers ?? 0));
      const words = far ? t(`bend.${far.word}`, { condition: number2(far.condition), smallest: number2(here.smallest) }) : t("bend.none");
      meter.setAttribute("aria-valuetext", words);
      meterWords.textContent = words;
      honest.textContent = t("bend.honest");
    },
  };
}

/** An arrow as it is drawn. @param {State} state @param {string} ink */
export function inkOf(state, ink) {
  const color = css(INKS[state.theme][ink === "head" ? "attention" : /** @type {"attention"} */ (ink)]);
  return h("i", { class: `ink ${ink}`, style: { "--ink": color }, "aria-hidden": "true" });
}

/** @param {Words} t @param {Bend} here @param {(value: number | null) => string} say */
function tellHere(t, { largest, median, smallest, turn }, say) {
  const words = [t("bend.here", { largest: say(largest), median: say(median), smallest: say(smallest) })];
  if (turn !== null) words.push(t("bend.turn", { angle: Math.round(turn) }));
  return words.join(" ");
}

/** The chart: above the singular values on a logarithmic scale, below the turn from 0° to 180°. @param {State} state @param {Words} t @param {Bend[]} bends @param {number} at */
function chartOf(state, t, bends, at) {
  const sites = state.card?.sites ?? [];
  const known = bends.flatMap(({ largest, smallest }) => (largest !== null && smallest !== null ? [largest, Math.max(smallest, 1e-6)] : []));
  const [low, high] = [Math.floor(Math.log10(Math.min(0.1, ...known))), Math.ceil(Math.log10(Math.max(10, ...known)))];
  const step = (WIDE - LEFT - RIGHT) / Math.max(1, bends.length);
  const x = (/** @type {number} */ i) => LEFT + (i + 0.5) * step;
  const y = (/** @type {number} */ value) => STRETCH[0] + ((high - Math.log10(Math.max(value, 10 ** low))) / (high - low)) * (STRETCH[1] - STRETCH[0]);
  const turned = (/** @type {number} */ angle) => TURN[1] - (angle / 180) * (TURN[1] - TURN[0]);
  const line = (/** @type {(bend: Bend) => number | null} */ of, /** @type {(value: number) => number} */ place, /** @type {string} */ name) =>
    draw("polyline", { class: name, fill: "none", points: bends.flatMap((bend, i) => (of(bend) === null ? [] : [`${x(i).toFixed(1)},${place(/** @type {number} */ (of(bend))).toFixed(1)}`])).join(" ") });
  const mark = (/** @type {number} */ value, /** @type {string} */ words, /** @type {(value: number) => number} */ place) => [
    draw("line", { class: "grid", x1: LEFT, x2: WIDE - RIGHT, y1: place(value), y2: place(value) }),
    draw("text", { class: "tick-words", x: LEFT - 5, y: place(value) + 3.5, "text-anchor": "end" }, words),
  ];
  const columns = bends.map((bend, i) => draw("rect", { class: "bend-site", "data-site": i, x: LEFT + i * step, y: 0, width: step, height: TALL }, draw("title", {}, columnWords(state, t, bend, sites, i))));
  return draw(
    "svg",
    { class: "bend-chart", viewBox: `0 0 ${WIDE} ${TALL}`, role: "img", "aria-label": t("bend.chart"), style: `--ink: ${css(INKS[state.theme].stretch)}` },
    draw("rect", { class: "here", x: LEFT + at * step, y: 2, width: step, height: TURN[1] - 2, rx: 3 }),
    ...[...new Set([high, 0, low])].flatMap((power) => mark(10 ** power, `×${number(10 ** power, state.language)}`, y)),
    ...mark(180, "180°", turned),
    ...mark(0, "0°", turned),
    line((bend) => bend.largest, y, "line largest"),
    line((bend) => bend.median, y, "line median"),
    line((bend) => bend.smallest, y, "line smallest"),
    line((bend) => bend.turn, turned, "line turn"),
    ...[0, bends.length - 1].map((i) => draw("text", { class: "tick-words", x: i ? WIDE - RIGHT : LEFT, y: TALL - 3, "text-anchor": i ? "end" : "start" }, siteShort(t, sites[i] ?? ""))),
    ...columns,
  );
}

/** @param {State} state @param {Words} t @param {Bend} bend @param {string[]} sites @param {number} at */
function columnWords(state, t, bend, sites, at) {
  const say = (/** @type {number | null} */ value) => (value === null ? "–" : number(value, state.language, { maximumSignificantDigits: 3 }));
  return `${siteWords(t, sites, at)}: ${tellHere(t, bend, say)}`;
}
