/**
 * The weight trajectory: a map of the loss with the path on it, how much of the path it shows, and
 * the line between two steps.
 */

import { css, magnitude } from "../../state/colour/colours.ts";
import { fill, h } from "../../ui/dom.ts";
import {
  hasTrajectory,
  heightsOf,
  pathOn,
  computing,
  landscapeLook,
} from "../../state/inside/landscape.ts";
import { number } from "../../i18n/language.ts";
import { lossLine } from "./loss-line.ts";
import { landscapeMap } from "./landscape-map.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";

export function landscapeTab(dispatch: Dispatch) {
  const about = h("p", { class: "quiet" });
  const go = h("button", {
    type: "button",
    class: "text-button",
    id: "landscape-compute",
    onclick: () => dispatch({ type: "landscape.compute", on: true }),
  });
  const stop = h("button", {
    type: "button",
    class: "text-button",
    id: "landscape-stop",
    onclick: () => dispatch({ type: "landscape.compute", on: false }),
  });
  const bar = h("progress", { id: "landscape-progress", max: 1 });
  const progress = h("div", { class: "landscape-progress" }, bar, stop);
  const map = landscapeMap(dispatch);
  const scale = h("div", { class: "landscape-scale" });
  const here = h("p", { class: "told" });
  const facts = h("div", {});
  const line = lossLine(dispatch);
  const limits = h("p", { class: "quiet limits" });
  const root = h(
    "div",
    { class: "landscape" },
    about,
    go,
    progress,
    map.root,
    scale,
    here,
    facts,
    line.root,
    limits,
  );
  let key = "";

  return {
    root,
    update(state: State, t: Words) {
      const look = landscapeLook(state, "loss_landscape");
      const whole = look?.tensors.loss ? look : null;
      const waits = computing(state) && !whole && !state.inside.troubles.loss_landscape;
      about.textContent = t(hasTrajectory(state) ? "landscape.about" : "landscape.one");
      limits.textContent = t("landscape.limits");
      go.textContent = t("landscape.compute");
      go.hidden = !hasTrajectory(state) || whole !== null || waits;
      progress.hidden = !waits;
      bar.value = look?.answer.share ?? 0;
      bar.setAttribute(
        "aria-label",
        t("landscape.progress", { share: Math.round(100 * bar.value) }),
      );
      stop.textContent = t("landscape.stop", { share: Math.round(100 * bar.value) });
      for (const part of [map.root, scale, here, facts]) part.hidden = !whole;
      line.update(state, t);
      if (!whole) return;
      map.update(state, t, whole);
      here.textContent = hereWords(state, t, whole);
      const next = JSON.stringify([whole.id, state.language, state.theme]);
      if (next === key) return;
      key = next;
      fill(scale, ...scaleOf(whole, state, t));
      fill(facts, ...factsOf(whole, state, t));
    },
  };
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
  const stops = Array.from(
    { length: 12 },
    (_, i) => `${css(magnitude(i / 11, state.theme))} ${(100 * i) / 12}% ${(100 * (i + 1)) / 12}%`,
  );
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
