/** Running text whose symbols stand as in print: `W_Q` with its index below. */

import { h } from "preact";
import type { VNode } from "preact";

const SYMBOL = /(?<![\p{L}\d_])(\p{Lu})_([\p{L}\d])(?![\p{L}\d_])/gu;

/** The words, and each symbol with its index below the line. */
export function indexed(text: string): (string | VNode)[] {
  const out: (string | VNode)[] = [];
  let from = 0;
  for (const found of text.matchAll(SYMBOL)) {
    out.push(text.slice(from, found.index), h("i", {}, found[1], h("sub", {}, found[2])));
    from = found.index + found[0].length;
  }
  return [...out, text.slice(from)].filter((one) => one !== "");
}
