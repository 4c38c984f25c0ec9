/**
 * Gradients: arrows of −∂L/∂h at every token of the site on screen, and gradients of the weights by
 * group. Pure.
 */

import { PLAIN } from "../colour/colouring.ts";
import { magnitude } from "../colour/colours.ts";
import { drawnLines, longer, rowOf, startsOf } from "./arrows.ts";
import { answerTo, placeAsked, sentenceInside, tokenInside } from "./asked.ts";
import type { InsideView } from "./tab.ts";
import type { Look, RGB, State, Theme } from "../types.ts";

/** Arrows of gradients are of no sentence's hue. */
export const GRADIENT: Record<Theme, RGB> = { dark: [255, 140, 120], light: [190, 50, 30] };

/**
 * The top of the colour scale of losses, in nats: that of a token that is no likelier than one of a
 * whole vocabulary.
 */
export function mostLoss({ card }: Pick<State, "card">) {
  const { vocab_size = 1000 } = (card?.architecture ?? {}) as { vocab_size?: number };
  return Math.log(Math.max(2, vocab_size));
}

/** What the loss aims at: every next token, what follows the token in hand, or a word there. */
function aimOf(state: State) {
  const { aim, target } = state.inside.gradients;
  if (aim === "all") return {};
  const position = tokenInside(state) ?? 0;
  return aim === "next" || !target ? { position } : { position, target };
}

export const gradients: InsideView = {
  bare: true,
  questions(state) {
    const place = placeAsked(state);
    return place
      ? [
          {
            type: "gradients",
            ...place,
            ...aimOf(state),
            step_length: state.inside.gradients.reach,
          },
        ]
      : [];
  },
  tint(state) {
    const { look } = answerTo(state, "gradients", gradients.questions(state)[0]);
    const tokens = sentenceInside(state)?.tokens.length ?? 0;
    if (!look || look.tensors.losses.shape[0] !== tokens) return null;
    return Uint8Array.from(
      Array.from({ length: tokens }, (_, i) =>
        lossColour(state, look.tensors.losses.data[i]),
      ).flat(),
    );
  },
  times: (state) => drawn(state)?.times ?? null,
  edges(state) {
    const found = drawn(state);
    if (!found) return [];
    const { sentence, arrows, lines, times } = found;
    return arrows
      .filter((one) => one.length > 0)
      .map(({ token, share }) => ({
        from: { kind: "sentence" as const, id: sentence.id, token },
        to: { kind: "place" as const, at: longer(lines[token], times) },
        weight: share,
        color: GRADIENT[state.theme],
        arrow: true,
      }));
  },
};

/** The arrows at the site on screen, and how many times as long they are drawn. */
function drawn(state: State) {
  const sentence = sentenceInside(state);
  const { look, fresh } = answerTo(state, "gradients", gradients.questions(state)[0]);
  const site = Math.round(state.site);
  const tips = look?.tensors.tip;
  if (!sentence || !fresh || !look || tips?.shape[1] !== sentence.tokens.length) return null;
  const found = drawnLines(
    state,
    startsOf(state, sentence),
    rowOf(tips.data as Float32Array, tips.shape[1], site),
  );
  return found && { sentence, arrows: arrowsAt(look, site), ...found };
}

/**
 * The colour of a token's own loss; grey where no token follows.
 * @param loss nats
 */
export function lossColour({ theme, card }: State, loss: number): RGB {
  return Number.isFinite(loss)
    ? magnitude(Math.min(1, loss / mostLoss({ card })), theme)
    : PLAIN[theme];
}

/** Tip and strength of each token's arrow at a site; strengths are shares of the largest there. */
export function arrowsAt(look: Look, site: number) {
  const { tip, length } = look.tensors;
  const tokens = tip.shape[1];
  const row = length.data.subarray(site * tokens, (site + 1) * tokens);
  const most = Math.max(...row, 1e-30);
  return Array.from({ length: tokens }, (_, token) => {
    const start = 3 * (site * tokens + token);
    return {
      token,
      at: tip.data.subarray(start, start + 3),
      share: Math.sqrt(row[token] / most),
      length: row[token],
    };
  });
}
