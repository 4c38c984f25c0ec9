/**
 * A token's path through the sites as a smooth curve. The vertex shader in `shaders.js` draws the
 * same curve. No DOM.
 */

/**
 * Paths as strands: token after token, each with one mirrored point before its first and after its
 * last site, in frame units.
 * @param paths [site][token][3]
 * @returns [token][site + 2][3]
 */
export function strandsOf(
  paths: Float32Array,
  sites: number,
  tokens: number,
  frame: { center: ArrayLike<number>; radius: number },
): Float32Array {
  const row = sites + 2;
  const out = new Float32Array(tokens * row * 3);
  const scale = 1 / frame.radius;
  for (let token = 0; token < tokens; token++) {
    for (let site = 0; site < sites; site++) {
      const from = 3 * (site * tokens + token);
      const to = 3 * (token * row + site + 1);
      for (let k = 0; k < 3; k++) out[to + k] = (paths[from + k] - frame.center[k]) * scale;
    }
    mirrorEnds(out, token * row, sites);
  }
  return out;
}

/**
 * Sets the point before and the point after a row of `count` points so that the curve leaves and
 * arrives straight.
 * @param start index of the point before
 */
export function mirrorEnds(row: Float32Array, start: number, count: number) {
  const first = 3 * (start + 1);
  const last = 3 * (start + count);
  const second = count > 1 ? first + 3 : first;
  const before = count > 1 ? last - 3 : last;
  for (let k = 0; k < 3; k++) {
    row[3 * start + k] = 2 * row[first + k] - row[second + k];
    row[last + 3 + k] = 2 * row[last + k] - row[before + k];
  }
}

/**
 * Half of (after - before), no longer than the shorter of its two neighbours: rounds a corner
 * without overshooting it.
 */
function tangent(p: Float32Array, before: number, at: number, after: number, out: Float64Array) {
  let [chord, left, right] = [0, 0, 0];
  for (let k = 0; k < 3; k++) {
    out[k] = 0.5 * (p[after + k] - p[before + k]);
    chord += out[k] ** 2;
    left += (p[at + k] - p[before + k]) ** 2;
    right += (p[after + k] - p[at + k]) ** 2;
  }
  const shrink = Math.min(1, Math.sqrt(Math.min(left, right) / Math.max(chord, 1e-18)));
  for (let k = 0; k < 3; k++) out[k] *= shrink;
}

const [LEFT, RIGHT] = [new Float64Array(3), new Float64Array(3)];

/**
 * The point of one strand at a site that may be fractional.
 * @param at where in `out`
 */
export function pointAt(
  strands: Float32Array,
  sites: number,
  token: number,
  site: number,
  out: Float32Array | Float64Array,
  at: number,
) {
  const bounded = Math.min(Math.max(site, 0), sites - 1);
  const segment = Math.min(Math.floor(bounded), Math.max(sites - 2, 0));
  const u = bounded - segment;
  const b = 3 * (token * (sites + 2) + segment + 1);
  if (u === 0 || sites < 2) {
    for (let k = 0; k < 3; k++) out[at + k] = strands[b + k];
    return;
  }
  tangent(strands, b - 3, b, b + 3, LEFT);
  tangent(strands, b, b + 3, b + 6, RIGHT);
  const [u2, u3] = [u * u, u * u * u];
  for (let k = 0; k < 3; k++) {
    out[at + k] =
      (2 * u3 - 3 * u2 + 1) * strands[b + k] +
      (u3 - 2 * u2 + u) * LEFT[k] +
      (3 * u2 - 2 * u3) * strands[b + 3 + k] +
      (u3 - u2) * RIGHT[k];
  }
}
