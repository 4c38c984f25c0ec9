/**
 * Points from far to near, so that soft discs cover one another rightly. A counting sort: linear in
 * the points.
 */

const BUCKETS = 4096;

export class DepthOrder {
  indices: Uint32Array<ArrayBuffer>;
  keys: Uint16Array<ArrayBuffer>;
  depths: Float32Array<ArrayBuffer>;
  starts: Uint32Array<ArrayBuffer>;

  constructor() {
    this.indices = new Uint32Array(0);
    this.keys = new Uint16Array(0);
    this.depths = new Float32Array(0);
    this.starts = new Uint32Array(BUCKETS + 1);
  }

  /**
   * Indices of the points between two keyframes, farthest first.
   * @param a [point][4]
   * @param b [point][4]
   * @param m matrix whose fourth row is depth
   */
  sort(a: Float32Array, b: Float32Array, t: number, m: ArrayLike<number>): Uint32Array {
    const count = b.length / 4;
    if (this.indices.length !== count) {
      this.indices = new Uint32Array(count);
      this.keys = new Uint16Array(count);
      this.depths = new Float32Array(count);
    }
    this.#bucket(this.#measure(a, b, t, m));
    const { indices, keys, starts } = this;
    for (let i = 0; i < count; i++) indices[starts[keys[i]]++] = i;
    return indices;
  }

  #measure(a: Float32Array, b: Float32Array, t: number, m: ArrayLike<number>) {
    const { depths } = this;
    const [x, y, z] = [m[3], m[7], m[11]];
    const s = 1 - t;
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0, p = 0; i < depths.length; i++, p += 4) {
      const d =
        x * (s * a[p] + t * b[p]) +
        y * (s * a[p + 1] + t * b[p + 1]) +
        z * (s * a[p + 2] + t * b[p + 2]);
      depths[i] = d;
      if (d < low) low = d;
      if (d > high) high = d;
    }
    return { low, high };
  }

  #bucket({ low, high }: { low: number; high: number }) {
    const { depths, keys, starts } = this;
    const scale = (BUCKETS - 1) / Math.max(high - low, 1e-12);
    starts.fill(0);
    for (let i = 0; i < depths.length; i++) {
      const key = ((high - depths[i]) * scale) | 0;
      keys[i] = key;
      starts[key + 1]++;
    }
    for (let k = 0; k < BUCKETS; k++) starts[k + 1] += starts[k];
  }
}
