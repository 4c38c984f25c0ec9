/** Who lies beside the paths, on the GPU: a call a sentence, uploaded only when they change. */

import { GHOST, link } from "./shaders.ts";
import type { Motion, Strand } from "./motion.ts";
import type { Gpu, Store, View } from "./gpu.ts";

type Held = {
  from: Store;
  to: Store;
  marks: Store;
  array: WebGLVertexArrayObjectOES;
  known: (Float32Array | null)[];
};

export class Ghosts {
  gpu: Gpu;
  shader: { program: WebGLProgram; uniforms: Record<string, WebGLUniformLocation | null> };
  held: Map<string, Held>;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.shader = link(gpu.gl, GHOST);
    this.held = new Map();
  }

  #hold(): Held {
    const { gpu } = this;
    const [from, to, marks] = [gpu.store(), gpu.store(), gpu.store()];
    const array = gpu.vertexArray(() =>
      [from, to, marks].forEach((store, at) => gpu.attribute(at, store, 3)),
    );
    return { from, to, marks, array, known: [null, null, null] };
  }

  #free({ from, to, marks, array }: Held) {
    for (const store of [from, to, marks]) this.gpu.free(store);
    this.gpu.arrays.deleteVertexArrayOES(array);
  }

  sync(motion: Motion) {
    const kept = new Set(motion.strands.filter(({ flock }) => flock.count).map(({ id }) => id));
    for (const [id, held] of this.held)
      if (!kept.has(id)) {
        this.#free(held);
        this.held.delete(id);
      }
    for (const strand of motion.strands) if (kept.has(strand.id)) this.#put(strand);
  }

  #put({ id, flock }: Strand) {
    const held = this.held.get(id) ?? this.#hold();
    this.held.set(id, held);
    const stores = [held.from, held.to, held.marks];
    [flock.from, flock.to, flock.marks].forEach((data, at) => {
      if (held.known[at] !== data) this.gpu.put(stores[at], data);
      held.known[at] = data;
    });
  }

  draw(motion: Motion, view: View) {
    if (!this.held.size) return;
    const { gl, arrays } = this.gpu;
    const { program, uniforms: u } = this.shader;
    const { look, middle, reach } = view;
    gl.useProgram(program);
    gl.uniformMatrix4fv(u.transform, false, view.matrix);
    gl.uniform1f(u.size, 5.4 * view.ratio * Math.max(view.unit, 0.8));
    gl.uniform1f(u.middle, middle);
    gl.uniform3f(u.depth, middle - 0.9 * reach, middle + 1.15 * reach, look.fade[0] * 0.7);
    for (const { id, flock, look: own } of motion.strands) {
      const held = this.held.get(id);
      if (!held || own.trail < 0.01 || own.presence < 0.01) continue;
      const tint = [own.red, own.green, own.blue].map(
        (one, k) => 0.55 * look.line[k] + (0.45 * one) / 255,
      );
      gl.uniform4f(u.tint, tint[0], tint[1], tint[2], 0.85 * own.trail * own.presence);
      gl.uniform1f(u.t, flock.t);
      gl.uniform1f(u.site, own.site);
      gl.uniform1f(u.comet, own.comet);
      gl.uniform4fv(u.open, flock.open);
      arrays.bindVertexArrayOES(held.array);
      gl.drawArrays(gl.POINTS, 0, flock.count);
    }
    arrays.bindVertexArrayOES(null);
  }

  dispose() {
    for (const held of this.held.values()) this.#free(held);
    this.held.clear();
    this.gpu.gl.deleteProgram(this.shader.program);
  }
}
