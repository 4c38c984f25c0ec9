/** Sentences to begin with. Pure. */

import type { Card, Reference } from "./types.ts";

/** Characters of a sentence that is short enough to follow and long enough to say something. */
const LEAST = 12;
const MOST = 80;
const WANTED = 3;

type Sample = Card["examples"][number];

/** The run's own examples; else three sentences of the text it is shown with. */
export function samplesOf({
  card,
  reference,
}: {
  card: Card | null;
  reference: Reference | null;
}): Sample[] {
  const own = card?.examples ?? [];
  if (own.length || !card || card.reads || !reference) return own;
  const found = new Set<string>();
  for (const window of reference.windows) {
    const text = whole(window.join("")).find((one) => !found.has(one));
    if (text) found.add(text);
    if (found.size === WANTED) break;
  }
  return [...found].map((text) => ({ text }));
}

/** The sentences that begin and end in a text. */
function whole(text: string) {
  const parts = text.split(/(?<=[.!?]["”’]?)\s+|(?<=[。！？][”’]?)/u).slice(1);
  return parts
    .map((one) => one.trim())
    .filter((one) => /[.!?。！？]["”’]?$/u.test(one) && !/[\n\ufffd]/.test(one))
    .filter((one) => width(one) >= LEAST && width(one) <= MOST);
}

/** A Chinese character says as much as three letters. */
function width(text: string) {
  return [...text].reduce((sum, one) => sum + (/\p{Script=Han}/u.test(one) ? 3 : 1), 0);
}
