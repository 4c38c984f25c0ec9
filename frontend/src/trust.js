/** Numbers about trust in words. Pure. */

/** The key of the words for a mean trust (0.5 = random, 1 = every neighbourhood kept). @param {number} value */
export function trustWord(value) {
  if (value >= 0.97) return "trust.very";
  if (value >= 0.93) return "trust.mostly";
  if (value >= 0.85) return "trust.partly";
  return "trust.little";
}

/** The key of the words for how far outside the reference a token lies (percentile, 0..1). @param {number} value */
export function outsideWord(value) {
  if (value >= 0.995) return "outside.far";
  if (value >= 0.95) return "outside.edge";
  if (value >= 0.5) return "outside.usual";
  return "outside.inside";
}
