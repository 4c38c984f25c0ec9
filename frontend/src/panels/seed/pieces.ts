/** Running text as a tree: strong words, formulas, and claims as links with their verdicts. */

import { h } from "preact";
import { formulaOf } from "../../seed/formula.ts";
import { cardOf } from "../../state/seed/seed.ts";
import { Drawing } from "../../ui/drawing.ts";
import { verdictMark, verdictOf } from "./verdict.ts";
import type { ComponentChildren } from "preact";
import type { Piece } from "../../seed/markup.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";

/** What a piece needs to be drawn. */
export interface Context {
  state: State;
  t: Words;
  dispatch: Dispatch;
}

export function piecesDrawn(pieces: Piece[], context: Context): ComponentChildren {
  return pieces.map((one) => {
    if (one.kind === "words") return one.text;
    if (one.kind === "formula") return formulaDrawn(one.source);
    if (one.kind === "strong") return h("strong", {}, piecesDrawn(one.pieces, context));
    return claimDrawn(one.id, one.pieces, context);
  });
}

export function formulaDrawn(source: string, display = false): Tree {
  return h(Drawing, formulaOf(source, display));
}

/** A claim in its sentence: what it says, then what became of it in the run in hand. */
function claimDrawn(id: string, pieces: Piece[], context: Context): Tree {
  const { state, t } = context;
  const verdict = verdictOf(cardOf(state, id));
  return h(
    "a",
    {
      ...claimLink(id, context),
      class: `seed-claim ${verdict}`,
      "data-claim": id,
      "aria-current": state.seed.card === id ? "true" : undefined,
    },
    piecesDrawn(pieces, context),
    " ",
    verdictMark(t, verdict),
  );
}

/** The link to a claim: followed in the page, by key with the focus on its card. */
export function claimLink(id: string, { dispatch }: Context) {
  return {
    href: `#v=1&seed=${id}`,
    onClick: (event: MouseEvent) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      dispatch({ type: "seed.choose", card: id });
      if (event.detail === 0) focusCard();
    },
  };
}

/** The focus goes to the card that has just been opened. */
function focusCard() {
  requestAnimationFrame(() => document.querySelector<HTMLElement>("#seedcard h2")?.focus());
}
