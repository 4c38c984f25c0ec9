/** The scene's arithmetic: glides, curves, order, labels, picks, the camera, the plain traces. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  fitDistance,
  multiply,
  openingCamera,
  project,
  shiftCentre,
  soundCamera,
  transform,
  turned,
  zoomed,
} from "../../frontend/src/scene/camera.ts";
import { mirrorEnds, pointAt, strandsOf } from "../../frontend/src/scene/curve.ts";
import { drawn, escaped, planeOf, thinned } from "../../frontend/src/scene/flat.ts";
import { placeLabels, shortened } from "../../frontend/src/scene/labels.ts";
import { Motion, eased, samePick } from "../../frontend/src/scene/motion.ts";
import { DepthOrder } from "../../frontend/src/scene/order.ts";
import { nearestPick } from "../../frontend/src/scene/pointer.ts";
import { segmentsOf } from "../../frontend/src/scene/trails.ts";

const FRAME = { center: [0, 0, 0], radius: 1 };
const NONE = { left: 0, right: 0, top: 0, bottom: 0 };

function pictureOf({
  at = 0,
  points = 50,
  site = 0,
  ids = ["a"],
  tokens = 3,
  sites = 4,
  links = [],
  frame = FRAME,
} = {}) {
  const positions = Float32Array.from(
    { length: 3 * points },
    (_, i) => at + (i % 3) * 0.1 + i * 1e-4,
  );
  const colors = new Uint8Array(4 * points).fill(200);
  const paths = Float32Array.from({ length: 3 * sites * tokens }, (_, i) => at + Math.sin(i));
  const sentences = ids.map((id, n) => ({
    id,
    color: [10, 20, 30],
    labels: Array(tokens).fill("x"),
    paths,
    sites,
    tokens,
    site,
    trail: true,
    active: n === 0,
  }));
  return { frame, cloud: { positions, colors, sizes: null }, sentences, links };
}

/** A camera looking down the z axis from 3 radii away, in a 400 × 400 window. */
function lookingDown() {
  const projection = new Float64Array(16);
  const f = 1 / Math.tan(Math.PI / 8);
  [projection[0], projection[5], projection[10], projection[11], projection[14]] = [
    f,
    f,
    -1.01,
    -1,
    -0.02,
  ];
  const view = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, -3, 1];
  const model = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  return transform({ model, view, projection }, [1, 1, 1]);
}

test("easing starts at 0, ends at 1 and never turns back", () => {
  for (const ease of ["inout", "out", "linear"]) {
    assert.equal(eased(0, ease), 0);
    assert.equal(eased(1, ease), 1);
    for (let k = 0.05; k <= 1; k += 0.05) assert.ok(eased(k, ease) > eased(k - 0.05, ease));
  }
});

test("a glide goes from the picture on screen to the new one and settles there", () => {
  const motion = new Motion();
  motion.begin(pictureOf({ at: 0 }), 0, 0, "inout");
  assert.equal(motion.moving, false);
  motion.begin(pictureOf({ at: 2 }), 1000, 500, "inout");
  const place = new Float64Array(3);
  motion.advance(1250);
  motion.locate({ kind: "cloud", index: 0 }, place, 0);
  assert.ok(Math.abs(place[0] - 1) < 1e-6);
  assert.equal(motion.advance(1500), false);
  motion.locate({ kind: "cloud", index: 0 }, place, 0);
  assert.equal(place[0], 2);
  assert.equal(motion.from, motion.to);
});

test("a picture that supersedes another one starts where the points are, whatever the moment", () => {
  const motion = new Motion();
  motion.begin(pictureOf({ at: 0 }), 0, 0, "inout");
  motion.begin(pictureOf({ at: 1 }), 0, 500, "inout");
  motion.advance(200);
  const [before, after] = [new Float64Array(6), new Float64Array(6)];
  const look = (out) => {
    motion.locate({ kind: "cloud", index: 7 }, out, 0);
    motion.locate({ kind: "sentence", id: "a", token: 1 }, out, 3);
  };
  look(before);
  motion.begin(pictureOf({ at: -3 }), 200, 500, "inout");
  look(after);
  before.forEach((v, i) =>
    assert.ok(Math.abs(v - after[i]) < 1e-5, `${i}: ${v} against ${after[i]}`),
  );
});

