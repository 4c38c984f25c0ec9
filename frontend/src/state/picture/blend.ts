/** Mixing places. Pure. */

/** a + (b - a) mix; the very array when there is nothing to mix. */
export function blend(a: Float32Array, b: Float32Array | null, mix: number) {
  if (!b || mix <= 0 || b.length !== a.length) return a;
  const out = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = a[i] + (b[i] - a[i]) * mix;
  return out;
}
