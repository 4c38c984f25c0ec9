/** The object Plotly's 3-D scene draws as a trace of ours: the cloud, the trails, the edges, the beads, in this order. Knows GL and Plotly's drawing contract, not Plotly. */

import { Beads } from "./beads.js";
import { depthRange, transform } from "./camera.js";
import { Cloud } from "./cloud.js";
import { Edges } from "./edges.js";
import { Gpu } from "./gpu.js";
import { Trails } from "./trails.js";

/** @typedef {import("./motion").Motion} Motion */
/** @typedef {import("./gpu").View} View */
/** @typedef {import("./looks").Look} Look */

export class Stage {
  /** @param {WebGLRenderingContext} gl @param {Motion} motion @param {Look} look */
  constructor(gl, motion, look) {
    this.gpu = new Gpu(gl);
    this.gl = gl;
    this.motion = motion;
    this.look = look;
    this.layers = { cloud: new Cloud(this.gpu), trails: new Trails(this.gpu), edges: new Edges(this.gpu), beads: new Beads(this.gpu) };
    /** @type {import("./beads").Ring[]} */ this.rings = [];
    /** @type {View | null} */ this.view = null;
    this.stale = true;
    this.restless = () => false;
    this.pixelRatio = 1;
    // the rest of what gl-plot3d asks of an object
    this.pickSlots = 0;
    this.bounds = [[-0.5, -0.5, -0.5], [0.5, 0.5, 0.5]];
    this.clipBounds = this.bounds;
    this.axes = null;
    this.drawPick = null;
  }

  /** gl-plot3d draws a frame whenever an object says it is dirty, and sets this to false afterwards: only a frame of ours clears it. */
  get dirty() {
    return this.stale || this.motion.moving || this.restless();
  }

  set dirty(_) {}

  isOpaque() {
    return true;
  }

  isTransparent() {
    return false;
  }

  setPickBase() {}

  highlight() {}

  pick() {
    return null;
  }

  update() {}

  /** Everything to be drawn in this frame is on the GPU.
   * @param {{model: number[], view: number[], projection: number[]}} params @param {ArrayLike<number>} scale @param {number} ratio device pixels a CSS pixel @param {number} now ms */
  prepare(params, scale, ratio, now) {
    const { gl, motion, layers } = this;
    this.stale = false;
    motion.advance(now);
    const m = transform(params, scale);
    const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    const unit = Math.min(1, Math.max(0.7, Math.min(width, height) / ratio / 640));
    this.view = { transform: m, matrix: new Float32Array(m), width, height, ratio, ...depthRange(m), unit, look: this.look, now };
    layers.cloud.sync(motion, this.view);
    layers.trails.sync(motion);
    layers.edges.sync(motion);
    layers.beads.sync(motion, this.rings, this.view);
    return this.view;
  }

  /** Called by gl-plot3d. Colours are premultiplied and nothing writes depth: the order of drawing is the order of sight. */
  draw() {
    const { gl, view, motion, layers } = this;
    if (!view) return;
    gl.enable(gl.BLEND);
    gl.blendEquation(gl.FUNC_ADD);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.depthMask(false);
    gl.disable(gl.DEPTH_TEST);
    layers.cloud.draw(motion, view);
    layers.trails.draw(motion, view);
    layers.edges.draw(motion, view);
    layers.beads.draw(view);
    gl.enable(gl.DEPTH_TEST);
    gl.depthMask(true);
    gl.disable(gl.BLEND);
  }

  drawTransparent() {}

  dispose() {
    for (const layer of Object.values(this.layers)) layer.dispose();
  }
}
