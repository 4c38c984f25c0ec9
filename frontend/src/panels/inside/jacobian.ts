/**
 * The layer's Jacobian: how a token's path turns and how its neighbourhood is stretched,
 * site by site; how far that is from what can be undone.
 */

import { css } from "../../state/colour/colours.ts";
import { fill, h } from "../../ui/dom.ts";
import { INKS, stretchesOf, farness } from "../../state/inside/decomposition.ts";
import { number } from "../../i18n/language.ts";
import { siteShort, siteWords } from "../../state/sites.ts";
import { draw, patch } from "../../charts/svg.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";
import type { Move } from "../../state/inside/decomposition.ts";

type Stretch = ReturnType<typeof stretchesOf>[number];

const WIDE = 306;
const TALL = 132;
/** Room for numbers at the left, and where the two charts lie: [top, bottom]. */
const LEFT = 38;
const RIGHT = 6;
const STRETCH = [8, 74];
const TURN = [88, 116];

export function jacobianBlock(dispatch: Dispatch) {
  const head = h("h3", {});
  const told = h("p", { class: "quiet" });
  const chart = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  chart.addEventListener("click", (event) => {
    const site = event.target instanceof Element ? event.target.getAttribute("data-site") : null;
    if (site !== null) dispatch({ type: "go", site: Number(site), glide: 420 });
  });
  const shown = h("input", {
    type: "checkbox",
    id: "decomposition-stretch",
    onchange: () => dispatch({ type: "inside.set", stretch: shown.checked }),
  });
  const shownInk = h("span", {});
  const shownWords = h("span", {});
  const meterName = h("span", { id: "jacobian-meter-name" });
  const meter = h("div", {
    class: "meter",
    role: "meter",
    "aria-labelledby": "jacobian-meter-name",
    "aria-valuemin": 0,
    "aria-valuemax": 4,
  });
  const meterWords = h("p", { class: "quiet" });
  const honest = h("p", { class: "quiet" });
  const root = h(
    "section",
    { class: "jacobian" },
    head,
    chart,
    told,
    h("label", { class: "tick" }, shown, shownInk, shownWords),
    h("h3", {}, meterName),
    meter,
    meterWords,
    honest,
  );

  return {
    root,
    /** @param move `times`: how much longer the cross is drawn */
    update(state: State, t: Words, look: Look | null, move: Move & { times: number }) {
      root.hidden = !look;
      if (!look || !state.card) return;
      const stretches = stretchesOf(look);
      const here = stretches[move.from];
      const number2 = (value: number | null) =>
        value === null ? "–" : number(value, state.language, { maximumSignificantDigits: 3 });
      head.textContent = t("jacobian.title");
      told.textContent = tellHere(t, here, number2);
      shown.checked = state.inside.stretch;
      fill(shownInk, inkOf(state, "stretch"));
      const longer = shown.checked && move.times > 1;
      shownWords.textContent = longer
        ? `${t("jacobian.shown")} · ${t("jacobian.longer", { times: move.times })}`
        : t("jacobian.shown");
      patch(chart, chartOf(state, t, stretches, move.from));
      meterName.textContent = t("jacobian.meter");
      const far = farness(here);
      meter.style.setProperty("--part", String((far?.powers ?? 0) / 4));
      meter.setAttribute("aria-valuenow", String(far?.powers ?? 0));
      const words = far
        ? t(`jacobian.${far.word}`, {
            condition: number2(far.condition),
            smallest: number2(here.smallest),
          })
        : t("jacobian.none");
      meter.setAttribute("aria-valuetext", words);
      meterWords.textContent = words;
      honest.textContent = t("jacobian.honest");
    },
  };
}

/** An arrow as it is drawn. */
export function inkOf(state: State, ink: string) {
  const color = css(INKS[state.theme][ink === "head" ? "attention" : (ink as "attention")]);
  return h("i", { class: `ink ${ink}`, style: { "--ink": color }, "aria-hidden": "true" });
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

/** The chart: above the singular values on a logarithmic scale, below the turn from 0° to 180°. */
function chartOf(state: State, t: Words, stretches: Stretch[], at: number) {
  const sites = state.card?.sites ?? [];
  const known = stretches.flatMap(({ largest, smallest }) =>
    largest !== null && smallest !== null ? [largest, Math.max(smallest, 1e-6)] : [],
  );
  const [low, high] = [
    Math.floor(Math.log10(Math.min(0.1, ...known))),
    Math.ceil(Math.log10(Math.max(10, ...known))),
  ];
  const step = (WIDE - LEFT - RIGHT) / Math.max(1, stretches.length);
  const x = (i: number) => LEFT + (i + 0.5) * step;
  const y = (value: number) =>
    STRETCH[0] +
    ((high - Math.log10(Math.max(value, 10 ** low))) / (high - low)) * (STRETCH[1] - STRETCH[0]);
  const turned = (angle: number) => TURN[1] - (angle / 180) * (TURN[1] - TURN[0]);
  const line = (
    of: (stretch: Stretch) => number | null,
    place: (value: number) => number,
    name: string,
  ) =>
    draw("polyline", {
      class: name,
      fill: "none",
      points: stretches
        .flatMap((stretch, i) =>
          of(stretch) === null
            ? []
            : [`${x(i).toFixed(1)},${place(of(stretch) as number).toFixed(1)}`],
        )
        .join(" "),
    });
  const mark = (value: number, words: string, place: (value: number) => number) => [
    draw("line", { class: "grid", x1: LEFT, x2: WIDE - RIGHT, y1: place(value), y2: place(value) }),
    draw(
      "text",
      { class: "tick-words", x: LEFT - 5, y: place(value) + 3.5, "text-anchor": "end" },
      words,
    ),
  ];
  const columns = stretches.map((stretch, i) =>
    draw(
      "rect",
      {
        class: "jacobian-site",
        "data-site": i,
        x: LEFT + i * step,
        y: 0,
        width: step,
        height: TALL,
      },
      draw("title", {}, columnWords(state, t, stretch, sites, i)),
    ),
  );
  return draw(
    "svg",
    {
      class: "jacobian-chart",
      viewBox: `0 0 ${WIDE} ${TALL}`,
      role: "img",
      "aria-label": t("jacobian.chart"),
      style: `--ink: ${css(INKS[state.theme].stretch)}`,
    },
    draw("rect", {
      class: "here",
      x: LEFT + at * step,
      y: 2,
      width: step,
      height: TURN[1] - 2,
      rx: 3,
    }),
    ...[...new Set([high, 0, low])].flatMap((power) =>
      mark(10 ** power, `×${number(10 ** power, state.language)}`, y),
    ),
    ...mark(180, "180°", turned),
    ...mark(0, "0°", turned),
    line((stretch) => stretch.largest, y, "line largest"),
    line((stretch) => stretch.median, y, "line median"),
    line((stretch) => stretch.smallest, y, "line smallest"),
    line((stretch) => stretch.turn, turned, "line turn"),
    ...[0, stretches.length - 1].map((i) =>
      draw(
        "text",
        {
          class: "tick-words",
          x: i ? WIDE - RIGHT : LEFT,
          y: TALL - 3,
          "text-anchor": i ? "end" : "start",
        },
        siteShort(t, sites[i] ?? ""),
      ),
    ),
    ...columns,
  );
}

function columnWords(state: State, t: Words, stretch: Stretch, sites: string[], at: number) {
  const say = (value: number | null) =>
    value === null ? "–" : number(value, state.language, { maximumSignificantDigits: 3 });
  return `${siteWords(t, sites, at)}: ${tellHere(t, stretch, say)}`;
}
