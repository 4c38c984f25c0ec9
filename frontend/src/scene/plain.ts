/**
 * The same positions in Plotly's own traces: in 3-D where there is WebGL but not our trace, flat
 * along the current view where there is none. Jumps, does not glide.
 */

import { openingCamera, soundCamera, zoomed } from "./camera.ts";
import { MOST_FLAT, drawn, framed, planeOf } from "./flat.ts";
import { lookOf } from "./looks.ts";
import { samePick } from "./motion.ts";
import { watchPointer } from "./pointer.ts";
import type { Camera, Pick, Picture, Scene, SceneOptions, SceneStats } from "./picture.ts";
import type { TracePlot } from "./plotly.ts";
import type { Handlers } from "./pointer.ts";

const NO_INSETS = { left: 0, right: 0, top: 0, bottom: 0 };

export class PlainScene implements Scene {
  element: HTMLElement;
  options: SceneOptions;
  plot: TracePlot;
  mode: "webgl" | "flat";
  kept: Camera;
  axes: boolean;
  names: string[];
  frames: number;
  picture: Picture | null;
  picks: Pick[][];
  hovered: Pick | null;
  wanted: object;
  queue: Promise<void>;
  unwatch: () => void;
  observer: ResizeObserver;

  static async open(element: HTMLElement, options: SceneOptions, plot: TracePlot) {
    const scene = new PlainScene(element, options, plot);
    await scene.draw();
    return scene;
  }

  constructor(element: HTMLElement, options: SceneOptions, plot: TracePlot) {
    this.element = element;
    this.options = { ...options };
    this.plot = plot;
    this.mode = (plot.flat ? "flat" : "webgl") as "webgl" | "flat";
    this.kept = soundCamera(options.camera) ?? this.#opening();
    this.axes = false;
    this.names = [];
    this.frames = 0;
    this.picture = null;
    this.picks = [];
    this.hovered = null;
    this.wanted = {};
    this.queue = Promise.resolve();
    this.unwatch = watchPointer(element, this.#handlers());
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(element);
  }

  #opening() {
    return openingCamera(this.element.clientWidth, this.element.clientHeight, {
      ...NO_INSETS,
      ...this.options.insets,
    });
  }

  #handlers(): Handlers {
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
    const place =
      picture && (plot.flat ? planeOf(picture.frame, this.kept) : framed(picture.frame));
    const traces =
      picture && place
        ? drawn(
            picture,
            place,
            plot.flat ? "scatter" : "scatter3d",
            plot.flat ? MOST_FLAT : Infinity,
            look,
          )
        : [];
    this.picks = traces.map((one) => one.picks);
    const setting = {
      theme: options.theme,
      camera: this.camera(),
      axes: this.axes,
      names: this.names,
    };
    await plot.draw(
      traces.map((one) => one.trace),
      setting,
    );
    plot.bind(
      (trace, point, at) => this.#hover(this.picks[trace]?.[point] ?? null, at),
      () => this.#hover(null, { x: 0, y: 0 }),
      () => options.onCamera?.(this.camera()),
    );
    this.frames++;
  }

  #hover(pick: Pick | null, at: { x: number; y: number }) {
    if (samePick(pick, this.hovered)) return;
    this.hovered = pick;
    this.options.onHover?.(pick, at);
  }

  show(picture: Picture) {
    this.picture = picture;
    return this.#redraw();
  }

  /** Draws after what is being drawn; of several wishes the last is drawn. */
  #redraw() {
    const wanted = (this.wanted = {});
    this.queue = this.queue
      .then(() => (this.wanted === wanted ? this.draw() : undefined))
      .catch((error) => console.error(`The plot failed: ${error}`));
    return this.queue;
  }

  setTheme(theme: "dark" | "light") {
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

  setCamera(camera: Camera | null) {
    this.kept = soundCamera(camera) ?? this.#opening();
    if (this.plot.flat) this.#redraw();
    else this.plot.setCamera(this.kept);
  }

  setAxes(on: boolean, names: string[] = []) {
    [this.axes, this.names] = [on, names];
    this.#redraw();
  }

  drawing() {
    return null;
  }

  film() {
    return null;
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

  stats(): SceneStats {
    const { picture, frames, plot } = this;
    const counts = {
      points: (picture?.cloud.positions.length ?? 0) / 3,
      sentences: picture?.sentences.length ?? 0,
      links: picture?.links.length ?? 0,
      edges: picture?.edges?.length ?? 0,
      labels: 0,
    };
    return {
      engine: plot.flat ? "flat" : "scatter3d",
      frames,
      script: 0,
      ...counts,
      buffers: 0,
      rebuilt: 0,
    };
  }
}
