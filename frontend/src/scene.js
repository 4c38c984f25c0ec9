/** The 3-D view. The only file that knows Plotly: its layout, its registry, and the private parts of its WebGL scene. */

import { openingCamera, shiftCentre, soundCamera, zoomed } from "./camera.js";
import { Director } from "./director.js";
import { MOST_FLAT, drawn, planeOf } from "./flat.js";
import { lookOf } from "./looks.js";
import { samePick } from "./motion.js";
import { watchPointer } from "./pointer.js";
import { Stage } from "./stage.js";

/** @typedef {import("./picture").Scene} Scene */
/** @typedef {import("./picture").SceneOptions} SceneOptions */
/** @typedef {import("./picture").Camera} Camera */
/** @typedef {import("./picture").Picture} Picture */
/** @typedef {import("./picture").Pick} Pick */
/** @typedef {import("./picture").Insets} Insets */

/** The name our trace type has in Plotly's registry. */
const TYPE = "manifold";
const NO_INSETS = { left: 0, right: 0, top: 0, bottom: 0 };
/** Milliseconds before each try to rebuild after a lost WebGL context. */
const RETRIES = [0, 150, 400, 900, 2000, 4000, 8000];

/** @returns {any} */
const plotly = () => /** @type {any} */ (window).Plotly;

/** The Plotly objects that know our trace type. @type {WeakSet<object>} */
const knowing = new WeakSet();
/** Which scene a plot belongs to, for the traces Plotly makes. @type {WeakMap<object, OwnScene>} */
const owners = new WeakMap();

/** A scene in the element: with our own trace in Plotly's WebGL scene; failing that with Plotly's scatter3d; without WebGL as a flat scatter.
 * @param {HTMLElement} element @param {SceneOptions} options @returns {Promise<Scene>} */
export async function createScene(element, options) {
  if (getComputedStyle(element).position === "static") element.style.position = "relative";
  if (!hasWebGL()) return PlainScene.open(element, options, "flat");
  try {
    return await OwnScene.open(element, options);
  } catch (error) {
    console.warn(`The scene falls back to Plotly's own points: ${error}`);
    return PlainScene.open(element, options, "scatter3d");
  }
}

function hasWebGL() {
  const gl = document.createElement("canvas").getContext("webgl");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null;
}

/** @param {HTMLElement} parent */
function plotDiv(parent) {
  const div = document.createElement("div");
  Object.assign(div.style, { position: "absolute", inset: "0", touchAction: "none" });
  parent.prepend(div);
  return /** @type {any} */ (div);
}

/** @param {string} theme @param {Camera} camera @param {boolean} axes */
function layoutOf(theme, camera, axes) {
  const ink = theme === "light" ? "40,50,70" : "170,185,215";
  /** @param {number} n */
  const axis = (n) => ({
    type: "linear", range: [-1, 1], autorange: false, visible: axes, showspikes: false, showbackground: false, showticklabels: false, zeroline: false,
    title: { text: axes ? String(n) : "", font: { size: 12, color: `rgba(${ink},.9)` } }, gridcolor: `rgba(${ink},.16)`, linecolor: `rgba(${ink},.4)`, ticks: "",
  });
  const scene = {
    xaxis: axis(1), yaxis: axis(2), zaxis: axis(3), aspectmode: "cube", dragmode: "orbit", hovermode: false,
    camera: { ...camera, projection: { type: "perspective" } }, bgcolor: "rgba(0,0,0,0)", uirevision: "still",
  };
  const clear = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 0, r: 0, t: 0, b: 0 } };
  return { ...clear, autosize: true, showlegend: false, hovermode: false, uirevision: "still", scene };
}

function configOf() {
  const plotGlPixelRatio = Math.min(window.devicePixelRatio || 1, 2);
  return { displayModeBar: false, displaylogo: false, showSendToCloud: false, scrollZoom: true, responsive: false, doubleClick: false, showTips: false, plotGlPixelRatio };
}

