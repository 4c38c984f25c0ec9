import assert from "node:assert/strict";
import test from "node:test";
import { linesChart, pointsAlong, roomFor, thingsAlong } from "../../frontend/src/charts/lines.ts";
import { ribbonOver } from "../../frontend/src/charts/ribbons.ts";
import { columnsOver } from "../../frontend/src/state/meaning/regions.ts";
import { keyOf } from "../../frontend/src/state/meaning/meaning.ts";
import { SITES, STEPS, after } from "./made.mjs";
import { common, drawn, open, tensor, triple } from "./meant.mjs";

test("regions through training lie over the slider, each step at its place", () => {
  const part = (step, before) => ({
    kind: "regions",
    id: 7,
    run: "tiny",
    step,
    answer: {
      ...common,
      done: step === STEPS[1] ? 2 : 1,
      step,
      site: SITES[0],
      regions: [
        {
          index: 0,
          size: 5,
          tokens: [],
          labels: [],
          lens: [],
          purity: 1,
          shuffled: 0.1,
          q: 0,
          fate: "",
        },
      ],
      links: before < 0 ? [] : [{ before: 0, after: 0, overlap: 0.8 }],
      before,
    },
    tensors: {
      members: tensor([6], () => 0),
      purity: tensor([3], triple),
      shuffled: tensor([1], () => 0.1),
      chance: tensor([0], () => 0),
    },
  });
  const state = open("regions");
  const asked = after(
    [
      {
        type: "meaning.asked",
        section: "regions",
        id: 7,
        key: keyOf(state),
        steps: STEPS.slice(0, 2),
      },
    ],
    state,
  );
  const one = after([{ type: "look", look: part(STEPS[0], -1) }], asked);
  assert.deepEqual(columnsOver(one), [], "one step is no ribbon");
  const two = after([{ type: "look", look: part(STEPS[1], STEPS[0]) }], one);
  const columns = columnsOver(two);
  assert.deepEqual(
    columns.map(({ step }) => step),
    STEPS.slice(0, 2),
  );
  assert.deepEqual(columnsOver(after([{ type: "meaning.scene", on: false }], two)), []);
  const made = JSON.stringify(ribbonOver(columns, [0, 0.5], String));
  assert.match(made, /"x":0,/);
  assert.match(made, /"x":497,/);
  assert.equal(made.match(/"fill-opacity":"0.52"/g).length, 1);
});

test("what a change costs is held against training: it grows, or it does not", () => {
  const look = (step, low, value, high) => ({
    kind: "compress",
    id: 7,
    run: "tiny",
    step,
    answer: {
      ...common,
      done: step === STEPS[1] ? 2 : 1,
      step,
      changes: ["bits=8", "bits=3"],
      whole: "",
      smaller: [],
    },
    tensors: Object.fromEntries([
      ...["damage", "noise_damage", "divergence", "noise_divergence", "loss"].map((name) => [
        name,
        tensor([2, 3], (i) => (i < 3 ? 0.001 : [value, low, high][i - 3])),
      ]),
      ...["kept", "noise_kept", "residual", "noise_residual"].map((name) => [
        name,
        tensor([2], () => 0.9),
      ]),
    ]),
  });
  const through = (late) => {
    const state = open("compress");
    const asked = after(
      [
        {
          type: "meaning.asked",
          section: "compress",
          id: 7,
          key: keyOf(state),
          steps: STEPS.slice(0, 2),
        },
      ],
      state,
    );
    return after(
      [
        { type: "look", look: look(STEPS[0], 0.01, 0.02, 0.03) },
        { type: "look", look: look(STEPS[1], ...late) },
      ],
      asked,
    );
  };
  const here = (state) => after([{ type: "go", step: 1 }], state);
  assert.match(drawn(here(through([0.2, 0.3, 0.4]))), /With 3 bits .*damage grows with training/);
  assert.match(drawn(here(through([0.02, 0.03, 0.04]))), /no growth with training is seen/);
});

test("the numbers beside a chart have room, however long they are", () => {
  const values = [-0.0023, 0.0011];
  const line = { tone: "own", dashed: false, values, low: values, high: values };
  const frame = { width: 308, height: 132, left: 38, right: 8, top: 8, bottom: 22 };
  const chart = { frame, along: pointsAlong(2), lines: [line], rule: null, range: null, at: null };
  const short = roomFor({ ...chart, text: (value) => String(Math.round(value)) }, 38);
  const long = roomFor({ ...chart, text: (value) => value.toFixed(5) }, 38);
  assert.equal(short, 38);
  assert.ok(long >= "-0.00200".length * 6.2 + 6);
});

test("what stands under a chart lies within it, however long it is", () => {
  const values = [0, 1, 2];
  const line = { tone: "own", dashed: false, values, low: values, high: values };
  const frame = { width: 308, height: 132, left: 38, right: 8, top: 8, bottom: 22 };
  const along = thingsAlong(["no first layer", "8", "half weights at 0"]);
  const text = String;
  const drawn = linesChart({
    frame,
    along,
    lines: [line],
    rule: null,
    range: null,
    at: null,
    text,
  });
  const textsIn = (one) =>
    one?.tag === "text" ? [one] : (one?.children ?? []).flatMap((child) => textsIn(child));
  const under = textsIn(drawn).filter(({ attrs }) => attrs.y > 110);
  assert.ok(under.length >= 2);
  for (const { attrs, children } of under) {
    const half = (6.2 * children.join("").length) / 2;
    assert.equal(attrs["text-anchor"], "middle");
    assert.ok(attrs.x - half >= 0 && attrs.x + half <= 308, children.join(""));
  }
});
