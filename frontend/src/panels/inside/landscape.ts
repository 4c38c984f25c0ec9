/**
 * The weight trajectory: a map of the loss with the path on it, how much of the path it shows, and
 * the line between two steps.
 */

import { Fragment, h } from "preact";
import { number } from "../../i18n/language.ts";
import { css, magnitude } from "../../state/colour/colours.ts";
import {
  BANDS,
  computing,
  hasTrajectory,
  heightsOf,
  landscapeLook,
  pathOn,
} from "../../state/inside/landscape.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";
import { Button } from "../../ui/button.ts";
import { part } from "../../ui/host.ts";
import { landscapeMap } from "./landscape-map.ts";
import { lossLine } from "./loss-line.ts";

const Chart = part(landscapeMap);
const Facts = part(facts, true);
const Line = part(lossLine, true);

export function landscape(state: State, t: Words, dispatch: Dispatch) {
  const look = landscapeLook(state, "loss_landscape");
  const whole = Boolean(look?.tensors.loss);
  const waits = computing(state) && !whole && !state.inside.troubles.loss_landscape;
  const shown = { state, t, dispatch, acts: undefined };
  return h(
    "div",
    { class: "landscape" },
    h("p", { class: "quiet" }, t(hasTrajectory(state) ? "landscape.about" : "landscape.one")),
    hasTrajectory(state) && !whole && !waits && compute("compute", true, t, dispatch),
    waits && progress(look?.answer.share ?? 0, t, dispatch),
    whole && [h(Chart, shown), h(Facts, shown)],
    h(Line, { key: "line", ...shown }),
    h("p", { class: "quiet limits" }, t("landscape.limits")),
  );
}

function compute(name: "compute" | "stop", on: boolean, t: Words, dispatch: Dispatch, values = {}) {
  const onClick = () => dispatch({ type: "landscape.compute", on });
  return h(
    Button,
    { class: "text-button", id: `landscape-${name}`, onClick },
    t(`landscape.${name}`, values),
  );
}

function progress(value: number, t: Words, dispatch: Dispatch) {
  const share = Math.round(100 * value);
  const label = t("landscape.progress", { share });
  return h(
    "div",
    { class: "landscape-progress" },
    h("progress", { id: "landscape-progress", max: 1, value, "aria-label": label }),
    compute("stop", false, t, dispatch, { share }),
  );
}

/** The scale, what is true of the checkpoint in hand, and of the map. */
function facts(state: State, t: Words) {
  const look = landscapeLook(state, "loss_landscape");
  if (!look) return null;
  return h(
    Fragment,
    {},
    h("div", { class: "landscape-scale" }, scaleOf(look, state, t)),
    h("p", { class: "told" }, hereWords(state, t, look)),
    h("div", {}, factsOf(look, state, t)),
  );
}

/** What is true of the checkpoint in hand. */
function hereWords(state: State, t: Words, look: Look) {
  const step = state.card?.steps[Math.round(state.step)] ?? 0;
  const at = look.answer.steps.indexOf(step);
  const short = (value: number) => number(value, state.language, { maximumSignificantDigits: 3 });
  return at < 0
    ? ""
    : t("landscape.here", {
        step,
        loss: short(look.tensors.own.data[at]),
        off: short(look.tensors.off.data[at]),
      });
}

/** The colours with their losses; what lies above the top of the scale has its colour. */
function scaleOf(look: Look, state: State, t: Words) {
  const heights = heightsOf(look);
  const stops = Array.from({ length: BANDS }, (_, i) => {
    const [from, to] = [i, i + 1].map((edge) => `${(100 * edge) / BANDS}%`);
    return `${css(magnitude(i / (BANDS - 1), state.theme))} ${from} ${to}`;
  });
  const short = (value: number) => number(value, state.language, { maximumSignificantDigits: 3 });
  const marks = [0, 0.5, 1].map((at) =>
    h("span", {}, `${at === 1 && heights.cut ? "≥ " : ""}${short(heights.back(at))}`),
  );
  return [
    h("div", {
      class: "landscape-bar",
      style: { background: `linear-gradient(to right, ${stops.join(", ")})` },
    }),
    h("div", { class: "landscape-ends" }, ...marks),
    h("p", { class: "quiet" }, t(heights.log ? "landscape.scale.log" : "landscape.scale")),
  ];
}

/** How much of the path the plane shows, and on what the loss was taken. */
function factsOf(look: Look, state: State, t: Words) {
  const { shares, off, places } = look.tensors;
  const percent = (share: number) =>
    number(100 * share, state.language, { maximumSignificantDigits: 2 });
  const short = (value: number) => number(value, state.language, { maximumSignificantDigits: 3 });
  const last = places.shape[0] - 1;
  const across = Math.hypot(
    places.data[2 * last] - places.data[0],
    places.data[2 * last + 1] - places.data[1],
  );
  const words = {
    first: percent(shares.data[0]),
    second: percent(shares.data[1]),
    off: short(Math.max(...(off.data as Float32Array))),
    across: short(across),
  };
  const weights = number(look.answer.weights, state.language, {});
  return [
    h(
      "p",
      { class: "quiet" },
      t("landscape.shares", { ...words, weights, count: pathOn(look).length }),
    ),
    h(
      "p",
      { class: "quiet" },
      t(`landscape.batch.${look.answer.origin}`, { sequences: look.answer.sequences }),
    ),
  ];
}
