/**
 * Plotly's plots. The only file that calls Plotly and knows its registry and the private parts of
 * its WebGL scene.
 */

import { shiftCentre, soundCamera } from "./camera.ts";
import { anchorsOf, configOf, flatLayoutOf, layoutOf } from "./setting.ts";
import { Stage } from "./stage.ts";
import type { Setting } from "./setting.ts";
import type { Camera, Insets } from "./picture.ts";

/** What a live plot asks of its owner. */
export type PlotOwner = {
  stage: (gl: WebGLRenderingContext) => Stage;
  frame: (params: any, scale: number[], ratio: number) => void;
  insets: () => Insets;
  lost: () => void;
};

/** The name our trace type has in Plotly's registry. */
const TYPE = "manifold";

const plotly = (): any => (window as any).Plotly;

/**
 * Plotly's script is run: the page names it and has it fetched, and runs it when it has asked the
 * server for what is to be drawn, since it keeps the thread busy for as long as that takes.
 */
export async function runPlotly() {
  if (plotly()) return;
  const named = document.querySelector<HTMLLinkElement>("link#plotly");
  if (!named) throw new Error("the page names no Plotly");
  const script = document.createElement("script");
  script.src = named.href;
  const done = new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error("Plotly could not be read"));
  });
  document.head.append(script);
  await done;
}

/** The Plotly objects that know our trace type. */
const knowing: WeakSet<object> = new WeakSet();
/** Which plot Plotly is making a trace for. */
const owners: WeakMap<object, LivePlot> = new WeakMap();

export function hasWebGL() {
  const gl = document.createElement("canvas").getContext("webgl");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null;
}

function plotDiv(parent: HTMLElement) {
  const div = document.createElement("div");
  Object.assign(div.style, { position: "absolute", inset: "0", touchAction: "none" });
  parent.prepend(div);
  return div as any;
}

/**
 * Plotly knows our trace type; its module for scatter3d, `base`, lends what is common to 3-D
 * traces.
 */
function register(base: any) {
  if (knowing.has(plotly())) return;
  if (!base?.basePlotModule || !base.supplyDefaults || !base.calc)
    throw new Error("Plotly's scatter3d module has moved");
  const { basePlotModule, attributes, supplyDefaults, calc } = base;
  const categories = ["gl3d", "showLegend"];
  plotly().register({
    moduleType: "trace",
    name: TYPE,
    basePlotModule,
    attributes,
    supplyDefaults,
    calc,
    categories,
    meta: {},
    plot: plotTrace,
  });
  knowing.add(plotly());
}

/**
 * What Plotly calls to make a trace of our type.
 * @param scene Plotly's scene
 */
function plotTrace(scene: any, data: any) {
  const stage = owners.get(scene.graphDiv)?.attach(scene.glplot.gl);
  if (!stage) throw new Error("a manifold trace belongs to a plot of ours");
  const update = (next: any) => {
    trace.data = next;
    stage.stale = true;
  };
  const trace = {
    data,
    update,
    handlePick: () => false,
    dispose: () => scene.glplot.remove(stage),
  };
  scene.glplot.add(stage);
  return trace;
}

/** Plotly's scene of a plot, every private part that is leaned on checked. */
function privateScene(div: any) {
  const scene = div._fullLayout?.scene?._scene;
  const glplot = scene?.glplot;
  const functions = [
    glplot?.redraw,
    glplot?.add,
    glplot?.remove,
    glplot?.onrender,
    scene?.camera?.lookAt,
    scene?.saveLayout,
  ];
  const parts = [
    glplot?.gl,
    glplot?.canvas,
    glplot?.axes,
    glplot?.cameraParams,
    glplot?.objects,
    scene?.dataScale,
    scene?.camera?.eye,
  ];
  if (
    functions.some((f) => typeof f !== "function") ||
    parts.some((p) => typeof p !== "object" || p === null)
  )
    throw new Error("Plotly's scene has moved its private parts");
  return scene;
}

const point = (v: ArrayLike<number>) => ({ x: v[0], y: v[1], z: v[2] });

/** A plot with our own trace in it. */
export class LivePlot {
  director: PlotOwner;
  setting: Setting;
  div: any;
  stage: Stage | null;
  scene: any;

  static async open(parent: HTMLElement, director: PlotOwner, setting: Setting) {
    const plot = new LivePlot(parent, director, setting);
    try {
      await plot.#draw();
    } catch (error) {
      plot.close();
      throw error;
    }
    return plot;
  }

  constructor(parent: HTMLElement, director: PlotOwner, setting: Setting) {
    this.director = director;
    this.setting = setting;
    this.div = plotDiv(parent);
    this.stage = null;
    this.scene = null;
    owners.set(this.div, this);
  }

