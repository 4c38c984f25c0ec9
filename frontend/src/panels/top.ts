/**
 * The line at the top: the name, the run, how far the picture can be trusted; the tools at the
 * right.
 */

import { h } from "preact";
import { number } from "../i18n/language.ts";
import { guardedAxes, meanTrust, recallShown } from "../state/fidelity.ts";
import { buildingOf, buildingWords, isCounted, isLive } from "../state/following.ts";
import type { Dispatch } from "../state/messages.ts";
import { trustWord } from "../state/trust.ts";
import type { Reading, State, Words } from "../state/types.ts";
import { Badge } from "../ui/badge.ts";
import { Button, IconButton } from "../ui/button.ts";
import { hosted } from "../ui/host.ts";
import { Icon } from "../ui/icon.ts";
import { wordsOfRun } from "../state/run-words.ts";
import { TakeMenu } from "./takeaway.ts";
import type { Taken } from "./takeaway.ts";

interface Acts {
  copyLink(): void;
  resetCamera(): void;
  take(kind: Taken): void;
}

export const topPanel = hosted("top", top, true);

export function top(state: State, t: Words, dispatch: Dispatch, acts: Acts) {
  return h(
    "header",
    { id: "top", class: "top" },
    h(
      "div",
      { class: "brand" },
      h("span", { class: "word" }, "Layerfold"),
      h("span", { class: "of" }, run(state, t, dispatch), live(state, t)),
    ),
    trust(state, t, dispatch),
    way(state, "seed", "text", t, dispatch),
    way(state, "lesson", "lesson", t, dispatch),
    tools(state, t, dispatch, acts),
  );
}

/** One run is a title, several are a choice that opens the row of models. */
function run(state: State, t: Words, dispatch: Dispatch) {
  const listed = state.runs.find((one) => one.name === state.run);
  const { title, line } = wordsOfRun(state.card ?? listed ?? { name: state.run }, t);
  if (state.runs.length < 2)
    return h("span", { class: "title", title: state.card ? line : "" }, title);
  return h(
    "button",
    {
      type: "button",
      class: "run",
      id: "run",
      title: t("door.open"),
      "aria-controls": "door",
      "aria-label": `${t("door.open")}: ${title}`,
      "aria-expanded": state.sheet === "door",
      onClick: () => dispatch({ type: "sheet.toggle", sheet: "door" }),
    },
    h("span", { class: "title" }, title),
    h(Icon, { name: "unfold" }),
  );
}

/** Whether the run grows, and round the dot how far its newest step is. */
function live(state: State, t: Words) {
  const building = state.card ? buildingOf(state) : null;
  const grows = isLive(state);
  if (!grows && !building) return null;
  const tips = [grows ? t("live.tip") : "", building ? buildingWords(t, building) : ""];
  return h(
    "span",
    {
      class: building && isCounted(building) ? "live-mark making-step" : "live-mark",
      id: "live",
      title: tips.filter(Boolean).join("\n\n"),
      style: { "--part": building?.share ?? 0 },
    },
    h("i", { class: "pulse", "aria-hidden": "true" }),
    h("span", {}, t(grows ? "live.mark" : "live.work")),
  );
}

function trust(state: State, t: Words, dispatch: Dispatch) {
  const value = meanTrust(state);
  if (value === null) return null;
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  const recall = recallShown(state);
  const guarded = guardedAxes(state);
  const tips = [t("trust.tip")];
  if (recall !== null) tips.push(t("trust.recall", { percent: Math.round(100 * recall) }));
  for (const { axis, variable, r } of guarded) tips.push(guardWords(state, t, axis, variable, r));
  return h(
    Badge,
    {
      id: "badge",
      kind: guarded.length ? "guarded" : "",
      title: tips.join("\n\n"),
      onClick: () => dispatch({ type: "set", sheet: "about" }),
    },
    h("span", {
      class: "ring",
      "aria-hidden": "true",
      style: { "--part": Math.max(0, (value - 0.5) * 2) },
    }),
    h(
      "span",
      { class: "trust-words" },
      h("span", {}, t("trust.badge", { value: number(value, state.language, digits) })),
      h("span", { class: "more" }, ` · ${t(trustWord(value))}`),
    ),
  );
}

/** The way to what is read beside the picture: the text, or the lesson. */
function way(
  state: State,
  name: "seed" | "lesson",
  reading: Reading,
  t: Words,
  dispatch: Dispatch,
) {
  return h(
    Badge,
    {
      id: `open-${name}`,
      kind: "read-badge",
      title: t(`${name}.open.tip`),
      "aria-controls": name,
      "aria-expanded": state.seed.reading === reading,
      onClick: () => dispatch({ type: "seed.toggle", reading }),
    },
    h(Icon, { name }),
    h("span", {}, t(`${name}.open`)),
  );
}

function tools(state: State, t: Words, dispatch: Dispatch, acts: Acts) {
  const dark = state.theme === "dark";
  const sheet = (name: "search" | "about" | "help" | "sentences") => () =>
    dispatch({ type: "sheet.toggle", sheet: name });
  const tool = (icon: string, id: string, words: string, onClick: () => void, more = {}) =>
    h(IconButton, { icon, id, label: t(words), onClick, ...more });
  const open = (name: string) => ({ "aria-expanded": state.sheet === name });
  const onPhone = { class: "button only-phone", ...open("sentences") };
  const notPhone = { class: "button not-phone" };
  const turn = () => dispatch({ type: "theme.toggle" });
  return h(
    "nav",
    { class: "tools panel", "aria-label": t("tool.nav") },
    tool("list", "open-sentences", "sentences.title", sheet("sentences"), onPhone),
    tool("search", "open-search", "tool.search", sheet("search"), open("search")),
    tool("centre", "reset-camera", "tool.centre", acts.resetCamera, notPhone),
    tool("link", "copy-link", "tool.link", acts.copyLink),
    language(state, t, dispatch),
    tool(dark ? "sun" : "moon", "theme", dark ? "tool.light" : "tool.dark", turn),
    tool("info", "open-about", "tool.about", sheet("about")),
    tool("keys", "open-help", "tool.help", sheet("help"), notPhone),
    h(
      Button,
      {
        class: "plain unfold",
        id: "unfold",
        title: t("first.more.tip"),
        onClick: () => dispatch({ type: "unfold" }),
      },
      t("first.more"),
    ),
    h(TakeMenu, { t, written: state.written, take: acts.take }),
  );
}

/** The language that is not spoken now. */
function language(state: State, t: Words, dispatch: Dispatch) {
  const english = state.language === "en";
  return h(
    Button,
    {
      class: "button language",
      id: "language",
      lang: english ? "zh-CN" : "en",
      title: t("tool.language"),
      onClick: () => dispatch({ type: "language.toggle" }),
    },
    english ? "中文" : "EN",
  );
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
