/** Places at one step as they come over the wire: of a sentence, of the reference. */

/** A typed sentence at one step, as it came over the wire. */
export interface PlacedSlice {
  step: number;
  sites: number;
  tokens: number;
  /** [site, token, 3] */
  positions: Float32Array;
  /** [site, token], percentile 0..100 */
  outside: Float32Array;
  /** [site - 1, token], drawn length over true length, 1 = typical */
  trust: Float32Array;
  /** [site, token] */
  norm: Float32Array;
  /** [site, token, 3], the reference tokens nearest in the original space, where told */
  near?: Int32Array | null;
}

/** One step of the atlas. */
export interface AtlasSlice {
  step: number;
  sites: number;
  ref: number;
  /** [site, ref, 3] */
  positions: Float32Array;
  /** [site, ref], round(255 v); null when not asked for */
  trust: Uint8Array | null;
}
