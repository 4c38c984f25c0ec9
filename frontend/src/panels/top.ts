/**
 * The line at the top: the name, the run, how far the picture can be trusted; the tools at the
 * right.
 */

import { byId, fill, h, icon, iconButton, relabel } from "../ui/dom.ts";
import { buildingOf, buildingWords, isCounted, isLive } from "../state/following.ts";
import { insideShown } from "../state/inside/inside.ts";
import { labShown } from "../state/lab.ts";
import { number } from "../i18n/language.ts";
import { meaningShown } from "../state/meaning/meaning.ts";
import { claimsShown } from "../state/shown.ts";
import { guardedAxes, meanTrust, recallShown } from "../state/fidelity.ts";
import { trustWord } from "../state/trust.ts";
import { wordsOfRun } from "./door.ts";
import type { Dispatch } from "../state/messages.ts";
import type { State, Words } from "../state/types.ts";

export function topPanel(
  dispatch: Dispatch,
  acts: { chooseRun(name: string): void; copyLink(): void; resetCamera(): void },
) {
  const root = byId("top");
  const toggle = (sheet: "search" | "about" | "help" | "sentences" | "door") => () =>
    dispatch({ type: "sheet.toggle", sheet });
  const name = h("span", { class: "title" });
  const run = h(
    "button",
    { type: "button", class: "run", id: "run", "aria-controls": "door", onclick: toggle("door") },
    name,
    icon("unfold"),
  );
  const title = h("span", { class: "title" });
  const live = liveMark();
  const ring = h("span", { class: "ring", "aria-hidden": "true" });
  const [trust, faithful] = [h("span", {}), h("span", { class: "more" })];
  const badge = h(
    "button",
    {
      type: "button",
      class: "badge panel",
      id: "badge",
      onclick: () => dispatch({ type: "set", sheet: "about" }),
    },
    ring,
    h("span", { class: "trust-words" }, trust, faithful),
  );
  const held = h("span", {});
  const claims = h(
    "button",
    {
      type: "button",
      class: "badge panel claims-badge",
      id: "open-claims",
      "aria-controls": "claims",
      onclick: () => dispatch({ type: "claims.toggle" }),
    },
    icon("scroll"),
    held,
  );
  const lab = h("button", {
    type: "button",
    class: "badge panel lab-badge",
    id: "open-lab",
    "aria-controls": "lab",
    onclick: () => dispatch({ type: "lab.toggle" }),
  });
  const buttons = {
    list: iconButton("list", "", toggle("sentences"), {
      id: "open-sentences",
      class: "button only-phone",
    }),
    inside: iconButton("inside", "", () => dispatch({ type: "inside.toggle" }), {
      id: "open-inside",
    }),
    meaning: iconButton("meaning", "", () => dispatch({ type: "meaning.toggle" }), {
      id: "open-meaning",
    }),
    search: iconButton("search", "", toggle("search"), { id: "open-search" }),
    compare: iconButton("compare", "", () => dispatch({ type: "compare.toggle" }), {
      id: "open-compare",
    }),
    centre: iconButton("centre", "", acts.resetCamera, {
      id: "reset-camera",
      class: "button not-phone",
    }),
    link: iconButton("link", "", acts.copyLink, { id: "copy-link" }),
    theme: iconButton("sun", "", () => dispatch({ type: "theme.toggle" }), { id: "theme" }),
    info: iconButton("info", "", toggle("about"), { id: "open-about" }),
    keys: iconButton("keys", "", toggle("help"), { id: "open-help", class: "button not-phone" }),
  };
  const language = h("button", {
    type: "button",
    class: "button language",
    id: "language",
    onclick: () => dispatch({ type: "language.toggle" }),
  });
  fill(
    root,
    h(
      "div",
      { class: "brand" },
      h("span", { class: "word" }, "Layerfold"),
      h("span", { class: "of" }, title, run, live),
    ),
    badge,
    claims,
    lab,
    h(
      "nav",
      { class: "tools panel" },
      buttons.list,
      buttons.inside,
      buttons.meaning,
      buttons.search,
      buttons.compare,
      buttons.centre,
      buttons.link,
      language,
      buttons.theme,
      buttons.info,
      buttons.keys,
    ),
  );

  return {
    update(state: State, t: Words) {
      showRuns(state, { run, name, title }, t);
      showLive(state, live, t);
      showClaims(state, claims, held, t);
      showLab(state, lab, t);
      showTrust(state, badge, ring, [trust, faithful], t);
      relabel(buttons.list, "list", t("sentences.title"));
      relabel(buttons.inside, "inside", t("inside.open"));
      buttons.inside.setAttribute("aria-expanded", String(insideShown(state)));
      showMeaning(state, buttons.meaning, t);
      relabel(buttons.search, "search", t("tool.search"));
      relabel(buttons.compare, "compare", t(state.compare ? "compare.leave" : "compare.open"));
      buttons.compare.setAttribute(
        "aria-expanded",
        String(state.compare !== null || state.sheet === "compare"),
      );
      relabel(buttons.centre, "centre", t("tool.centre"));
      relabel(buttons.link, "link", t("tool.link"));
      relabel(
        buttons.theme,
        state.theme === "dark" ? "sun" : "moon",
        t(state.theme === "dark" ? "tool.light" : "tool.dark"),
      );
      relabel(buttons.info, "info", t("tool.about"));
      relabel(buttons.keys, "keys", t("tool.help"));
      buttons.search.setAttribute("aria-expanded", String(state.sheet === "search"));
      buttons.list.setAttribute("aria-expanded", String(state.sheet === "sentences"));
      showLanguage(state, language, t);
      root.querySelector("nav")?.setAttribute("aria-label", t("tool.nav"));
    },
  };
}

