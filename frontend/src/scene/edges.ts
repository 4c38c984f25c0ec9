/**
 * Edges and arrows on the GPU: where attention looks, what parts add, where a loss pushes. An edge
 * is thin where it comes from.
 */

import { RIBBON, link } from "./shaders.ts";
import type { Motion } from "./motion.ts";
import type { EdgePicture } from "./picture.ts";
import type { Gpu, Store, View } from "./gpu.ts";

type Group = {
  color: number[];
  arrow: boolean;
  plain: boolean;
  size: number;
  rows: EdgePicture[];
  places: any;
  heads: any;
  info: any;
  shafts: any;
  tips: any;
  ends: Float32Array;
  points: Float32Array;
};

const PIECES = 10;
/** Widths that edges come in: drawn together where colour, kind and width are one. */
const SIZES = 3;
const HEAD = 0.24;

/** What one draw call draws. */
export function groupKey(edge: EdgePicture) {
  const size = Math.min(SIZES - 1, Math.floor(edge.weight * SIZES));
  return `${edge.color.join()}|${edge.plain ? "plain" : edge.arrow}|${size}`;
}

/**
 * The four points of a curve from `a` to `b`, which bows by `bow` of its length: [before, a, b,
 * after].
 */
export function bowed(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  bow: number,
  out: Float32Array,
  at: number,
) {
  const lift = [0, 0, bow * Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2])];
  for (let k = 0; k < 3; k++) {
    const step = b[k] - a[k];
    out[at + k] = a[k] - step - lift[k];
    out[at + 3 + k] = a[k];
    out[at + 6 + k] = b[k];
    out[at + 9 + k] = b[k] + step - lift[k];
  }
}

export class Edges {
  gpu: Gpu;
  shader: { program: WebGLProgram; uniforms: Record<string, WebGLUniformLocation | null> };
  corners: Store;
  groups: Group[];
  known: EdgePicture[] | null;
  a: Float32Array<ArrayBuffer>;
  b: Float32Array<ArrayBuffer>;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.shader = link(gpu.gl, RIBBON);
    this.corners = gpu.store();
    gpu.put(
      this.corners,
      new Float32Array(
        Array.from({ length: PIECES + 1 }, (_, i) => [i / PIECES, -1, i / PIECES, 1]).flat(),
      ),
    );
    this.groups = [];
    this.known = null;
    this.a = new Float32Array(3);
    this.b = new Float32Array(3);
  }

  /** The motion's edges are on the GPU as they are now. */
  sync(motion: Motion) {
    if (this.known !== motion.edges) this.#regroup(motion.edges);
    for (const group of this.groups) this.#place(motion, group);
  }

  #regroup(edges: EdgePicture[]) {
    this.#clear();
    this.known = edges;
    const found: Map<string, EdgePicture[]> = new Map();
    for (const edge of edges)
      found.set(groupKey(edge), [...(found.get(groupKey(edge)) ?? []), edge]);
    for (const rows of found.values()) this.groups.push(this.#group(rows));
  }

  #group(rows: EdgePicture[]): Group {
    const { gpu } = this;
    const [places, heads, info] = [gpu.store(), gpu.store(), gpu.store()];
    gpu.put(info, Float32Array.from(rows.flatMap(({ weight }) => [0, 0.25 + 0.75 * weight, 1, 0])));
    const array = (store: any) =>
      gpu.vertexArray(() => {
        gpu.attribute(0, this.corners, 2);
        for (let k = 0; k < 4; k++)
          gpu.attribute(1 + k, store, 3, { stride: 48, offset: 12 * k, each: 1 });
        gpu.attribute(5, info, 4, { each: 1 });
      });
    const size = (Math.min(SIZES - 1, Math.floor(rows[0].weight * SIZES)) + 1) / SIZES;
    const numbers = {
      ends: new Float32Array(12 * rows.length),
      points: new Float32Array(12 * rows.length),
    };
    return {
      color: rows[0].color.map((v) => v / 255),
      arrow: rows[0].arrow,
      plain: Boolean(rows[0].plain),
      size,
      rows,
      places,
      heads,
      info,
      shafts: array(places),
      tips: array(heads),
      ...numbers,
    };
  }

  #place(motion: Motion, { rows, arrow, plain, ends, points, places, heads }: Group) {
    const { a, b } = this;
    rows.forEach((edge, i) => {
      const found = motion.reach(edge.from, a, 0) && motion.reach(edge.to, b, 0);
      if (!found) {
        a.fill(0);
        b.fill(0);
      }
      bowed(a, b, arrow || plain ? 0 : 0.5, ends, 12 * i);
      for (let k = 0; k < 3; k++) a[k] = b[k] - HEAD * (b[k] - a[k]);
      bowed(a, b, 0, points, 12 * i);
    });
    this.gpu.put(places, ends);
    if (arrow) this.gpu.put(heads, points);
  }

  draw(motion: Motion, view: View) {
    if (!this.groups.length) return;
    const { gl, arrays } = this.gpu;
    const { program, uniforms: u } = this.shader;
    const r = view.ratio * Math.max(view.unit, 0.75);
    gl.useProgram(program);
    gl.uniformMatrix4fv(u.transform, false, view.matrix);
    gl.uniform2f(u.viewport, view.width, view.height);
    gl.uniform3f(
      u.depth,
      view.middle - 0.7 * view.reach,
      view.middle + 1.3 * view.reach,
      view.look.fade[0] * 0.5,
    );
    gl.uniform2f(u.halo, ...view.look.halo);
    gl.uniform2f(u.dash, 1, 2);
    gl.uniform1f(u.glow, 0);
    gl.uniform1f(u.lift, 0);
    gl.uniform1f(u.comet, 0);
    gl.uniform4f(u.open, -1, 0, -1, 0);
    gl.uniform2f(u.reach, 1.5, 1);
    for (const group of this.groups) this.#drawGroup(group, r, motion.edgesSeen);
    arrays.bindVertexArrayOES(null);
  }

  #drawGroup({ color, arrow, plain, size, shafts, tips, rows }: Group, r: number, seen: number) {
    const { gl, arrays, instances } = this.gpu;
    const u = this.shader.uniforms;
    gl.uniform3fv(u.color, color);
    const strip = (array: any, taper: number[], fade: number[]) => {
      gl.uniform3fv(
        u.taper,
        taper.map((v) => v * r),
      );
      gl.uniform3fv(
        u.fade,
        fade.map((v) => v * seen),
      );
      arrays.bindVertexArrayOES(array);
      instances.drawArraysInstancedANGLE(gl.TRIANGLE_STRIP, 0, 2 * (PIECES + 1), rows.length);
    };
    if (arrow) {
      strip(shafts, [0.9, 1.4 * size + 0.6, 0], [0.85, 0.95, 0]);
      strip(tips, [4 + 4.5 * size, -2, 0], [1, 1, 0]);
    } else if (plain) strip(shafts, [0.8, 0.8, 0], [0.3 + 0.6 * size, 0.3 + 0.6 * size, 0]);
    else strip(shafts, [0.4, 0.8 + 5.6 * size, 0], [0.18 + 0.2 * size, 0.55 + 0.4 * size, 0]);
  }

  #clear() {
    const { gpu } = this;
    for (const { places, heads, info, shafts, tips } of this.groups) {
      for (const store of [places, heads, info]) gpu.free(store);
      for (const array of [shafts, tips]) gpu.arrays.deleteVertexArrayOES(array);
    }
    this.groups = [];
  }

  dispose() {
    this.#clear();
    this.gpu.free(this.corners);
    this.gpu.gl.deleteProgram(this.shader.program);
  }
}
