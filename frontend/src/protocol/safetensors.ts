/**
 * Safetensors bytes -> arrays: 8 bytes of length, a JSON header, raw little-endian arrays. Pure.
 */

import { halvesInOrder, unfolded } from "./clouds.ts";
import type { AtlasSlice, PlacedSlice } from "./slices.ts";
import type { Bundle, Tensor } from "./tensors.ts";
import type { Look } from "./look.ts";

const HEADER_LIMIT = 1 << 20;

const KINDS: Record<string, { bytes: number; view: any }> = {
  F32: { bytes: 4, view: Float32Array },
  I32: { bytes: 4, view: Int32Array },
  U32: { bytes: 4, view: Uint32Array },
  I16: { bytes: 2, view: Int16Array },
  U16: { bytes: 2, view: Uint16Array },
  F16: { bytes: 2, view: Uint16Array },
  I8: { bytes: 1, view: Int8Array },
  U8: { bytes: 1, view: Uint8Array },
};

/**
 * The tensors and the metadata of a safetensors buffer; float16 comes out as float32. Throws an
 * Error that says what is wrong with the bytes.
 */
export function decode(buffer: ArrayBuffer): Bundle {
  if (buffer.byteLength < 8) throw new Error(`safetensors cut short: ${buffer.byteLength} bytes`);
  const length = new DataView(buffer).getBigUint64(0, true);
  if (length > HEADER_LIMIT || Number(length) + 8 > buffer.byteLength)
    throw new Error(`safetensors header too long: ${length}`);
  const body = 8 + Number(length);
  const header = JSON.parse(
    new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, Number(length))),
  );
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw new Error("safetensors header is not an object");
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors: Bundle["tensors"] = {};
  for (const [name, entry] of Object.entries(entries))
    tensors[name] = tensor(buffer, body, name, entry);
  return { metadata, tensors };
}

function tensor(buffer: ArrayBuffer, body: number, name: string, entry: any): Tensor {
  const kind = KINDS[entry?.dtype];
  if (!kind) throw new Error(`unknown dtype of ${name}: ${entry?.dtype}`);
  const [start, end] = entry.data_offsets ?? [];
  const shape = entry.shape;
  const whole = Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && n >= 0);
  const count = whole ? shape.reduce((a: number, n: number) => a * n, 1) : -1;
  if (
    !Number.isInteger(start) ||
    end - start !== count * kind.bytes ||
    start < 0 ||
    body + end > buffer.byteLength
  ) {
    throw new Error(`bad extent of ${name}: ${start}..${end}`);
  }
  const raw =
    (body + start) % kind.bytes
      ? new kind.view(buffer.slice(body + start, body + end))
      : new kind.view(buffer, body + start, count);
  return { dtype: entry.dtype, shape, data: entry.dtype === "F16" ? halves(raw) : raw };
}

/** Arrays as the bytes of a file, in the order given. */
export function encode(tensors: Record<string, Tensor>): ArrayBuffer {
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [name, { dtype, shape, data }] of Object.entries(tensors))
    header[name] = { dtype, shape, data_offsets: [end, (end += data.byteLength)] };
  const words = JSON.stringify(header);
  const head = new TextEncoder().encode(words.padEnd(8 * Math.ceil(words.length / 8)));
  const out = new Uint8Array(8 + head.length + end);
  new DataView(out.buffer).setBigUint64(0, BigInt(head.length), true);
  out.set(head, 8);
  let at = 8 + head.length;
  for (const { data } of Object.values(tensors)) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out.buffer;
}

/** IEEE half floats -> float32. */
export function halves(raw: Uint16Array): Float32Array {
  const out = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i++) {
    const bits = raw[i];
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const sign = bits & 0x8000 ? -1 : 1;
    if (exponent === 31) out[i] = fraction ? NaN : sign * Infinity;
    else if (exponent) out[i] = sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
    else out[i] = sign * 2 ** -14 * (fraction / 1024);
  }
  return out;
}

function need(bundle: Bundle, name: string, rank: number): Tensor {
  const found = bundle.tensors[name];
  if (!found) throw new Error(`tensor missing: ${name}`);
  if (found.shape.length !== rank) throw new Error(`rank of ${name}: ${found.shape.length}`);
  return found;
}

/** The binary message of a placed slice. */
export function decodeSlice(buffer: ArrayBuffer): {
  id: number;
  run: string;
  sentence: string;
  slice: PlacedSlice;
} {
  const bundle = decode(buffer);
  const { type, id, run, sentence, step } = bundle.metadata;
  if (type !== "slice") throw new Error(`unknown binary message: ${type}`);
  const positions = need(bundle, "positions", 3);
  const [sites, tokens] = positions.shape;
  return {
    id: Number(id),
    run,
    sentence,
    slice: {
      step: Number(step),
      sites,
      tokens,
      positions: positions.data as Float32Array,
      outside: need(bundle, "outside", 2).data as Float32Array,
      trust: need(bundle, "segment_trust", 2).data as Float32Array,
      norm: need(bundle, "norm", 2).data as Float32Array,
      near: bundle.tensors.near ? (need(bundle, "near", 3).data as Int32Array) : null,
    },
  };
}

export type BinaryMessage =
  ({ type: "slice" } & ReturnType<typeof decodeSlice>) | { type: "look"; look: Look };

/**
 * A binary message of the socket: a placed slice, or the answer to a question about the inside of a
 * pass.
 */
export function decodeMessage(buffer: ArrayBuffer): BinaryMessage {
  const { metadata, tensors } = decode(buffer);
  if (metadata.type === "slice") return { type: "slice", ...decodeSlice(buffer) };
  const { type: kind, id, run, step, answer } = metadata;
  return {
    type: "look",
    look: { kind, id: Number(id), run, step: Number(step), answer: JSON.parse(answer), tensors },
  };
}

/**
 * One step of the atlas, packed for the page or as its file on disk; trust of other projections
 * only comes when asked for.
 */
export function decodeAtlas(buffer: ArrayBuffer, step: number): AtlasSlice {
  const bundle = decode(buffer);
  const { positions, sites, ref } = placesOf(bundle);
  return {
    step,
    sites,
    ref,
    positions,
    trust: bundle.tensors.trust ? (need(bundle, "trust", 2).data as Uint8Array) : null,
  };
}

function placesOf(bundle: Bundle) {
  if (!bundle.tensors.low) {
    const { data, shape } = need(bundle, "positions", 3);
    return { positions: data as Float32Array, sites: shape[0], ref: shape[1] };
  }
  const [low, high] = [need(bundle, "low", 4), need(bundle, "high", 4)];
  if (high.shape.join() !== low.shape.join())
    throw new Error(`planes of different shapes: ${low.shape} and ${high.shape}`);
  const whole = unfolded(low.data as Uint8Array, high.data as Uint8Array, low.shape);
  return { positions: halves(halvesInOrder(whole)), sites: low.shape[1], ref: low.shape[3] };
}
