/** Numbers about trust in words. Pure. */

/** The key of the words for a mean trust (0.5 = random, 1 = every neighbourhood kept). */
export function trustWord(value: number) {
  if (value >= 0.97) return "trust.very";
  if (value >= 0.93) return "trust.mostly";
  if (value >= 0.85) return "trust.partly";
  return "trust.little";
}

/** The key of the words for how far outside the reference a token lies (percentile, 0..100). */
export function outsideWord(value: number) {
  if (value >= 99.5) return "outside.far";
  if (value >= 95) return "outside.edge";
  if (value >= 50) return "outside.usual";
  return "outside.inside";
}

/**
 * How far to believe a move, 0..1, from how long it is drawn against its true length (1 = typical,
 * 3 = three times too long).
 */
export function moveTrust(ratio: number) {
  return ratio > 0 ? Math.min(ratio, 1 / ratio) : 0;
}
