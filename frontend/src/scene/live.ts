/**
 * The scene as it usually is: our own trace in a WebGL plot, run by a director, rebuilt when its
 * context is lost.
 */

import { fitDistance, openingCamera, soundCamera } from "./camera.ts";
import { Director } from "./director.ts";
import { marksOf } from "./drawing.ts";
import { Stage } from "./stage.ts";
import type {
  Camera,
  Insets,
  Pick,
  Picture,
  Scene,
  SceneOptions,
  SceneStats,
  ShowOptions,
} from "./picture.ts";
import type { Setting } from "./setting.ts";
import type { LivePlot, PlotOwner } from "./plotly.ts";

type OpenPlot = (director: PlotOwner, setting: Setting) => Promise<LivePlot>;

/** Milliseconds before each try to rebuild after a lost WebGL context. */
const RETRIES = [0, 150, 400, 900, 2000, 4000, 8000];

export class LiveScene implements Scene {
  element: HTMLElement;
  openPlot: OpenPlot;
  director: Director;
  rise: number;
  own: boolean;
  kept: Camera;
  axes: boolean;
  names: string[];
  rebuilt: number;
  gone: boolean;
  plot: LivePlot | null;
  observer: ResizeObserver;

  mode = "webgl" as const;

  static async open(element: HTMLElement, options: SceneOptions, openPlot: OpenPlot) {
    const scene = new LiveScene(element, options, openPlot);
    try {
      await scene.build();
    } catch (error) {
      scene.dispose();
      throw error;
    }
    return scene;
  }

  constructor(element: HTMLElement, options: SceneOptions, openPlot: OpenPlot) {
    this.element = element;
    this.openPlot = openPlot;
    this.director = new Director(element, options);
    this.rise = 0.32;
    this.own = soundCamera(options.camera) === null;
    this.kept = soundCamera(options.camera) ?? this.#opening();
    this.director.eye.frame(this.own);
    this.axes = false;
    this.names = [];
    this.rebuilt = 0;
    this.gone = false;
    this.plot = null;
    this.observer = new ResizeObserver(() => this.resize());
    element.style.background = this.director.look.backdrop;
  }

