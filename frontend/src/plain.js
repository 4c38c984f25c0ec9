/** The same positions in Plotly's own traces: in 3-D where there is WebGL but not our trace, flat along the current view where there is none. Jumps, does not glide. */

import { openingCamera, soundCamera, zoomed } from "./camera.js";
import { MOST_FLAT, drawn, framed, planeOf } from "./flat.js";
import { lookOf } from "./looks.js";
import { samePick } from "./motion.js";
import { watchPointer } from "./pointer.js";

/** @typedef {import("./picture").Scene} Scene */
/** @typedef {import("./picture").SceneOptions} SceneOptions */
/** @typedef {import("./picture").Camera} Camera */
/** @typedef {import("./picture").Picture} Picture */
/** @typedef {import("./picture").Pick} Pick */
/** @typedef {import("./scene").TracePlot} TracePlot */

const NO_INSETS = { left: 0, right: 0, top: 0, bottom: 0 };

/** @implements {Scene} */
export class PlainScene {
  /** @param {HTMLElement} element @param {SceneOptions} options @param {TracePlot} plot */
  static async open(element, options, plot) {
    const scene = new PlainScene(element, options, plot);
    await scene.draw();
    return scene;
  }

  /** @param {HTMLElement} element @param {SceneOptions} options @param {TracePlot} plot */
  constructor(element, options, plot) {
    this.element = element;
    this.options = { ...options };
    this.plot = plot;
    this.mode = /** @type {"webgl" | "flat"} */ (plot.flat ? "flat" : "webgl");
    this.kept = soundCamera(options.camera) ?? this.#opening();
    this.axes = false;
    /** @type {string[]} */ this.names = [];
    this.frames = 0;
    /** @type {Picture | null} */ this.picture = null;
    /** @type {Pick[][]} */ this.picks = [];
    /** @type {Pick | null} */ this.hovered = null;
    this.wanted = {};
    this.queue = Promise.resolve();
    this.unwatch = watchPointer(element, this.#handlers());
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(element);
  }

  #opening() {
    return openingCamera(this.element.clientWidth, this.element.clientHeight, { ...NO_INSETS, ...this.options.insets });
  }

  /** @returns {import("./pointer").Handlers} */
  #handlers() {
    let touched = false;
    const touch = () => {
      if (!touched) this.options.onTouch?.();
      touched = true;
    };
    return {
      hover: () => {},
      leave: () => this.#hover(null, { x: 0, y: 0 }),
      tap: () => this.hovered && this.options.onPick?.(this.hovered),
      touch,
      press: () => {},
      pinch: (factor) => this.setCamera(zoomed(this.camera(), factor)),
    };
  }

  /** The plot shows the picture, the theme and the camera there are. */
  async draw() {
    const { picture, plot, options } = this;
    const look = lookOf(options.theme);
    this.element.style.background = look.backdrop;
    const place = picture && (plot.flat ? planeOf(picture.frame, this.kept) : framed(picture.frame));
    const traces = picture && place ? drawn(picture, place, plot.flat ? "scatter" : "scatter3d", plot.flat ? MOST_FLAT : Infinity, look) : [];
    this.picks = traces.map((one) => one.picks);
    const setting = { theme: options.theme, camera: this.camera(), axes: this.axes, names: this.names };
    await plot.draw(traces.map((one) => one.trace), setting);
    plot.bind((trace, point, at) => this.#hover(this.picks[trace]?.[point] ?? null, at), () => this.#hover(null, { x: 0, y: 0 }), () => options.onCamera?.(this.camera()));
    this.frames++;
  }

  /** @param {Pick | null} pick @param {{x: number, y: number}} at */
  #hover(pick, at) {
    if (samePick(pick, this.hovered)) return;
    this.hovered = pick;
    this.options.onHover?.(pick, at);
  }

  /** @param {Picture} picture */
  show(picture) {
    this.picture = picture;
    return this.#redraw();
  }

  /** Draws after what is being drawn; of several wishes the last is drawn. */
  #redraw() {
    const wanted = (this.wanted = {});
    this.queue = this.queue.then(() => (this.wanted === wanted ? this.draw() : undefined)).catch((error) => console.error(`The plot failed: ${error}`));
    return this.queue;
  }

  /** @param {"dark" | "light"} theme */
  setTheme(theme) {
    this.options.theme = theme;
    this.#redraw();
  }

  setInsets() {}
  setRise() {}
  setReducedMotion() {}
  idle() {}
  focus() {}

  locate() {
    return null;
  }

  camera() {
    return this.plot.camera() ?? this.kept;
  }

  /** @param {Camera | null} camera */
  setCamera(camera) {
    this.kept = soundCamera(camera) ?? this.#opening();
    if (this.plot.flat) this.#redraw();
    else this.plot.setCamera(this.kept);
  }

  /** @param {boolean} on @param {string[]} [names] */
  setAxes(on, names = []) {
    [this.axes, this.names] = [on, names];
    this.#redraw();
  }

  image() {
    return this.plot.image();
  }

  resize() {
    this.plot.resize();
  }

  dispose() {
    this.unwatch();
    this.observer.disconnect();
    this.plot.close();
  }

  /** @returns {import("./picture").SceneStats} */
  stats() {
    const { picture, frames, plot } = this;
    const counts = { points: (picture?.cloud.positions.length ?? 0) / 3, sentences: picture?.sentences.length ?? 0, links: picture?.links.length ?? 0, edges: picture?.edges?.length ?? 0, labels: 0 };
    return { engine: plot.flat ? "flat" : "scatter3d", frames, script: 0, ...counts, buffers: 0, rebuilt: 0 };
  }
}
