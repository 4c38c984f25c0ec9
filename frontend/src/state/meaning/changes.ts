/** What makes a model smaller, as sliders move it: one change of each kind. Pure. */

export const KINDS = ["bits", "rank", "sparsity", "directions", "layer", "head"] as const;
export type ChangeKind = (typeof KINDS)[number];

/** How many layers a model has, and heads a layer; 0 where that is not known. */
export interface Shape {
  layers: number;
  heads: number;
}

const POWERS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const AMOUNTS: Partial<Record<ChangeKind, number[]>> = {
  bits: [2, 3, 4, 5, 6, 8],
  rank: POWERS,
  sparsity: [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1],
  directions: POWERS,
};

/** Where a slider stands, from its left on; beyond the last is the whole model. */
export function stopsOf(kind: ChangeKind, { layers, heads }: Shape): string[] {
  const amounts = AMOUNTS[kind];
  if (amounts) return amounts.map(String);
  const each = Array.from({ length: layers }, (_, layer) => layer);
  if (kind === "layer") return each.map(String);
  return each.flatMap((layer) => Array.from({ length: heads }, (_, head) => `${layer}.${head}`));
}

export function changesOf(text: string) {
  return text.split(/[\s,，]+/).filter(Boolean);
}

/** A change by its kind and its amount, as it is written: bits=3, head=2.1; null: none. */
export function changeOf(name: string): { kind: ChangeKind; amount: string } | null {
  const [kind, amount] = name.split("=");
  const known = KINDS.find((one) => one === kind);
  return known && amount && Number.isFinite(Number(amount)) ? { kind: known, amount } : null;
}

/** All amounts of a kind in the list; none: nothing of that kind is changed. */
export function amountsOf(text: string, kind: ChangeKind): string[] {
  const found = changesOf(text).map(changeOf);
  return found.flatMap((one) => (one?.kind === kind ? [one.amount] : []));
}

/** The place of a slider: that of the stop nearest to the first amount. */
export function stopOf(text: string, kind: ChangeKind, stops: string[]) {
  const [amount] = amountsOf(text, kind);
  const same = stops.indexOf(amount);
  if (amount === undefined || same >= 0 || kind === "head") return same < 0 ? stops.length : same;
  const away = stops.map((stop) => Math.abs(Number(stop) - Number(amount)));
  return away.indexOf(Math.min(...away));
}

/** The list with one change of a kind at a slider's place, and none where the model is whole. */
export function movedTo(text: string, kind: ChangeKind, stop: number, stops: string[]) {
  const amount = stops[stop];
  const named = amount === undefined ? [] : [`${kind}=${amount}`];
  const list = changesOf(text);
  const at = list.findIndex((one) => one.startsWith(`${kind}=`));
  const others = list.filter((one) => !one.startsWith(`${kind}=`));
  const place = at < 0 ? others.length : Math.min(at, others.length);
  return [...others.slice(0, place), ...named, ...others.slice(place)].join(", ");
}
