/**
 * The line at the top: the name, the run, how far the picture can be trusted; the tools at the
 * right.
 */

import { byId, fill, h, icon, iconButton, relabel } from "../ui/dom.ts";
import { buildingOf, buildingWords, isCounted, isLive } from "../state/following.ts";
import { number } from "../i18n/language.ts";
import { guardedAxes, meanTrust, recallShown } from "../state/fidelity.ts";
import { trustWord } from "../state/trust.ts";
import { descriptionOf, wordsOfRun } from "./door.ts";
import type { Dispatch } from "../state/messages.ts";
import type { Reading, State, Words } from "../state/types.ts";

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
  const seed = way("seed", "text", dispatch);
  const lesson = way("lesson", "lesson", dispatch);
  const buttons = {
    list: iconButton("list", "", toggle("sentences"), {
      id: "open-sentences",
      class: "button only-phone",
    }),
    search: iconButton("search", "", toggle("search"), { id: "open-search" }),
    centre: iconButton("centre", "", acts.resetCamera, {
      id: "reset-camera",
      class: "button not-phone",
    }),
    link: iconButton("link", "", acts.copyLink, { id: "copy-link" }),
    theme: iconButton("sun", "", () => dispatch({ type: "theme.toggle" }), { id: "theme" }),
    info: iconButton("info", "", toggle("about"), { id: "open-about" }),
    keys: iconButton("keys", "", toggle("help"), { id: "open-help", class: "button not-phone" }),
  };
  const more = h("button", {
    type: "button",
    class: "plain unfold",
    id: "unfold",
    onclick: () => dispatch({ type: "unfold" }),
  });
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
    seed,
    lesson,
    h(
      "nav",
      { class: "tools panel" },
      buttons.list,
      buttons.search,
      buttons.centre,
      buttons.link,
      language,
      buttons.theme,
      buttons.info,
      buttons.keys,
      more,
    ),
  );

  return {
    update(state: State, t: Words) {
      showRuns(state, { run, name, title }, t);
      showLive(state, live, t);
      showWay(state, seed, "text", t);
      showWay(state, lesson, "lesson", t);
      showTrust(state, badge, ring, [trust, faithful], t);
      relabel(buttons.list, "list", t("sentences.title"));
      relabel(buttons.search, "search", t("tool.search"));
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
      more.textContent = t("first.more");
      more.title = t("first.more.tip");
      showLanguage(state, language, t);
      root.querySelector("nav")?.setAttribute("aria-label", t("tool.nav"));
    },
  };
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
  title.title = state.card ? descriptionOf(state.card, t) : "";
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

/** The way to what is read beside the picture: the text, or the lesson. */
function way(name: "seed" | "lesson", reading: Reading, dispatch: Dispatch) {
  return h(
    "button",
    {
      type: "button",
      class: "badge panel read-badge",
      id: `open-${name}`,
      "aria-controls": name,
      onclick: () => dispatch({ type: "seed.toggle", reading }),
    },
    icon(name),
    h("span", {}),
  );
}

function showWay(state: State, button: HTMLElement, reading: Reading, t: Words) {
  const name = reading === "text" ? "seed" : "lesson";
  const words = t(`${name}.open`);
  const [, span] = button.children;
  if (span.textContent !== words) span.textContent = words;
  button.title = t(`${name}.open.tip`);
  button.setAttribute("aria-expanded", String(state.seed.reading === reading));
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
