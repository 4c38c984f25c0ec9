/** Everything that can happen to the state: one union, told apart by `type`. */

import type { Failure } from "../protocol/failure.ts";
import type { AtlasSlice, PlacedSlice } from "../protocol/slices.ts";
import type * as wire from "../protocol/wire.ts";
import type { Inside, Look, Scaled, Ablation, Generation } from "./inside/types.ts";
import type { MeaningForm, MeaningSection } from "./meaning/types.ts";
import type * as nouns from "./types.ts";

/** What a message of any kind may say beside: how long the change may glide, in milliseconds. */
interface Gliding {
  glide?: number;
}

/** A message of the wire: its `type` is the key here. */
type Said<T> = Omit<T, "type">;

/** What nothing more need be said of. */
type Bare = Record<never, never>;

/** What is settable by a plain assignment. */
export const SETTABLE = [
  "trails",
  "stack",
  "arrows",
  "axes",
  "colour",
  "measure",
  "curves",
  "second",
  "fit",
  "speed",
  "loop",
  "theme",
  "language",
  "tab",
  "sheet",
  "reducedMotion",
  "flat",
  "camera",
  "notice",
  "caption",
  "touring",
  "refusal",
] as const satisfies (keyof nouns.State)[];

/** What the server says over the socket. */
interface FromServer {
  hello: Said<wire.Hello>;
  changed: Said<wire.Changed>;
  tokens: Said<wire.Tokens>;
  slice: { id: number; run: string; sentence: string; slice: PlacedSlice };
  done: Said<wire.Done>;
  inspection: Said<wire.Inspected>;
  measuring: Said<wire.Measuring>;
  look: { look: Look };
  error: Said<wire.Failure>;
  connection: { status: nouns.Connection; retryIn?: number };
}

/** Runs, and what belongs to the one on screen. */
interface OfRuns {
  runs: { runs: wire.RunEntry[] };
  "run.choose": { run: string };
  "run.card": { card: nouns.Card };
  "run.grown": { card: nouns.Card };
  "run.failed": { failure: Failure };
  reference: { reference: nouns.Reference };
  measures: { measures: nouns.Measures };
  claims: { claims: nouns.Claim[] };
  "atlas.slice": { slice: AtlasSlice };
  "atlas.failed": { step: number; failure: Failure };
  "atlas.retry": Bare;
  "atlas.drop": { steps: number[] };
}

/** Sentences that a person types. */
interface OfSentences {
  "sentence.add": { text?: string; hue?: number };
  "sentence.many": {
    list: { text: string; hue?: number; hidden?: boolean; special?: boolean }[];
  };
  "sentence.edit": { id: string; text: string };
  "sentence.remove": { id: string };
  "sentence.hide": { id: string };
  "sentence.hue": { id: string };
  "sentence.special": { id: string };
  "sentence.activate": { id: string };
  asked: { sentence: string; id: number; text: string };
}

/** Where we are, what is pointed at, and how it looks. */
interface OfView {
  go: { step?: number; site?: number; along?: number };
  play: { axis: nouns.Axis };
  pause: Bare;
  projection: { name: string };
  "projection.next": Bare;
  set: Partial<Pick<nouns.State, (typeof SETTABLE)[number]>>;
  "sheet.toggle": { sheet: nouns.Sheet };
  "sheet.close": { sheet: nouns.Sheet };
  "search.close": Bare;
  search: { text: string };
  "loop.toggle": Bare;
  "theme.toggle": Bare;
  "language.toggle": Bare;
  "trails.next": Bare;
  "curves.toggle": Bare;
  "axes.toggle": Bare;
  "colour.next": Bare;
  "claims.toggle": Bare;
  "claims.open": { id: string };
  "drawer.toggle": { section: nouns.Panel };
  "drawer.close": Bare;
  unfold: Bare;
  fold: { panel: keyof nouns.State["folded"] };
  hover: { pick: nouns.Picked | null; at?: { x: number; y: number } };
  pick: { pick: nouns.Picked | null };
  "inspect.asked": { id: number };
}

/** Another run, or another step, beside this one. */
interface OfComparing {
  compare: { with?: string | null; step?: number | null; mode?: nouns.Compare["mode"] };
  "compare.toggle": Bare;
  "compare.leave": Bare;
  "compare.card": { run: string; card: nouns.Card };
  "compare.failed": { run: string; failure: Failure };
  "compare.over": { key: string; table: wire.ComparisonTable; positions: Float32Array };
  "compare.over.failed": { key: string; failure: Failure };
  "compare.reading": {
    key: string;
    id: string;
    text: string;
    special: boolean;
    slice: PlacedSlice;
  };
  "compare.mirror": {
    list: { id: string; text: string; hue: number; hidden: boolean; special: boolean }[];
    active: string | null;
  };
}

