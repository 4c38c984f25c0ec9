import assert from "node:assert/strict";
import test from "node:test";
import { changeWords, sharedStart } from "../../frontend/src/panels/meaning/smaller.ts";
import {
  KINDS,
  amountsOf,
  movedTo,
  stopOf,
  stopsOf,
} from "../../frontend/src/state/meaning/changes.ts";
import { drawn, open, t } from "./meant.mjs";

test("a slider moves the one change of its kind in the list", () => {
  const shape = { layers: 2, heads: 3 };
  const at = (kind) => stopsOf(kind, shape);
  const moved = (text, kind, stop) => movedTo(text, kind, stop, at(kind));
  assert.equal(moved("bits=8, bits=4, rank=32", "bits", 1), "bits=3, rank=32");
  assert.equal(moved("bits=8, bits=4, rank=32", "bits", at("bits").length), "rank=32");
  assert.equal(moved("", "rank", 0), "rank=1");
  assert.equal(stopOf("bits=4", "bits", at("bits")), at("bits").indexOf("4"));
  assert.equal(stopOf("rank=30", "rank", at("rank")), at("rank").indexOf("32"));
  assert.equal(stopOf("bits=4", "rank", at("rank")), at("rank").length);
  assert.deepEqual(amountsOf("bits=8, bits=4, rank=32", "bits"), ["8", "4"]);
});

test("layers and heads are left out by sliders of their own, counted from 1 in words", () => {
  const heads = stopsOf("head", { layers: 2, heads: 3 });
  assert.deepEqual(heads, ["0.0", "0.1", "0.2", "1.0", "1.1", "1.2"]);
  assert.deepEqual(stopsOf("layer", { layers: 0, heads: 0 }), []);
  assert.equal(movedTo("bits=8", "head", 4, heads), "bits=8, head=1.1");
  assert.equal(stopOf("bits=8, head=1.1", "head", heads), 4);
  assert.equal(stopOf("head=9.9", "head", heads), heads.length);
  assert.equal(changeWords(t, "head=1.1"), "no head 2.2");
  assert.equal(changeWords(t, "layer=0"), "no layer 1");
  assert.equal(changeWords(t, "what=ever"), "what=ever");
  const panel = drawn(open("compress"));
  for (const kind of KINDS) assert.match(panel, new RegExp(`id="meaning-${kind}"`));
});

test("two sentences are told apart from the word on where they differ", () => {
  assert.equal(sharedStart("a cat sat", "a cap sat"), 2);
  assert.equal(sharedStart("a cat", "a cat"), 5);
  assert.equal(sharedStart("a cat", "a cats"), 2);
  assert.equal(sharedStart("a cat, and", "a cat\nand"), 5, "the word is in both");
  assert.equal(sharedStart("一只猫", "一只狗"), 2);
});
