/** The strip at the bottom: the pad, the two sliders with their play buttons, speed, loop. */

import { said } from "../../i18n/language.ts";
import { byId, fill, h, iconButton, relabel } from "../../ui/dom.ts";
import { stepAxis } from "../../state/comparing.ts";
import { happenings, happeningWords } from "../../charts/events.ts";
import { isLive } from "../../state/following.ts";
import { SPEEDS } from "../../state/player.ts";
import { siteWords, sticky } from "../../state/sites.ts";
import { sectionShown } from "../../state/drawer.ts";
import { shownAtlas, stepNumber } from "../../state/state.ts";
import { eventMarks } from "./marks.ts";
import { loggedLine } from "./logged.ts";
import { padPanel } from "./pad.ts";
import { stepWords } from "../../state/stepwords.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";

export function stripPanel(dispatch: Dispatch, acts: { replay(): void }) {
  const root = byId("strip");
  const pad = padPanel(dispatch);
  const layers = slider("layers", dispatch);
  const steps = slider("steps", dispatch);
  const marks = eventMarks(dispatch);
  steps.track.append(marks.element);
  const logged = loggedLine(dispatch);
  const speeds = SPEEDS.map((speed) =>
    h(
      "button",
      {
        type: "button",
        class: "speed",
        "data-speed": speed,
        onclick: () => dispatch({ type: "set", speed }),
      },
      `${speed}×`,
    ),
  );
  const speed = h("div", { class: "speeds", role: "group" }, ...speeds);
  const loop = iconButton("loop", "", () => dispatch({ type: "loop.toggle" }), { id: "loop" });
  const replay = iconButton("replay", "", acts.replay, { id: "replay" });
  let now: State | null = null;
  const curves = iconButton("curves", "", () => toggleCurves(dispatch, now), { id: "open-curves" });
  const map = iconButton("map", "", () => dispatch({ type: "fold", panel: "strip" }), {
    id: "fold-pad",
  });
  fill(
    root,
    pad.element,
    h("div", { class: "sliders" }, layers.element, steps.element, logged.element),
    h("div", { class: "controls" }, speed, h("div", { class: "row" }, loop, replay, curves, map)),
  );

  return {
    update(state: State, t: Words, previous: State | null) {
      now = state;
      root.setAttribute("aria-label", t("strip.label"));
      root.classList.toggle("waiting", !state.card);
      root.classList.toggle("folded", state.folded.strip);
      pad.update(state, t, previous);
      showLayers(state, t, layers);
      showSteps(state, t, steps);
      steps.element.classList.toggle("live", isLive(state));
      marks.update(state, t);
      logged.update(state, t);
      speed.setAttribute("aria-label", t("strip.speed"));
      for (const one of speeds)
        one.setAttribute("aria-pressed", String(Number(one.dataset.speed) === state.speed));
      relabel(loop, "loop", t("strip.loop"));
      loop.setAttribute("aria-pressed", String(state.loop));
      relabel(replay, "replay", t("strip.replay"));
      relabel(curves, "curves", t(state.curves ? "curves.hide" : "curves.show"));
      curves.setAttribute("aria-expanded", String(state.curves));
      relabel(map, "map", t(state.folded.strip ? "strip.pad.show" : "strip.pad.hide"));
      map.setAttribute("aria-pressed", String(!state.folded.strip));
    },
  };
}

/**
 * On a phone curves and the drawer share one place: what is asked for comes, the others go.
 */
function toggleCurves(dispatch: Dispatch, state: State | null) {
  const covered = innerWidth <= 820 && state !== null && sectionShown(state) !== null;
  // what is picked lies over a section that was there before
  if (covered) for (const _ of ["picked", "section"]) dispatch({ type: "drawer.close" });
  if (!covered || !state.curves) dispatch({ type: "curves.toggle" });
}

function showLayers(state: State, t: Words, layers: ReturnType<typeof slider>) {
  const sites = state.card?.sites ?? ["embed"];
  layers.show(state, {
    label: t("strip.layer"),
    value: state.site,
    last: sites.length - 1,
    words: siteWords(t, sites, state.site),
    tip: sites[Math.round(state.site)] ?? "",
    quiet: "",
    playWords: t(state.playing === "layers" ? "strip.pause" : "strip.play.layers"),
  });
}

