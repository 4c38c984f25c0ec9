import assert from "node:assert/strict";
import test from "node:test";
import { LINK_LIMIT, linkOf, viewOf } from "../../frontend/src/state/url.ts";

const VIEW = {
  run: "story/teller & co",
  step: 512,
  site: "L3.mid",
  colour: "trust",
  measure: "val_loss",
  curves: true,
  second: "trust@pca",
  fit: true,
  trails: "whole",
  theme: "light",
  language: "zh",
  active: 1,
  camera: {
    eye: { x: 1.25, y: -0.5, z: 0.75 },
    center: { x: 0, y: 0.1, z: 0 },
    up: { x: 0, y: 0, z: 1 },
  },
  sentences: [
    { text: "a=b&c#d%zz+1 ", hue: 0, hidden: false },
    { text: "银行 🏦 \n مرحبا \u0000", hue: 7, hidden: true },
    { text: "", hue: 3, hidden: false },
  ],
};

test("a view goes through a link and comes back the same", () => {
  const hash = linkOf(VIEW);
  assert.match(hash, /^#v=1&/);
  assert.deepEqual(viewOf(hash), { view: VIEW, problem: null });
  assert.deepEqual(viewOf(encodeURI(decodeURI(hash))).view.step, 512);
});

test("no sentences is not the same as nothing said about sentences", () => {
  assert.deepEqual(viewOf(linkOf({ sentences: [] })).view.sentences, []);
  assert.equal("sentences" in viewOf(linkOf({ step: 1 })).view, false);
});

test("a lone surrogate becomes U+FFFD and never throws", () => {
  const { view } = viewOf(linkOf({ sentences: [{ text: "a\ud800b", hue: 1, hidden: false }] }));
  assert.equal(view.sentences[0].text, "a\ufffdb");
});

test("links over 8 KiB are refused both ways", () => {
  assert.equal(
    linkOf({ sentences: [{ text: "x".repeat(LINK_LIMIT), hue: 0, hidden: false }] }),
    null,
  );
  assert.deepEqual(viewOf(`#v=1&s=0v${"x".repeat(LINK_LIMIT)}`), { view: null, problem: "long" });
});

test("tabs of the inside are found by the names that older links call them", () => {
  const tabs = {
    parts: "decomposition",
    whatif: "ablation",
    walk: "generation",
    push: "gradients",
    step: "optimizer-step",
    way: "landscape",
  };
  for (const [old, now] of Object.entries(tabs)) {
    assert.equal(viewOf(`#v=1&inside=${old}`).view.inside, now);
    assert.equal(viewOf(`#v=1&inside=${now}`).view.inside, now);
  }
  assert.equal(viewOf("#v=1&inside=constructor").view.inside, undefined);
});

test("another version is refused, an empty hash is no view", () => {
  assert.deepEqual(viewOf("#v=2&step=3"), { view: null, problem: "version" });
  assert.deepEqual(viewOf("#step=3"), { view: null, problem: "version" });
  assert.deepEqual(viewOf(""), { view: null, problem: null });
});

test("fields that make no sense are left out", () => {
  const bad =
    "#v=1&step=-3&site=" +
    "s".repeat(99) +
    "&colour=pink&theme=blue&lang=xx&trails=2&active=1.5&camera=1,2&s=9vno&s=1vyes&run=%E0%A4%A&%zz=1&&=3";
  assert.deepEqual(viewOf(bad), {
    view: { sentences: [{ text: "yes", hue: 1, hidden: false }] },
    problem: null,
  });
  for (const camera of [
    "0,0,0,0,0,0,0,0,1",
    "1,1,1,0,0,0,0,0,0",
    "NaN,1,1,0,0,0,0,0,1",
    "1e9,1,1,0,0,0,0,0,1",
    "1,1,1,0,0,0,0,0,",
  ]) {
    assert.equal(viewOf(`#v=1&camera=${camera}`).view.camera, undefined, camera);
  }
});

test("rubbish never throws", () => {
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const parts = [
    "v=1",
    "&",
    "=",
    "%",
    "%ff",
    "s=",
    "0v",
    "camera=",
    "1,",
    "step",
    "é",
    "\ud800",
    "#",
    "+",
  ];
  for (let i = 0; i < 3000; i++) {
    const hash =
      "#v=1&" +
      Array.from({ length: 12 }, () => parts[Math.floor(random() * parts.length)]).join("");
    const { view } = viewOf(hash);
    if (view) assert.equal(typeof linkOf(view), "string");
  }
});
