/** The nouns of measuring meaning. */

import type { Failure } from "../../protocol/failure.ts";
import type { Look } from "../../protocol/look.ts";

export const SECTIONS = [
  "senses",
  "axes",
  "ood",
  "regions",
  "path",
  "probe",
  "attack",
  "compress",
] as const;
export type MeaningSection = (typeof SECTIONS)[number];

/** What a person has chosen and typed, a field each, as it was written. */
export interface MeaningForm {
  /** a bundled word; "": one's own */
  word: string;
  ownWord: string;
  ownControl: string;
  ownFirst: string;
  ownSecond: string;
  /** a label of the reference that parts one's own word's sentences; "": they are typed */
  ownColumn: string;
  ownFirstClass: string;
  ownSecondClass: string;
  /** a bundled list; "": one's own */
  list: string;
  ownPairs: string;
  analogy: string;
  /** which inner product the chart shows */
  product: "plain" | "causal";
  /** more axes of the scene: bundled lists; "": what is left */
  second: string;
  third: string;
  start: string;
  end: string;
  way: "chord" | "sphere" | "geodesic" | "output";
  points: number;
  /** a label of the reference; "": tagged words of one's own */
  label: string;
  /** what colours the probe's tokens: right or wrong, the class that it says, the true one */
  shown: "hit" | "said" | "true";
  tagged: string;
  least: number;
  kind: string;
  otherText: string;
  attacked: string;
  changes: string;
  sentence: string;
}

/** The answers to one question: a part for each step that has been measured. */
export interface Measured {
  key: string;
  run: string;
  parts: Record<number, Look>;
}

/** A question under way: about which steps, how many of them are done, and what share of all. */
export interface Asking {
  id: number;
  key: string;
  steps: number[];
  done: number;
  share: number;
}

export interface Meaning {
  section: MeaningSection;
  form: MeaningForm;
  /** what there is to choose from, of the run on screen */
  sets: Look | null;
  setsAsked: number | null;
  measured: Partial<Record<MeaningSection, Measured>>;
  asking: Partial<Record<MeaningSection, Asking>>;
  troubles: Partial<Record<MeaningSection, Failure>>;
  /** what a person has asked to be measured and has not been sent yet */
  wish: { section: MeaningSection; all: boolean } | null;
  /** whether the scene shows it */
  scene: boolean;
}

/** The regions of a step, and which of the step `before` they share members with. */
export interface RegionColumn {
  step: number;
  regions: { index: number; size: number }[];
  links: { before: number; after: number; overlap: number }[];
  before: number;
}
