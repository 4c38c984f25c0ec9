/**
 * The layer's Jacobian: how a token's path turns and how its neighbourhood is stretched,
 * site by site; how far that is from what can be undone.
 */

import { h } from "preact";
import { draw } from "../../charts/svg.ts";
import { number } from "../../i18n/language.ts";
import { css } from "../../state/colour/colours.ts";
import { INKS, farness, stretchesOf } from "../../state/inside/decomposition.ts";
import type { Move } from "../../state/inside/decomposition.ts";
import type { Dispatch } from "../../state/messages.ts";
import { siteShort, siteWords } from "../../state/sites.ts";
import type { Look, State, Words } from "../../state/types.ts";
import { Drawing } from "../../ui/drawing.ts";
import { Tick } from "../../ui/field.ts";

type Stretch = ReturnType<typeof stretchesOf>[number];

const WIDE = 306;
const TALL = 132;
/** Room for numbers at the left, and where the two charts lie: [top, bottom]. */
const LEFT = 38;
const RIGHT = 6;
const STRETCH = [8, 74];
const TURN = [88, 116];

/** @param move `times`: how much longer the cross is drawn */
export function jacobian(
  state: State,
  t: Words,
  dispatch: Dispatch,
  look: Look,
  move: Move & { times: number },
) {
  const stretches = stretchesOf(look);
  const here = stretches[move.from];
  const longer = state.inside.stretch && move.times > 1;
  const shown = t("jacobian.shown");
  const toSite = (event: MouseEvent) => {
    const site = event.target instanceof Element ? event.target.getAttribute("data-site") : null;
    if (site !== null) dispatch({ type: "go", site: Number(site), glide: 420 });
  };
  return h(
    "section",
    { class: "jacobian", onClick: toSite },
    h("h3", {}, t("jacobian.title")),
    h(
      "div",
      { class: "host", onClick: toSite },
      h(Drawing, chartOf(state, t, stretches, move.from)),
    ),
    h("p", { class: "quiet" }, tellHere(t, here, sayer(state))),
    h(
      Tick,
      {
        id: "decomposition-stretch",
        class: "tick",
        words: longer ? `${shown} · ${t("jacobian.longer", { times: move.times })}` : shown,
        checked: state.inside.stretch,
        onTick: (stretch) => dispatch({ type: "inside.set", stretch }),
      },
      h("span", {}, h(Ink, { state, ink: "stretch" })),
    ),
    h("h3", {}, h("span", { id: "jacobian-meter-name" }, t("jacobian.meter"))),
    meter(state, t, here),
    h("p", { class: "quiet" }, t("jacobian.honest")),
  );
}

/** How far it is from what can be undone. */
function meter(state: State, t: Words, here: Stretch) {
  const say = sayer(state);
  const far = farness(here);
  const powers = far?.powers ?? 0;
  const words = far
    ? t(`jacobian.${far.word}`, { condition: say(far.condition), smallest: say(here.smallest) })
    : t("jacobian.none");
  return [
    h("div", {
      class: "meter",
      role: "meter",
      "aria-labelledby": "jacobian-meter-name",
      "aria-valuemin": 0,
      "aria-valuemax": 4,
      "aria-valuenow": powers,
      "aria-valuetext": words,
      style: { "--part": powers / 4 },
    }),
    h("p", { class: "quiet" }, words),
  ];
}

/** An arrow as it is drawn. */
export function Ink({
  state,
  ink,
}: {
  state: State;
  ink: "attention" | "head" | "mlp" | "stretch";
}) {
  const color = css(INKS[state.theme][ink === "head" ? "attention" : ink]);
  return h("i", { class: `ink ${ink}`, style: { "--ink": color }, "aria-hidden": "true" });
}

/** A number as it is said here; a dash where there is none. */
function sayer({ language }: State) {
  return (value: number | null) =>
    value === null ? "–" : number(value, language, { maximumSignificantDigits: 3 });
}

function tellHere(
  t: Words,
  { largest, median, smallest, turn }: Stretch,
  say: (value: number | null) => string,
) {
  const words = [
    t("jacobian.here", { largest: say(largest), median: say(median), smallest: say(smallest) }),
  ];
  if (turn !== null) words.push(t("jacobian.turn", { angle: Math.round(turn) }));
  return words.join(" ");
}

