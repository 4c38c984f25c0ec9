/** Which reference tokens a person means. Pure. */

/** @typedef {import("./types.d.ts").Reference} Reference */

/**
 * Indices of the reference tokens that answer to a query: the whole token first, then tokens that hold it.
 * A query of several words looks in the context that ends at the token.
 * @param {Reference | null} reference @param {string} query
 * @returns {number[]}
 */
export function matches(reference, query) {
  const wanted = query.trim().toLowerCase();
  if (!reference || !wanted) return [];
  const inContext = /\s/.test(wanted);
  const whole = [];
  const part = [];
  for (let i = 0; i < reference.text.length; i++) {
    const text = inContext ? ending(reference, i, wanted.length + 24) : reference.text[i].toLowerCase();
    if (text.trim() === wanted) whole.push(i);
    else if (inContext ? text.trimEnd().endsWith(wanted) : text.includes(wanted)) part.push(i);
  }
  return [...whole, ...part];
}

/** The last characters of the context up to and with token i. @param {Reference} reference @param {number} i @param {number} length */
function ending(reference, i, length) {
  const window = reference.windows[reference.window[i]] ?? [];
  let text = "";
  for (let p = reference.position[i]; p >= 0 && text.length < length; p--) text = (window[p] ?? "") + text;
  return text.toLowerCase();
}

/**
 * The context of a reference token in three parts.
 * @param {Reference} reference @param {number} index @param {number} before @param {number} after tokens on each side
 */
export function contextOf(reference, index, before, after) {
  const window = reference.windows[reference.window[index]] ?? [];
  const at = reference.position[index];
  return {
    before: (at > before ? "… " : "") + window.slice(Math.max(0, at - before), at).join(""),
    token: window[at] ?? reference.text[index] ?? "",
    after: window.slice(at + 1, at + 1 + after).join("") + (at + 1 + after < window.length ? " …" : ""),
  };
}
