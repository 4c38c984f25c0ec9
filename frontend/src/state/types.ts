/**
 * The nouns that cross modules of the page. Shapes: site, token, step, ref (reference tokens), all
 * site-major.
 */

import type { AtlasSlice, PlacedSlice } from "../protocol/slices.ts";
import type { Failure, Said } from "../protocol/failure.ts";
import type { Inside, InsideTab, Look } from "./inside/types.ts";
import type { Meaning, MeaningSection } from "./meaning/types.ts";
import type { Reading, SeedCard } from "./seed/types.ts";
import type {
  Camera,
  CloudPicture,
  LinkPicture,
  Pick as PointedAt,
  Picture,
  Rgb,
  Scene,
  SceneOptions,
  SentencePicture,
} from "../scene/picture.ts";
import type {
  ClaimTable,
  ComparisonTable,
  EventTable,
  Example,
  Frame as WireFrame,
  Inspected,
  JobCard,
  LabelTable,
  LabOffer,
  LensSite,
  Limits,
  MeasuresTable,
  MeasureTable,
  ModelOffer,
  ProjectionCard,
  ReferenceTable,
  RunCard,
  RunEntry,
  TokenText,
} from "../protocol/wire.ts";

export type { Example, LensSite, Limits, RunEntry };
export type Frame = Pick<WireFrame, "center" | "radius">;
/** What the card of a run of symbols says beside: its task, and what a "sentence" is for it. */
export type Card = RunCard & {
  task?: { name: string } | null;
  reads?: { en: string; zh: string; example?: string } | null;
};
export type Projection = ProjectionCard;
export type LabelOfTokens = LabelTable;
export type Claim = ClaimTable;

export type Token = TokenText;
export type Reference = ReferenceTable;
export type Measure = MeasureTable;
export type Measures = MeasuresTable;
export type MeasuredEvent = EventTable;
export type Inspection = Inspected;

export type * from "./inside/types.ts";
export type * from "./seed/types.ts";
export type { Camera, CloudPicture, Picture, SentencePicture, Scene, SceneOptions };
export type RGB = Rgb;
export type Link = LinkPicture;
/** A point of the scene: a reference token of the cloud, or a token of a sentence. */
export type Picked = PointedAt;

export type Theme = "dark" | "light";
export type Language = "en" | "zh";
export type Axis = "layers" | "steps";
/** Where the map from states to places is not continuous: how far it jumps, how flat it is. */
export type Score = "perturbation" | "singularity";
/** What is asked and known of the map's scores. */
export interface Discontinuity {
  /** the slice that a person wants measured for the picked token; null: none */
  wish: string | null;
  asking: { id: number; key: string } | null;
  look: Look | null;
  /** why `key` was not answered */
  trouble: { key: string; failure: Failure } | null;
}
/** How much of a token's path is drawn: about the site on screen, all of it, nothing. */
export type Trails = "comet" | "whole" | "off";
export type ColourMode =
  "source" | "trust" | Score | "position" | "frequency" | "sentence" | "none" | `label:${string}`;
export type Panel = "token" | "inside" | "meaning" | "act" | "metrics" | "compare" | "lab";
/** A part of the page that is folded away until it is used. */
export type Unfolded = "tools" | "sentences" | "strip" | "scene";
export type Tab = "neighbours" | "lens" | "numbers";
export type Connection = "connecting" | "open" | "lost";
export type Sheet = "help" | "about" | "search" | "sentences" | "door" | null;

export type SentenceStatus = "new" | "placing" | "placed" | "blank" | "failed";

