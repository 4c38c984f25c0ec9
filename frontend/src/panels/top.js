/** The line at the top: the name, the run, how far the picture can be trusted; the tools at the right. */

import { byId, fill, h, iconButton, relabel } from "../dom.js";
import { number } from "../language.js";
import { guardedAxes, meanTrust, measureAt } from "../state.js";
import { trustWord } from "../trust.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Dispatch} Dispatch */
/** @typedef {import("../types.d.ts").Words} Words */

/**
 * @param {Dispatch} dispatch @param {{ chooseRun(name: string): void, copyLink(): void, resetCamera(): void }} acts
 */
export function topPanel(dispatch, acts) {
  const root = byId("top");
  const run = h("select", { class: "run", id: "run" });
  run.addEventListener("change", () => acts.chooseRun(run.value));
  const title = h("span", { class: "title" });
  const ring = h("span", { class: "ring", "aria-hidden": "true" });
  const trust = h("span", { class: "trust-words" });
  const badge = h("button", { type: "button", class: "badge panel", id: "badge", onclick: () => dispatch({ type: "set", sheet: "about" }) }, ring, trust);
  const toggle = (/** @type {"search" | "about" | "help" | "sentences"} */ sheet) => () => dispatch({ type: "sheet.toggle", sheet });
  const buttons = {
    list: iconButton("list", "", toggle("sentences"), { id: "open-sentences", class: "button only-phone" }),
    search: iconButton("search", "", toggle("search"), { id: "open-search" }),
    centre: iconButton("centre", "", acts.resetCamera, { id: "reset-camera", class: "button not-phone" }),
    link: iconButton("link", "", acts.copyLink, { id: "copy-link" }),
    theme: iconButton("sun", "", () => dispatch({ type: "theme.toggle" }), { id: "theme" }),
    info: iconButton("info", "", toggle("about"), { id: "open-about" }),
    keys: iconButton("keys", "", toggle("help"), { id: "open-help", class: "button not-phone" }),
  };
  const language = h("button", { type: "button", class: "button language", id: "language", onclick: () => dispatch({ type: "language.toggle" }) });
  fill(
    root,
    h("div", { class: "brand" }, h("span", { class: "word" }, "Layerfold"), h("span", { class: "of" }, title, run)),
    badge,
    h("nav", { class: "tools panel" }, buttons.list, buttons.search, buttons.centre, buttons.link, language, buttons.theme, buttons.info, buttons.keys),
  );

  return {
    /** @param {State} state @param {Words} t */
    update(state, t) {
      showRuns(state, run, title, t);
      showTrust(state, badge, ring, trust, t);
      relabel(buttons.list, "list", t("sentences.title"));
      relabel(buttons.search, "search", t("tool.search"));
      relabel(buttons.centre, "centre", t("tool.centre"));
      relabel(buttons.link, "link", t("tool.link"));
      relabel(buttons.theme, state.theme === "dark" ? "sun" : "moon", t(state.theme === "dark" ? "tool.light" : "tool.dark"));
      relabel(buttons.info, "info", t("tool.about"));
      relabel(buttons.keys, "keys", t("tool.help"));
      buttons.search.setAttribute("aria-expanded", String(state.sheet === "search"));
      buttons.list.setAttribute("aria-expanded", String(state.sheet === "sentences"));
      language.textContent = state.language === "en" ? "中文" : "EN";
      language.lang = state.language === "en" ? "zh-CN" : "en";
      language.title = t("tool.language");
      root.querySelector("nav")?.setAttribute("aria-label", t("tool.nav"));
    },
  };
}

/** One run is a title, several are a choice. @param {State} state @param {HTMLSelectElement} run @param {HTMLElement} title @param {Words} t */
function showRuns(state, run, title, t) {
  const several = state.runs.length > 1;
  run.hidden = !several;
  title.hidden = several;
  title.textContent = state.card?.title || state.run;
  title.title = state.card?.description ?? "";
  run.setAttribute("aria-label", t("tool.run"));
  const key = JSON.stringify([state.runs, state.run]);
  if (!several || run.dataset.key === key) return;
  run.dataset.key = key;
  const known = state.runs.some((one) => one.name === state.run);
  const missing = known ? [] : [h("option", { value: "" }, state.run)];
  fill(run, ...missing, ...state.runs.map((one) => h("option", { value: one.name, disabled: Boolean(one.problem) }, one.title || one.name)));
  run.value = known ? state.run : "";
}

/** @param {State} state @param {HTMLElement} badge @param {HTMLElement} ring @param {HTMLElement} words @param {Words} t */
function showTrust(state, badge, ring, words, t) {
  const value = meanTrust(state);
  badge.hidden = value === null;
  if (value === null) return;
  const shown = number(value, state.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  ring.style.setProperty("--part", String(Math.max(0, (value - 0.5) * 2)));
  const recall = measureAt(state, "neighbor_recall") ?? measureAt(state, "recall");
  const guarded = guardedAxes(state);
  words.textContent = t("trust.badge", { value: shown, words: t(trustWord(value)) });
  const tips = [t("trust.tip")];
  if (recall !== null) tips.push(t("trust.recall", { percent: Math.round(100 * recall) }));
  for (const { axis, variable, r } of guarded) tips.push(guardWords(state, t, axis, variable, r));
  badge.title = tips.join("\n\n");
  badge.classList.toggle("guarded", guarded.length > 0);
}

/** @param {State} state @param {Words} t @param {number} axis @param {string} variable @param {number} r */
export function guardWords(state, t, axis, variable, r) {
  const key = `variable.${variable}`;
  const name = t(key) === key ? variable : t(key);
  return t("guard.words", { axis: axis + 1, variable: name, r: number(r, state.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }) });
}
