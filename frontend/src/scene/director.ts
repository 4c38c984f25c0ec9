/**
 * Runs the scene frame by frame: the glide, the labels, what is pointed at, the idle turn. Draws
 * through a stage; knows neither Plotly nor GL.
 */

import { ArrowWatch } from "./arrows.ts";
import { sameCamera, sameView, zoomed } from "./camera.ts";
import { Eye } from "./eye.ts";
import { Labels } from "./labels.ts";
import { lookOf } from "./looks.ts";
import type { Look } from "./looks.ts";
import { Motion, samePick } from "./motion.ts";
import { nearestPick, watchPointer } from "./pointer.ts";
import type { Camera, Insets, Pick, Picture, SceneOptions, ShowOptions } from "./picture.ts";
import type { Stage } from "./stage.ts";
import type { Handlers } from "./pointer.ts";
import type { Ring } from "./beads.ts";
import type { Rig } from "./eye.ts";

const USUAL = 550;
/** Frames after which Plotly's camera is where it was set. */
const OWN = 2;
/** Milliseconds in which most of the way to new insets is gone. */
const DRIFT = 110;
const EDGES = ["left", "right", "top", "bottom"] as const;
/** Milliseconds after which a camera that has come to rest is told. */
const REST = 180;

export class Director {
  element: HTMLElement;
  options: SceneOptions;
  look: Look;
  motion: Motion;
  labels: Labels;
  stage: Stage | null;
  rig: Rig | null;
  hovered: Pick | null;
  focused: Pick | null;
  pointer: { x: number; y: number } | null;
  pressed: boolean;
  touched: boolean;
  eye: Eye;
  waiting: boolean;
  told: Camera | null;
  /** So many frames are still to come in which the camera is moved by ourselves. */
  own = 0;
  movedAt: number;
  frames: number;
  script: number;
  settle: (() => void) | null;
  width: number;
  height: number;
  insets: Insets;
  /** Where the insets are on their way. */
  drifted: Insets;
  driftedAt: number;
  unwatch: () => void;

  constructor(element: HTMLElement, options: SceneOptions) {
    this.element = element;
    this.options = { ...options };
    this.look = lookOf(options.theme);
    this.motion = new Motion();
    this.labels = new Labels(element, this.look);
    this.stage = null;
    this.rig = null;
    this.hovered = null;
    this.focused = null;
    this.pointer = null;
    this.pressed = false;
    this.touched = false;
    this.eye = new Eye();
    this.eye.turning = !options.reducedMotion;
    this.waiting = false;
    this.told = null;
    this.movedAt = NaN;
    this.frames = 0;
    this.script = 0;
    this.settle = null;
    this.width = 1;
    this.height = 1;
    this.insets = { left: 0, right: 0, top: 0, bottom: 0, ...options.insets };
    this.drifted = { ...this.insets };
    this.driftedAt = NaN;
    this.unwatch = watchPointer(element, this.#handlers());
  }

  /** Takes a stage and the camera it is seen with; the picture goes on where it was. */
  join(stage: Stage, rig: Rig) {
    [this.stage, this.rig] = [stage, rig];
    stage.restless = () =>
      this.eye.restless ||
      this.own > 0 ||
      this.waiting ||
      this.unfolding ||
      this.#drifts() ||
      this.#ringsMove() ||
      !Number.isNaN(this.movedAt) ||
      this.arrows.due(performance.now());
    this.told = rig.camera();
    this.#measure();
    this.wake();
  }

  leave() {
    [this.stage, this.rig] = [null, null];
  }

  /** A frame is due. */
  wake() {
    if (this.stage) this.stage.stale = true;
  }

  #drifts() {
    return EDGES.some((edge) => this.drifted[edge] !== this.insets[edge]);
  }

