/** The reference tokens on the GPU: two keyframes mixed in the shader, drawn from far to near. */

import { DepthOrder } from "./order.ts";
import { CLOUD, link } from "./shaders.ts";
import type { Keyframe, Motion } from "./motion.ts";
import type { Gpu, Store, View } from "./gpu.ts";

/** Milliseconds between two sorts while things move: finer than the eye can tell. */
const SORT_EVERY = 48;

/** A usual point's diameter in CSS pixels: smaller when there are many. */
export const pointSize = (count: number) =>
  Math.min(9, Math.max(3, 345 / Math.sqrt(Math.max(count, 1))));

export class Cloud {
  gpu: Gpu;
  shader: { program: WebGLProgram; uniforms: Record<string, WebGLUniformLocation | null> };
  slots: { points: Store; colors: Store; held: Keyframe | null }[];
  indices: Store;
  arrays: WebGLVertexArrayObjectOES[];
  order: DepthOrder;
  sortedAt: number;
  /** What the last sort was of. */
  sorted: { m: number[]; t: number; to: Keyframe | null };
  /** Which array reads `from` and `to` rightly. */
  array: WebGLVertexArrayObjectOES;
  count: number;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.shader = link(gpu.gl, CLOUD);
    this.slots = [this.#slot(), this.#slot()];
    this.indices = gpu.store();
    this.arrays = [this.#array(0, 1), this.#array(1, 0)];
    this.order = new DepthOrder();
    this.sortedAt = -Infinity;
    this.sorted = { m: [], t: -1, to: null };
    this.array = this.arrays[0];
    this.count = 0;
  }

  #slot() {
    return { points: this.gpu.store(), colors: this.gpu.store(), held: null as Keyframe | null };
  }

  /**
   * @param a slot of the start
   * @param b slot of the end
   */
  #array(a: number, b: number) {
    const { gpu, slots, indices } = this;
    return gpu.vertexArray(() => {
      gpu.attribute(0, slots[a].points, 4);
      gpu.attribute(1, slots[b].points, 4);
      gpu.attribute(2, slots[a].colors, 4, { bytes: true });
      gpu.attribute(3, slots[b].colors, 4, { bytes: true });
      gpu.gl.bindBuffer(gpu.gl.ELEMENT_ARRAY_BUFFER, indices.handle);
    });
  }

  /** The keyframes of the motion are on the GPU; what is there already stays. */
  sync(motion: Motion, view: View) {
    const { slots } = this;
    const end = slots.findIndex((slot) => slot.held === motion.to);
    const to = end >= 0 ? end : slots[0].held === motion.from ? 1 : 0;
    this.#fill(to, motion.to);
    this.#fill(
      1 - to,
      motion.from === motion.to && slots[1 - to].held?.points.length === motion.to.points.length
        ? slots[1 - to].held
        : motion.from,
    );
    this.array = this.arrays[to === 1 ? 0 : 1];
    this.count = motion.count;
    this.#sort(motion, view);
  }

  #fill(at: number, frame: Keyframe | null) {
    const slot = this.slots[at];
    if (slot.held === frame || !frame) return;
    this.gpu.put(slot.points, frame.points);
    this.gpu.put(slot.colors, frame.colors);
    slot.held = frame;
  }

  #sort({ from, to, t, moving }: Motion, { transform: m, now }: View) {
    const { sorted } = this;
    const same =
      sorted.to === to && sorted.t === t && [3, 7, 11].every((k, i) => sorted.m[i] === m[k]);
    const sized = this.order.indices.length === to.points.length / 4;
    if (same || (sized && now - this.sortedAt < SORT_EVERY && (moving || sorted.to === to))) return;
    const { gl } = this.gpu;
    this.gpu.arrays.bindVertexArrayOES(null);
    this.gpu.put(
      this.indices,
      this.order.sort(from.points, to.points, t, m),
      gl.ELEMENT_ARRAY_BUFFER,
    );
    this.sortedAt = now;
    this.sorted = { m: [m[3], m[7], m[11]], t, to };
  }

  /** Whether the order on the GPU is older than what is shown: another frame is due. */
  stale({ to, t }: Motion, { transform: m }: View) {
    return (
      this.sorted.to !== to ||
      this.sorted.t !== t ||
      [3, 7, 11].some((k, i) => this.sorted.m[i] !== m[k])
    );
  }

  draw(motion: Motion, view: View) {
    if (this.count === 0) return;
    const { gl, arrays } = this.gpu;
    const { program, uniforms: u } = this.shader;
    const { look, middle, reach } = view;
    gl.useProgram(program);
    gl.uniformMatrix4fv(u.transform, false, view.matrix);
    gl.uniform1f(u.t, motion.t);
    gl.uniform1f(u.size, pointSize(this.count) * view.ratio * view.unit);
    gl.uniform1f(u.largest, 26 * view.ratio * Math.max(view.unit, 1));
    gl.uniform1f(u.middle, middle);
    gl.uniform3f(u.depth, middle - 0.9 * reach, middle + 1.15 * reach, look.fade[0]);
    gl.uniform4f(u.back, ...look.background, look.fade[1]);
    gl.uniform1f(u.alpha, look.cloud);
    arrays.bindVertexArrayOES(this.array);
    gl.drawElements(gl.POINTS, this.count, gl.UNSIGNED_INT, 0);
    arrays.bindVertexArrayOES(null);
  }

  dispose() {
    const { gpu, slots, shader, arrays, indices } = this;
    for (const slot of slots) [slot.points, slot.colors].forEach((store) => gpu.free(store));
    gpu.free(indices);
    for (const array of arrays) gpu.arrays.deleteVertexArrayOES(array);
    gpu.gl.deleteProgram(shader.program);
  }
}
