/** Arrays with shapes, as safetensors hold them. */

export interface Tensor {
  dtype: string;
  shape: number[];
  data: Float32Array | Uint8Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array;
}

export interface Bundle {
  metadata: Record<string, string>;
  tensors: Record<string, Tensor>;
}
