/** The nouns that cross modules of the page. Shapes: site, token, step, ref (reference tokens), all site-major. */

export type RGB = [number, number, number];

/** A point of the scene: a reference token of the cloud, or a token of a sentence. */
export type Picked = { kind: "cloud"; index: number } | { kind: "sentence"; id: string; token: number };

export interface Frame {
  center: [number, number, number];
  radius: number;
}

/** Plotly's camera. */
export interface Camera {
  eye: { x: number; y: number; z: number };
  center?: { x: number; y: number; z: number };
  up?: { x: number; y: number; z: number };
}

export interface CloudPicture {
  /** [ref, 3] */
  positions: Float32Array;
  /** [ref, 4], 0..255 */
  colors: Uint8Array;
  /** [ref], 1 = the usual size; null = all 1 */
  sizes: Float32Array | null;
}

export interface SentencePicture {
  id: string;
  color: RGB;
  /** one a token; "" = no label */
  labels: string[];
  /** [site, token, 3] */
  paths: Float32Array;
  sites: number;
  tokens: number;
  /** the site shown; fractional while a person scrubs */
  site: number;
  trail: boolean;
  /** 1 = far outside the reference */
  faint?: Uint8Array;
  /** [site - 1, token], 0..1 */
  trust?: Float32Array | null;
  active: boolean;
}

export interface Link {
  from: Picked;
  to: Picked;
  weight: number;
}

export interface Picture {
  frame: Frame;
  cloud: CloudPicture;
  sentences: SentencePicture[];
  links: Link[];
}

export interface SceneOptions {
  theme: Theme;
  reducedMotion: boolean;
  onHover(pick: Picked | null, at: { x: number; y: number } | null): void;
  onPick(pick: Picked | null): void;
  onCamera(camera: Camera): void;
  onTouch(): void;
}

export interface Scene {
  mode: "webgl" | "flat";
  show(picture: Picture, options: { ms: number }): Promise<void>;
  setTheme(theme: Theme): void;
  camera(): Camera;
  setCamera(camera: Camera): void;
  idle(on: boolean): void;
  setAxes(on: boolean): void;
  image(): Promise<string>;
  focus(pick: Picked | null): void;
  resize(): void;
  dispose(): void;
  stats(): Record<string, unknown>;
}

export type Theme = "dark" | "light";
export type Language = "en" | "zh";
export type Axis = "layers" | "steps";
export type ColourMode = "source" | "trust" | "position" | "frequency" | "sentence" | "none";
export type Tab = "neighbours" | "lens" | "numbers";
export type Connection = "connecting" | "open" | "lost";
export type Sheet = "help" | "about" | "search" | "sentences" | "settings" | null;

export interface Token {
  id: number;
  text: string;
  piece: number;
  pieces: number;
}

/** A typed sentence at one step, as it came over the wire. */
export interface PlacedSlice {
  step: number;
  sites: number;
  tokens: number;
  /** [site, token, 3] */
  positions: Float32Array;
  /** [site, token], percentile 0..1 */
  outside: Float32Array;
  /** [site - 1, token], 0..1 */
  trust: Float32Array;
  /** [site, token] */
  norm: Float32Array;
}

export type SentenceStatus = "new" | "placing" | "placed" | "blank" | "failed";

export interface Failure {
  code: string;
  message: string;
}

export interface Sentence {
  id: string;
  text: string;
  /** 0..7, an index into the hues */
  hue: number;
  hidden: boolean;
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
  coming: { request: number; tokens: Token[]; cut: number } | null;
}

/** One step of the atlas. */
export interface AtlasSlice {
  step: number;
  sites: number;
  ref: number;
  /** [site, ref, 3] */
  positions: Float32Array;
  /** [site, ref], round(255 v) */
  trust: Uint8Array;
  continuity: Uint8Array;
}

export interface Reference {
  windows: string[][];
  window: number[];
  position: number[];
  frequency: number[];
  source: string[];
  text: string[];
}

export interface Measure {
  name: string;
  unit: string;
  /** [step][site]; null where nothing was measured */
  values: (number | null)[][];
}

export interface Measures {
  steps: number[];
  sites: string[];
  measures: Measure[];
  axes: { variables: string[]; values: (number | null)[][][][] } | null;
}

export interface Example {
  text: string;
  note_en?: string;
  note_zh?: string;
}

export interface Card {
  name: string;
  title: string;
  description: string;
  steps: number[];
  sites: string[];
  frame: Frame;
  view: string;
  examples: Example[];
  [more: string]: unknown;
}

export interface RunEntry {
  name: string;
  title: string;
}

export interface Limits {
  characters: number;
  tokens: number;
  message_bytes: number;
  sentences: number;
}

export interface LensSite {
  site: number;
  kl: number;
  entropy: number;
  top: { text: string; probability: number }[];
}

export interface Inspection {
  id: number;
  run: string;
  step: number;
  site: number;
  token: { text: string; norm: number; outside: number | null; trust: number | null; continuity: number | null };
  neighbors: { index: number; distance: number }[];
  lens: LensSite[];
}

/** What a link carries. */
export interface View {
  run?: string;
  step?: number;
  site?: string;
  sentences?: { text: string; hue: number; hidden: boolean }[];
  active?: number;
  camera?: Camera;
  colour?: ColourMode;
  measure?: string;
  trails?: boolean;
  theme?: Theme;
  language?: Language;
}

export interface Caption {
  key: string;
  values?: Record<string, string | number>;
}

export interface State {
  language: Language;
  theme: Theme;
  reducedMotion: boolean;
  flat: boolean;
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

  /** indices into card.steps and card.sites; fractional while a person scrubs */
  step: number;
  site: number;
  /** how long the next change may glide, in milliseconds */
  glide: number;
  atlas: Record<number, AtlasSlice>;
  atlasFailures: Record<number, Failure>;

  sentences: Sentence[];
  active: string | null;
  serial: number;

  trails: boolean;
  axes: boolean;
  colour: ColourMode;
  measure: string;
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
  folded: { sentences: boolean; legend: boolean; strip: boolean };
  camera: Camera | null;
  caption: Caption | null;
  touring: boolean;
  notice: Caption | null;
  wanted: View;
}

export interface Tensor {
  dtype: string;
  shape: number[];
  data: Float32Array | Uint8Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array;
}

export interface Bundle {
  metadata: Record<string, string>;
  tensors: Record<string, Tensor>;
}

/** Everything that can happen to the state. */
export type Message = { type: string; [field: string]: any };
export type Dispatch = (message: Message) => void;
export type Words = (key: string, values?: Record<string, string | number>) => string;
