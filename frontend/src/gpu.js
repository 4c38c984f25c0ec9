/** A WebGL context's extensions, and buffers that are counted, grown and given back. */

/** @typedef {{handle: WebGLBuffer, bytes: number}} Store */

export class Gpu {
  /** Throws when the context lacks what the scene is drawn with.
   * @param {WebGLRenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.buffers = 0;
    const arrays = gl.getExtension("OES_vertex_array_object");
    const instances = gl.getExtension("ANGLE_instanced_arrays");
    const wide = gl.getExtension("OES_element_index_uint");
    if (!arrays || !instances || !wide) throw new Error("WebGL lacks vertex arrays, instances or wide indices");
    this.arrays = arrays;
    this.instances = instances;
  }

  /** @returns {Store} */
  store() {
    this.buffers++;
    return { handle: /** @type {WebGLBuffer} */ (this.gl.createBuffer()), bytes: -1 };
  }

  /** Puts data into a buffer, in place when it has the same size as before.
   * @param {Store} store @param {ArrayBufferView} data @param {number} [target] */
  put(store, data, target = this.gl.ARRAY_BUFFER) {
    const { gl } = this;
    gl.bindBuffer(target, store.handle);
    if (store.bytes === data.byteLength) gl.bufferSubData(target, 0, data);
    else gl.bufferData(target, data, gl.DYNAMIC_DRAW);
    store.bytes = data.byteLength;
  }

  /** @param {Store} store */
  free(store) {
    this.buffers--;
    this.gl.deleteBuffer(store.handle);
  }

  /** A vertex array whose attributes are described by `describe`.
   * @param {() => void} describe */
  vertexArray(describe) {
    const array = this.arrays.createVertexArrayOES();
    this.arrays.bindVertexArrayOES(array);
    describe();
    this.arrays.bindVertexArrayOES(null);
    return array;
  }

  /** Reads attribute `at` from a buffer.
   * @param {number} at @param {Store} store @param {number} size numbers a vertex
   * @param {{bytes?: boolean, stride?: number, offset?: number, each?: number}} [how] each: 1 = one an instance */
  attribute(at, store, size, { bytes = false, stride = 0, offset = 0, each = 0 } = {}) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, store.handle);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, bytes ? gl.UNSIGNED_BYTE : gl.FLOAT, bytes, stride, offset);
    if (each) this.instances.vertexAttribDivisorANGLE(at, each);
  }
}

/** What every layer needs to draw one frame: sizes in device pixels.
 * @typedef {object} View
 * @property {Float64Array} transform frame units to clip space
 * @property {Float32Array} matrix the same, for the shaders
 * @property {number} width
 * @property {number} height
 * @property {number} ratio device pixels a CSS pixel
 * @property {number} middle depth of the frame's centre
 * @property {number} reach change of depth over one radius
 * @property {number} unit 1 on an ordinary screen; less where it is small
 * @property {import("./looks").Look} look
 * @property {number} now ms
 */
