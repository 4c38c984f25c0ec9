/**
 * The object Plotly's 3-D scene draws as a trace of ours: the cloud, who
 * lies beside the trails, the trails, the edges, the
 * beads, in this order. Knows GL and Plotly's drawing contract, not Plotly.
 */

import { Beads } from "./beads.ts";
import { depthRange, transform } from "./camera.ts";
import { Cloud } from "./cloud.ts";
import { Edges } from "./edges.ts";
import { Ghosts } from "./ghosts.ts";
import { Gpu } from "./gpu.ts";
import { Trails } from "./trails.ts";
import type { Motion } from "./motion.ts";
import type { View } from "./gpu.ts";
import type { Look } from "./looks.ts";
import type { Ring } from "./beads.ts";

export class Stage {
  gpu: Gpu;
  gl: WebGLRenderingContext;
  motion: Motion;
  look: Look;
  layers: { cloud: Cloud; ghosts: Ghosts; trails: Trails; edges: Edges; beads: Beads };
  rings: Ring[];
  view: View | null;
  stale: boolean;
  restless: () => boolean;
  pixelRatio: number;
  pickSlots: number;
  bounds: number[][];
  clipBounds: number[][];
  axes: null;
  drawPick: null;

  constructor(gl: WebGLRenderingContext, motion: Motion, look: Look) {
    this.gpu = new Gpu(gl);
    this.gl = gl;
    this.motion = motion;
    this.look = look;
    this.layers = {
      cloud: new Cloud(this.gpu),
      ghosts: new Ghosts(this.gpu),
      trails: new Trails(this.gpu),
      edges: new Edges(this.gpu),
      beads: new Beads(this.gpu),
    };
    this.rings = [];
    this.view = null;
    this.stale = true;
    this.restless = () => false;
    this.pixelRatio = 1;
    // the rest of what gl-plot3d asks of an object
    this.pickSlots = 0;
    this.bounds = [
      [-0.5, -0.5, -0.5],
      [0.5, 0.5, 0.5],
    ];
    this.clipBounds = this.bounds;
    this.axes = null;
    this.drawPick = null;
  }

  /**
   * gl-plot3d draws a frame whenever an object says it is dirty, and sets this to false afterwards:
   * only a frame of ours clears it.
   */
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

  /**
   * Everything to be drawn in this frame is on the GPU.
   * @param ratio device pixels a CSS pixel
   * @param now ms
   */
  prepare(
    params: { model: number[]; view: number[]; projection: number[] },
    scale: ArrayLike<number>,
    ratio: number,
    now: number,
  ) {
    const { gl, motion, layers } = this;
    this.stale = false;
    motion.advance(now);
    const m = transform(params, scale);
    const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    const unit = Math.min(2, Math.max(0.7, Math.min(width, height) / ratio / 760));
    this.view = {
      transform: m,
      matrix: new Float32Array(m),
      width,
      height,
      ratio,
      ...depthRange(m),
      unit,
      look: this.look,
      now,
    };
    layers.cloud.sync(motion, this.view);
    layers.ghosts.sync(motion);
    layers.trails.sync(motion);
    layers.edges.sync(motion);
    layers.beads.sync(motion, this.rings, this.view);
    return this.view;
  }

  /**
   * Called by gl-plot3d. Colours are premultiplied and nothing writes depth: the order of drawing
   * is the order of sight.
   */
  draw() {
    const { gl, view, motion, layers } = this;
    if (!view) return;
    gl.enable(gl.BLEND);
    gl.blendEquation(gl.FUNC_ADD);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.depthMask(false);
    gl.disable(gl.DEPTH_TEST);
    layers.cloud.draw(motion, view);
    layers.ghosts.draw(motion, view);
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
