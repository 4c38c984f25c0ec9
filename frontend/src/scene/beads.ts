/** Beads at the sentences' current places and rings about what is pointed at, on the GPU. */

import { SPRITE, link } from "./shaders.ts";
import type { Motion, Strand } from "./motion.ts";
import type { Gpu, Store, View } from "./gpu.ts";
import type { Pick } from "./picture.ts";

/** Size in CSS pixels. */
export type Ring = { pick: Pick; size: number; alpha: number };

/** How large a bead is that is no token of a sentence. */
export const LOOSE = 0.72;

/** Floats a sprite: place, colour, (size, kind, glow). */
const ROW = 10;

export class Beads {
  gpu: Gpu;
  shader: { program: WebGLProgram; uniforms: Record<string, WebGLUniformLocation | null> };
  rows: Store;
  data: Float32Array<ArrayBuffer>;
  count: number;
  array: WebGLVertexArrayObjectOES;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.shader = link(gpu.gl, SPRITE);
    this.rows = gpu.store();
    this.data = new Float32Array(0);
    this.count = 0;
    this.array = gpu.vertexArray(() => {
      gpu.attribute(0, this.rows, 3, { stride: 4 * ROW });
      gpu.attribute(1, this.rows, 4, { stride: 4 * ROW, offset: 12 });
      gpu.attribute(2, this.rows, 3, { stride: 4 * ROW, offset: 28 });
    });
  }

  /** Beads and rings are on the GPU as they are now. */
  sync(motion: Motion, rings: Ring[], view: View) {
    const wanted = motion.strands.reduce((sum, strand) => sum + strand.tokens, 0) + rings.length;
    if (wanted * ROW > this.data.length)
      this.data = new Float32Array(ROW * Math.ceil(wanted * 1.5));
    this.count = 0;
    for (const strand of motion.strands) this.#addBeads(strand, view);
    for (const ring of rings) this.#addRing(motion, ring, view);
    if (this.data.length) this.gpu.put(this.rows, this.data);
  }

  #addBeads({ tokens, beads, faint, tint, look, loose }: Strand, { ratio, unit }: View) {
    const alpha = look.presence * (0.35 + 0.65 * look.emphasis);
    const size = (loose ? LOOSE : 1) * (5.2 + 2.6 * look.emphasis) * ratio * Math.max(unit, 0.8);
    for (let token = 0; token < tokens; token++) {
      const at = ROW * this.count++;
      const dim = faint?.[token] ? 0.5 : 1;
      for (let k = 0; k < 3; k++) this.data[at + k] = beads[3 * (token + 1) + k];
      this.data[at + 3] = (tint?.[3 * token] ?? look.red) / 255;
      this.data[at + 4] = (tint?.[3 * token + 1] ?? look.green) / 255;
      this.data[at + 5] = (tint?.[3 * token + 2] ?? look.blue) / 255;
      this.data[at + 6] = alpha * dim;
      this.data[at + 7] = size * (0.6 + 0.4 * dim);
      this.data[at + 8] = 0;
      this.data[at + 9] = (loose ? 0.25 : 1) * look.emphasis * dim;
    }
  }

  #addRing(motion: Motion, { pick, size, alpha }: Ring, { ratio, look }: View) {
    const at = ROW * this.count;
    if (alpha < 0.01 || !motion.locate(pick, this.data, at)) return;
    const bright = look.heart > 0.5 ? 1 : 0.1;
    this.data.set([bright, bright, bright * 1.02, alpha, size * ratio, 1, 1], at + 3);
    this.count++;
  }

  draw(view: View) {
    if (this.count === 0) return;
    const { gl, arrays } = this.gpu;
    const { program, uniforms: u } = this.shader;
    const { look, middle, reach } = view;
    gl.useProgram(program);
    gl.uniformMatrix4fv(u.transform, false, view.matrix);
    gl.uniform1f(u.middle, middle);
    gl.uniform1f(u.pixel, view.ratio);
    gl.uniform3f(u.depth, middle - 0.7 * reach, middle + 1.3 * reach, look.fade[0] * 0.45);
    gl.uniform2f(u.halo, ...look.halo);
    gl.uniform4f(u.rim, ...look.rim);
    gl.uniform1f(u.heart, look.heart);
    arrays.bindVertexArrayOES(this.array);
    gl.drawArrays(gl.POINTS, 0, this.count);
    arrays.bindVertexArrayOES(null);
  }

  dispose() {
    this.gpu.free(this.rows);
    this.gpu.arrays.deleteVertexArrayOES(this.array);
    this.gpu.gl.deleteProgram(this.shader.program);
  }
}