export interface Sentence {
  id: string;
  text: string;
  /** 0..7, an index into the hues */
  hue: number;
  hidden: boolean;
  /** whether names of special tokens in it mean them */
  special: boolean;
  status: SentenceStatus;
  failure: Failure | null;
  /** the text last sent, null when it must be sent (again) */
  asked: string | null;
  /** the id of the newest request */
  request: number | null;
  /** what is on screen: tokens and slices belong together */
  tokens: Token[];
  cut: number;
  slices: Record<number, PlacedSlice>;
  /** the answer that is coming in, until its first slice replaces what is on screen */
  coming: { request: number; text: string; tokens: Token[]; cut: number } | null;
  /** what is on screen answers this text; `late`: a newer one had been asked for by then */
  shown: { request: number; text: string; late: boolean } | null;
}

/**
 * What is shown while another projection is on its way: its name, clouds, and the slices of each
 * sentence.
 */
export interface Former {
  projection: string;
  atlas: Record<number, AtlasSlice>;
  slices: Record<string, Record<number, PlacedSlice>>;
}

/** Sentences as they are kept aside: text, hue, hidden. */
export type Shelf = { text: string; hue: number; hidden: boolean; special?: boolean }[];

/** What is compared with the picture: another run, or another step of this one (`with` is null). */
export interface Compare {
  with: string | null;
  /** the other's step; null: it follows the slider */
  step: number | null;
  mode: "beside" | "over";
  /** the other run's card, null until it has come */
  card: Card | null;
  failure: Failure | null;
  /** where the slider stands among the steps of both; null: at a step of this run */
  at: number | null;
  over: Overlay | null;
}

/** What aligning two runs found. */
export interface Overlay {
  /** what was asked for, as `overlayKey` says it */
  key: string;
  failure: Failure | null;
  table: ComparisonTable | null;
  /** where the other's drawn tokens lie in this run's clouds, [site, drawn, 3] */
  positions: Float32Array | null;
  /** the other's reading of each sentence, by its id */
  readings: Record<string, { text: string; special: boolean; slice: PlacedSlice }>;
}

/** What a link carries. */
export interface View {
  run?: string;
  step?: number;
  site?: string;
  sentences?: Shelf;
  active?: number;
  camera?: Camera;
  colour?: ColourMode;
  projection?: string;
  measure?: string;
  curves?: boolean;
  second?: string;
  fit?: boolean;
  lab?: boolean;
  meaning?: MeaningSection;
  inside?: InsideTab;
  /** the claim whose card is open, or "text" */
  seed?: string;
  /** the chapter of the lesson, from 1, and whether it is presented */
  lesson?: number;
  present?: boolean;
  compare?: { with: string | null; step?: number; mode: "beside" | "over" };
  trails?: Trails;
  stack?: Axis;
  theme?: Theme;
  language?: Language;
}

export interface Caption {
  key: string;
  values?: Record<string, string | number>;
  /** the card that what is said rests on: of the seed, or of a published result */
  card?: { of: "seed" | "claims"; id: string };
}

/** A training as it is being asked for: numbers as they stand in their fields. */
export interface LabDraft {
  task: string;
  optimizer: string;
  numbers: Record<string, string>;
  text: string;
  title: string;
  /** the job of which this is the same again */
  like: string | null;
}

/** The models that can be fetched, as the server last said. */
export interface Offers {
  models: ModelOffer[];
  /** why none can be fetched; empty where they can */
  closed: Failure | null;
  /** whose card is unfolded */
  unfolded: string | null;
  failure: Failure | null;
}

/** The lab: what it offers, its trainings, and what is being asked of it. */
export interface Lab {
  folded: boolean;
  page: "jobs" | "new";
  offer: LabOffer | null;
  /** why the lab itself did not answer */
  failure: Failure | null;
  /** the newest first; `listed`: they have been heard of */
  jobs: JobCard[];
  listed: boolean;
  draft: LabDraft;
  /** a start is under way; why the last one was refused */
  asking: boolean;
  refusal: Failure | null;
  /** the id of the job that is told of at length */
  selected: string | null;
  /** a run that is opened as soon as it exists */
  awaited: string;
  /** what is under way with a job, and what went wrong with it, by id */
  busy: Record<string, string>;
  troubles: Record<string, Failure>;
  /** the job whose deletion has been asked for once */
  sure: string | null;
  /** the training log of each run that is drawn */
  logs: Record<string, Record<string, any>[]>;
}