function showMeaning(state: State, button: HTMLElement, t: Words) {
  relabel(button, "meaning", t("meaning.open"));
  button.setAttribute("aria-expanded", String(meaningShown(state)));
}

/** The language that is not spoken now. */
function showLanguage(state: State, button: HTMLElement, t: Words) {
  button.textContent = state.language === "en" ? "中文" : "EN";
  button.lang = state.language === "en" ? "zh-CN" : "en";
  button.title = t("tool.language");
}

function liveMark() {
  return h(
    "span",
    { class: "live-mark", id: "live" },
    h("i", { class: "pulse", "aria-hidden": "true" }),
    h("span", {}),
  );
}

/** One run is a title, several are a choice that opens the row of models. */
function showRuns(
  state: State,
  { run, name, title }: { run: HTMLElement; name: HTMLElement; title: HTMLElement },
  t: Words,
) {
  const several = state.runs.length > 1;
  run.hidden = !several;
  title.hidden = several;
  const words = wordsOfRun(
    state.card ?? state.runs.find((one) => one.name === state.run) ?? { name: state.run },
    t,
  );
  name.textContent = words.title;
  title.textContent = words.title;
  title.title = state.card?.description ?? "";
  run.title = t("door.open");
  run.setAttribute("aria-label", `${t("door.open")}: ${words.title}`);
  run.setAttribute("aria-expanded", String(state.sheet === "door"));
}

/** Whether the run grows, and round the dot how far its newest step is. */
function showLive(state: State, mark: HTMLElement, t: Words) {
  const building = state.card ? buildingOf(state) : null;
  const live = isLive(state);
  mark.hidden = !live && !building;
  if (mark.hidden) return;
  mark.classList.toggle("making-step", building !== null && isCounted(building));
  mark.style.setProperty("--part", String(building?.share ?? 0));
  const words = t(live ? "live.mark" : "live.work");
  const [, text] = mark.children;
  if (text.textContent !== words) text.textContent = words;
  mark.title = [live ? t("live.tip") : "", building ? buildingWords(t, building) : ""]
    .filter(Boolean)
    .join("\n\n");
}

/** How many claims hold; pressed, their card comes or goes. */
function showClaims(state: State, badge: HTMLElement, held: HTMLElement, t: Words) {
  badge.hidden = state.claims.length === 0;
  if (badge.hidden) return;
  const holding = state.claims.filter((one) => one.holds).length;
  held.textContent = t("claims.badge", { holding, count: state.claims.length });
  badge.title = t("claims.open");
  badge.setAttribute("aria-expanded", String(claimsShown(state)));
}

/** The way to the lab; a dot says that something is being trained. */
function showLab(state: State, button: HTMLElement, t: Words) {
  const running = state.lab.jobs.some((one) => one.status === "running");
  const key = `${state.language} ${running}`;
  if (button.dataset.key !== key)
    fill(
      button,
      icon("flask"),
      t("lab.button"),
      running ? h("i", { role: "img", "aria-label": t("lab.button.running") }) : null,
    );
  button.dataset.key = key;
  button.title = t("lab.button.tip");
  button.setAttribute("aria-expanded", String(labShown(state)));
}

function showTrust(
  state: State,
  badge: HTMLElement,
  ring: HTMLElement,
  [trust, faithful]: HTMLElement[],
  t: Words,
) {
  const value = meanTrust(state);
  badge.hidden = value === null;
  if (value === null) return;
  const shown = number(value, state.language, {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
  ring.style.setProperty("--part", String(Math.max(0, (value - 0.5) * 2)));
  const recall = recallShown(state);
  const guarded = guardedAxes(state);
  trust.textContent = t("trust.badge", { value: shown });
  faithful.textContent = ` · ${t(trustWord(value))}`;
  const tips = [t("trust.tip")];
  if (recall !== null) tips.push(t("trust.recall", { percent: Math.round(100 * recall) }));
  for (const { axis, variable, r } of guarded) tips.push(guardWords(state, t, axis, variable, r));
  badge.title = tips.join("\n\n");
  badge.classList.toggle("guarded", guarded.length > 0);
}

export function guardWords(state: State, t: Words, axis: number, variable: string, r: number) {
  const key = `variable.${variable}`;
  const name = t(key) === key ? variable : t(key);
  return t("guard.words", {
    axis: axis + 1,
    variable: name,
    r: number(r, state.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
  });
}