/** The corners of the frame: they give Plotly its scale.
 * @param {string} type */
const anchorsOf = (type) => ({ type, mode: "lines", x: [-1, 1], y: [-1, 1], z: [-1, 1], hoverinfo: "skip", showlegend: false, line: { width: 0.01 }, opacity: 0 });

/** Plotly knows our trace type; its module for scatter3d, `base`, lends what is common to 3-D traces.
 * @param {any} base */
function register(base) {
  if (knowing.has(plotly())) return;
  const { basePlotModule, attributes, supplyDefaults, calc } = base;
  if (!basePlotModule || !supplyDefaults || !calc) throw new Error("Plotly's scatter3d module has moved");
  const categories = ["gl3d", "showLegend"];
  plotly().register({ moduleType: "trace", name: TYPE, basePlotModule, attributes, supplyDefaults, calc, categories, meta: {}, plot: plotTrace });
  knowing.add(plotly());
}

/** What Plotly calls to make a trace of our type.
 * @param {any} scene Plotly's scene @param {any} data */
function plotTrace(scene, data) {
  const stage = owners.get(scene.graphDiv)?.attach(scene);
  if (!stage) throw new Error("a manifold trace belongs to a scene of ours");
  const update = (/** @type {any} */ next) => {
    trace.data = next;
    stage.stale = true;
  };
  const trace = { data, update, handlePick: () => false, dispose: () => scene.glplot.remove(stage) };
  scene.glplot.add(stage);
  return trace;
}

/** Plotly's scene of a plot, every private part that is leaned on checked.
 * @param {any} div */
function privateScene(div) {
  const scene = div._fullLayout?.scene?._scene;
  const glplot = scene?.glplot;
  const functions = [glplot?.redraw, glplot?.add, glplot?.remove, glplot?.onrender, scene?.camera?.lookAt, scene?.getCamera, scene?.saveLayout];
  const parts = [glplot?.gl, glplot?.canvas, glplot?.cameraParams, glplot?.objects, scene?.dataScale];
  if (functions.some((f) => typeof f !== "function") || parts.some((p) => typeof p !== "object" || p === null)) throw new Error("Plotly's scene has moved its private parts");
  return scene;
}

/** @implements {Scene} */
class OwnScene {
  mode = /** @type {const} */ ("webgl");

  /** @param {HTMLElement} element @param {SceneOptions} options */
  static async open(element, options) {
    const scene = new OwnScene(element, options);
    try {
      await scene.build();
    } catch (error) {
      scene.dispose();
      throw error;
    }
    return scene;
  }

  /** @param {HTMLElement} element @param {SceneOptions} options */
  constructor(element, options) {
    this.element = element;
    this.insets = options.insets ?? NO_INSETS;
    this.director = new Director(element, options);
    this.kept = soundCamera(options.camera) ?? openingCamera(element.clientWidth / Math.max(element.clientHeight, 1));
    this.axes = false;
    this.rebuilt = 0;
    this.gone = false;
    /** @type {any} */ this.div = null;
    /** @type {any} */ this.scene = null;
    /** @type {Stage | null} */ this.stage = null;
    this.observer = new ResizeObserver(() => this.resize());
    element.style.background = this.director.look.backdrop;
  }

  /** A plot stands in the element with the picture, the camera and the theme there are. */
  async build() {
    const div = (this.div = plotDiv(this.element));
    owners.set(div, this);
    const layout = layoutOf(this.director.options.theme, this.kept, this.axes);
    await plotly().newPlot(div, [anchorsOf("scatter3d")], layout, configOf());
    register(div._fullData?.[0]?._module);
    await plotly().react(div, [anchorsOf(TYPE)], layout, configOf());
    this.scene = privateScene(div);
    if (!this.stage || !this.scene.glplot.objects.includes(this.stage)) throw new Error("Plotly did not draw our trace");
    this.#hook();
    this.observer.observe(this.element);
  }