test("sentences come and go by fading, and those that left are gone in the end", () => {
  const motion = new Motion();
  motion.begin(pictureOf({ ids: ["a"] }), 0, 0, "inout");
  motion.begin(pictureOf({ ids: ["b"] }), 0, 400, "linear");
  motion.advance(200);
  const presence = Object.fromEntries(motion.strands.map((s) => [s.id, s.look.presence]));
  assert.ok(Math.abs(presence.a - 0.5) < 1e-9 && Math.abs(presence.b - 0.5) < 1e-9);
  motion.advance(400);
  assert.deepEqual(
    motion.strands.map((s) => s.id),
    ["b"],
  );
});

test("a cloud of another size replaces the one before without a stray point", () => {
  const motion = new Motion();
  motion.begin(pictureOf({ points: 10 }), 0, 0, "inout");
  motion.begin(pictureOf({ points: 25 }), 0, 300, "inout");
  assert.equal(motion.from.points.length, motion.to.points.length);
  assert.equal(motion.count, 25);
});

test("the same cloud is not uploaded again: its keyframe stays the same object", () => {
  const motion = new Motion();
  const picture = pictureOf();
  motion.begin(picture, 0, 0, "inout");
  const { to } = motion;
  motion.begin(
    { ...picture, frame: { ...FRAME }, sentences: pictureOf({ site: 2 }).sentences },
    10,
    400,
    "inout",
  );
  motion.advance(100);
  assert.equal(motion.to, to);
  assert.equal(motion.from, to);
});

test("a curve goes through its sites, and between two it stays near them", () => {
  const paths = Float32Array.from([0, 0, 0, 1, 0, 0, 1, 1, 0, 5, 1, 0]);
  const strands = strandsOf(paths, 4, 1, FRAME);
  const out = new Float64Array(3);
  for (let site = 0; site < 4; site++) {
    pointAt(strands, 4, 0, site, out, 0);
    for (let k = 0; k < 3; k++) assert.ok(Math.abs(out[k] - paths[3 * site + k]) < 1e-6);
  }
  for (let site = 0; site <= 3; site += 0.05) {
    pointAt(strands, 4, 0, site, out, 0);
    assert.ok(out[0] > -0.2 && out[0] < 5.2 && out[1] > -0.2 && out[1] < 1.2, `${out}`);
  }
  pointAt(strands, 4, 0, 99, out, 0);
  assert.equal(out[0], 5);
});

test("a path of one site, and one that stands still, are points and not NaN", () => {
  const out = new Float64Array(3);
  pointAt(strandsOf(Float32Array.from([3, 2, 1]), 1, 1, FRAME), 1, 0, 0.7, out, 0);
  assert.deepEqual([...out], [3, 2, 1]);
  pointAt(strandsOf(new Float32Array(12), 4, 1, FRAME), 4, 0, 1.5, out, 0);
  assert.deepEqual([...out], [0, 0, 0]);
  const row = new Float32Array(9).fill(2);
  mirrorEnds(row, 0, 1);
  assert.deepEqual([...row], Array(9).fill(2));
});

test("segments never join the end of one token's path to the start of the next", () => {
  const rows = segmentsOf({
    sites: 3,
    tokens: 2,
    faint: Uint8Array.from([0, 1]),
    trust: Float32Array.from([0.1, 0.2, 0.3, 0.4]),
  });
  assert.equal(rows.length / 4, 2 * 5 - 3);
  assert.deepEqual(
    Array.from({ length: 7 }, (_, i) => rows[4 * i]),
    [0, 1, -1, -1, -1, 0, 1],
  );
  assert.ok(Math.abs(rows[4 * 6 + 2] - 0.4) < 1e-6 && Math.abs(rows[4 * 1 + 2] - 0.3) < 1e-6);
  assert.ok(rows[4 * 5 + 1] < rows[1]);
});