  #opening() {
    return openingCamera(
      this.element.clientWidth,
      this.element.clientHeight,
      this.director.insets,
      this.rise,
    );
  }

  /** A plot stands in the element with the picture, the camera and the theme there are. */
  async build() {
    const { director } = this;
    const setting = {
      theme: director.options.theme,
      camera: this.kept,
      axes: this.axes,
      names: this.names,
    };
    const plot = await this.openPlot(
      {
        stage: (gl) => new Stage(gl, director.motion, director.look),
        frame: (params, scale, ratio) => director.frame(params, scale, ratio),
        insets: () => director.drift(),
        lost: () => this.#lost(),
      },
      setting,
    );
    if (this.gone) return plot.close();
    this.plot = plot;
    director.join(plot.stage as Stage, {
      camera: () => plot.camera(),
      setCamera: (camera) => plot.setCamera(camera),
    });
    this.observer.observe(this.element);
  }

  #lost() {
    const { plot } = this;
    if (this.gone || !plot) return;
    this.kept = plot.camera();
    this.plot = null;
    this.director.leave();
    setTimeout(() => {
      plot.close();
      this.#rebuild(0);
    });
  }

  async #rebuild(attempt: number) {
    await new Promise((resolve) => setTimeout(resolve, RETRIES[attempt]));
    if (this.gone) return;
    try {
      await this.build();
      this.rebuilt++;
    } catch (error) {
      if (attempt + 1 < RETRIES.length) await this.#rebuild(attempt + 1);
      else console.error(`The 3-D view could not be rebuilt: ${error}`);
    }
  }

  show(picture: Picture, how?: ShowOptions) {
    return this.director.show(picture, how);
  }

  setTheme(theme: "dark" | "light") {
    this.director.setTheme(theme);
    this.element.style.background = this.director.look.backdrop;
    if (this.axes) this.plot?.set({ theme });
  }

  setInsets(insets: Insets) {
    const { director, element } = this;
    const framed = director.eye.framed;
    const fit = (bottom: number) =>
      fitDistance(element.clientWidth, element.clientHeight, { ...director.insets, bottom });
    // what rises from below takes more room than a shift can give back
    if (!framed && Math.abs(insets.bottom - director.insets.bottom) > 100 && element.clientHeight)
      director.reach(fit(insets.bottom) / fit(director.insets.bottom));
    director.insets = { ...insets };
    director.refit();
  }

  setReducedMotion(on: boolean) {
    this.director.options.reducedMotion = on;
    if (on) this.director.idle(false);
  }

  camera() {
    return this.plot?.camera() ?? this.kept;
  }

  /** @param camera null: the view a picture opens with */
  setCamera(camera: Camera | null) {
    this.own = soundCamera(camera) === null;
    if (this.own) this.director.touched = false;
    this.director.eye.stop();
    this.director.eye.frame(this.own);
    this.kept = soundCamera(camera) ?? this.#opening();
    this.director.setCamera(this.kept);
    this.director.refit();
  }

  setRise(rise: number, nearest: number) {
    if (rise === this.rise) return;
    this.rise = rise;
    this.director.eye.approach(nearest);
    if (this.own && !this.director.touched) this.director.raise(rise);
  }

  idle(on: boolean) {
    this.director.idle(on);
  }

  setAxes(on: boolean, names: string[] = []) {
    if (!on && !this.axes) return void (this.names = names);
    [this.axes, this.names] = [on, names];
    this.plot?.set({ axes: on, names, theme: this.director.options.theme });
    this.director.wake();
  }

  /** @returns a PNG as a data URL: backdrop, scene and labels */
  async image(ratio?: number): Promise<string> {
    const canvas = document.createElement("canvas");
    this.#paint(canvas, ratio);
    return canvas.toDataURL("image/png");
  }

  #paint(canvas: HTMLCanvasElement, wanted?: number) {
    if (!this.plot) throw new Error("The 3-D view is being rebuilt");
    const { canvas: source, ratio, done } = this.plot.snapshot(wanted);
    if (canvas.width !== source.width) canvas.width = source.width;
    if (canvas.height !== source.height) canvas.height = source.height;
    const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
    paintBackdrop(pen, canvas.width, canvas.height, this.director.look.stops);
    pen.drawImage(source, 0, 0);
    this.director.labels.paint(pen, ratio);
    done();
  }

  drawing() {
    const { director, plot } = this;
    const view = plot?.stage?.view;
    if (!view) return null;
    const { width, height, look, labels } = director;
    const marks = [...marksOf(director.motion, view, { width, height }), ...labels.words()];
    return { width, height, ground: [...look.stops], marks };
  }

  film() {
    if (!this.plot) return null;
    const canvas = document.createElement("canvas");
    const next = () => this.#paint(canvas);
    next();
    return { canvas, next };
  }

  focus(pick: Pick | null) {
    this.director.focus(pick);
  }

  locate(pick: Pick) {
    return this.director.locate(pick);
  }

  resize() {
    if (!this.plot || this.element.clientWidth === 0) return;
    this.plot.resize();
    this.director.resized();
  }

  dispose() {
    this.gone = true;
    this.observer.disconnect();
    this.director.dispose();
    this.plot?.stage?.dispose();
    this.plot?.close();
    this.plot = null;
  }

  stats(): SceneStats {
    const { motion, frames, script, labels } = this.director;
    const counts = {
      points: motion.count,
      sentences: motion.strands.length,
      links: motion.links.length,
      edges: motion.edges.length,
      labels: labels.shown,
    };
    return {
      engine: "own",
      frames,
      script,
      ...counts,
      buffers: this.plot?.stage?.gpu.buffers ?? 0,
      rebuilt: this.rebuilt,
    };
  }
}

/** @param stops as in `looks.js` */
function paintBackdrop(
  pen: CanvasRenderingContext2D,
  width: number,
  height: number,
  stops: string[],
) {
  pen.save();
  pen.translate(0.5 * width, 0.46 * height);
  pen.scale(0.75 * width, 0.8 * height);
  const gradient = pen.createRadialGradient(0, 0, 0, 0, 0, 1);
  [0, 0.52, 1].forEach((at, i) => gradient.addColorStop(at, stops[i]));
  pen.fillStyle = gradient;
  pen.fillRect(-2, -2, 4, 4);
  pen.restore();
}
