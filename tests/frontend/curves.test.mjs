import assert from "node:assert/strict";
import test from "node:test";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { bandOf, gapsOf, heightAt, lineOf, pointsOf } from "../../frontend/src/charts/geometry.ts";
import { charting, shownMeasures, wholeRange } from "../../frontend/src/charts/charting.ts";
import { COLUMNS, csvOf } from "../../frontend/src/charts/csv.ts";
import {
  eventWords,
  happeningWords,
  happenings,
  neighbouring,
} from "../../frontend/src/charts/events.ts";
import { messageOf } from "../../frontend/src/effects/keyboard.ts";
import { wordsOf } from "../../frontend/src/i18n/language.ts";
import {
  curveOf,
  groupOf,
  grouped,
  measureName,
  rangeOf,
  readingAt,
  readingWords,
  shareOf,
  unitOf,
} from "../../frontend/src/charts/measures.ts";
import { chartOf, frameOf, markOf } from "../../frontend/src/charts/chart.ts";
import { curves } from "../../frontend/src/panels/curves/curves.ts";
import { linesAt } from "../../frontend/src/panels/curves/reading.ts";
import { describe, fileName, paperOf } from "../../frontend/src/charts/paper.ts";
import { crc32, withWords } from "../../frontend/src/charts/png.ts";
import {
  decades,
  indexAt,
  logSpaced,
  nearestPlace,
  placeAt,
  rounds,
  shortStep,
  sitesAlong,
  stepsAlong,
  valueScale,
} from "../../frontend/src/charts/scales.ts";
import { textOf } from "../../frontend/src/charts/svg.ts";
import { SITES, STEPS, after, placed } from "./made.mjs";

const t = wordsOf("en");
const WHY = 'all "9 in 10", the same';

/** A state with three measures: dimension with a band and a gap, one nowhere defined, an accuracy
 * that jumps. */
function measured(more = []) {
  const grid = (value) => STEPS.map((_, step) => SITES.map((_, site) => value(step, site)));
  const dimension = grid((step, site) => (step === 1 && site === 2 ? null : 2 + step + site));
  const table = {
    steps: STEPS,
    sites: SITES,
    measures: [
      {
        name: "twonn",
        unit: "dimensions",
        group: "dimension",
        values: dimension,
        low: dimension.map((row) => row.map((v) => v && v - 0.5)),
        high: dimension.map((row) => row.map((v) => v && v + 1)),
        reasons: dimension.map((row) => row.map((v) => (v === null ? WHY : ""))),
      },
      {
        name: "stretch",
        unit: "times",
        group: "map",
        values: grid(() => null),
        reasons: grid(() => "too few tokens"),
      },
      {
        name: "test_accuracy",
        unit: "0..1",
        group: "training",
        values: grid((step) => (step < 2 ? 0.21 : 0.97)),
      },
      { name: "trust@pca", unit: "0..1", group: "", values: grid(() => 0.9) },
    ],
    axes: { variables: [], values: [] },
    events: [
      { step: 64, measure: "test_accuracy", site: 0, before: 0.21, after: 0.97, score: 9 },
      { step: 512, measure: "twonn", site: 3, before: 7, after: 8, score: 2 },
      { step: 99, measure: "twonn", site: 3, before: 7, after: 8, score: 2 },
    ],
  };
  return after(
    [
      { type: "measures", measures: table },
      { type: "set", measure: "twonn" },
      { type: "go", step: 1, site: 1 },
      ...more,
    ],
    placed(),
  );
}

test("measures come in groups, those without one by their name, unknown groups last", () => {
  const groups = grouped([{ name: "odd", group: "zz" }, ...measured().measures.measures]);
  assert.deepEqual(
    groups.map((one) => one.group),
    ["fidelity", "dimension", "map", "training", "zz"],
  );
  assert.equal(groupOf({ name: "cka_step", group: "" }), "steps");
  assert.equal(groupOf({ name: "fourier_share", group: "" }), "training");
  const state = measured();
  assert.match(measureName(state, t, "trust@pca"), /^Trustworthiness · pca$/i);
  assert.equal(measureName(state, t, "fourier_share"), "fourier share");
  assert.equal(unitOf(state, wordsOf("zh"), "twonn"), "维");
});