test("points are ordered from far to near, each once", () => {
  const count = 2000;
  const a = Float32Array.from(
    { length: 4 * count },
    (_, i) => (Math.sin(i * 12.9898) * 43758.5453) % 1,
  );
  const b = a.map((v, i) => v + Math.sin(i));
  const m = lookingDown();
  const order = new DepthOrder().sort(a, b, 0.3, m);
  const depth = (i) =>
    [0, 1, 2].reduce((sum, k) => sum + m[3 + 4 * k] * (0.7 * a[4 * i + k] + 0.3 * b[4 * i + k]), 0);
  const depths = Array.from(order, depth);
  const slack = (Math.max(...depths) - Math.min(...depths)) / 4000;
  for (let i = 1; i < count; i++) assert.ok(depths[i] <= depths[i - 1] + slack);
  assert.equal(new Set(order).size, count);
});

test("labels never overlap, stay inside, and the first rank always wins", () => {
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 20; round++) {
    const spots = Array.from({ length: 120 }, (_, i) => ({
      x: random() * 800,
      y: random() * 600,
      width: 20 + random() * 90,
      height: 17,
      rank: i,
      slot: 0,
      room: random() * 6,
    }));
    const boxes = placeLabels(spots, { left: 0, top: 0, right: 800, bottom: 600 }, 100);
    const placed = boxes.filter((b) => b !== null);
    assert.ok(placed.length > 20 && placed.length <= 100);
    placed.forEach((a, i) =>
      placed
        .slice(i + 1)
        .forEach((b) =>
          assert.ok(
            a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top,
          ),
        ),
    );
    assert.ok(placed.every((b) => b.left >= 0 && b.right <= 800 && b.top >= 0 && b.bottom <= 600));
  }
  const crowd = Array.from({ length: 9 }, (_, rank) => ({
    x: 400,
    y: 300,
    width: 60,
    height: 17,
    rank,
    slot: 0,
    room: 0,
  }));
  assert.ok(placeLabels(crowd, { left: 0, top: 0, right: 800, bottom: 600 })[0]);
});

test("a label keeps the side it has while there is room", () => {
  const spot = { x: 100, y: 100, width: 40, height: 17, rank: 0, slot: 3, room: 0 };
  const [box] = placeLabels([spot], { left: 0, top: 0, right: 800, bottom: 600 });
  assert.equal(spot.slot, 3);
  assert.ok(box.right < 100);
});

test("long labels are cut between whole characters", () => {
  assert.equal(shortened("a\n b"), "a b");
  assert.equal(shortened("🦊".repeat(30), 5), "🦊🦊🦊🦊…");
});

test("the token under the pointer is found, also in the middle of a glide", () => {
  const motion = new Motion();
  const m = lookingDown();
  motion.begin(pictureOf({ at: 0, ids: [] }), 0, 0, "inout");
  motion.begin(pictureOf({ at: 0.4, ids: [] }), 0, 400, "inout");
  motion.advance(150);
  const [at, out] = [new Float64Array(3), new Float64Array(3)];
  motion.locate({ kind: "cloud", index: 2 }, at, 0);
  project(m, at[0], at[1], at[2], 400, 400, out);
  const pick = nearestPick(motion, m, 400, 400, out[0], out[1], 1);
  assert.equal(pick.kind, "cloud");
  assert.equal(nearestPick(motion, m, 400, 400, 5, 5, 8), null);
});

test("a sentence's bead is preferred to a cloud point at the same place", () => {
  const motion = new Motion();
  const picture = pictureOf({ points: 1 });
  picture.sentences[0].paths.fill(0);
  picture.cloud.positions.fill(0);
  motion.begin(picture, 0, 0, "inout");
  assert.deepEqual(nearestPick(motion, lookingDown(), 400, 400, 200, 200, 6)?.kind, "sentence");
});

test("picks are compared by what they name", () => {
  assert.ok(samePick({ kind: "cloud", index: 3 }, { kind: "cloud", index: 3 }));
  assert.ok(!samePick({ kind: "cloud", index: 3 }, { kind: "sentence", id: "3", token: 3 }));
  assert.ok(samePick(null, null) && !samePick(null, { kind: "cloud", index: 0 }));
});

