/** Colours: those of sentences are no others'. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { CATEGORIES, HUES, magnitude } from "../../frontend/src/state/colour/colours.ts";
import { isCausal, namedRows } from "../../frontend/src/panels/inside/matrix.ts";

const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
/** OKLab (Ottosson 2020): distances of 0.02 are just seen. */
function oklab(rgb) {
  const [r, g, b] = rgb.map(linear);
  const [l, m, s] = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
  ].map(([x, y, z]) => Math.cbrt(x * r + y * g + z * b));
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
const apart = (a, b) => Math.hypot(...oklab(a).map((v, i) => v - oklab(b)[i]));

for (const theme of ["dark", "light"])
  test(`no hue of a sentence is one of the colour legends', in the ${theme}`, () => {
    const legends = [
      ...CATEGORIES[theme],
      ...[0, 0.25, 0.5, 0.75, 1].map((value) => magnitude(value, theme)),
    ];
    for (const hue of HUES[theme])
      for (const other of legends)
        assert.ok(apart(hue, other) > 0.07, `${hue} and ${other}: ${apart(hue, other)}`);
    HUES[theme].forEach((hue, i) =>
      HUES[theme]
        .slice(i + 1)
        .forEach((other) => assert.ok(apart(hue, other) > 0.06, `${hue} and ${other}`)),
    );
  });

test("names stand where they have room, the picked row's always", () => {
  assert.deepEqual(namedRows(4, 40, -1), [0, 1, 2, 3]);
  assert.deepEqual(namedRows(6, 9, 3), [0, 3], "a name too near the picked one gives way");
  assert.equal(isCausal({ tokens: 2, values: Float32Array.of(1, 0, 0.5, 0.5) }), true);
  assert.equal(isCausal({ tokens: 2, values: Float32Array.of(0.9, 0.1, 0.5, 0.5) }), false);
});