/** What is read beside the picture, which card is open, and what is known of the seed's claims. */
export interface Seed {
  reading: Reading | null;
  /** the claim whose card is open */
  card: string | null;
  /** of the lesson, from 1 */
  chapter: number;
  /** the lesson in large type for a class, and whether the teacher's notes are shown */
  presenting: boolean;
  notes: boolean;
  /** the cards of each run that has been asked, by its name */
  cards: Record<string, SeedCard[]>;
  /** the picture that is set as soon as the run is here: a link's, or that of the open card */
  awaited: View | "card" | null;
  /** the sentences before a card's took their place, and what they are written for */
  kept: { writtenFor: string; list: Shelf } | null;
}

export interface State {
  inside: Inside;
  meaning: Meaning;
  discontinuity: Discontinuity;
  language: Language;
  theme: Theme;
  reducedMotion: boolean;
  /** written down to be taken along: nothing more is computed */
  written: boolean;
  flat: boolean;
  /** arrows in the scene, and how many of them are shorter than six pixels there */
  arrows: { count: number; short: number };
  connection: Connection;
  /** seconds until the next attempt while the connection is lost */
  retryIn: number;
  limits: Limits;
  version: string;

  runs: RunEntry[];
  run: string;
  card: Card | null;
  runFailure: Failure | null;
  reference: Reference | null;
  measures: Measures | null;
  /** published results and the same figures here; empty where theory says nothing of the run */
  claims: Claim[];
  /** the published result that a person was led to */
  claim: string | null;

  /** indices into card.steps and card.sites; fractional while a person scrubs */
  step: number;
  site: number;
  /** how long the next change may glide, in milliseconds */
  glide: number;
  atlas: Record<number, AtlasSlice>;
  atlasFailures: Record<number, Failure>;
  /** the projection chosen; what `former` holds is shown until it has come */
  projection: string;
  former: Former | null;

  /** whether a person who stood at the last step goes along to the one that is coming */
  along: boolean;
  sentences: Sentence[];
  active: string | null;
  serial: number;
  /** what the sentences are written for ("" is text), and those that were written for others */
  writtenFor: string;
  shelved: Record<string, Shelf>;

  trails: Trails;
  /** what the sheets of the tower are: sites, or checkpoints */
  stack: Axis;
  axes: boolean;
  colour: ColourMode;
  /** whether the colour was chosen, by a person or a link: else each run begins with its own */
  coloured: boolean;
  measure: string;
  /**
   * whether the curves are on the page, the measure beside the first ("": none), axes that fit what
   * is shown
   */
  curves: boolean;
  second: string;
  fit: boolean;
  /** what is compared with the picture; null: nothing */
  compare: Compare | null;
  playing: Axis | null;
  speed: number;
  loop: boolean;

  search: string;
  hover: Picked | null;
  hoverAt: { x: number; y: number } | null;
  picked: Picked | null;
  inspection: Inspection | null;
  inspecting: number | null;
  inspectionFailure: Failure | null;
  tab: Tab;
  sheet: Sheet;
  /** which section of the drawer a person has opened; what is picked or searched lies over it */
  panel: Panel | null;
  folded: { sentences: boolean; legend: boolean; strip: boolean; claims: boolean | null };
  /** what a person has come to use, so that it stays on the page */
  unfolded: Unfolded[];
  camera: Camera | null;
  caption: Caption | null;
  touring: boolean;
  notice: Caption | null;
  lab: Lab;
  offers: Offers;
  /** why the socket is refused and what to set; empty where it is not */
  refusal: Said | null;
  /** the seed's text and the lesson beside the picture */
  seed: Seed;
  wanted: View;
}

export type Words = (key: string, values?: Record<string, string | number>) => string;