  /** The stage for a scene Plotly has made.
   * @param {any} scene */
  attach(scene) {
    this.stage = new Stage(scene.glplot.gl, this.director.motion, this.director.look);
    return this.stage;
  }

  /** Frames go through the director; a lost context comes to us and not to Plotly, whose own recovery fails. */
  #hook() {
    const { scene, director, stage } = this;
    const { glplot } = scene;
    const plotlys = glplot.onrender;
    glplot.onrender = () => {
      shiftCentre(glplot.cameraParams.projection, this.insets, this.element.clientWidth, this.element.clientHeight);
      if (this.axes) plotlys();
      director.frame(glplot.cameraParams, scene.dataScale, glplot.pixelRatio);
    };
    glplot.axes.enable = this.axes;
    glplot.oncontextloss = () => this.#lost();
    glplot.canvas.addEventListener("webglcontextlost", (/** @type {Event} */ e) => e.preventDefault());
    director.join(/** @type {Stage} */ (stage), { camera: () => this.#seen(), setCamera: (camera) => this.#look(camera) });
  }

  #seen() {
    const { eye, center, up } = this.scene.camera;
    /** @param {number[]} v */
    const point = ([x, y, z]) => ({ x, y, z });
    return { eye: point(eye), center: point(center), up: point(up) };
  }

  /** @param {Camera} camera */
  #look({ eye, center, up }) {
    /** @param {{x: number, y: number, z: number}} p */
    const array = ({ x, y, z }) => [x, y, z];
    this.scene.camera.lookAt(array(eye), array(center), array(up));
  }

  #lost() {
    if (this.gone || !this.scene) return;
    this.kept = this.#seen();
    this.scene = null;
    this.director.leave();
    this.#rebuild(0);
  }

  /** @param {number} attempt */
  #rebuild(attempt) {
    setTimeout(async () => {
      if (this.gone) return;
      this.#clear();
      try {
        await this.build();
        this.rebuilt++;
      } catch (error) {
        if (attempt + 1 < RETRIES.length) this.#rebuild(attempt + 1);
        else console.error(`The 3-D view could not be rebuilt: ${error}`);
      }
    }, RETRIES[attempt]);
  }

  #clear() {
    if (!this.div) return;
    plotly().purge(this.div);
    this.div.remove();
    this.div = null;
  }

  /** @param {Picture} picture @param {import("./picture").ShowOptions} [how] */
  show(picture, how) {
    return this.director.show(picture, how);
  }

  /** @param {"dark" | "light"} theme */
  setTheme(theme) {
    this.director.setTheme(theme);
    this.element.style.background = this.director.look.backdrop;
    if (this.axes) this.#relayout();
  }

  /** @param {Insets} insets */
  setInsets(insets) {
    this.insets = { ...insets };
    this.director.wake();
  }

  /** @param {boolean} on */
  setReducedMotion(on) {
    this.director.options.reducedMotion = on;
    if (on) this.director.idle(false);
  }

  camera() {
    return this.scene ? this.#seen() : this.kept;
  }

  /** @param {Camera | null} camera null: the view a picture opens with */
  setCamera(camera) {
    const { clientWidth, clientHeight } = this.element;
    this.kept = soundCamera(camera) ?? openingCamera(clientWidth / Math.max(clientHeight, 1));
    if (this.scene) this.director.setCamera(this.kept);
  }

  /** @param {boolean} on */
  idle(on) {
    this.director.idle(on);
  }

  /** @param {boolean} on */
  setAxes(on) {
    this.axes = on;
    this.#relayout();
  }

  #relayout() {
    if (!this.scene) return;
    this.scene.glplot.axes.enable = this.axes;
    const layout = layoutOf(this.director.options.theme, this.#seen(), this.axes);
    plotly().react(this.div, [anchorsOf(TYPE)], layout, configOf());
    this.director.wake();
  }

  /** @returns {Promise<string>} a PNG as a data URL: backdrop, scene and labels */
  async image() {
    const canvas = document.createElement("canvas");
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const { glplot } = this.scene;
    const source = glplot.canvas;
    [canvas.width, canvas.height] = [source.width, source.height];
    paintBackdrop(pen, canvas.width, canvas.height, this.director.look.stops);
    glplot.redraw();
    pen.drawImage(source, 0, 0);
    this.director.labels.paint(pen, glplot.pixelRatio);
    return canvas.toDataURL("image/png");
  }

  /** @param {Pick | null} pick */
  focus(pick) {
    this.director.focus(pick);
  }

  /** @param {Pick} pick */
  locate(pick) {
    return this.director.locate(pick);
  }

  resize() {
    if (!this.scene || this.element.clientWidth === 0 || this.element.clientHeight === 0) return;
    const { width, height } = this.div._fullLayout;
    if (width === this.element.clientWidth && height === this.element.clientHeight) return;
    this.scene.saveLayout(this.div.layout);
    plotly().Plots.resize(this.div);
    this.director.resized();
  }

  dispose() {
    this.gone = true;
    this.observer.disconnect();
    this.director.dispose();
    this.stage?.dispose();
    this.#clear();
    this.scene = null;
  }

  /** @returns {import("./picture").SceneStats} */
  stats() {
    const { motion, frames, script, labels } = this.director;
    const counts = { points: motion.count, sentences: motion.strands.length, links: motion.links.length, labels: labels.shown };
    return { engine: "own", frames, script, ...counts, buffers: this.stage?.gpu.buffers ?? 0, rebuilt: this.rebuilt };
  }
}

