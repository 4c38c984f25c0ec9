/** Safetensors bytes -> arrays: 8 bytes of length, a JSON header, raw little-endian arrays. Pure. */

/** @typedef {import("./types.d.ts").Bundle} Bundle */
/** @typedef {import("./types.d.ts").PlacedSlice} PlacedSlice */
/** @typedef {import("./types.d.ts").AtlasSlice} AtlasSlice */

const HEADER_LIMIT = 1 << 20;

/** @type {Record<string, { bytes: number, view: any }>} */
const KINDS = {
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
 * The tensors and the metadata of a safetensors buffer; float16 comes out as float32.
 * Throws an Error that says what is wrong with the bytes.
 * @param {ArrayBuffer} buffer
 * @returns {Bundle}
 */
export function decode(buffer) {
  if (buffer.byteLength < 8) throw new Error(`safetensors cut short: ${buffer.byteLength} bytes`);
  const length = new DataView(buffer).getBigUint64(0, true);
  if (length > HEADER_LIMIT || Number(length) + 8 > buffer.byteLength) throw new Error(`safetensors header too long: ${length}`);
  const body = 8 + Number(length);
  const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, Number(length))));
  if (typeof header !== "object" || header === null || Array.isArray(header)) throw new Error("safetensors header is not an object");
  const { __metadata__: metadata = {}, ...entries } = header;
  /** @type {Bundle["tensors"]} */
  const tensors = {};
  for (const [name, entry] of Object.entries(entries)) tensors[name] = tensor(buffer, body, name, entry);
  return { metadata, tensors };
}

/**
 * @param {ArrayBuffer} buffer @param {number} body @param {string} name @param {any} entry
 * @returns {import("./types.d.ts").Tensor}
 */
function tensor(buffer, body, name, entry) {
  const kind = KINDS[entry?.dtype];
  if (!kind) throw new Error(`unknown dtype of ${name}: ${entry?.dtype}`);
  const [start, end] = entry.data_offsets ?? [];
  const shape = entry.shape;
  const whole = Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && n >= 0);
  const count = whole ? shape.reduce((/** @type {number} */ a, /** @type {number} */ n) => a * n, 1) : -1;
  if (!Number.isInteger(start) || end - start !== count * kind.bytes || start < 0 || body + end > buffer.byteLength) {
    throw new Error(`bad extent of ${name}: ${start}..${end}`);
  }
  const raw = (body + start) % kind.bytes ? new kind.view(buffer.slice(body + start, body + end)) : new kind.view(buffer, body + start, count);
  return { dtype: entry.dtype, shape, data: entry.dtype === "F16" ? halves(raw) : raw };
}

/**
 * IEEE half floats -> float32.
 * @param {Uint16Array} raw
 * @returns {Float32Array}
 */
export function halves(raw) {
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

/**
 * @param {Bundle} bundle @param {string} name @param {number} rank
 * @returns {import("./types.d.ts").Tensor}
 */
function need(bundle, name, rank) {
  const found = bundle.tensors[name];
  if (!found) throw new Error(`tensor missing: ${name}`);
  if (found.shape.length !== rank) throw new Error(`rank of ${name}: ${found.shape.length}`);
  return found;
}

/**
 * The binary message of a placed slice.
 * @param {ArrayBuffer} buffer
 * @returns {{ id: number, run: string, sentence: string, slice: PlacedSlice }}
 */
export function decodeSlice(buffer) {
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
      positions: /** @type {Float32Array} */ (positions.data),
      outside: /** @type {Float32Array} */ (need(bundle, "outside", 2).data),
      trust: /** @type {Float32Array} */ (need(bundle, "segment_trust", 2).data),
      norm: /** @type {Float32Array} */ (need(bundle, "norm", 2).data),
    },
  };
}

/**
 * A binary message of the socket: a placed slice, or the answer to a question about the inside of a pass.
 * @param {ArrayBuffer} buffer
 * @returns {import("./types.d.ts").Message}
 */
export function decodeMessage(buffer) {
  const { metadata, tensors } = decode(buffer);
  const kind = ANSWERED[metadata.type];
  if (!kind) return { type: "slice", ...decodeSlice(buffer) };
  const { id, run, step, answer } = metadata;
  return { type: "look", look: { kind, id: Number(id), run, step: Number(step), answer: JSON.parse(answer), tensors } };
}

/** The type of the question that each type of answer answers. @type {Record<string, string>} */
const ANSWERED = {
  dissected: "dissect",
  promoted: "promote",
  bent: "bend",
  imagined: "whatif",
  reframed: "reframe",
  pushed: "push",
  stepped: "walk",
  strode: "stride",
  surveyed: "survey",
  lined: "line",
};

/**
 * One step of the atlas, as the file on disk has it; trust and continuity of other projections only come when asked for.
 * @param {ArrayBuffer} buffer @param {number} step
 * @returns {AtlasSlice}
 */
export function decodeAtlas(buffer, step) {
  const bundle = decode(buffer);
  const positions = need(bundle, "positions", 3);
  const [sites, ref] = positions.shape;
  return {
    step,
    sites,
    ref,
    positions: /** @type {Float32Array} */ (positions.data),
    trust: bundle.tensors.trust ? /** @type {Uint8Array} */ (need(bundle, "trust", 2).data) : null,
    continuity: bundle.tensors.continuity ? /** @type {Uint8Array} */ (need(bundle, "continuity", 2).data) : null,
  };
}
