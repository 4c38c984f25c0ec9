import assert from "node:assert/strict";
import test from "node:test";
import { unfolded } from "../../frontend/src/protocol/clouds.ts";
import { decode, encode } from "../../frontend/src/protocol/safetensors.ts";
import { Flock } from "../../frontend/src/scene/flock.ts";
import { textSize } from "../../frontend/src/scene/labels.ts";
import { pathStrength } from "../../frontend/src/scene/drawing.ts";
import { pdfOf, svgOf } from "../../frontend/src/scene/paper.ts";
import { markedPart, trimmed } from "../../frontend/src/scene/trimming.ts";
import { figure } from "../../frontend/src/state/picture/figure.ts";
import { ghostsOf } from "../../frontend/src/state/picture/ghosts.ts";
import { heightOf, sheetsShown, stacked } from "../../frontend/src/state/picture/tower.ts";
import { linkOf, viewOf } from "../../frontend/src/state/url.ts";
import { REF, SITES, after, atlasSlice, placed, placedSlice } from "./made.mjs";

test("a path is a comet unless a link says otherwise, also an older one", () => {
  assert.deepEqual(
    ["comet", "whole", "off", "1", "0", "2"].map((one) => viewOf(`#v=1&trails=${one}`).view.trails),
    ["comet", "whole", "off", "whole", "off", undefined],
  );
  assert.match(linkOf({ trails: "off", stack: "steps" }), /trails=off&stack=steps/);
  const { comet, trail } = figure(placed()).sentences[0];
  assert.deepEqual([comet, trail], [1, true]);
  const next = after([{ type: "trails.next" }, { type: "trails.next" }], placed());
  assert.equal(next.trails, "off");
});

test("ghosts lie where a token's true neighbours lie at each site and a little about it", () => {
  const near = new Int32Array(SITES.length * 2 * 3).fill(4);
  const { places, marks } = ghostsOf(
    { ...placedSlice(8), near },
    { a: atlasSlice(8), b: null, mix: 0 },
  );
  const at = (n) => [...places.subarray(3 * n, 3 * n + 3)];
  for (let n = 0; n < places.length / 3; n++) assert.deepEqual(at(n), [8, marks[3 * n], 4]);
  assert.deepEqual([Math.min(...marks.filter((_, i) => i % 3 === 0)), REF > 4], [0, true]);
  assert.equal(
    ghostsOf({ ...placedSlice(8), near: null }, { a: atlasSlice(8), b: null, mix: 0 }),
    null,
  );
});

test("a comet is bright at its head and gone beyond two sites; an open path is whole", () => {
  const look = { site: 6, comet: 1 };
  const at = (site, whole = 0) => pathStrength(look, 13, site, whole);
  assert.ok(at(6) > 0.8 && at(5) < at(6) && at(3) === 0 && at(9) === 0);
  assert.ok(at(2, 1) > 0.05 && at(9, 1) > 0.05);
});

test("a path unfolds for the token that is wanted, and folds again", () => {
  const flock = new Flock();
  flock.want(3, -1);
  for (let n = 0; n < 40; n++) flock.unfold(16, false);
  assert.deepEqual([...flock.open], [3, 1, -1, 0]);
  flock.want(-1, -1);
  for (let n = 0; n < 40; n++) flock.unfold(16, false);
  assert.deepEqual([...flock.open], [-1, 0, -1, 0]);
});

test("text is 16 pixels at 1080 lines, 24 at 2160", () => {
  assert.deepEqual([720, 1080, 2160, 4000].map(textSize), [13, 16, 24, 24]);
});

test("sheets stand in order; of many those about the present one stay", () => {
  assert.equal(sheetsShown(13, 6).length, 13);
  const of = sheetsShown(61, 30);
  assert.ok(of.length <= 17 && [27, 28, 29, 30, 31, 32, 33, 0, 60].every((k) => of.includes(k)));
  const heights = (at) => Array.from({ length: 13 }, (_, k) => heightOf(k, 13, at));
  for (const at of [0, 4.5, 6, 12])
    assert.ok(heights(at).every((one, k, all) => k === 0 || one > all[k - 1]));
  assert.ok(Math.abs(heightOf(6, 13, 6)) < 1e-12);
  assert.deepEqual([heightOf(0, 13, 3), heightOf(12, 13, 3)], [-0.5, 0.5]);
});

