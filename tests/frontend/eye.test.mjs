/** The eye: how far off a picture needs it, and when it goes there by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { fitDistance, openingCamera, zoomed } from "../../frontend/src/scene/camera.ts";
import { Eye } from "../../frontend/src/scene/eye.ts";
import { neededDistance } from "../../frontend/src/scene/fitting.ts";
import { Motion } from "../../frontend/src/scene/motion.ts";

const WINDOW = { width: 1280, height: 720 };
const INSETS = { left: 300, right: 68, top: 48, bottom: 168 };
const FOCAL = 1 / Math.tan(Math.PI / 8);

/** A cloud with so many points at each place of the frame, and a sentence with a token at each. */
function motionOf(places, tokens = []) {
  const cloud = places.flatMap(([place, count]) => Array.from({ length: count }, () => place));
  const motion = new Motion();
  motion.begin(
    {
      frame: { center: [0, 0, 0], radius: 1 },
      cloud: {
        positions: Float32Array.from(cloud.flat()),
        colors: new Uint8Array(4 * cloud.length),
        sizes: null,
      },
      sentences: tokens.map((place, i) => ({
        id: String(i),
        sites: 1,
        tokens: 1,
        site: 0,
        paths: Float32Array.from(place),
        labels: [""],
        color: [0, 0, 0],
      })),
      links: [],
      edges: [],
    },
    0,
    0,
    "inout",
  );
  return motion;
}

/** How far from the middle of the free field a point is seen, of half its size across and along. */
function seenAt(place, camera) {
  const { eye } = camera;
  const far = Math.hypot(eye.x, eye.y, eye.z);
  const [e, z] = [[eye.x, eye.y, eye.z].map((v) => v / far), [0, 0, 1]];
  const flat = Math.hypot(e[0], e[1]);
  const right = [-e[1] / flat, e[0] / flat, 0];
  const up = z.map((v, k) => (v - e[2] * e[k]) / flat);
  const dot = (a, b) => a.reduce((sum, v, k) => sum + v * b[k], 0);
  const p = place.map((v) => v / 2);
  const pixels = (axis) => (FOCAL * dot(axis, p) * WINDOW.height) / 2 / (far - dot(e, p));
  return [
    pixels(right) / ((WINDOW.width - INSETS.left - INSETS.right) / 2),
    pixels(up) / ((WINDOW.height - INSETS.top - INSETS.bottom) / 2),
  ];
}

const CAMERA = openingCamera(1280, 720, INSETS);
const needed = (motion) => neededDistance(motion, CAMERA, WINDOW, INSETS);

test("from the distance that is needed the outermost point is seen within what panels leave free", () => {
  for (const place of [
    [0, 0, -1.6],
    [0.4, -0.3, 1.2],
    [-1.5, 1.5, 0],
  ]) {
    const far = needed(motionOf([[place, 100]]));
    const usual = fitDistance(1280, 720, INSETS);
    const [x, y] = seenAt(place, zoomed(CAMERA, far / usual)).map(Math.abs);
    assert.ok(Math.max(x, y) < 1, `${place}: ${x}, ${y}`);
    assert.ok(Math.max(x, y) > 0.93, `${place}: ${x}, ${y}`);
  }
});

test("a few strays of the cloud are let go, a token of a sentence is not", () => {
  const home = [[0, 0, 0.2], 995];
  const stray = [0, 0, -2.5];
  const near = needed(motionOf([home]));
  assert.equal(needed(motionOf([home, [stray, 4]])), near);
  assert.ok(needed(motionOf([home, [stray, 6]])) > 2 * near);
  assert.ok(needed(motionOf([home], [stray])) > 2 * near);
});

function rigOf(camera) {
  return { camera: () => camera, setCamera: (next) => (camera = next) };
}

function farOf(rig) {
  const { eye } = rig.camera();
  return Math.hypot(eye.x, eye.y, eye.z);
}

/** Two seconds of an eye's frames. */
function watched(eye, rig, motion, from = 0) {
  for (let now = from; now < from + 2000; now += 16)
    eye.go(rig, motion, { ...WINDOW, insets: INSETS }, now, false);
}

test("a framed eye steps back for an island, comes back without it, and no nearer than the frame", () => {
  const [eye, rig, usual] = [new Eye(), rigOf(CAMERA), fitDistance(1280, 720, INSETS)];
  eye.frame(true);
  watched(eye, rig, motionOf([[[0, 0, -1.4], 100]]));
  assert.ok(farOf(rig) > 1.2 * usual);
  eye.refit();
  watched(eye, rig, motionOf([[[0, 0, 0.1], 100]]), 3000);
  assert.ok(Math.abs(farOf(rig) / usual - 1) < 0.011, String(farOf(rig) / usual));
  eye.approach(0.55);
  watched(eye, rig, motionOf([[[0, 0, 0.1], 100]]), 6000);
  assert.ok(Math.abs(farOf(rig) / usual - 0.55) < 0.011, String(farOf(rig) / usual));
});

test("an eye that a person has taken nearer stays where it is", () => {
  const [eye, rig] = [new Eye(), rigOf(zoomed(CAMERA, 0.4))];
  eye.frame(false);
  eye.refit();
  const before = farOf(rig);
  watched(eye, rig, motionOf([[[0, 0, -1.4], 100]]));
  assert.equal(farOf(rig), before);
});
