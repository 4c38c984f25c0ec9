/** A WebGL context's extensions, and buffers that are counted, grown and given back. */

import type { Look } from "./looks.ts";

export type Store = { handle: WebGLBuffer; bytes: number };

export class Gpu {
  gl: WebGLRenderingContext;
  buffers: number;
  arrays: OES_vertex_array_object;
  instances: ANGLE_instanced_arrays;

  /** Throws when the context lacks what the scene is drawn with. */
  constructor(gl: WebGLRenderingContext) {
    this.gl = gl;
    this.buffers = 0;
    const arrays = gl.getExtension("OES_vertex_array_object");
    const instances = gl.getExtension("ANGLE_instanced_arrays");
    const wide = gl.getExtension("OES_element_index_uint");
    if (!arrays || !instances || !wide)
      throw new Error("WebGL lacks vertex arrays, instances or wide indices");
    this.arrays = arrays;
    this.instances = instances;
  }

  store(): Store {
    this.buffers++;
    return { handle: this.gl.createBuffer() as WebGLBuffer, bytes: -1 };
  }

  /** Puts data into a buffer, in place when it has the same size as before. */
  put(store: Store, data: ArrayBufferView, target: number = this.gl.ARRAY_BUFFER) {
    const { gl } = this;
    gl.bindBuffer(target, store.handle);
    if (store.bytes === data.byteLength) gl.bufferSubData(target, 0, data);
    else gl.bufferData(target, data, gl.DYNAMIC_DRAW);
    store.bytes = data.byteLength;
  }

  free(store: Store) {
    this.buffers--;
    this.gl.deleteBuffer(store.handle);
  }

  /** A vertex array whose attributes are described by `describe`. */
  vertexArray(describe: () => void) {
    const array = this.arrays.createVertexArrayOES();
    this.arrays.bindVertexArrayOES(array);
    describe();
    this.arrays.bindVertexArrayOES(null);
    return array;
  }

  /**
   * Reads attribute `at` from a buffer.
   * @param size numbers a vertex
   * @param how each: 1 = one an instance
   */
  attribute(
    at: number,
    store: Store,
    size: number,
    {
      bytes = false,
      stride = 0,
      offset = 0,
      each = 0,
    }: { bytes?: boolean; stride?: number; offset?: number; each?: number } = {},
  ) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, store.handle);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, bytes ? gl.UNSIGNED_BYTE : gl.FLOAT, bytes, stride, offset);
    if (each) this.instances.vertexAttribDivisorANGLE(at, each);
  }
}

/** What every layer needs to draw one frame: sizes in device pixels. */
export type View = {
  /** frame units to clip space */ transform: Float64Array;
  /** the same, for the shaders */ matrix: Float32Array;
  width: number;
  height: number;
  /** device pixels a CSS pixel */ ratio: number;
  /** depth of the frame's centre */ middle: number;
  /** change of depth over one radius */ reach: number;
  /** 1 on an ordinary screen; less where it is small */ unit: number;
  look: Look;
  /** ms */ now: number;
};