test("a reading is a value with its bar, or the reason why there is none: never zero", () => {
  const state = measured();
  assert.deepEqual(readingAt(state, "twonn"), { value: 4, low: 3.5, high: 5, reason: "" });
  assert.deepEqual(readingAt(state, "twonn", 1, 2), {
    value: null,
    low: null,
    high: null,
    reason: WHY,
  });
  assert.equal(readingWords(t, readingAt(state, "twonn"), String), "4 (3.5 to 5)");
  assert.equal(
    readingWords(t, readingAt(state, "twonn", 1, 2), String),
    `Not defined here: ${WHY}`,
  );
  assert.equal(readingWords(t, readingAt(state, "nothing"), String), "Not defined here.");
  assert.deepEqual(curveOf(state, "twonn", "layers").values, [3, 4, null, 6, 7]);
  assert.deepEqual(curveOf(state, "twonn", "steps").values, [3, 4, 5, 6]);
});

test("a share keeps its own scale however wide its range", () => {
  const table = (unit) => ({
    measures: { steps: [0], measures: [{ name: "a", unit, values: [[0.001, 1]] }] },
  });
  assert.equal(wholeRange(table("share right, 0..1"), "a").log, false);
  assert.equal(wholeRange(table("directions"), "a").log, true);
});

test("ranges skip what is not there; far apart they are on a log scale", () => {
  assert.equal(rangeOf([null, null]), null);
  assert.deepEqual(rangeOf([3, null, 1]), { low: 1, high: 3, log: false });
  assert.equal(rangeOf([1, 100]).log, true);
  assert.equal(rangeOf([0, 100]).log, false);
  assert.equal(shareOf({ low: 1, high: 100, log: true }, 10), 0.5);
  assert.equal(shareOf({ low: 2, high: 2, log: false }, 2), 0.5);
});

test("axes have round ticks; constant and tiny ranges too", () => {
  assert.deepEqual(rounds(0.2, 9.7, 4), [5]);
  assert.deepEqual(rounds(0, 1, 4), [0, 0.5, 1]);
  assert.deepEqual(decades(0.9, 1200, 4), [1, 10, 100, 1000]);
  assert.deepEqual(decades(2, 30, 6), [2, 5, 10, 20]);
  assert.ok(decades(1e-9, 1e9, 5).length <= 6);
  for (const range of [
    { low: 3, high: 3, log: false },
    { low: 0, high: 0, log: false },
    { low: 1e-6, high: 2e-6, log: false },
    { low: 1, high: 1e6, log: true },
  ]) {
    const scale = valueScale(range);
    for (const value of [range.low, range.high])
      assert.ok(scale.at(value) >= 0 && scale.at(value) <= 1);
    assert.ok(scale.ticks.every((tick) => scale.at(tick) >= 0 && scale.at(tick) <= 1));
  }
});

test("steps that grow by factors have a log axis with 0 before it, even steps a linear one", () => {
  assert.equal(logSpaced([0, 1, 2, 4, 8, 12, 16, 24, 32, 64, 128]), true);
  assert.equal(logSpaced([0, 500, 1000, 1500, 2000, 2500]), false);
  assert.equal(logSpaced([0]), false);
  const { places, ticks, log } = stepsAlong([0, 1, 2, 4, 8, 16, 32, 64]);
  assert.equal(log, true);
  assert.deepEqual([places[0], places.at(-1)], [0, 1]);
  assert.ok(places.every((place, i) => i === 0 || place > places[i - 1]));
  assert.ok(Math.abs(places[3] - places[2] - (places[7] - places[6])) < 1e-12);
  assert.equal(ticks[0].text, "0");
  assert.deepEqual(stepsAlong([700]).places, [0.5]);
  assert.deepEqual([500, 2000, 20000, 1.5e6].map(shortStep), ["500", "2k", "20k", "1.5M"]);
  assert.deepEqual(
    sitesAlong(SITES, (name) => name, 400).ticks.map(({ text }) => text),
    SITES,
  );
  assert.deepEqual(
    sitesAlong(SITES, (name) => name, 100).ticks.map(({ text }) => text),
    ["embed", "1", "2"],
  );
});

test("a place goes to an index and back", () => {
  const places = [0, 0.1, 0.5, 1];
  for (const index of [0, 0.4, 1, 2.75, 3])
    assert.ok(Math.abs(indexAt(places, placeAt(places, index)) - index) < 1e-12);
  assert.deepEqual([indexAt(places, -3), indexAt(places, 7), indexAt([0.5], 0.9)], [0, 3, 0]);
  assert.equal(nearestPlace(places, 0.29), 1);
});

