/** The lesson: a chapter of text beside the live scene, with one thing to try. */

import { h } from "preact";
import { LESSON } from "../../seed/lesson.ts";
import { piecesOf } from "../../seed/markup.ts";
import { otherRunOf } from "../../state/seed/elsewhere.ts";
import { CHAPTERS } from "../../state/seed/scenes.ts";
import { Button, IconButton } from "../../ui/button.ts";
import { hosted } from "../../ui/host.ts";
import { Icon } from "../../ui/icon.ts";
import { SidePanel } from "../../ui/panel.ts";
import { wordsOfRun } from "../../state/run-words.ts";
import { piecesDrawn } from "../seed/pieces.ts";
import { claimsOfChapter } from "./tested.ts";
import { presented } from "./presented.ts";
import { tryChapter } from "./trying.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";
import type { Context } from "../seed/pieces.ts";

export const lessonPanel = hosted("lesson", lesson);

export function lesson(state: State, t: Words, dispatch: Dispatch): Tree {
  const shown = state.seed.reading === "lesson";
  const context = { state, t, dispatch };
  if (shown && state.seed.presenting) return presented(context);
  return h(
    SidePanel,
    {
      id: "lesson",
      label: t("lesson.title"),
      class: "reading",
      hidden: !shown,
      head: head(context),
      close: {
        label: t("panel.close"),
        onClick: () => dispatch({ type: "seed.read", reading: null }),
      },
    },
    shown && chapters(context),
    shown && chapter(context),
    shown && feet(context),
  );
}

function head({ t, dispatch }: Context): Tree[] {
  return [
    h("h2", {}, t("lesson.title")),
    h(IconButton, {
      id: "lesson-seed",
      icon: "seed",
      label: t("seed.open"),
      onClick: () => dispatch({ type: "seed.read", reading: "text" }),
    }),
    h(IconButton, {
      id: "lesson-present",
      icon: "present",
      label: t("lesson.present"),
      onClick: () => dispatch({ type: "lesson.set", presenting: true }),
    }),
  ];
}

/** A step for each chapter. */
export function chapters({ state, t, dispatch }: Context): Tree {
  return h(
    "nav",
    { class: "lesson-steps", "aria-label": t("lesson.chapters") },
    LESSON[state.language].map(({ title }, i) =>
      h(
        "button",
        {
          key: i,
          type: "button",
          title: t("lesson.chapter.name", { chapter: i + 1, title }),
          "aria-label": t("lesson.chapter.name", { chapter: i + 1, title }),
          "aria-current": state.seed.chapter === i + 1 ? "step" : undefined,
          onClick: () => dispatch({ type: "lesson.go", chapter: i + 1 }),
        },
        String(i + 1),
      ),
    ),
  );
}

function chapter(context: Context): Tree {
  const { state, t } = context;
  const { chapter: at } = state.seed;
  const { title, lead, text } = LESSON[state.language][at - 1];
  return h(
    "div",
    { key: `${at}`, class: "body scroll prose", tabindex: 0, lang: state.language },
    h("p", { class: "quiet" }, t("lesson.chapter", { chapter: at, of: CHAPTERS })),
    h("h3", { class: "depth-1" }, title),
    h("p", { class: "lead" }, lead),
    text.map((line, i) =>
      h("p", { key: i, class: onlyFormula(line) }, piecesDrawn(piecesOf(line), context)),
    ),
    trying(context),
    claimsOfChapter(context),
  );
}

const onlyFormula = (line: string) => (/^\\\(.*\\\)$/.test(line) ? "formula" : undefined);

/** The one thing to try, and what to look at then. */
export function trying(context: Context): Tree {
  const { state, t } = context;
  const { act, look } = LESSON[state.language][state.seed.chapter - 1];
  return h(
    "section",
    { class: "lesson-try" },
    h("h4", {}, t("lesson.try")),
    h(
      Button,
      {
        id: "lesson-try",
        class: "plain strong",
        disabled: !state.card,
        onClick: () => tryChapter(context),
      },
      h(Icon, { name: "play" }),
      act,
    ),
    elsewhere(context),
    h("p", { class: "quiet" }, h("b", {}, t("lesson.look")), " ", look),
  );
}

/** In which other model it will be seen, where this one cannot show it. */
function elsewhere({ state, t }: Context): Tree | null {
  const run = state.runs.find(({ name }) => name === otherRunOf(state));
  return run
    ? h("p", { class: "quiet" }, t("lesson.elsewhere", { title: wordsOfRun(run, t).title }))
    : null;
}

/** To the chapters before and after; from the last to the text. */
export function feet({ state, t, dispatch }: Context): Tree {
  const { chapter: at } = state.seed;
  const titles = LESSON[state.language].map(({ title }) => title);
  const next = () =>
    dispatch(
      at < CHAPTERS
        ? { type: "lesson.go", chapter: at + 1 }
        : { type: "seed.read", reading: "text" },
    );
  return h(
    "footer",
    { class: "lesson-feet" },
    h(
      Button,
      {
        id: "lesson-before",
        disabled: at === 1,
        onClick: () => dispatch({ type: "lesson.go", chapter: at - 1 }),
      },
      h(Icon, { name: "back" }),
      t("lesson.before"),
    ),
    h(
      Button,
      { id: "lesson-after", class: "plain onward", title: titles[at] ?? "", onClick: next },
      at < CHAPTERS ? t("lesson.after") : t("lesson.end"),
      h(Icon, { name: "forward" }),
    ),
  );
}
