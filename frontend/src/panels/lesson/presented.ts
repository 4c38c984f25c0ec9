/** The lesson before a class: a chapter in large type beside the scene, and nothing else. */

import { h } from "preact";
import { LESSON } from "../../seed/lesson.ts";
import { piecesOf } from "../../seed/markup.ts";
import { CHAPTERS } from "../../state/seed/scenes.ts";
import { siteWords } from "../../state/sites.ts";
import { stepNumber } from "../../state/state.ts";
import { Button, IconButton } from "../../ui/button.ts";
import { Icon } from "../../ui/icon.ts";
import { piecesDrawn } from "../seed/pieces.ts";
import { claimLines, idsOfChapter } from "./tested.ts";
import { tryChapter } from "./trying.ts";
import type { Tree } from "../../ui/host.ts";
import type { Context } from "../seed/pieces.ts";

/** Claims that a slide has room for. */
const ROOM = 3;

export function presented(context: Context): Tree {
  const { state, t } = context;
  const { chapter } = state.seed;
  const { title, lead, points, act, look, notes } = LESSON[state.language][chapter - 1];
  const ids = idsOfChapter(state).slice(0, ROOM);
  return h(
    "section",
    { id: "lesson", class: "lesson presenting", "aria-label": t("lesson.title") },
    h(
      "div",
      { key: `${chapter}`, class: "slide scroll", tabindex: 0, lang: state.language },
      h("h2", {}, title),
      h("p", { class: "lead" }, piecesDrawn(piecesOf(lead), context)),
      h(
        "ul",
        { class: "points" },
        points.map((point) => h("li", { key: point }, piecesDrawn(piecesOf(point), context))),
      ),
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
      ids.length ? claimLines(ids, context) : null,
      state.seed.notes
        ? h(
            "aside",
            { class: "notes" },
            h("h3", {}, t("lesson.notes")),
            h("p", {}, look),
            h("p", {}, notes),
          )
        : null,
    ),
    foot(context),
  );
}

function foot({ state, t, dispatch }: Context): Tree {
  const { chapter, notes } = state.seed;
  const to = (by: number) => () => dispatch({ type: "lesson.go", chapter: chapter + by });
  const where = state.card
    ? t("lesson.where", {
        step: stepNumber(state),
        site: siteWords(t, state.card.sites, state.site),
      })
    : "";
  return h(
    "footer",
    {},
    h(IconButton, {
      id: "lesson-before",
      icon: "back",
      label: t("lesson.before"),
      disabled: chapter === 1,
      onClick: to(-1),
    }),
    h("span", { role: "status" }, `${chapter} / ${CHAPTERS}`),
    h(IconButton, {
      id: "lesson-after",
      icon: "forward",
      label: t("lesson.after"),
      disabled: chapter === CHAPTERS,
      onClick: to(1),
    }),
    h("span", { class: "where quiet" }, where),
    h(IconButton, {
      id: "lesson-notes",
      icon: "notes",
      label: t("lesson.notes.tip"),
      "aria-pressed": notes,
      onClick: () => dispatch({ type: "lesson.set", notes: !notes }),
    }),
    h(IconButton, {
      id: "lesson-leave",
      icon: "close",
      label: t("lesson.present.leave"),
      onClick: () => dispatch({ type: "lesson.set", presenting: false }),
    }),
  );
}
