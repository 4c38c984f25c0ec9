/**
 * What the scene is asked to draw, and what it tells back. Shared by `figure.js` (which makes
 * pictures) and `scene.js` (which draws them).
 */

export type Rgb = [number, number, number];

/** A thing that can be pointed at: a token of the reference, or a token of a typed sentence. */
export type Pick =
  { kind: "cloud"; index: number } | { kind: "sentence"; id: string; token: number };

export interface CloudPicture {
  /** xyz of every reference token, data units, length 3N. */
  positions: Float32Array;
  /** RGBA of every reference token, length 4N. */
  colors: Uint8Array;
  /**
   * Size of every token as a multiple of the usual size, below 0 a ring of that size; null: all as
   * usual.
   */
  sizes: Float32Array | null;
  /** How many of them are the reference's; those behind came to it (all, unless told). */
  own?: number;
}

export interface SentencePicture {
  id: string;
  /** 0–255. */
  color: Rgb;
  /** One a token; "" hides it. */
  labels: string[];
  /** xyz, site-major: [site][token][3]. */
  paths: Float32Array;
  sites: number;
  tokens: number;
  /** The site shown now; may lie between two. */
  site: number;
  /** Whether the path through the sites is drawn. */
  trail: boolean;
  /**
   * How far, 0-1, a path is drawn only about the site shown, but for a token that is pointed at.
   */
  comet?: number;
  /** Who lies beside the paths. */
  ghosts?: GhostPicture | null;
  /** Drawn, but cannot be pointed at. */
  silent?: boolean;
  /** Points that are no sentence: small beads, and no thread through them. */
  loose?: boolean;
  /** its labels stand at the left of their places, as those of a scale */
  scale?: boolean;
  /** One a token; not 0: drawn faintly. */
  faint?: Uint8Array | null;
  /** 0–1 of every segment, [site - 1][token]; low: faint and dashed. */
  trust?: Float32Array | null;
  /** RGB of every token's bead, 0–255, where it is not the sentence's own. */
  tint?: Uint8Array | null;
  active: boolean;
}

/** Points of the reference that lie beside tokens' paths: small, dim. */
export interface GhostPicture {
  /** xyz of each, data units. */
  places: Float32Array;
  /** (site, token, rank) of each: beside which part of which path, and the how-manyest nearest. */
  marks: Float32Array;
}

export interface LinkPicture {
  from: Pick;
  to: Pick;
  /** 0–1. */
  weight: number;
}

/** The end of an edge: a token, or a place that stays (data units). */
export type End = Pick | { kind: "place"; at: ArrayLike<number> };

/** A line that comes from one end, thin there, and goes to the other. */
export interface EdgePicture {
  from: End;
  to: End;
  /** 0–1: width and opacity. */
  weight: number;
  color: Rgb;
  /** A straight arrow; else a bow. */
  arrow: boolean;
  /** A straight line without a tip, of one width: a piece of a ring. */
  plain?: boolean;
}

export interface Picture {
  frame: { center: [number, number, number] | number[]; radius: number };
  cloud: CloudPicture;
  sentences: SentencePicture[];
  links: LinkPicture[];
  edges?: EdgePicture[];
}

export interface Point3 {
  x: number;
  y: number;
  z: number;
}

export interface Camera {
  eye: Point3;
  center: Point3;
  up: Point3;
}

export type Ease = "inout" | "out" | "linear";

export interface ShowOptions {
  /** Length of the glide in milliseconds, 550 unless told; 0: at once. */
  ms?: number;
  /** "linear" suits an unbroken play through keyframes; "inout" (usual) a single change. */
  ease?: Ease;
}

export interface Insets {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface SceneOptions {
  theme: "dark" | "light";
  reducedMotion: boolean;
  /** Pixels at each edge covered by panels: the picture is centred in what is left. */
  insets?: Insets;
  camera?: Camera | null;
  onHover?: (pick: Pick | null, at: { x: number; y: number }) => void;
  onPick?: (pick: Pick) => void;
  onCamera?: (camera: Camera) => void;
  /** Arrows at rest: how many, and how many of them are shorter than six pixels here. */
  onArrows?: (found: { count: number; short: number }) => void;
  /** Called once, at the first touch of the scene by a person. */
  onTouch?: () => void;
}

export interface SceneStats {
  engine: "own" | "scatter3d" | "flat";
  /** Frames drawn so far. */
  frames: number;
  /** Our own script in the last frame, ms (Plotly's share not counted). */
  script: number;
  points: number;
  sentences: number;
  links: number;
  edges: number;
  labels: number;
  /** GL buffers held at present. */
  buffers: number;
  /** Times the WebGL context was lost and rebuilt. */
  rebuilt: number;
}

/** Points, lines and words of a scene in pixels. */
export type Dot = { kind: "dot"; x: number; y: number; r: number; color: Rgb; alpha: number };
export type Line = {
  kind: "line";
  points: number[];
  width: number;
  color: Rgb;
  alpha: number;
  dashed: boolean;
};
export type Word = {
  kind: "word";
  x: number;
  y: number;
  text: string;
  size: number;
  color: Rgb;
  bold: boolean;
};
export type Mark = Dot | Line | Word;

/** A scene in vectors. */
export interface Drawing {
  width: number;
  height: number;
  /** CSS colours of the ground, from its middle outward. */
  ground: string[];
  marks: Mark[];
}

export interface Scene {
  readonly mode: "webgl" | "flat";
  /** Resolves when the picture has settled; at once when a newer picture supersedes it. */
  show(picture: Picture, options?: ShowOptions): Promise<void>;
  setTheme(theme: "dark" | "light"): void;
  setInsets(insets: Insets): void;
  setReducedMotion(on: boolean): void;
  camera(): Camera;
  setCamera(camera: Camera | null): void;
  /**
   * How steeply the opening view looks down, radians, and the part of the frame's distance that a
   * smaller picture may be seen from; the eye glides there unless a person has taken the camera.
   */
  setRise(rise: number, nearest: number): void;
  idle(on: boolean): void;
  /** The axes drawn or not; `names` where an axis means something, else they are numbered. */
  setAxes(on: boolean, names?: string[]): void;
  /** A PNG as a data URL; `ratio`: pixels of it a pixel of the screen. */
  image(ratio?: number): Promise<string>;
  /** The same in vectors; null where the scene is not drawn by us. */
  drawing(): Drawing | null;
  /** A canvas that shows the scene with its labels, drawn anew by each call of `next`. */
  film(): { canvas: HTMLCanvasElement; next(): void } | null;
  focus(pick: Pick | null): void;
  /** Where a token is now, CSS pixels from the element's corner; null when it is not in view. */
  locate(pick: Pick): { x: number; y: number } | null;
  resize(): void;
  dispose(): void;
  stats(): SceneStats;
}
