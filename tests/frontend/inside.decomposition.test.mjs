/** A move taken apart: shares that sum to it, arrows from the token, the stretch as a cross with
 * rings, and words for it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { figure, pictureKey } from "../../frontend/src/state/picture/figure.ts";
import { edgesInside, wantedLooks } from "../../frontend/src/state/inside/inside.ts";
import { timesOf } from "../../frontend/src/state/inside/arrows.ts";
import {
  stretchesOf,
  farness,
  glyph,
  moveShown,
  partsOf,
  scenery,
  wordsOf,
} from "../../frontend/src/state/inside/decomposition.ts";
import { after, placed } from "./made.mjs";

const [SITES, LAYERS, HEADS, TOKENS] = [5, 2, 2, 2];

/** A tensor of a shape whose number at an index is what `of` says of it. */
function tensor(shape, of) {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    let rest = i;
    const at = [...shape].reverse().map((n) => [rest % n, (rest = Math.floor(rest / n))][0]);
    return of(...at.reverse());
  });
  return { dtype: "F32", shape, data };
}

/** Attention of length 2: one head of length 2 at 60°, another at 90°, so that half of the move is
 * left to the bias. */
function dissected() {
  const lengths = [2, 2, 1];
  const cosines = [1, 0.5, 0];
  const tensors = {
    positions: tensor([SITES, TOKENS, 3], (site, token, k) => [0, site, token + 0.5][k]),
    "attention.length": tensor([LAYERS, HEADS + 1, TOKENS], (_, part) => lengths[part]),
    "attention.cosine": tensor([LAYERS, HEADS + 1, TOKENS], (_, part) => cosines[part]),
    "attention.trust": tensor([LAYERS, HEADS + 1, TOKENS], () => 0.5),
    "attention.tip": tensor(
      [LAYERS, HEADS + 1, TOKENS, 3],
      (layer, part, token, k) => [0.1, 2 * layer, token + 0.5][k],
    ),
    "mlp.length": tensor([LAYERS, TOKENS], () => 3),
    "mlp.cosine": tensor([LAYERS, TOKENS], () => 1),
    "mlp.trust": tensor([LAYERS, TOKENS], () => 1.5),
    "mlp.tip": tensor(
      [LAYERS, TOKENS, 3],
      (layer, token, k) => [0.2, 2 * layer + 1, token + 0.5][k],
    ),
  };
  return {
    kind: "decomposition",
    answer: { layers: LAYERS, heads: HEADS, head_types: [] },
    tensors,
  };
}

/** A map that stretches by 4, 2, 1 and 0.5 at every move but the last, which has none. */
function bent() {
  const values = tensor([SITES - 1, 4], (move, i) =>
    move === SITES - 2 ? NaN : [4, 2, 1, 0.5][i],
  );
  const axes = tensor(
    [SITES - 1, 3, 2, 3],
    (move, axis, end, k) => [0, move, 1.5][k] + (k === axis ? (end ? -0.1 : 0.2) : 0),
  );
  return {
    kind: "jacobian",
    answer: { token: 1, text: " bank" },
    tensors: { values, axes, angle: tensor([SITES], (site) => (site % 4 ? Math.PI / 2 : NaN)) },
  };
}

const promoted = {
  kind: "attribution",
  answer: {
    token: 1,
    parts: [
      { part: "attention", layer: 0, head: null, up: [], down: [] },
      { part: "head", layer: 0, head: 1, up: [], down: [] },
    ],
  },
  tensors: {},
};

/** A state whose last token's parts are on the page. */
function opened(site = 0) {
  const state = after(
    [
      { type: "go", step: 0, site },
      { type: "inside.toggle" },
      { type: "inside.set", tab: "decomposition" },
    ],
    placed(),
  );
  const answers = { decomposition: dissected(), jacobian: bent(), attribution: promoted };
  const messages = wantedLooks(state).flatMap(({ kind, key }, i) => [
    { type: "inside.asked", kind, id: 70 + i, key },
    { type: "look", look: { ...answers[kind], id: 70 + i, run: "tiny", step: 0 } },
  ]);
  return after(messages, state);
}

test("the token in hand is asked about: its parts, their words, its Jacobian", () => {
  const asked = wantedLooks(opened()).map(({ message }) => [message.type, message.token]);
  assert.deepEqual(asked, [
    ["decomposition", undefined],
    ["attribution", 1],
    ["jacobian", 1],
  ]);
  const picked = after(
    [{ type: "pick", pick: { kind: "sentence", id: "s1", token: 0 } }],
    opened(),
  );
  assert.deepEqual(
    wantedLooks(picked).map(({ message }) => message.token),
    [undefined, 0, 0],
  );
});

test("the move is the one that leads on, at the last site the one that led there", () => {
  assert.deepEqual(moveShown(opened(0)), { from: 0, layer: 0, half: "attention", last: false });
  assert.deepEqual(moveShown(opened(3)), { from: 3, layer: 1, half: "mlp", last: false });
  assert.deepEqual(moveShown(opened(4)), { from: 3, layer: 1, half: "mlp", last: true });
});