  async #draw() {
    const { div } = this;
    const layout = layoutOf(this.setting);
    // not to be seen: it is there for its module, and makes no scene that ours would replace
    await plotly().newPlot(div, [anchorsOf("scatter3d", false)], layout, configOf());
    register(div._fullData?.[0]?._module);
    await plotly().react(div, [anchorsOf(TYPE)], layout, configOf());
    this.scene = privateScene(div);
    if (!this.stage || !this.scene.glplot.objects.includes(this.stage))
      throw new Error("Plotly did not draw our trace");
    this.#hook();
  }

  attach(gl: WebGLRenderingContext) {
    this.stage = this.director.stage(gl);
    return this.stage;
  }

  /**
   * Frames go through the director; a lost context comes to us and not to Plotly, whose own
   * recovery fails.
   */
  #hook() {
    const { scene, director, div } = this;
    const { glplot } = scene;
    const usual = glplot.onrender;
    glplot.axes.enable = this.setting.axes;
    glplot.onrender = () => {
      shiftCentre(
        glplot.cameraParams.projection,
        director.insets(),
        div.clientWidth,
        div.clientHeight,
      );
      if (this.setting.axes) usual();
      director.frame(glplot.cameraParams, scene.dataScale, glplot.pixelRatio);
    };
    glplot.oncontextloss = () => director.lost();
    glplot.canvas.addEventListener("webglcontextlost", (e: Event) => e.preventDefault());
  }

  camera(): Camera {
    const { eye, center, up } = this.scene.camera;
    return { eye: point(eye), center: point(center), up: point(up) };
  }

  setCamera({ eye, center, up }: Camera) {
    const [e, c, u] = [eye, center, up].map(({ x, y, z }) => [x, y, z]);
    this.scene.camera.lookAt(e, c, u);
  }

  set(change: Partial<Setting>) {
    this.setting = { ...this.setting, ...change, camera: this.camera() };
    this.scene.glplot.axes.enable = this.setting.axes;
    return plotly().react(this.div, [anchorsOf(TYPE)], layoutOf(this.setting), configOf());
  }

  /** The plot is as large as its parent. */
  resize() {
    const { div } = this;
    const { width, height } = div._fullLayout;
    if (
      div.clientWidth === 0 ||
      div.clientHeight === 0 ||
      (width === div.clientWidth && height === div.clientHeight)
    )
      return;
    this.scene.saveLayout(div.layout);
    plotly().Plots.resize(div);
  }

  /** Draws now; the canvas returned holds the frame until the task ends. */
  snapshot(wanted?: number): { canvas: HTMLCanvasElement; ratio: number; done(): void } {
    const { glplot } = this.scene;
    const { canvas, gl, pixelRatio: usual } = glplot;
    const before = [canvas.width, canvas.height];
    const most = gl.getParameter(gl.MAX_RENDERBUFFER_SIZE) / Math.max(...before);
    const ratio = Math.min(wanted ?? usual, most * usual);
    const scaled = ratio !== usual;
    const size = ([width, height]: number[]) => ([canvas.width, canvas.height] = [width, height]);
    if (scaled) size(before.map((side) => Math.round((side * ratio) / usual)));
    glplot.pixelRatio = ratio;
    glplot.redraw();
    const done = () => {
      if (!scaled) return;
      size(before);
      glplot.pixelRatio = usual;
      glplot.redraw();
    };
    return { canvas, ratio, done };
  }

  close() {
    plotly().purge(this.div);
    this.div.remove();
  }
}

/** A plot of Plotly's own traces: in three dimensions, or flat. */
export class TracePlot {
  flat: boolean;
  div: any;
  bound: boolean;

  constructor(parent: HTMLElement, flat: boolean) {
    this.flat = flat;
    this.div = plotDiv(parent);
    this.bound = false;
  }

  async draw(traces: Record<string, any>[], setting: Setting) {
    const { div, flat } = this;
    const nothing = flat
      ? { type: "scatter", x: [0], y: [0], opacity: 0, hoverinfo: "skip" }
      : anchorsOf("scatter3d");
    const layout = flat
      ? flatLayoutOf(setting, div.clientWidth / Math.max(div.clientHeight, 1))
      : { ...layoutOf(setting), hovermode: "closest" };
    await plotly().react(div, traces.length ? traces : [nothing], layout, configOf());
  }

  /** Binds what is called when a point is pointed at, and when the camera was moved. */
  bind(
    hover: (trace: number, point: number, at: { x: number; y: number }) => void,
    leave: () => void,
    moved: () => void,
  ) {
    if (this.bound) return;
    this.bound = true;
    this.div.on("plotly_hover", ({ points: [p], event }: any) =>
      hover(p.curveNumber, p.pointNumber, { x: event?.offsetX ?? 0, y: event?.offsetY ?? 0 }),
    );
    this.div.on("plotly_unhover", leave);
    this.div.on("plotly_relayout", moved);
  }

  camera(): Camera | null {
    return this.flat ? null : soundCamera(this.div._fullLayout?.scene?.camera);
  }

  setCamera(camera: Camera) {
    plotly().relayout(this.div, { "scene.camera": camera });
  }

  image(): Promise<string> {
    return plotly().toImage(this.div, {
      format: "png",
      width: this.div.clientWidth,
      height: this.div.clientHeight,
    });
  }

  resize() {
    if (this.div._fullLayout && this.div.clientWidth > 0) plotly().Plots.resize(this.div);
  }

  close() {
    plotly().purge(this.div);
    this.div.remove();
  }
}
