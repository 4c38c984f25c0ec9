/** Where a place of the grid is: names of sites in plain words, indices, neighbours. Pure. */

import type { Words } from "./types.ts";

/** "embedding", "layer 3 of 6 · after attention": the words for a site such as `L2.mid`. */
export function siteWords(t: Words, sites: string[], index: number) {
  const name = sites[Math.max(0, Math.min(sites.length - 1, Math.round(index)))] ?? "";
  const found = /^L(\d+)\.(mid|post)$/.exec(name);
  if (!found) return name === "embed" ? t("site.embed") : name;
  const of = sites.filter((one) => one.endsWith(".post")).length;
  return t(found[2] === "mid" ? "site.mid" : "site.post", { layer: Number(found[1]) + 1, of });
}

/** A name short enough for a table: "emb", "1 att", "1 mlp". */
export function siteShort(t: Words, name: string) {
  const found = /^L(\d+)\.(mid|post)$/.exec(name);
  if (!found) return name === "embed" ? t("site.embed.short") : name;
  return t(found[2] === "mid" ? "site.mid.short" : "site.post.short", {
    layer: Number(found[1]) + 1,
  });
}

/** The site shown first: past the middle, after an MLP. */
export function homeSite(sites: string[]) {
  const last = sites.length - 1;
  return Math.min(last, 2 * Math.round(last / 3));
}

/** The index of the value nearest to the wanted one; -1 of an empty list. */
export function nearestIndex(values: number[], wanted: number) {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (best < 0 || Math.abs(values[i] - wanted) < Math.abs(values[best] - wanted)) best = i;
  }
  return best;
}

/** 0..count-1 in the order from `start` outward. */
export function outward(count: number, start: number): number[] {
  return Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => Math.abs(a - start) - Math.abs(b - start) || b - a,
  );
}

/** A dragged value that rests on whole numbers and runs between them. */
export function sticky(value: number) {
  const base = Math.floor(value);
  const x = value - base;
  const k = x * x * (3 - 2 * x);
  return base + k * k * (3 - 2 * k);
}

export function clamp(value: number, low: number, high: number) {
  return Math.max(low, Math.min(high, value));
}