test("where attention and MLP read one state, the move is of both", () => {
  const state = opened(1);
  const sites = ["embed", "L0.post", "L1.post"];
  const parallel = { ...state, card: { ...state.card, sites } };
  assert.deepEqual(moveShown(parallel), { from: 1, layer: 1, half: "both", last: false });
  const found = partsOf(dissected(), moveShown(parallel), 1).map(({ part }) => part);
  assert.deepEqual(found, ["attention", "head", "head", "bias", "mlp"]);
  const drawn = scenery({ ...parallel, inside: { ...state.inside, everyLayer: true } });
  assert.equal(drawn?.away.length, 2);
});

test("the shares of heads and bias sum to the whole, and each part has its length and angle", () => {
  const found = partsOf(dissected(), moveShown(opened(0)), 1);
  assert.deepEqual(
    found.map(({ part, head, share }) => [part, head, share]),
    [
      ["attention", null, 1],
      ["head", 0, 0.5],
      ["head", 1, 0],
      ["bias", null, 0.5],
    ],
  );
  assert.deepEqual(
    found.slice(0, 3).map(({ angle }) => Math.round(angle ?? -1)),
    [0, 60, 90],
  );
  const [mlp, ...none] = partsOf(dissected(), moveShown(opened(1)), 1);
  assert.deepEqual([mlp.part, mlp.length, mlp.trust, none.length], ["mlp", 3, 1.5, 0]);
});

test("a part finds the words it promotes", () => {
  const move = moveShown(opened(0));
  const [whole, first, second] = partsOf(dissected(), move, 1);
  assert.ok(wordsOf(promoted, move, whole));
  assert.equal(wordsOf(promoted, move, first), null);
  assert.ok(wordsOf(promoted, move, second));
  assert.equal(wordsOf(null, move, whole), null);
});

test("arrows begin at the token, and are drawn longer by a number that is told", () => {
  const state = opened(0);
  const found = scenery(state);
  assert.equal(found?.times.arrows, 5, "0.1 long in a frame of radius 2");
  const edges = edgesInside(state);
  assert.deepEqual(
    edges.map(({ from, arrow }) => [from.kind, arrow]),
    Array(3).fill(["sentence", true]),
  );
  const [x, y, z] = edges[0].to.at;
  assert.ok(Math.abs(x - 0.5) < 1e-6 && y === 0 && z === 1.5);
  assert.equal(figure(state)?.edges?.length, 3);
  assert.equal(
    edgesInside(opened(4))[0].from.kind,
    "place",
    "at the last site the arrow is where the move began",
  );
});

test("arrows of every layer come when asked for", () => {
  const state = after([{ type: "inside.set", everyLayer: true }], opened(0));
  assert.equal(edgesInside(state).length, 3 + 3);
  assert.notDeepEqual(pictureKey(state), pictureKey(opened(0)));
});

test("the stretch is a cross of six arrows and three rings through their ends", () => {
  const edges = edgesInside(after([{ type: "inside.set", stretch: true }], opened(0)));
  assert.equal(edges.filter(({ arrow }) => arrow).length, 3 + 6);
  assert.equal(edges.filter(({ plain }) => plain).length, 3 * 24);
  assert.equal(
    edgesInside(after([{ type: "inside.set", stretch: true }], opened(4))).filter(
      ({ plain }) => plain,
    ).length,
    0,
    "none where nothing is finite",
  );
  const ring = glyph(
    [
      [2, 0, 0],
      [-1, 0, 0],
      [0, 1, 0],
      [0, -1, 0],
      [0, 0, 1],
      [0, 0, -1],
    ],
    { kind: "place", at: [0, 0, 0] },
    [0, 0, 0],
    [0, 0, 0],
  ).filter(({ plain }) => plain);
  assert.deepEqual(ring[0].from.at, [2, 0, 0]);
  assert.ok(Math.abs(ring[12].from.at[0] + 1) < 1e-9);
});

test("lines are drawn as long as they are where that can be seen", () => {
  const line = (/** @type {number} */ length) => [{ start: [0, 0, 0], tip: [length, 0, 0] }];
  assert.deepEqual(
    [1, 0.05, 0.0001, 0].map((length) => timesOf(line(length), 1)),
    [1, 5, 1000, 1],
  );
  assert.equal(timesOf([], 1), 1);
});

test("the stretch is told in numbers, and where there is none that is said", () => {
  const bends = stretchesOf(bent());
  assert.deepEqual(
    [bends[1].largest, bends[1].median, bends[1].smallest, Math.round(bends[1].turn ?? 0)],
    [4, 1.5, 0.5, 90],
  );
  assert.deepEqual(bends[0].turn, null);
  assert.equal(bends[3].largest, null);
  assert.equal(farness(bends[1])?.word, "mild");
  assert.equal(farness({ largest: 30, smallest: 1 })?.word, "narrow");
  assert.deepEqual(
    [farness({ largest: 1, smallest: 0 })?.word, farness({ largest: 1, smallest: 0 })?.powers],
    ["lost", 4],
  );
  assert.equal(farness(bends[3]), null);
});
