/** The page "The seed": its own text at the left, each claim marked with its verdict. */

import { h } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { CLAIMS, TEXT } from "../../seed/text.ts";
import { cardOf, cardsOf } from "../../state/seed/seed.ts";
import { IconButton } from "../../ui/button.ts";
import { hosted } from "../../ui/host.ts";
import { SidePanel } from "../../ui/panel.ts";
import { wordsOfRun } from "../../state/run-words.ts";
import { formulaDrawn, piecesDrawn } from "./pieces.ts";
import { VERDICTS, verdictMark, verdictOf } from "./verdict.ts";
import type { Block } from "../../seed/markup.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";
import type { Context } from "./pieces.ts";

export const seedPanel = hosted("seed", seedText);

export function seedText(state: State, t: Words, dispatch: Dispatch): Tree {
  const shown = state.seed.reading === "text";
  const toLesson = () => dispatch({ type: "seed.read", reading: "lesson" });
  return h(
    SidePanel,
    {
      id: "seed",
      label: t("seed.title"),
      class: "reading",
      hidden: !shown,
      head: [
        h("h2", {}, t("seed.title")),
        h(IconButton, {
          id: "seed-lesson",
          icon: "lesson",
          label: t("lesson.open"),
          onClick: toLesson,
        }),
      ],
      close: {
        label: t("panel.close"),
        onClick: () => dispatch({ type: "seed.read", reading: null }),
      },
    },
    shown && summary({ state, t, dispatch }),
    shown && h(Text, { state, t, dispatch, chosen: state.seed.card }),
  );
}

/** How many claims became what, as a bar; each part leads to the next claim of its kind. */
function summary(context: Context): Tree {
  const { state, t } = context;
  const title = wordsOfRun(state.card ?? { name: state.run }, t).title;
  if (!(state.run in state.seed.cards))
    return h("p", { class: "quiet seed-summary" }, t("seed.loading"));
  if (!cardsOf(state).length) return h("p", { class: "quiet seed-summary" }, t("seed.none"));
  const parts = VERDICTS.map((verdict) => ({
    verdict,
    ids: CLAIMS.filter((id) => verdictOf(cardOf(state, id)) === verdict),
  })).filter(({ ids }) => ids.length);
  return h(
    "div",
    { class: "seed-summary", role: "group", "aria-label": t("seed.summary", { title }) },
    parts.map(({ verdict, ids }) => part(verdict, ids, context)),
  );
}

function part(verdict: (typeof VERDICTS)[number], ids: string[], { state, t, dispatch }: Context) {
  const next = ids[(ids.indexOf(state.seed.card ?? "") + 1) % ids.length];
  const words = t(`seed.verdict.${verdict}.short`);
  return h(
    "button",
    {
      key: verdict,
      type: "button",
      class: `seed-part ${verdict}`,
      style: { "--count": ids.length },
      title: t("seed.next", { count: ids.length, verdict: t(`seed.verdict.${verdict}`) }),
      onClick: () => dispatch({ type: "seed.choose", card: next }),
    },
    h("b", {}, String(ids.length)),
    h("span", {}, words),
  );
}

/** The text itself; the claim in hand is kept in sight. */
function Text({ state, t, dispatch, chosen }: Context & { chosen: string | null }) {
  const body = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const mark = chosen && body.current?.querySelector(`[data-claim="${chosen}"]`);
    if (mark) reveal(body.current, mark);
  }, [chosen, state.language]);
  const context = { state, t, dispatch };
  return h(
    "div",
    { ref: body, class: "body scroll prose", tabindex: 0, lang: state.language },
    h("p", { class: "quiet" }, t("seed.intro")),
    TEXT[state.language].map((block, i) => blockDrawn(block, i, context)),
    h(
      "p",
      { class: "quiet seed-key" },
      VERDICTS.map((one) => verdictMark(t, one)),
    ),
  );
}

/** Scrolls only as far as it must, and never the page around. */
function reveal(body: HTMLElement | null, mark: Element) {
  if (!body) return;
  const [box, at] = [body.getBoundingClientRect(), mark.getBoundingClientRect()];
  if (at.top >= box.top + 24 && at.bottom <= box.bottom - 24) return;
  body.scrollTop += at.top - box.top - Math.max(24, (box.height - at.height) / 3);
}

function blockDrawn(block: Block, key: number, context: Context): Tree {
  if (block.kind === "formula")
    return h("p", { key, class: "formula" }, formulaDrawn(block.source, true));
  const words = piecesDrawn(block.pieces, context);
  if (block.kind === "paragraph") return h("p", { key }, words);
  if (block.kind === "heading")
    return h(`h${Math.min(6, block.depth + 2)}`, { key, class: `depth-${block.depth}` }, words);
  return h(
    "p",
    { key, class: `item${block.depth > 1 ? " inner" : ""}${block.mark ? " counted" : ""}` },
    block.mark ? h("span", { class: "mark" }, block.mark) : null,
    h("span", {}, words),
  );
}