type Scales = ReturnType<typeof scalesOf>;

/** Where sites, singular values (by powers of ten) and angles lie in the chart. */
function scalesOf(stretches: Stretch[]) {
  const known = stretches.flatMap(({ largest, smallest }) =>
    largest !== null && smallest !== null ? [largest, Math.max(smallest, 1e-6)] : [],
  );
  const low = Math.floor(Math.log10(Math.min(0.1, ...known)));
  const high = Math.ceil(Math.log10(Math.max(10, ...known)));
  const step = (WIDE - LEFT - RIGHT) / Math.max(1, stretches.length);
  const upward = (share: number, [top, bottom]: number[]) => top + share * (bottom - top);
  return {
    powers: [...new Set([high, 0, low])],
    step,
    left: (i: number) => LEFT + i * step,
    y: (value: number) =>
      upward((high - Math.log10(Math.max(value, 10 ** low))) / (high - low), STRETCH),
    turned: (angle: number) => upward(1 - angle / 180, TURN),
  };
}

/** The chart: above the singular values on a logarithmic scale, below the turn from 0° to 180°. */
function chartOf(state: State, t: Words, stretches: Stretch[], at: number) {
  const scales = scalesOf(stretches);
  const { left, step, y, turned } = scales;
  return draw(
    "svg",
    {
      class: "jacobian-chart",
      viewBox: `0 0 ${WIDE} ${TALL}`,
      role: "img",
      "aria-label": t("jacobian.chart"),
      style: `--ink: ${css(INKS[state.theme].stretch)}`,
    },
    draw("rect", { class: "here", x: left(at), y: 2, width: step, height: TURN[1] - 2, rx: 3 }),
    ...scales.powers.flatMap((power) =>
      mark(y(10 ** power), `×${number(10 ** power, state.language)}`),
    ),
    ...[180, 0].flatMap((angle) => mark(turned(angle), `${angle}°`)),
    ...(["largest", "median", "smallest"] as const).map((name) => line(stretches, name, scales, y)),
    line(stretches, "turn", scales, turned),
    ...endsOf(state, t, stretches),
    ...stretches.map((stretch, i) => column(state, t, stretch, i, scales)),
  );
}

/** A value with its line across. */
function mark(y: number, words: string) {
  return [
    draw("line", { class: "grid", x1: LEFT, x2: WIDE - RIGHT, y1: y, y2: y }),
    draw("text", { class: "tick-words", x: LEFT - 5, y: y + 3.5, "text-anchor": "end" }, words),
  ];
}

function line(
  stretches: Stretch[],
  name: "largest" | "median" | "smallest" | "turn",
  { left, step }: Scales,
  y: (value: number) => number,
) {
  const points = stretches.flatMap(({ [name]: value }, i) =>
    value === null ? [] : [`${(left(i) + step / 2).toFixed(1)},${y(value).toFixed(1)}`],
  );
  return draw("polyline", { class: `line ${name}`, fill: "none", points: points.join(" ") });
}

/** The names of the first and of the last site. */
function endsOf(state: State, t: Words, stretches: Stretch[]) {
  const sites = state.card?.sites ?? [];
  return [0, stretches.length - 1].map((i) => {
    const place = { x: i ? WIDE - RIGHT : LEFT, y: TALL - 3, "text-anchor": i ? "end" : "start" };
    return draw("text", { class: "tick-words", ...place }, siteShort(t, sites[i] ?? ""));
  });
}

/** A site to point at, and to go to. */
function column(state: State, t: Words, stretch: Stretch, i: number, { left, step }: Scales) {
  return draw(
    "rect",
    { class: "jacobian-site", "data-site": i, x: left(i), y: 0, width: step, height: TALL },
    draw("title", {}, columnWords(state, t, stretch, state.card?.sites ?? [], i)),
  );
}

function columnWords(state: State, t: Words, stretch: Stretch, sites: string[], at: number) {
  return `${siteWords(t, sites, at)}: ${tellHere(t, stretch, sayer(state))}`;
}