/** The inside of a pass. */
interface OfInside {
  "inside.toggle": Bare;
  "inside.set": Partial<
    Pick<Inside, "tab" | "head" | "threshold" | "asking" | "everyLayer" | "stretch" | "seen">
  >;
  "inside.asked": { kind: string; id: number; key: string };
  "ablation.choose": Partial<Pick<Ablation, "layer" | "head">>;
  "ablation.set": Scaled;
  "ablation.reset": Bare;
  "generation.set": Partial<Pick<Generation, "count" | "temperature" | "top_k" | "top_p" | "seed">>;
  "generation.go": Bare;
  "generation.stop": Bare;
  "generation.take": { id: number; text: string; share: number | null };
  "generation.back": { to: number };
  "optimizer-step.set": Partial<Inside["optimizerStep"]>;
  "landscape.set": Partial<Pick<Inside["landscape"], "start" | "end">>;
  "landscape.compute": { on: boolean };
  "landscape.line": Bare;
  "gradients.set": Partial<Inside["gradients"]>;
}

/** Models that can be fetched. */
interface OfOffers {
  offers: { offers: wire.ModelOffers };
  "offers.unfold": { name: string | null };
  "offers.failed": { failure: Failure };
}

/** Measurements of meaning. */
interface OfMeaning {
  "meaning.toggle": Bare;
  "meaning.section": { section: MeaningSection };
  "meaning.scene": { on: boolean };
  "meaning.form": Partial<MeaningForm>;
  "meaning.project": { keys: string[] };
  "meaning.measure": { all: boolean };
  "meaning.stop": Bare;
  "meaning.sets.asked": { id: number };
  "meaning.asked": { section: MeaningSection; id: number; key: string; steps: number[] };
}

/** Scores of the map from states to places. */
interface OfDiscontinuity {
  "discontinuity.measure": Bare;
  "discontinuity.asked": { id: number; key: string };
  "discontinuity.stop": Bare;
}

/** Trainings. */
interface OfLab {
  "lab.toggle": Bare;
  "lab.fold": Bare;
  "lab.page": { page: nouns.Lab["page"] };
  "lab.offer": { offer: wire.LabOffer };
  "lab.failed": { failure: Failure };
  "lab.jobs": { jobs: wire.JobCard[] };
  "lab.log": { run: string; rows: Record<string, any>[] };
  "lab.select": { id: string };
  "lab.task": { task: string };
  "lab.optimizer": { optimizer: string };
  "lab.number": { name: string; text: string };
  "lab.text": { text: string; title?: string };
  "lab.again": { id: string };
  "lab.asking": Bare;
  "lab.started": { job: wire.JobCard };
  "lab.refused": { failure: Failure };
  "lab.arrived": Bare;
  "lab.acting": { id: string; act: string };
  "lab.acted": { job: wire.JobCard };
  "lab.troubled": { id: string; failure: Failure };
  "lab.sure": { id: string | null };
}

/** The seed's text and the lesson. */
interface OfSeed {
  "seed.read": { reading: nouns.Reading | null };
  "seed.toggle": { reading: nouns.Reading };
  "seed.choose": { card: string | null };
  "seed.cards": { run: string; cards: nouns.SeedCard[] };
  "seed.await": { view: nouns.View | "card" };
  "seed.inside": Bare;
  "lesson.go": { chapter: number };
  "lesson.set": Partial<Pick<nouns.Seed, "presenting" | "notes">>;
  "lesson.show": { view: nouns.View };
}

interface Kinds
  extends
    FromServer,
    OfRuns,
    OfSentences,
    OfView,
    OfComparing,
    OfInside,
    OfMeaning,
    OfDiscontinuity,
    OfOffers,
    OfLab,
    OfSeed {}

export type Kind = keyof Kinds;

/** The message of a kind. */
export type Of<K extends Kind> = { type: K } & Gliding & Kinds[K];

export type Message = { [K in Kind]: Of<K> }[Kind];

export type Dispatch = (message: Message) => void;

/** What each of some kinds of message does to the state: none may be left out. */
export type Handlers<K extends Kind = Kind> = {
  [Each in K]: (state: nouns.State, message: Of<Each>) => nouns.State;
};
