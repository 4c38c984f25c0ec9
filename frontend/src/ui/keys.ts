/** Keys that go along a line of places. */

const KEYS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  Home: -Infinity,
  End: Infinity,
};

/**
 * Where a key leads on a line of whole places; null: it is no such key. One that is stays here.
 * @param page how far PageUp and PageDown go
 */
export function placeByKey(event: KeyboardEvent, at: number, last: number, page = 4) {
  const by = { ...KEYS, PageUp: page, PageDown: -page }[event.key];
  if (by === undefined) return null;
  event.preventDefault();
  event.stopPropagation();
  return Math.abs(by) === Infinity ? (by > 0 ? last : 0) : Math.round(at) + by;
}
