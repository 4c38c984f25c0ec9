/** Where a place of the grid is: names of sites in plain words, indices, neighbours. Pure. */

/** @typedef {import("./types.d.ts").Words} Words */

/**
 * "embedding", "layer 3 of 6 · after attention": the words for a site such as `L2.mid`.
 * @param {Words} t @param {string[]} sites @param {number} index
 */
export function siteWords(t, sites, index) {
  const name = sites[Math.max(0, Math.min(sites.length - 1, Math.round(index)))] ?? "";
  const found = /^L(\d+)\.(mid|post)$/.exec(name);
  if (!found) return name === "embed" ? t("site.embed") : name;
  const of = sites.filter((one) => one.endsWith(".post")).length;
  return t(found[2] === "mid" ? "site.mid" : "site.post", { layer: Number(found[1]) + 1, of });
}

/**
 * A name short enough for a table: "emb", "1 att", "1 mlp".
 * @param {Words} t @param {string} name
 */
export function siteShort(t, name) {
  const found = /^L(\d+)\.(mid|post)$/.exec(name);
  if (!found) return name === "embed" ? t("site.embed.short") : name;
  return t(found[2] === "mid" ? "site.mid.short" : "site.post.short", { layer: Number(found[1]) + 1 });
}

/**
 * The site shown first: past the middle, after an MLP.
 * @param {string[]} sites
 */
export function homeSite(sites) {
  const last = sites.length - 1;
  return Math.min(last, 2 * Math.round(last / 3));
}

/**
 * The index of the value nearest to the wanted one; -1 of an empty list.
 * @param {number[]} values @param {number} wanted
 */
export function nearestIndex(values, wanted) {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (best < 0 || Math.abs(values[i] - wanted) < Math.abs(values[best] - wanted)) best = i;
  }
  return best;
}

/**
 * 0..count-1 in the order from `start` outward.
 * @param {number} count @param {number} start
 * @returns {number[]}
 */
export function outward(count, start) {
  return Array.from({ length: count }, (_, i) => i).sort((a, b) => Math.abs(a - start) - Math.abs(b - start) || b - a);
}

/**
 * A dragged value that rests on whole numbers and runs between them.
 * @param {number} value
 */
export function sticky(value) {
  const base = Math.floor(value);
  const x = value - base;
  const k = x * x * (3 - 2 * x);
  return base + k * k * (3 - 2 * k);
}

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
