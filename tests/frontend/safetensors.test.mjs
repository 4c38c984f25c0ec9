import assert from "node:assert/strict";
import test from "node:test";
import {
  decode,
  decodeAtlas,
  decodeSlice,
  halves,
} from "../../frontend/src/protocol/safetensors.ts";

/** Bytes as the Python library writes them. */
function encode(tensors, metadata, pad = 0) {
  const header = { __metadata__: metadata };
  let end = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header) + " ".repeat(pad));
  const bytes = new Uint8Array(8 + text.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let at = 8 + text.length;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer), at);
    at += data.byteLength;
  }
  return bytes.buffer;
}

const F32 = (shape, values) => ({ dtype: "F32", shape, data: Float32Array.from(values) });

test("tensors come out with their shapes, aligned or not", () => {
  for (let pad = 0; pad < 8; pad++) {
    const { tensors, metadata } = decode(
      encode(
        {
          a: F32([2, 1], [1.5, -2]),
          b: { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) },
        },
        { k: "v" },
        pad,
      ),
    );
    assert.deepEqual([...tensors.a.data], [1.5, -2]);
    assert.deepEqual(tensors.a.shape, [2, 1]);
    assert.deepEqual([...tensors.b.data], [1, 2, 255]);
    assert.equal(metadata.k, "v");
  }
});

test("half floats are exact", () => {
  const cases = [
    [0x3c00, 1],
    [0xc000, -2],
    [0x0000, 0],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
  ];
  assert.deepEqual(
    [...halves(Uint16Array.from(cases.map(([bits]) => bits)))],
    cases.map(([, value]) => value),
  );
  assert.ok(Number.isNaN(halves(Uint16Array.of(0x7e00))[0]));
});

test("a placed slice is read", () => {
  const buffer = encode(
    {
      positions: F32([3, 2, 3], Array(18).fill(1)),
      outside: F32([3, 2], Array(6).fill(0.5)),
      segment_trust: F32([2, 2], Array(4).fill(0.8)),
      norm: F32([3, 2], Array(6).fill(9)),
    },
    { type: "slice", id: "12", run: "r", sentence: "s1", step: "512" },
  );
  const { id, run, sentence, slice } = decodeSlice(buffer);
  assert.deepEqual(
    [id, run, sentence, slice.step, slice.sites, slice.tokens],
    [12, "r", "s1", 512, 3, 2],
  );
  assert.equal(slice.trust.length, 4);
});

test("an atlas step is read, float16 positions as float32", () => {
  const half = {
    dtype: "F16",
    shape: [1, 2, 3],
    data: Uint16Array.from([0x3c00, 0, 0, 0, 0xc000, 0]),
  };
  const byte = () => ({ dtype: "U8", shape: [1, 2], data: Uint8Array.of(255, 128) });
  const slice = decodeAtlas(encode({ positions: half, trust: byte(), continuity: byte() }, {}), 8);
  assert.deepEqual([...slice.positions], [1, 0, 0, 0, -2, 0]);
  assert.deepEqual([slice.step, slice.sites, slice.ref], [8, 1, 2]);
});

test("a packed step comes back to the bit, over signs and the ends of half numbers", () => {
  const halves = Uint16Array.from([0x3c00, 0x8000, 0xfbff, 0x7bff, 0, 0xc000, 1, 0x8001, 0x3555]);
  const inOrder = [...halves].map((one) => (one & 0x8000 ? one ^ 0x7fff : one));
  const rest = inOrder.map((one, i) => ((i < 3 ? one : one - inOrder[i - 3]) << 16) >> 16);
  const folded = rest.map((one) => ((one << 1) ^ (one >> 15)) & 0xffff);
  const plane = (values) => ({ dtype: "U8", shape: [1, 3, 3, 1], data: Uint8Array.from(values) });
  const planes = {
    low: plane(folded.map((z) => z & 255)),
    high: plane(folded.map((z) => z >> 8)),
  };
  const file = { positions: { dtype: "F16", shape: [3, 1, 3], data: halves } };
  const [packed, plain] = [planes, file].map((one) => decodeAtlas(encode(one, {}), 8));
  assert.deepEqual(packed, plain);
  assert.ok(Object.is(packed.positions[1], -0) && packed.positions[3] === 65504);
  const short = { ...planes, high: { dtype: "U8", shape: [1, 1, 3, 1], data: new Uint8Array(3) } };
  assert.throws(() => decodeAtlas(encode(short, {}), 8), /planes of different shapes/);
});

test("what is not safetensors is said, never read past its end", () => {
  const good = new Uint8Array(encode({ a: F32([2], [1, 2]) }, {}));
  assert.throws(() => decode(new ArrayBuffer(3)), /cut short/);
  assert.throws(() => decode(good.slice(0, good.length - 1).buffer), /extent of a/);
  assert.throws(
    () => decode(encode({ a: { dtype: "F99", shape: [1], data: Uint8Array.of(1) } }, {})),
    /unknown dtype/,
  );
  assert.throws(() => decode(encode({ a: F32([3], [1, 2]) }, {})), /extent of a/);
  assert.throws(() => decodeSlice(encode({}, { type: "slice" })), /tensor missing/);
  assert.throws(() => decodeSlice(encode({}, { type: "other" })), /unknown binary message/);
  for (let at = 0; at < 60; at++) {
    const broken = good.slice();
    broken[at] ^= 0x55;
    try {
      decode(broken.buffer);
    } catch (error) {
      assert.ok(error instanceof Error);
    }
  }
});
