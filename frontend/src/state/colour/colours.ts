/** Palettes: Okabe–Ito for categories, cividis for magnitudes. Pure. */

import type { RGB } from "../types.ts";

/**
 * Eight hues of sentences. They lie between those of the categories and of the magnitudes, so that
 * no sentence seems to belong to a kind of the cloud's points.
 */
export const HUES: Record<"dark" | "light", RGB[]> = {
  dark: [
    [255, 105, 120],
    [70, 236, 255],
    [168, 250, 60],
    [190, 142, 255],
    [255, 92, 220],
    [255, 220, 196],
    [150, 255, 214],
    [232, 236, 244],
  ],
  light: [
    [208, 0, 56],
    [0, 126, 142],
    [66, 104, 0],
    [124, 36, 204],
    [196, 0, 168],
    [112, 58, 28],
    [0, 52, 164],
    [24, 24, 26],
  ],
};

/** Categories of the cloud, muted beside the sentences. */
export const CATEGORIES: Record<"dark" | "light", RGB[]> = {
  dark: [
    [86, 180, 233],
    [230, 159, 0],
    [0, 158, 115],
    [204, 121, 167],
    [213, 94, 0],
    [240, 228, 66],
    [110, 130, 245],
    [160, 164, 172],
  ],
  light: [
    [0, 114, 178],
    [214, 140, 0],
    [0, 140, 100],
    [186, 96, 148],
    [200, 84, 0],
    [160, 146, 0],
    [70, 84, 200],
    [120, 124, 132],
  ],
};

/** Eleven stops of cividis. */
const CIVIDIS: RGB[] = [
  [0, 34, 78],
  [18, 53, 112],
  [59, 73, 108],
  [87, 93, 109],
  [112, 113, 115],
  [138, 134, 120],
  [165, 156, 116],
  [195, 179, 105],
  [225, 204, 85],
  [244, 220, 66],
  [254, 232, 56],
];

/** Cividis at 0..1; what is not a number is grey. */
export function cividis(value: number): RGB {
  if (!Number.isFinite(value)) return [128, 128, 128];
  const x = Math.max(0, Math.min(1, value)) * (CIVIDIS.length - 1);
  const i = Math.min(CIVIDIS.length - 2, Math.floor(x));
  const f = x - i;
  const at = (k: number) => Math.round(CIVIDIS[i][k] + (CIVIDIS[i + 1][k] - CIVIDIS[i][k]) * f);
  return [at(0), at(1), at(2)];
}

/**
 * Cividis as drawn on the scene: on the dark the darkest fifth is left out, on the light the
 * brightest.
 */
export function magnitude(value: number, theme: "dark" | "light") {
  return cividis(theme === "dark" ? 0.2 + 0.8 * value : 0.88 * value);
}

export function css(rgb: RGB, alpha: number = 1) {
  return alpha === 1 ? `rgb(${rgb.join(" ")})` : `rgb(${rgb.join(" ")} / ${alpha})`;
}

/** A CSS gradient of the magnitudes. */
export function gradient(theme: "dark" | "light") {
  const stops = Array.from({ length: 9 }, (_, i) => css(magnitude(i / 8, theme)));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
