/** A verdict: a sign, a word and a colour, never a colour alone. */

import { h } from "preact";
import { Icon } from "../../ui/icon.ts";
import type { Tree } from "../../ui/host.ts";
import type { SeedCard, Verdict, Words } from "../../state/types.ts";

export const VERDICTS = ["holds", "weak", "weaker", "fails", "untestable"] as const;

const SIGNS: Record<Verdict | "unknown", string> = {
  holds: "check",
  weak: "almost",
  weaker: "half",
  fails: "close",
  untestable: "question",
  unknown: "dots",
};

export function verdictOf(card: SeedCard | null): Verdict | "unknown" {
  return card?.verdict ?? "unknown";
}

/** The sign and the word of a verdict. */
export function verdictMark(t: Words, verdict: Verdict | "unknown", words = true): Tree {
  return h(
    "span",
    { class: `seed-verdict ${verdict}` },
    h(Icon, { name: SIGNS[verdict] }),
    words
      ? t(`seed.verdict.${verdict}`)
      : h("span", { class: "unseen" }, t(`seed.verdict.${verdict}`)),
  );
}
