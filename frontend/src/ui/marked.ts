/** Running text with one part marked; blanks around the part stay outside the mark. */

import { h } from "preact";
import { visible } from "./dom.ts";

export function Marked({ before, token, after }: { before: string; token: string; after: string }) {
  const text = visible(token);
  const word = text.trim();
  if (!word) return [visible(before), h("mark", {}, text || "␣"), visible(after)];
  const start = text.indexOf(word);
  return [
    visible(before) + text.slice(0, start),
    h("mark", {}, word),
    text.slice(start + word.length) + visible(after),
  ];
}
