/** The strip at the bottom: the pad, the two sliders with their play buttons, speed, loop. */

import { h } from "preact";
import { happenings, happeningWords } from "../../charts/events.ts";
import { said } from "../../i18n/language.ts";
import { stepAxis } from "../../state/comparing.ts";
import { sectionShown } from "../../state/drawer.ts";
import { isLive } from "../../state/following.ts";
import type { Dispatch } from "../../state/messages.ts";
import { SPEEDS } from "../../state/player.ts";
import { siteWords } from "../../state/sites.ts";
import { shownAtlas, stepNumber } from "../../state/state.ts";
import { stepWords } from "../../state/stepwords.ts";
import type { State, Words } from "../../state/types.ts";
import { IconButton } from "../../ui/button.ts";
import { hosted, part } from "../../ui/host.ts";
import { logged } from "./logged.ts";
import { eventMarks } from "./marks.ts";
import { pad } from "./pad.ts";
import { regionRibbon } from "./ribbon.ts";
import { PlaySlider } from "./slider.ts";

interface Acts {
  replay(): void;
}

const Pad = part(pad);
const Marks = part(eventMarks, true);
const Ribbon = part(regionRibbon, true);
const Logged = part(logged, true);
const Controls = part(controls);

export const stripPanel = hosted("strip", strip);

export function strip(state: State, t: Words, dispatch: Dispatch, acts: Acts) {
  const shown = { state, t, dispatch, acts: undefined };
  const name = ["strip panel", !state.card && "waiting", state.folded.strip && "folded"];
  return h(
    "footer",
    { id: "strip", class: name.filter(Boolean).join(" "), "aria-label": t("strip.label") },
    h(Pad, shown),
    h(
      "div",
      { class: "sliders" },
      h(PlaySlider, { ...layers(state, t), dispatch }),
      h(PlaySlider, { ...steps(state, t), dispatch }, h(Ribbon, shown), h(Marks, shown)),
      h(Logged, shown),
    ),
    h(Controls, { ...shown, acts }),
  );
}

function layers(state: State, t: Words) {
  const sites = state.card?.sites ?? ["embed"];
  const playing = state.playing === "layers";
  return {
    axis: "layers" as const,
    label: t("strip.layer"),
    value: state.site,
    last: sites.length - 1,
    words: siteWords(t, sites, state.site),
    tip: sites[Math.round(state.site)] ?? "",
    quiet: "",
    playing,
    playWords: t(playing ? "strip.pause" : "strip.play.layers"),
    there: state.card !== null,
  };
}

function steps(state: State, t: Words) {
  const step = stepNumber(state);
  const axis = stepAxis(state);
  const playing = state.playing === "steps";
  const failure = state.atlasFailures[step];
  const untrained = state.card?.steps.length === 1 && step === 0;
  return {
    axis: "steps" as const,
    label: t("strip.step"),
    value: axis.at,
    last: Math.max(1, axis.steps.length) - 1,
    words:
      state.card && !untrained
        ? stepWords(state.card, axis.steps[Math.round(axis.at)] ?? step, t)
        : "",
    tip: failure ? said(t, failure) : t("strip.step.tip"),
    quiet: quietWords(state, t),
    playing,
    playWords: t(playing ? "strip.pause" : "strip.play.steps"),
    there: state.card !== null,
    live: isLive(state),
  };
}

/** What is to be said of the step on screen: that another stands in for it, or what happened. */
function quietWords(state: State, t: Words) {
  const shown = shownAtlas(state);
  const step = stepNumber(state);
  if (shown && !shown.exact) {
    const key = state.atlasFailures[step] ? "strip.broken" : "strip.coming";
    return t(key, { step: shown.a.step });
  }
  const found = happenings(state).find(({ index }) => index === Math.round(state.step));
  const happened = found ? happeningWords(state, t, found)[0] : "";
  if (happened) return happened;
  if (state.card?.steps.length === 1) return t("strip.only");
  return state.card && step === 0 ? t("strip.untrained") : "";
}

function controls(state: State, t: Words, dispatch: Dispatch, acts: Acts) {
  const { speed, loop, curves, folded } = state;
  const speeds = SPEEDS.map((one) =>
    h(
      "button",
      {
        key: one,
        type: "button",
        class: "speed",
        "data-speed": one,
        "aria-pressed": one === speed,
        onClick: () => dispatch({ type: "set", speed: one }),
      },
      `${one}×`,
    ),
  );
  const tool = (icon: string, id: string, words: string, onClick: () => void, more = {}) =>
    h(IconButton, { icon, id, label: t(words), onClick, ...more });
  const chart = () => toggleCurves(dispatch, state);
  const fold = () => dispatch({ type: "fold", panel: "strip" });
  return h(
    "div",
    { class: "controls" },
    h("div", { class: "speeds", role: "group", "aria-label": t("strip.speed") }, speeds),
    h(
      "div",
      { class: "row" },
      tool("loop", "loop", "strip.loop", () => dispatch({ type: "loop.toggle" }), {
        "aria-pressed": loop,
      }),
      tool("replay", "replay", "strip.replay", acts.replay),
      tool("curves", "open-curves", curves ? "curves.hide" : "curves.show", chart, {
        "aria-expanded": curves,
      }),
      tool("map", "fold-pad", folded.strip ? "strip.pad.show" : "strip.pad.hide", fold, {
        "aria-pressed": !folded.strip,
      }),
    ),
  );
}

/**
 * On a phone curves and the drawer share one place: what is asked for comes, the others go.
 */
function toggleCurves(dispatch: Dispatch, state: State) {
  const covered = innerWidth <= 820 && sectionShown(state) !== null;
  const shown = state.curves;
  // what is picked lies over a section that was there before
  if (covered) for (const _ of ["picked", "section"]) dispatch({ type: "drawer.close" });
  if (!covered || !shown) dispatch({ type: "curves.toggle" });
}