test("the present sheet has more room about it than any other", () => {
  const gaps = Array.from({ length: 12 }, (_, k) => heightOf(k + 1, 13, 4) - heightOf(k, 13, 4));
  const widest = Math.max(...gaps);
  assert.ok([3, 4].every((k) => Math.abs(gaps[k] - widest) < 1e-12));
  assert.ok(widest > 2 * gaps[11]);
});

test("in a tower few whole paths stay to be seen, of a crowd only parts about the sheet", () => {
  const state = placed();
  const flat = figure(state);
  const one = flat.sentences[0];
  const nearness = (tokens, comet) =>
    stacked(state, { ...flat, sentences: [{ ...one, tokens, comet }] }).sentences[0].comet;
  assert.equal(nearness(2, 1), 0.5);
  assert.ok(nearness(50, 1) > 0.9 && nearness(50, 1) < 1);
  assert.equal(nearness(50, 0), 0);
});

test("clouds come back from their differences; arrays from their bytes", () => {
  const whole = Int32Array.from({ length: 2 * 2 * 3 * 2 }, (_, i) => (i * 37) % 200);
  const [row, size] = [12, 6];
  const rest = whole.map((one, i) => {
    const [step, site] = [Math.floor(i / row), Math.floor((i % row) / size)];
    if (step && site) return one - (whole[i - row] + whole[i - size] - whole[i - row - size]);
    return one - (step ? whole[i - row] : site ? whole[i - size] : 0);
  });
  const folded = rest.map((one) => (one << 1) ^ (one >> 31));
  const [low, high] = [folded.map((z) => z & 255), folded.map((z) => z >> 8)].map((z) =>
    Uint8Array.from(z),
  );
  const out = unfolded(low, high, [2, 2, 3, 2]);
  for (let slice = 0; slice < 4; slice++)
    for (let k = 0; k < 3; k++)
      for (let i = 0; i < 2; i++)
        assert.equal(out[slice * 6 + 3 * i + k], whole[slice * 6 + 2 * k + i]);
  const data = Float32Array.of(1, 2, 3);
  assert.deepEqual(
    [...decode(encode({ a: { dtype: "F32", shape: [3], data } })).tensors.a.data],
    [1, 2, 3],
  );
});

test("a drawing is SVG with labels as text, and a PDF whose table says where its objects are", () => {
  const marks = [
    { kind: "dot", x: 10, y: 20, r: 2, color: [255, 0, 0], alpha: 0.5 },
    { kind: "line", points: [0, 0, 5, 5], width: 1, color: [0, 0, 255], alpha: 1, dashed: true },
    { kind: "word", x: 12, y: 20, text: "<bank> 河", size: 13, color: [9, 9, 9], bold: true },
  ];
  const drawing = { width: 100, height: 80, ground: ["#131926", "#0c1019", "#07090f"], marks };
  const svg = svgOf(drawing, "run · step 1", "#96a0b4");
  assert.ok(
    svg.includes("&lt;bank&gt; 河</text>") &&
      svg.includes("<circle") &&
      svg.includes("run · step 1"),
  );
  const pdf = Buffer.from(pdfOf(drawing, "run · step 1")).toString("latin1");
  const start = Number(/startxref\n(\d+)/.exec(pdf)[1]);
  assert.ok(pdf.startsWith("%PDF-1.4") && pdf.slice(start).startsWith("xref"));
  for (const [, at] of pdf.slice(start).matchAll(/^(\d{10}) 00000 n/gm))
    assert.match(pdf.slice(Number(at)), /^\d+ 0 obj/);
});

test("what is taken away is cut to its marks, with a margin, and never beyond the picture", () => {
  const dot = (x, y) => ({ kind: "dot", x, y, r: 10, color: [0, 0, 0], alpha: 1 });
  const of = (...marks) => ({ width: 1280, height: 720, ground: ["#000", "#000", "#000"], marks });
  assert.deepEqual(markedPart(of()), { left: 0, top: 0, width: 1280, height: 720 });
  const whole = of(dot(500, 100), dot(1240, 500));
  assert.deepEqual(markedPart(whole), { left: 450, top: 50, width: 830, height: 500 });
  const cut = trimmed(whole);
  assert.deepEqual([cut.width, cut.height], [830, 500]);
  assert.deepEqual([cut.marks[0].x, cut.marks[0].y], [50, 50]);
  const line = { kind: "line", points: [600, 90, 700, 95], width: 1, color: [0, 0, 0], alpha: 1 };
  const { left, width } = markedPart(of(line));
  assert.deepEqual([left, width], [330, 640], "the line of words below needs room");
  assert.deepEqual(trimmed(of(line)).marks[0].points, [270, 40, 370, 45]);
});