/** @param {CanvasRenderingContext2D} pen @param {number} width @param {number} height @param {string[]} stops as in `looks.js` */
function paintBackdrop(pen, width, height, stops) {
  pen.save();
  pen.translate(0.5 * width, 0.46 * height);
  pen.scale(0.75 * width, 0.8 * height);
  const gradient = pen.createRadialGradient(0, 0, 0, 0, 0, 1);
  [0, 0.52, 1].forEach((at, i) => gradient.addColorStop(at, stops[i]));
  pen.fillStyle = gradient;
  pen.fillRect(-2, -2, 4, 4);
  pen.restore();
}

/** The same positions in Plotly's own traces: scatter3d where there is WebGL, a flat scatter along the current view where there is none. Jumps, does not glide.
 * @implements {Scene} */
class PlainScene {
  /** @param {HTMLElement} element @param {SceneOptions} options @param {"scatter3d" | "flat"} engine */
  static async open(element, options, engine) {
    const scene = new PlainScene(element, options, engine);
    await scene.draw();
    return scene;
  }

  /** @param {HTMLElement} element @param {SceneOptions} options @param {"scatter3d" | "flat"} engine */
  constructor(element, options, engine) {
    this.element = element;
    this.options = { ...options };
    this.engine = engine;
    this.mode = /** @type {"webgl" | "flat"} */ (engine === "flat" ? "flat" : "webgl");
    this.div = plotDiv(element);
    this.kept = soundCamera(options.camera) ?? openingCamera(element.clientWidth / Math.max(element.clientHeight, 1));
    this.axes = false;
    this.frames = 0;
    /** @type {Picture | null} */ this.picture = null;
    /** @type {Pick[][]} */ this.picks = [];
    /** @type {Pick | null} */ this.hovered = null;
    this.bound = false;
    this.queue = Promise.resolve();
    this.unwatch = watchPointer(element, this.#handlers());
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(element);
  }

  /** @returns {import("./pointer").Handlers} */
  #handlers() {
    let touched = false;
    const nothing = () => {};
    const tap = () => this.hovered && this.options.onPick?.(this.hovered);
    const touch = () => {
      if (!touched) this.options.onTouch?.();
      touched = true;
    };
    /** @param {number} factor */
    const pinch = (factor) => this.setCamera(zoomed(this.camera(), factor));
    return { hover: nothing, leave: () => this.#hover(null, { x: 0, y: 0 }), tap, touch, press: nothing, pinch };
  }

  /** The plot shows the picture, the theme and the camera there are. */
  async draw() {
    const look = lookOf(this.options.theme);
    this.element.style.background = look.backdrop;
    const picture = this.picture;
    const flat = this.engine === "flat";
    const place = picture && (flat ? planeOf(picture.frame, this.kept) : framed(picture.frame));
    const traces = picture && place ? drawn(picture, place, flat ? "scatter" : "scatter3d", flat ? MOST_FLAT : Infinity, look) : [];
    this.picks = traces.map((one) => one.picks);
    const data = traces.length ? traces.map((one) => one.trace) : [flat ? { type: "scatter", x: [0], y: [0], opacity: 0, hoverinfo: "skip" } : anchorsOf("scatter3d")];
    await plotly().react(this.div, data, flat ? this.#flatLayout() : { ...layoutOf(this.options.theme, this.camera(), this.axes), hovermode: "closest" }, configOf());
    if (!this.bound) this.#bind();
    this.frames++;
  }

  #flatLayout() {
    const { width, height } = { width: this.element.clientWidth, height: Math.max(this.element.clientHeight, 1) };
    const wide = width / height;
    const axis = { visible: this.axes, zeroline: false, showticklabels: false, fixedrange: true };
    const base = layoutOf(this.options.theme, this.kept, false);
    return { ...base, scene: undefined, hovermode: "closest", dragmode: false, xaxis: { ...axis, range: [-wide, wide] }, yaxis: { ...axis, range: [-1, 1] } };
  }

  #bind() {
    this.bound = true;
    this.div.on("plotly_hover", (/** @type {any} */ e) => this.#hover(this.picks[e.points[0].curveNumber]?.[e.points[0].pointNumber] ?? null, { x: e.event?.offsetX ?? 0, y: e.event?.offsetY ?? 0 }));
    this.div.on("plotly_unhover", () => this.#hover(null, { x: 0, y: 0 }));
    this.div.on("plotly_relayout", () => this.options.onCamera?.(this.camera()));
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

  wanted = {};

  /** @param {"dark" | "light"} theme */
  setTheme(theme) {
    this.options.theme = theme;
    this.#redraw();
  }

  setInsets() {}
  setReducedMotion() {}
  idle() {}
  focus() {}

  locate() {
    return null;
  }

  /** @returns {Camera} */
  camera() {
    const camera = this.div._fullLayout?.scene?.camera;
    return (this.engine === "scatter3d" && soundCamera(camera)) || this.kept;
  }

  /** @param {Camera | null} camera */
  setCamera(camera) {
    this.kept = soundCamera(camera) ?? openingCamera(this.element.clientWidth / Math.max(this.element.clientHeight, 1));
    if (this.engine === "flat") this.#redraw();
    else plotly().relayout(this.div, { "scene.camera": this.kept });
  }

  /** @param {boolean} on */
  setAxes(on) {
    this.axes = on;
    this.#redraw();
  }

  /** @returns {Promise<string>} */
  image() {
    return plotly().toImage(this.div, { format: "png", width: this.element.clientWidth, height: this.element.clientHeight });
  }

  resize() {
    if (this.bound && this.element.clientWidth > 0) plotly().Plots.resize(this.div);
  }

  dispose() {
    this.unwatch();
    this.observer.disconnect();
    plotly().purge(this.div);
    this.div.remove();
  }

  /** @returns {import("./picture").SceneStats} */
  stats() {
    const picture = this.picture;
    const counts = { points: (picture?.cloud.positions.length ?? 0) / 3, sentences: picture?.sentences.length ?? 0, links: picture?.links.length ?? 0, labels: 0 };
    return { engine: this.engine, frames: this.frames, script: 0, ...counts, buffers: 0, rebuilt: 0 };
  }
}

/** Data units to frame units.
 * @param {Picture["frame"]} frame @returns {(x: number, y: number, z: number) => number[]} */
function framed({ center, radius }) {
  return (x, y, z) => [(x - center[0]) / radius, (y - center[1]) / radius, (z - center[2]) / radius];
}