test("the opening view fits what panels leave free", () => {
  const wide = fitDistance(1280, 720, NONE);
  assert.ok(fitDistance(1280, 720, { ...NONE, left: 320, bottom: 140 }) > wide);
  assert.ok(fitDistance(390, 844, NONE) > 2 * wide);
  // between the sentences and an open drawer: the whole ball, with room for its near side
  const pixels = (width, height, insets) =>
    (720 * (0.5 / Math.tan(Math.PI / 8))) / fitDistance(width, height, insets);
  assert.ok(pixels(1280, 720, { left: 300, right: 416, top: 48, bottom: 152 }) < 0.9 * 564);
  const camera = openingCamera(1280, 720, NONE);
  assert.ok(Math.abs(Math.hypot(camera.eye.x, camera.eye.y, camera.eye.z) - wide) < 1e-9);
});

test("a shifted centre lands in the middle of the free space", () => {
  const projection = Array.from({ length: 16 }, () => 0);
  [projection[0], projection[5], projection[11]] = [2, 2, -1];
  shiftCentre(projection, { left: 300, right: 0, top: 0, bottom: 100 }, 1000, 500);
  const clip = [0, 1].map((r) => projection[8 + r] * -2);
  const x = (0.5 + (0.5 * clip[0]) / 2) * 1000;
  const y = (0.5 - (0.5 * clip[1]) / 2) * 500;
  assert.ok(Math.abs(x - 650) < 1e-6 && Math.abs(y - 200) < 1e-6);
});

test("turning keeps the distance and the height, zooming the direction", () => {
  const camera = openingCamera(800, 600, NONE);
  const there = turned(turned(camera, 1.1), -1.1);
  assert.ok(
    Math.abs(there.eye.x - camera.eye.x) < 1e-9 &&
      Math.abs(turned(camera, 2).eye.z - camera.eye.z) < 1e-9,
  );
  assert.ok(Math.abs(zoomed(camera, 0.5).eye.x - camera.eye.x / 2) < 1e-9);
});

test("a camera out of a link is taken only when it is sound", () => {
  const camera = openingCamera(800, 600, NONE);
  assert.deepEqual(soundCamera(camera), camera);
  for (const bad of [
    null,
    {},
    { ...camera, eye: { x: NaN, y: 0, z: 1 } },
    { ...camera, eye: camera.center },
    { ...camera, up: { x: 0, y: 0, z: 0 } },
  ])
    assert.equal(soundCamera(bad), null);
});

test("matrices multiply in column order", () => {
  const shift = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 6, 7, 1];
  const double = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
  assert.deepEqual([...multiply(double, shift, new Float64Array(16)).slice(12, 15)], [10, 12, 14]);
});

test("without WebGL the same tokens stand on a plane, thinned, their texts escaped", () => {
  const picture = pictureOf({
    points: 9000,
    ids: ["a", "b"],
    links: [
      { from: { kind: "cloud", index: 1 }, to: { kind: "sentence", id: "a", token: 0 }, weight: 1 },
    ],
  });
  picture.sentences[0].labels[0] = "<b>&";
  const place = planeOf(FRAME, openingCamera(800, 600, NONE));
  const traces = drawn(picture, place, "scatter", 4000, { text: "#fff" });
  assert.equal(traces[0].trace.x.length, 4000);
  assert.ok(traces.every((one) => !("z" in one.trace)));
  assert.ok(traces.some((one) => one.trace.text?.[0] === "&lt;b&gt;&amp;"));
  assert.ok(traces[0].trace.x.every(Number.isFinite));
  assert.deepEqual(traces[0].picks[1], { kind: "cloud", index: thinned(9000, 4000)[1] });
  assert.equal(escaped("a<b"), "a&lt;b");
  const [x, y] = place(0, 0, 0);
  assert.ok(Math.abs(x) < 1e-9 && Math.abs(y) < 1e-9);
});