  /** The insets of this frame: they glide to where they were set. */
  drift(): Insets {
    const now = performance.now();
    const past = Math.min(now - this.driftedAt, 50);
    this.driftedAt = now;
    const near = EDGES.every((edge) => Math.abs(this.drifted[edge] - this.insets[edge]) < 0.5);
    const share =
      near || this.options.reducedMotion ? 1 : past > 0 ? 1 - Math.exp(-past / DRIFT) : 0;
    for (const edge of EDGES)
      this.drifted[edge] =
        share === 1
          ? this.insets[edge]
          : this.drifted[edge] + (this.insets[edge] - this.drifted[edge]) * share;
    return this.drifted;
  }

  #measure() {
    this.width = Math.max(1, this.element.clientWidth);
    this.height = Math.max(1, this.element.clientHeight);
  }

  resized() {
    this.#measure();
    this.refit();
  }

  /** The eye looks whether the picture is in view. */
  refit() {
    this.eye.refit();
    this.wake();
  }

  show(picture: Picture, { ms = USUAL, ease = "inout" }: ShowOptions = {}): Promise<void> {
    this.settle?.();
    this.motion.begin(picture, performance.now(), this.options.reducedMotion ? 0 : ms, ease);
    this.refit();
    return new Promise((resolve) => (this.settle = resolve));
  }

  /** One frame, called when Plotly is about to draw. */
  frame(
    params: { model: number[]; view: number[]; projection: number[] },
    scale: ArrayLike<number>,
    ratio: number,
  ) {
    const { stage } = this;
    if (!stage) return;
    const now = performance.now();
    this.#turn(now);
    stage.rings = this.#rings(now);
    this.unfolding = this.#unfold(now);
    const view = stage.prepare(params, scale, ratio, now);
    this.waiting =
      this.labels.update(this.motion, view, this, now, this.hovered ?? this.focused) ||
      stage.layers.cloud.stale(this.motion, view);
    this.#tellCamera(now);
    if (!this.motion.moving)
      this.arrows.look(this.motion, view.transform, this, now, this.options.onArrows);
    if (this.pointer && !this.pressed) this.#point(this.pointer.x, this.pointer.y);
    this.frames++;
    this.script = performance.now() - now;
    if (!this.motion.moving && this.settle) this.#settled();
  }

  #settled() {
    const { settle } = this;
    this.settle = null;
    settle?.();
  }

  /** The eye goes its ways; where it comes to rest is no view that a person chose. */
  #turn(now: number) {
    if (this.pressed || !this.rig) return this.eye.pause();
    const window = { width: this.width, height: this.height, insets: this.insets };
    if (this.eye.go(this.rig, this.motion, window, now, this.options.reducedMotion)) this.own = OWN;
  }

  /** @param factor above 1: farther */
  reach(factor: number) {
    this.eye.reach(factor, performance.now());
    this.wake();
  }

  /** @param rise radians */
  raise(rise: number) {
    this.eye.raising = rise;
    this.wake();
  }

  /** Tells the camera once it rests after a person moved it. */
  #tellCamera(now: number) {
    const camera = this.rig?.camera();
    if (!camera || this.eye.restless) return;
    if (this.own > 0) {
      this.own--;
      this.told = camera;
    } else if (!this.told || !sameCamera(camera, this.told)) {
      if (this.told && !sameView(camera, this.told)) this.eye.framed = false;
      [this.told, this.movedAt] = [camera, now];
    } else if (now - this.movedAt > REST) {
      this.movedAt = NaN;
      this.options.onCamera?.(camera);
    }
  }

  #handlers(): Handlers {
    return {
      hover: (x, y) => {
        this.pointer = { x, y };
        this.#point(x, y);
      },
      leave: () => {
        this.pointer = null;
        this.#hover(null, { x: 0, y: 0 });
      },
      tap: (x, y, coarse) => {
        const pick = this.pickAt(x, y, coarse ? 20 : 9);
        if (pick) this.options.onPick?.(pick);
      },
      touch: () => this.#touch(),
      press: (down) => {
        this.pressed = down;
        if (down) this.eye.stop();
        if (down) this.#hover(null, { x: 0, y: 0 });
        this.wake();
      },
      pinch: (factor) => {
        if (this.rig) this.setCamera(zoomed(this.rig.camera(), factor));
      },
    };
  }

  #touch() {
    this.idle(false);
    if (this.touched) return;
    this.touched = true;
    this.options.onTouch?.();
  }

  pickAt(x: number, y: number, radius: number): Pick | null {
    const view = this.stage?.view;
    if (!view) return null;
    const near = nearestPick(this.motion, view.transform, this.width, this.height, x, y, radius);
    if (near?.kind === "sentence") return near;
    return this.labels.hit(x, y) ?? near;
  }

  #point(x: number, y: number) {
    this.#hover(this.pickAt(x, y, 9), { x, y });
  }

  #hover(pick: Pick | null, at: { x: number; y: number }) {
    const same = samePick(pick, this.hovered);
    if (same && pick === null) return;
    this.hovered = pick;
    this.element.style.cursor = pick ? "pointer" : "";
    if (same) return;
    this.options.onHover?.(pick, this.#anchor(pick) ?? at);
    this.wake();
  }

  /** Where a token is, CSS pixels; null when it is out of view. */
  #anchor(pick: Pick | null) {
    const view = this.stage?.view;
    const at = new Float64Array(3);
    if (!pick || !view || !this.motion.locate(pick, at, 0)) return null;
    const m = view.transform;
    const w = m[3] * at[0] + m[7] * at[1] + m[11] * at[2] + m[15];
    const x = (0.5 + (0.5 * (m[0] * at[0] + m[4] * at[1] + m[8] * at[2] + m[12])) / w) * this.width;
    const y =
      (0.5 - (0.5 * (m[1] * at[0] + m[5] * at[1] + m[9] * at[2] + m[13])) / w) * this.height;
    return w > 0 && x >= 0 && y >= 0 && x <= this.width && y <= this.height ? { x, y } : null;
  }

  locate(pick: Pick) {
    return this.#anchor(pick);
  }

  #ringsMove() {
    return (
      this.focused !== null &&
      !this.options.reducedMotion &&
      performance.now() - this.focusedAt < 900
    );
  }

  arrows = new ArrowWatch();
  focusedAt = -Infinity;
  unfolding = false;
  unfoldedAt = NaN;

  /** Paths of what is pointed at or picked unfold, others fold; true while one is on its way. */
  #unfold(now: number) {
    const past = this.unfolding ? Math.min(now - this.unfoldedAt, 50) : 16;
    this.unfoldedAt = now;
    let moving = false;
    for (const { id, flock, silent } of this.motion.strands) {
      const of = (pick: Pick | null) =>
        pick?.kind === "sentence" && pick.id === id ? pick.token : -1;
      if (silent) flock.want(0, -1);
      else flock.want(of(this.hovered), of(this.focused));
      moving = flock.unfold(past, this.options.reducedMotion) || moving;
    }
    return moving;
  }

  #rings(now: number): Ring[] {
    const rings: Ring[] = [];
    if (this.hovered) rings.push({ pick: this.hovered, size: 17, alpha: 0.85 });
    if (!this.focused) return rings;
    rings.push({ pick: this.focused, size: 21, alpha: 0.95 });
    const k = Math.min(1, (now - this.focusedAt) / 850);
    if (k < 1 && !this.options.reducedMotion)
      rings.push({
        pick: this.focused,
        size: 21 + 46 * (1 - (1 - k) ** 3),
        alpha: 0.6 * (1 - k) ** 1.5,
      });
    return rings;
  }

  focus(pick: Pick | null) {
    if (!samePick(pick, this.focused)) this.focusedAt = performance.now();
    this.focused = pick;
    this.wake();
  }

  setTheme(theme: "dark" | "light") {
    this.options.theme = theme;
    this.look = lookOf(theme);
    this.labels.restyle(this.look);
    if (this.stage) this.stage.look = this.look;
    this.wake();
  }

  setCamera(camera: Camera) {
    this.rig?.setCamera(camera);
    this.wake();
  }

  idle(on: boolean) {
    this.eye.idle(on && !this.options.reducedMotion);
    this.wake();
  }

  dispose() {
    this.settle?.();
    this.unwatch();
    this.labels.dispose();
    this.leave();
  }
}
