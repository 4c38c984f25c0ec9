import assert from "node:assert/strict";
import test from "node:test";
import {
  atOrBefore,
  depths,
  indexOn,
  matchedSites,
  otherRun,
  otherSite,
  otherStep,
  overlayKey,
  overlayOf,
  ownPick,
  readingId,
  stepAxis,
  united,
} from "../../frontend/src/state/comparing.ts";
import { figure } from "../../frontend/src/state/picture/figure.ts";
import { Motion } from "../../frontend/src/scene/motion.ts";
import { residualChart, scaleEnd } from "../../frontend/src/charts/residuals.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { viewOfState } from "../../frontend/src/state/view.ts";
import { textOf } from "../../frontend/src/charts/svg.ts";
import { update } from "../../frontend/src/state/update.ts";
import { linkOf, viewOf } from "../../frontend/src/state/url.ts";
import { after, card, placed, placedSlice } from "./made.mjs";

const OTHER = {
  run: "other",
  card: card({
    name: "other",
    steps: [0, 4, 64, 100],
    sites: ["embed", "L0.post", "L1.post", "L2.post"],
  }),
};
const beside = () =>
  after(
    [
      { type: "compare", with: "other", mode: "beside" },
      { type: "compare.card", ...OTHER },
    ],
    placed(),
  );

test("the last step at or before is found, the first where all are later", () => {
  assert.deepEqual(
    [0, 7, 8, 9, 600, -1].map((step) => atOrBefore([0, 8, 64, 512], step)),
    [0, 0, 1, 1, 3, 0],
  );
  assert.deepEqual(united([0, 8, 64], [0, 4, 64, 100]), [0, 4, 8, 64, 100]);
});

test("between two steps of its own a run is between, elsewhere it waits", () => {
  const all = [0, 4, 8, 64, 100];
  assert.equal(indexOn([0, 8, 64], all, 2.5), 1.5);
  assert.equal(indexOn([0, 8, 64], all, 0.5), 0);
  assert.equal(indexOn([0, 8, 64], all, 4), 2);
  assert.equal(indexOn([0, 4, 64, 100], all, 2.5), 1);
});

test("comparing begins, follows the slider and ends", () => {
  const state = beside();
  assert.deepEqual(stepAxis(state).steps, [0, 4, 8, 64, 100, 512]);
  assert.equal(otherStep(update(state, { type: "go", step: 1 })), 4);
  const moved = update(state, { type: "go", along: 4 });
  assert.equal(moved.card.steps[moved.step], 64);
  assert.equal(otherStep(moved), 100);
  assert.equal(stepAxis(moved).at, 4);
  const back = update(moved, { type: "go", step: 2 });
  assert.equal(stepAxis(back).at, 3);
  assert.equal(otherStep(back), 64);
  const left = update(moved, { type: "compare.leave" });
  assert.equal(left.compare, null);
  assert.deepEqual(stepAxis(left), { steps: [0, 8, 64, 512], at: 2 });
});

test("a step of the same run is held where it was", () => {
  const state = after(
    [
      { type: "go", step: 1 },
      { type: "compare", with: null, mode: "over" },
      { type: "go", step: 3 },
    ],
    placed(),
  );
  assert.equal(otherRun(state), "tiny");
  assert.equal(otherStep(state), 8);
  assert.equal(
    update(state, { type: "compare", with: "tiny", step: 64, mode: "over" }).compare.with,
    null,
  );
});

test("sites belong together by relative depth", () => {
  assert.deepEqual(
    depths(["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"]),
    [0, 0.25, 0.5, 0.75, 1],
  );
  assert.deepEqual(
    matchedSites(
      ["embed", "L0.mid", "L0.post", "L1.mid", "L1.post"],
      ["embed", "L0.post", "L1.post", "L2.post"],
    ),
    [0, 1, 1, 2, 3],
  );
  const state = beside();
  assert.equal(otherSite(update(state, { type: "go", site: 4 })), 3);
  assert.equal(otherSite(update(state, { type: "go", site: 3.5 })), 2.5);
});

test("a link brings a comparison back, and rubbish does not", () => {
  const view = viewOfState(beside());
  assert.deepEqual(view.compare, { with: "other", step: undefined, mode: "beside" });
  const read = viewOf(linkOf(view)).view;
  assert.deepEqual(read.compare, { with: "other", mode: "beside" });
  assert.equal(initialState({ view: read }).compare.with, "other");
  assert.deepEqual(viewOf("#v=1&compare=over&other=64").view.compare, {
    with: null,
    step: 64,
    mode: "over",
  });
  for (const bad of [
    "compare=over",
    "compare=inside&with=a",
    "with=a&other=4",
    `compare=over&with=${"a".repeat(300)}`,
  ])
    assert.equal(viewOf(`#v=1&${bad}`).view.compare, undefined);
});

