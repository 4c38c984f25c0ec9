/**
 * Colours of known variables: a circle of hues for what comes round, mixtures of three for shares.
 * Pure.
 */

import { CATEGORIES, magnitude } from "./colours.ts";
import type { LabelOfTokens, RGB, Theme } from "../types.ts";

/** Middle lightness, its swing, and chroma of the circle, in OKLab. */
const CIRCLE = {
  dark: { light: 0.74, swing: 0.13, chroma: 0.135 },
  light: { light: 0.57, swing: 0.12, chroma: 0.135 },
};

/** @param linear 0..1 */
const gamma = (linear: number) =>
  Math.round(
    255 *
      (linear <= 0.0031308
        ? 12.92 * Math.max(linear, 0)
        : Math.min(1, 1.055 * linear ** (1 / 2.4) - 0.055)),
  );

/** OKLab (Ottosson 2020) as sRGB, cut to what a screen can show. */
function oklab(light: number, a: number, b: number): RGB {
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/**
 * The circle of hues at a part of the way round, 0..1. It is tilted: what is greener is lighter,
 * what is redder is darker, so that whoever does not tell red from green still sees a circle, of
 * blue, yellow, light and dark.
 */
export function cyclic(part: number, theme: Theme): RGB {
  const { light, swing, chroma } = CIRCLE[theme];
  const angle = 2 * Math.PI * part;
  return oklab(light - swing * Math.cos(angle), chroma * Math.cos(angle), chroma * Math.sin(angle));
}

/** The circle as a CSS background, the start at the top, clockwise. */
export function wheel(theme: Theme) {
  const stops = Array.from({ length: 25 }, (_, i) => `rgb(${cyclic(i / 24, theme).join(" ")})`);
  return `conic-gradient(${stops.join(", ")})`;
}

/** What each corner of a mixture of three is. */
export const CORNERS: Record<Theme, RGB[]> = {
  dark: [
    [255, 92, 80],
    [62, 214, 138],
    [92, 132, 255],
  ],
  light: [
    [214, 48, 36],
    [0, 146, 84],
    [40, 78, 224],
  ],
};

const cornersOf = (count: number, theme: Theme) =>
  count === 3 ? CORNERS[theme] : CATEGORIES[theme];

/**
 * The mixture of the corners' colours by shares, which need not add up to 1; light adds as light
 * does.
 */
export function mixture(shares: ArrayLike<number | null>, theme: Theme): RGB {
  const corners = cornersOf(shares.length, theme);
  const sum = Array.from(shares).reduce((total: number, one) => total + Math.max(0, one ?? 0), 0);
  if (!(sum > 0)) return [128, 128, 128];
  const mixed = [0, 0, 0];
  for (let k = 0; k < shares.length; k++) {
    const corner = corners[k % corners.length];
    for (let c = 0; c < 3; c++)
      mixed[c] += (Math.max(0, shares[k] ?? 0) / sum) * (corner[c] / 255) ** 2.2;
  }
  const [r, g, b] = mixed.map((one) => Math.round(255 * one ** (1 / 2.2)));
  return [r, g, b];
}

/**
 * A function index -> colour for a known variable of the reference tokens; null where a token has
 * none.
 */
export function labelColours(label: LabelOfTokens, theme: Theme): (index: number) => RGB | null {
  const { kind, values } = label;
  if (kind === "mixture")
    return (i) => (values[i]?.some((one) => one !== null) ? mixture(values[i], theme) : null);
  const { low, high } = rangeOf(label);
  const period = label.period ?? high - low + 1;
  return (i) => {
    const value = values[i]?.[0] ?? null;
    if (value === null) return null;
    if (kind === "cyclic") return cyclic(value / period, theme);
    if (kind === "category")
      return CATEGORIES[theme][
        Math.min(Math.max(0, Math.round(value)), CATEGORIES[theme].length - 1)
      ];
    return magnitude(high > low ? (value - low) / (high - low) : 0.5, theme);
  };
}

/** The ends of a label's first value; 0 and 1 when no token has one. */
export function rangeOf({ values }: LabelOfTokens) {
  let low = Infinity;
  let high = -Infinity;
  for (const [one] of values) {
    if (one === null || one === undefined) continue;
    low = Math.min(low, one);
    high = Math.max(high, one);
  }
  return low <= high ? { low, high } : { low: 0, high: 1 };
}