test("a line breaks where nothing is defined, a band needs both ends, a gap reaches half way", () => {
  const frame = { width: 140, height: 120, left: 20, right: 20, top: 10, bottom: 10 };
  const curve = {
    values: [0, 1, null, 1, null],
    low: [0, 0.5, null, null, null],
    high: [0.5, 1, null, null, null],
    reasons: [],
  };
  const points = pointsOf(
    curve,
    [0, 0.25, 0.5, 0.75, 1],
    { at: (value) => value, ticks: [], log: false },
    frame,
  );
  assert.equal(lineOf(points), "M20 110L45 10M95 10");
  assert.equal(bandOf(points), "M20 60L45 10L45 60L20 110Z");
  assert.deepEqual(gapsOf(points, frame), [
    { x: 57.5, width: 25 },
    { x: 107.5, width: 12.5 },
  ]);
  assert.equal(heightAt(points, 0.5), 60);
  assert.equal(heightAt(points, 1.5), null);
  assert.equal(
    lineOf(
      pointsOf(
        { ...curve, values: [null] },
        [0.5],
        { at: (value) => value, ticks: [], log: false },
        frame,
      ),
    ),
    "",
  );
});

test("what is nowhere defined has no line and no numbers, and says so", () => {
  const state = measured([{ type: "set", measure: "stretch" }]);
  const text = textOf(chartOf(charting(state, t, "stretch", "layers", frameOf(300, 120), "k")));
  assert.match(text, /not defined here/);
  assert.doesNotMatch(text, />0<|NaN/);
  assert.doesNotMatch(
    textOf(markOf(charting(state, t, "stretch", "layers", frameOf(300, 120), "k"))),
    /circle|NaN/,
  );
});

test("charts of every measure, fitted or not, at a fractional place, hold no NaN", () => {
  for (const fit of [false, true]) {
    const state = measured([
      { type: "set", fit, second: "test_accuracy" },
      { type: "go", step: 1.4, site: 2.2 },
    ]);
    assert.deepEqual(shownMeasures(state), ["twonn", "test_accuracy"]);
    for (const name of ["twonn", "test_accuracy", "trust@pca"]) {
      for (const axis of ["layers", "steps"]) {
        const chart = charting(state, t, name, axis, frameOf(220, 100), "k");
        assert.doesNotMatch(
          textOf(chartOf(chart)) + textOf(markOf(chart)),
          /NaN|undefined|Infinity/,
        );
      }
    }
  }
});

test("events are gathered by step and said in words; keys go from one to the next", () => {
  const state = measured();
  assert.deepEqual(
    happenings(state).map(({ step, index }) => [step, index]),
    [
      [64, 2],
      [512, 3],
    ],
  );
  assert.equal(eventWords(state, t, state.measures.events[0]), "Test accuracy 0.21 → 0.97");
  assert.equal(
    eventWords(state, t, state.measures.events[1]),
    "Intrinsic dimension, TwoNN 7 → 8, layer 2 of 2 · after attention",
  );
  assert.equal(neighbouring(state, 1), 2);
  assert.equal(neighbouring(state, -1), null);
  assert.deepEqual(messageOf(state, { key: "." }), { type: "go", step: 2, glide: 420 });
  assert.equal(messageOf(state, { key: "," }), null);
  const many = Array.from({ length: 40 }, (_, i) => ({
    step: 64,
    measure: `m${i}`,
    site: 0,
    before: 1,
    after: 2,
    score: i,
  }));
  const crowded = measured([{ type: "measures", measures: { ...state.measures, events: many } }]);
  assert.equal(happeningWords(crowded, t, happenings(crowded)[0]).at(-1), "37 more");
});

test("the table says of every row where it comes from, and why a value is missing", () => {
  const state = measured([{ type: "hello", version: "9.9", limits: {} }]);
  const lines = csvOf(state).trimEnd().split("\r\n");
  assert.equal(lines[0], COLUMNS.join(","));
  assert.equal(lines.length, 1 + SITES.length + STEPS.length);
  assert.equal(lines[2], "tiny,9.9,twonn,dimensions,layers,8,L0.mid,4,3.5,5,,true");
  assert.equal(
    lines[3],
    'tiny,9.9,twonn,dimensions,layers,8,L0.post,,,,"all ""9 in 10"", the same",false',
  );
});

