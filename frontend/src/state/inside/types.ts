/** The nouns of looking inside a pass. */

import type { Failure } from "../../protocol/failure.ts";
import type { Look } from "../../protocol/look.ts";

export type { Look };

export const INSIDE_TABS = [
  "attention",
  "decomposition",
  "ablation",
  "generation",
  "gradients",
  "optimizer-step",
  "landscape",
] as const;
export type InsideTab = (typeof INSIDE_TABS)[number];
export type Head = "mean" | "max" | number;

export interface Question {
  kind: string;
  key: string;
  message: { type: string } & Record<string, any>;
}

/** A part of the pass that is scaled, and by how much. */
export interface Scaled {
  part: "attention" | "mlp" | "head" | "residual";
  layer: number;
  head?: number;
  factor: number;
}

/**
 * What is scaled of which run; the layer (null: that of the site on screen) and head whose sliders
 * are shown.
 */
export interface Ablation {
  run: string;
  layer: number | null;
  head: number;
  factors: Scaled[];
}

/**
 * A text that grows: `about` is what it goes on from; `wish` tokens are being drawn after the first
 * `begun` ones.
 */
export interface Generation {
  about: string;
  steps: { id: number; text: string; share: number | null; look: Look | null }[];
  /** the answer that told where it could go from its end */
  fork: Look | null;
  wish: number;
  begun: number;
  count: number;
  temperature: number;
  top_k: number;
  top_p: number;
  seed: number;
}

/** What is open of the inside, what was asked and answered, by kind of question. */
export interface Inside {
  tab: InsideTab;
  head: Head;
  /** share of attention from which on an edge is drawn */
  threshold: number;
  looks: Record<string, Look>;
  asking: Record<string, { id: number; key: string }>;
  troubles: Record<string, Failure>;
  /** decomposition: arrows of all layers; the stretch as a cross with rings */
  everyLayer: boolean;
  stretch: boolean;
  ablation: Ablation;
  /** how the residual stream is shown while parts are scaled */
  seen: "picture" | "normalised" | "raw" | "added";
  generation: Generation;
  /**
   * the motion of the weights that is tried, how often it is taken, and whether the corpus tokens
   * go along
   */
  optimizerStep: { motion: string; factor: number; backwards: boolean; cloud: boolean };
  /**
   * whether the plane was asked for or stopped, the line that was asked for, and the steps chosen
   * for its ends
   */
  landscape: {
    map: { run: string; on: boolean } | null;
    line: { run: string; start: number; end: number } | null;
    start: number | null;
    end: number | null;
  };
  /** what the loss aims at: every next token, the one after the token in hand, or a word there */
  gradients: { aim: "all" | "next" | "target"; target: string; reach: number };
}
