/** The claims of a chapter with what became of them: every number is that of a card. */

import { h } from "preact";
import { said } from "../../charts/claims.ts";
import { LOOKS_AT } from "../../seed/lesson.ts";
import { CLAIMS } from "../../seed/text.ts";
import { CHAPTERS } from "../../state/seed/scenes.ts";
import { cardOf, cardsOf } from "../../state/seed/seed.ts";
import { claimLink } from "../seed/pieces.ts";
import { verdictMark, verdictOf } from "../seed/verdict.ts";
import type { State } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";
import type { Context } from "../seed/pieces.ts";

/** The ids of the claims that a chapter puts to the test; the last: all that do not hold. */
export function idsOfChapter(state: State): string[] {
  if (state.seed.chapter < CHAPTERS) return LOOKS_AT[state.seed.chapter - 1];
  return CLAIMS.filter((id) => ["fails", "weaker"].includes(cardOf(state, id)?.verdict ?? ""));
}

export function claimsOfChapter(context: Context): Tree {
  const { state, t } = context;
  const last = state.seed.chapter === CHAPTERS;
  const ids = idsOfChapter(state);
  return h(
    "section",
    { class: "lesson-tested" },
    h("h4", {}, t(last ? "lesson.claims.not" : "lesson.claims")),
    ids.length ? claimLines(ids, context) : h("p", { class: "quiet" }, nothing(context)),
  );
}

function nothing({ state, t }: Context) {
  if (!(state.run in state.seed.cards)) return t("seed.loading");
  return t(cardsOf(state).length ? "lesson.claims.all" : "seed.none");
}

/** A line a claim: its id, what it says, the verdict, and the number of its card. */
export function claimLines(ids: string[], context: Context): Tree {
  return h(
    "ul",
    { class: "lesson-claims" },
    ids.map((id) => line(id, context)),
  );
}

function line(id: string, context: Context): Tree {
  const { state, t } = context;
  const claim = cardOf(state, id);
  const { language } = state;
  return h(
    "li",
    { key: id },
    h(
      "a",
      {
        ...claimLink(id, context),
        class: "lesson-claim",
        "data-claim": id,
        "aria-current": state.seed.card === id ? "true" : undefined,
      },
      h("span", { class: "seed-id" }, id),
      h(
        "span",
        { class: "name" },
        claim ? said(claim, "title_en", language) : t("seed.card", { id }),
      ),
      verdictMark(t, verdictOf(claim)),
      claim ? h("span", { class: "quiet here" }, said(claim, "here", language)) : null,
    ),
  );
}