function showSteps(state: State, t: Words, steps: ReturnType<typeof slider>) {
  const shown = shownAtlas(state);
  const step = stepNumber(state);
  const axis = stepAxis(state);
  const failure = state.atlasFailures[step];
  const other =
    shown && !shown.exact
      ? t(failure ? "strip.broken" : "strip.coming", { step: shown.a.step })
      : "";
  const only = state.card?.steps.length === 1;
  const untrained = state.card && step === 0 && !only;
  steps.show(state, {
    label: t("strip.step"),
    value: axis.at,
    last: Math.max(1, axis.steps.length) - 1,
    words:
      state.card && !(only && step === 0)
        ? stepWords(state.card, axis.steps[Math.round(axis.at)] ?? step, t)
        : "",
    tip: failure ? said(t, failure) : t("strip.step.tip"),
    quiet:
      other ||
      happened(state, t) ||
      (only ? t("strip.only") : untrained ? t("strip.untrained") : ""),
    playWords: t(state.playing === "steps" ? "strip.pause" : "strip.play.steps"),
  });
}

/** What happened at the step on screen. */
function happened(state: State, t: Words) {
  const found = happenings(state).find(({ index }) => index === Math.round(state.step));
  return found ? (happeningWords(state, t, found)[0] ?? "") : "";
}

/** A slider with notches, a play button and its value in words. */
function slider(axis: "layers" | "steps", dispatch: Dispatch) {
  const play = iconButton("play", "", () => dispatch({ type: "play", axis }), {
    id: `play-${axis}`,
    class: "button play",
  });
  const label = h("label", { for: axis });
  const value = h("output", { for: axis, id: `${axis}-value` });
  const quiet = h("span", { class: "quiet" });
  const input = h("input", { type: "range", id: axis, min: 0, max: 1, step: "any", value: 0 });
  const field = axis === "layers" ? "site" : "along";
  const go = (to: number, glide: number) => dispatch({ type: "go", [field]: to, glide });
  input.addEventListener("input", () => {
    dispatch({ type: "pause" });
    go(sticky(Number(input.value)), 0);
  });
  input.addEventListener("change", () => go(Math.round(Number(input.value)), 180));
  input.addEventListener("keydown", (event) => {
    const by = KEYS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    dispatch({ type: "pause" });
    const to =
      Math.abs(by) === Infinity
        ? by > 0
          ? Number(input.max)
          : 0
        : Math.round(Number(input.value)) + by;
    go(to, 300);
  });
  const track = h("div", { class: "track" }, input);
  const element = h(
    "div",
    { class: `slider ${axis}` },
    play,
    h("div", { class: "line" }, h("div", { class: "words" }, label, value, quiet), track),
  );

  return {
    element,
    track,
    show(
      state: State,
      view: {
        label: string;
        value: number;
        last: number;
        words: string;
        tip: string;
        quiet: string;
        playWords: string;
      },
    ) {
      label.textContent = view.label;
      value.textContent = view.words;
      value.title = view.tip;
      quiet.textContent = view.quiet;
      input.max = String(Math.max(1, view.last));
      input.disabled = !state.card || view.last < 1;
      if (
        document.activeElement !== input ||
        Math.abs(Number(input.value) - view.value) > 0.5 ||
        Number.isInteger(view.value)
      )
        input.value = String(view.value);
      input.setAttribute("aria-valuetext", [view.words, view.quiet].filter(Boolean).join(", "));
      element.style.setProperty("--notches", String(Math.max(1, view.last)));
      element.style.setProperty("--at", String(view.last ? view.value / view.last : 0));
      element.classList.toggle("only", Boolean(state.card) && view.last < 1);
      play.disabled = Boolean(state.card) && view.last < 1;
      relabel(play, state.playing === axis ? "pause" : "play", view.playWords);
    },
  };
}

const KEYS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -3,
  PageUp: 3,
  Home: -Infinity,
  End: Infinity,
};
