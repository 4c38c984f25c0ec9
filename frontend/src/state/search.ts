/** Which reference tokens a person means. Pure. */

import type { Reference } from "./types.ts";

/**
 * Indices of the reference tokens that answer to a query: the whole token first, then tokens that
 * hold it. A query of several words looks in the context that ends at the token.
 */
export function matches(reference: Reference | null, query: string): number[] {
  const wanted = query.trim().toLowerCase();
  if (!reference || !wanted) return [];
  const inContext = /\s/.test(wanted);
  const whole = [];
  const part = [];
  for (let i = 0; i < reference.text.length; i++) {
    const text = inContext
      ? ending(reference, i, wanted.length + 24)
      : reference.text[i].toLowerCase();
    if (text.trim() === wanted) whole.push(i);
    else if (inContext ? text.trimEnd().endsWith(wanted) : text.includes(wanted)) part.push(i);
  }
  return [...whole, ...part];
}

/** The last characters of the context up to and with token i. */
function ending(reference: Reference, i: number, length: number) {
  const window = reference.windows[reference.window[i]] ?? [];
  let text = "";
  for (let p = reference.position[i]; p >= 0 && text.length < length; p--)
    text = (window[p] ?? "") + text;
  return text.toLowerCase();
}

/**
 * The context of a reference token in three parts.
 * @param after tokens on each side
 */
export function contextOf(reference: Reference, index: number, before: number, after: number) {
  const window = reference.windows[reference.window[index]] ?? [];
  const at = reference.position[index];
  return {
    before: (at > before ? "… " : "") + window.slice(Math.max(0, at - before), at).join(""),
    token: window[at] ?? reference.text[index] ?? "",
    after:
      window.slice(at + 1, at + 1 + after).join("") + (at + 1 + after < window.length ? " …" : ""),
  };
}
