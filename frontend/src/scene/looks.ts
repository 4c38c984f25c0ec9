/** How the scene looks in the dark and in the light. Colours are 0–1. */

export type Look = {
  /** what distant things fade into */ background: [number, number, number];
  /** CSS */ backdrop: string;
  /** the backdrop's colours from its middle outward */ stops: [string, string, string];
  /** opacity of the cloud's points */ cloud: number;
  /** how much the farthest points lose, and how much of that is colour */ fade: [number, number];
  /** brightness of a glow, its share of opacity */ halo: [number, number];
  /** of a bead */ rim: [number, number, number, number];
  /** how white a bead's middle is */ heart: number;
  /** how heavy trails are */ trail: number;
  /** how much a trail whitens at its bead */ lift: number;
  /** colour of links */ line: [number, number, number];
  text: string;
  /** halo of text */ shadow: string;
};

const DARK = ["#131926", "#0c1019", "#07090f"];
const LIGHT = ["#ffffff", "#f6f8fb", "#e9edf3"];

const gradient = ([a, b, c]: string[]) =>
  `radial-gradient(ellipse 75% 80% at 50% 46%, ${a} 0%, ${b} 52%, ${c} 100%)`;

const outline = (color: string, wide: string) =>
  `0 0 2px ${color}, 0 0 2px ${color}, 0 0 3px ${color}, 0 0 5px ${color}, 0 1px 8px ${wide}`;

export function lookOf(theme: "dark" | "light"): Look {
  return theme === "light"
    ? {
        background: [0.975, 0.98, 0.988],
        backdrop: gradient(LIGHT),
        stops: ["#ffffff", "#f6f8fb", "#e9edf3"],
        cloud: 0.7,
        fade: [0.66, 0.55],
        halo: [0.5, 1],
        rim: [1, 1, 1, 0.95],
        heart: 0.12,
        lift: 0,
        trail: 0.72,
        line: [0.25, 0.3, 0.4],
        text: "#1a2130",
        shadow: outline("#fbfcfe", "#fbfcfe"),
      }
    : {
        background: [0.055, 0.07, 0.105],
        backdrop: gradient(DARK),
        stops: ["#131926", "#0c1019", "#07090f"],
        cloud: 0.8,
        fade: [0.72, 0.65],
        halo: [0.85, 0.06],
        rim: [0.03, 0.04, 0.065, 0.85],
        heart: 0.75,
        lift: 0.45,
        trail: 1,
        line: [0.72, 0.8, 0.95],
        text: "#e9eef8",
        shadow: outline("#090c13", "#090c13"),
      };
}

/**
 * A sentence's colour as its label's text: nearer to the theme's text colour.
 * @param rgb 0–255
 * @param share of the text colour
 */
export function inked(rgb: ArrayLike<number>, look: Look, share: number) {
  const ink = [1, 3, 5].map((at) => parseInt(look.text.slice(at, at + 2), 16));
  const mix = ink.map((v, k) => Math.round(rgb[k] + (v - rgb[k]) * share));
  return `rgb(${mix.join(", ")})`;
}