test("the drawing explains itself and is sound XML whatever the names hold", () => {
  const state = measured([{ type: "hello", version: "9.9", limits: {} }]);
  state.card.title = 'A <b>"run"</b> & \u0001 \ud800';
  const { text, width, height } = paperOf(state, t);
  assert.ok(width > 600 && height > 200);
  for (const part of [
    "Intrinsic dimension, TwoNN: 4 (3.5 to 5) · dimensions",
    "tiny · step 8 · L0.mid · Layerfold 9.9",
    "&lt;b&gt;&quot;run&quot;&lt;/b&gt; &amp; \ufffd \ufffd",
  ])
    assert.ok(text.includes(part), part);
  assert.doesNotMatch(text, /<b>|NaN|undefined\b(?!_)/);
  assert.equal(fileName(state, "csv"), "layerfold_tiny_twonn_step-8_L0.mid.csv");
  assert.equal(describe(state).measures[0].value, 4);
});

test("words go into a PNG after its header, with their checksum", async () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  const png = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10, ...Array(25).fill(1), 7, 7]);
  const made = new Uint8Array(await withWords(png, { Description: "第 8 步" }).arrayBuffer());
  const view = new DataView(made.buffer);
  const length = view.getUint32(33);
  assert.equal(new TextDecoder().decode(made.slice(37, 41)), "iTXt");
  assert.match(new TextDecoder().decode(made.slice(41, 41 + length)), /^Description\0{5}第 8 步$/);
  assert.equal(view.getUint32(41 + length), crc32(made.slice(37, 41 + length)));
  assert.deepEqual([...made.slice(-2)], [7, 7]);
  assert.throws(() => withWords(new Uint8Array(40), {}), TypeError);
});

const panel = (state) =>
  renderToString(h(() => curves(state, wordsOf(state.language), () => {}, {})));
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, one]) => one);

test("the panel: closed it holds nothing; open it has the measure, its value and two plots", () => {
  assert.match(
    panel(measured()),
    /^<section id="curves" class="curves panel"[^>]* hidden><\/section>$/,
  );
  const text = panel(measured([{ type: "curves.toggle" }]));
  assert.match(text, /data-count="1">/);
  assert.match(
    text,
    new RegExp(
      '<select id="curves-measure"[^>]*>.*?<option[^>]* selected[^>]* value="twonn"' +
        '|value="twonn"[^>]* selected',
    ),
  );
  assert.match(text, /<b class="value" title="4 \(3\.5 to 5\)">4<\/b>/);
  assert.deepEqual(all(text, /class="plot" role="slider"[^>]*data-axis="(\w+)"/g), [
    "layers",
    "steps",
  ]);
  assert.match(
    text,
    new RegExp(
      'data-axis="layers"[^>]*aria-valuemax="4" aria-valuenow="1"' +
        ' aria-valuetext="step 8[^"]*: 4 \\(3\\.5 to 5\\)"',
    ),
  );
  assert.doesNotMatch(text, /id="curves-compare"[^>]* hidden/);
  assert.deepEqual(all(text, /id="save-(\w+)"/g), ["png", "svg", "csv"]);
});

test("the panel: a second measure beside it, and why one has no value; in Chinese too", () => {
  const state = measured([
    { type: "curves.toggle" },
    { type: "set", second: "stretch", fit: true },
  ]);
  const text = panel(state);
  assert.match(text, /data-count="2">/);
  assert.match(text, /id="curves-compare"[^>]* hidden/);
  assert.match(text, /id="curves-fit" aria-pressed="true"/);
  assert.match(
    text,
    /<b class="value none" title="Not defined here: too few tokens">not defined here<\/b>/,
  );
  const zh = panel(after([{ type: "set", language: "zh" }], state));
  assert.match(zh, /<b class="value"[^>]*>4<\/b><span class="quiet within"[^>]*>3.5 至 5<\/span>/);
  assert.match(zh, new RegExp(`<option value(?:="")?>${wordsOf("zh")("curves.only")}</option>`));
});

test("what is told of a place under the pointer: every shown measure there", () => {
  const state = measured([{ type: "set", second: "test_accuracy" }]);
  const [place, ...rows] = linesAt(state, t, "steps", 3);
  assert.match(place, /^step 512/);
  assert.deepEqual(
    rows.map((row) => renderToString(row).replace(/<[^>]*>/g, "")),
    ["Intrinsic dimension, TwoNN: 6 (5.5 to 7)", "Test accuracy: 0.97"],
  );
});
