/** What makes a model smaller, as sliders move it: one change of each kind. Pure. */

export type ChangeKind = "bits" | "rank" | "sparsity" | "directions";

/** Where a slider stands, from the smallest model on; the last place is the whole model. */
export const STOPS: Record<ChangeKind, number[]> = {
  bits: [2, 3, 4, 5, 6, 8],
  rank: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  sparsity: [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1],
  directions: [1, 2, 4, 8, 16, 32, 64, 128, 256],
};
export const KINDS = Object.keys(STOPS) as ChangeKind[];

export function changesOf(text: string) {
  return text.split(/[\s,，]+/).filter(Boolean);
}

/** The first amount of a kind; null: nothing of that kind is changed. */
export function amountOf(text: string, kind: ChangeKind): number | null {
  const found = changesOf(text).find((one) => one.startsWith(`${kind}=`));
  const amount = Number(found?.slice(kind.length + 1));
  return found && Number.isFinite(amount) ? amount : null;
}

/** The place of a slider: that of the stop nearest to the amount. */
export function stopOf(text: string, kind: ChangeKind) {
  const amount = amountOf(text, kind);
  const stops = STOPS[kind];
  if (amount === null) return stops.length;
  const away = stops.map((stop) => Math.abs(stop - amount));
  return away.indexOf(Math.min(...away));
}

/** The list with one change of a kind at a slider's place, and none where the model is whole. */
export function movedTo(text: string, kind: ChangeKind, stop: number) {
  const amount = STOPS[kind][stop];
  const named = amount === undefined ? [] : [`${kind}=${amount}`];
  const list = changesOf(text);
  const at = list.findIndex((one) => one.startsWith(`${kind}=`));
  const others = list.filter((one) => !one.startsWith(`${kind}=`));
  const place = at < 0 ? others.length : Math.min(at, others.length);
  return [...others.slice(0, place), ...named, ...others.slice(place)].join(", ");
}