test("another run in the place of this one ends the comparison, the same one at boot does not", () => {
  assert.equal(update(beside(), { type: "run.choose", run: "third" }).compare, null);
  const booted = initialState({ view: { run: "tiny", compare: { with: "other", mode: "over" } } });
  const same = [
    { type: "run.choose", run: "tiny" },
    { type: "run.card", card: card() },
  ];
  assert.equal(after(same, booted).compare.with, "other");
});

test("what comes for a run that is not compared any more is dropped", () => {
  const state = beside();
  assert.equal(update(state, { type: "compare.card", run: "third", card: card() }), state);
  assert.deepEqual(
    update(state, {
      type: "compare.failed",
      run: "other",
      failure: { code: "atlas_missing", message: "" },
    }).compare.failure.code,
    "atlas_missing",
  );
});

const SITE = {
  site: "embed",
  other: "embed",
  residual: 0.2,
  low: 0.19,
  high: 0.21,
  without: 1.4,
  shape: 0.2,
  cka: 0.9,
  reason: "",
};
const TABLE = {
  run: "tiny",
  step: 512,
  other: "tiny",
  other_step: 8,
  tokens: 6,
  drawn: [0, 2, 5],
  widths: [16, 16],
  sites: Array.from({ length: 5 }, () => SITE),
};
const READING = { ...placedSlice(512), positions: placedSlice(512).positions.map((x) => x + 0.25) };

/** A state with step 8 of the run laid over its last. */
function over() {
  const state = after([{ type: "compare", with: null, step: 8, mode: "over" }], placed());
  const key = overlayKey(state);
  const positions = Float32Array.from({ length: 5 * 3 * 3 }, (_, i) => i);
  return after(
    [
      { type: "compare.over", key, table: TABLE, positions },
      { type: "compare.reading", key, id: "s1", text: "the bank", special: false, slice: READING },
    ],
    state,
  );
}

test("rings stand behind the cloud, linked to their own points, and readings beside the sentences", () => {
  const state = over();
  const { cloud, links, sentences } = figure(state);
  const plain = figure({ ...state, compare: null });
  assert.equal(cloud.own, 6);
  assert.equal(cloud.positions.length, 3 * 9);
  assert.deepEqual(cloud.positions.slice(0, 18), plain.cloud.positions);
  assert.deepEqual(
    [...cloud.positions.slice(18)],
    [...Array(9).keys()].map((i) => i + 9 * state.site),
  );
  assert.ok(
    cloud.sizes.slice(0, 6).every((size) => size > 0) &&
      cloud.sizes.slice(6).every((size) => size < 0),
  );
  assert.deepEqual(
    links.filter((one) => one.from.kind === "cloud").map((one) => [one.from.index, one.to.index]),
    [
      [0, 6],
      [2, 7],
      [5, 8],
    ],
  );
  assert.deepEqual(
    sentences.map((one) => one.id),
    [readingId("s1"), "s1"],
  );
  assert.ok(sentences[0].labels.every((label) => label === ""));
});

test("an overlay is of one place only: at another step it is not shown", () => {
  const state = over();
  assert.equal(overlayOf(update(state, { type: "go", step: 1 })), null);
  assert.equal(figure(update(state, { type: "go", step: 1 })).cloud.positions.length, 18);
  assert.equal(
    update(state, {
      type: "compare.over",
      key: "old",
      table: TABLE,
      positions: new Float32Array(45),
    }),
    state,
  );
});

test("the other's place of a token stands for the token", () => {
  const state = over();
  assert.deepEqual(ownPick(state, { kind: "cloud", index: 7 }), { kind: "cloud", index: 2 });
  assert.deepEqual(ownPick(state, { kind: "sentence", id: readingId("s1"), token: 1 }), {
    kind: "sentence",
    id: "s1",
    token: 1,
  });
  assert.equal(ownPick(state, { kind: "cloud", index: 60 }), null);
  assert.deepEqual(update(state, { type: "pick", pick: { kind: "cloud", index: 8 } }).picked, {
    kind: "cloud",
    index: 5,
  });
});

test("points of the same reference glide on when rings come or go", () => {
  const motion = new Motion();
  motion.begin(figure({ ...over(), compare: null }), 0, 0, "inout");
  motion.advance(0);
  const before = motion.to.points.slice();
  motion.begin(figure(over()), 0, 400, "inout");
  assert.deepEqual(motion.from.points.slice(0, 24), before);
  assert.deepEqual(
    [...motion.from.colors.slice(24)].filter((_, i) => i % 4 === 3),
    [0, 0, 0],
  );
  assert.ok(motion.from.colors[3] > 0);
});

test("the chart's scale holds the largest, two lengths at most", () => {
  assert.equal(scaleEnd([SITE]), 1.5);
  assert.equal(scaleEnd([{ ...SITE, without: 9 }]), 2);
  assert.equal(scaleEnd([{ ...SITE, without: null, residual: null, high: null }]), 0.5);
  const drawn = textOf(residualChart(TABLE.sites, 2, "what is left"));
  assert.equal(drawn.match(/data-site/g).length, 5);
  assert.equal(drawn.match(/bar here/g).length, 1);
});
