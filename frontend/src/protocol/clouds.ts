/** Clouds as they cross the wire: whole numbers in planes of differences. Pure. */

/**
 * Whole numbers of 16 bits [step, site, 3, ref] out of their folded differences, as [step, site,
 * ref, 3]; the opposite of `planes` in the server's `protocol/clouds.py`.
 */
export function unfolded(low: Uint8Array, high: Uint8Array, shape: number[]): Uint16Array {
  const [steps, sites, , ref] = shape;
  const [size, row] = [3 * ref, 3 * ref * sites];
  const flat = new Int32Array(steps * row);
  for (let i = 0; i < flat.length; i++) {
    const z = low[i] | (high[i] << 8);
    const step = Math.floor(i / row);
    const site = Math.floor((i - step * row) / size);
    let told = 0;
    if (step && site) told = flat[i - row] + flat[i - size] - flat[i - row - size];
    else if (step) told = flat[i - row];
    else if (site) told = flat[i - size];
    flat[i] = told + ((z >> 1) ^ -(z & 1));
  }
  const out = new Uint16Array(flat.length);
  for (let slice = 0; slice < steps * sites; slice++)
    for (let k = 0; k < 3; k++)
      for (let i = 0; i < ref; i++)
        out[slice * size + 3 * i + k] = flat[slice * size + k * ref + i];
  return out;
}

/** Whole numbers as the half numbers that stand in the same order, to the bit. */
export function halvesInOrder(whole: Uint16Array): Uint16Array {
  return whole.map((one) => (one & 0x8000 ? one ^ 0x7fff : one));
}
