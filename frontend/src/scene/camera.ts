/** The camera as numbers: matrices, projection to pixels, the view to begin with. No DOM. */

import type { Camera, Insets } from "./picture.ts";

/** Column-major 4 × 4. */
type Matrix = ArrayLike<number>;

/** Vertical field of view of Plotly's camera. */
export const FIELD = Math.PI / 4;

/** a · b, both column-major. */
export function multiply(a: Matrix, b: Matrix, out: Float64Array) {
  for (let c = 0; c < 4; c++) {
    for (let r = 0; r < 4; r++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += a[4 * k + r] * b[4 * c + k];
      out[4 * c + r] = sum;
    }
  }
  return out;
}

/**
 * The matrix from frame units (the frame's centre is 0, its radius 1) to clip space.
 * @param scale Plotly's own scale an axis
 */
export function transform(
  params: { model: Matrix; view: Matrix; projection: Matrix },
  scale: ArrayLike<number>,
) {
  const seen = multiply(params.view, params.model, new Float64Array(16));
  const whole = multiply(params.projection, seen, new Float64Array(16));
  for (let c = 0; c < 3; c++) for (let r = 0; r < 4; r++) whole[4 * c + r] *= scale[c];
  return whole;
}

/**
 * Pixels (x right, y down) and depth of a point; depth ≤ 0 is behind the eye.
 * @param out receives x, y, depth
 */
export function project(
  m: Matrix,
  x: number,
  y: number,
  z: number,
  width: number,
  height: number,
  out: Float64Array,
) {
  const w = m[3] * x + m[7] * y + m[11] * z + m[15];
  const inverse = 1 / Math.max(w, 1e-9);
  out[0] = (0.5 + 0.5 * (m[0] * x + m[4] * y + m[8] * z + m[12]) * inverse) * width;
  out[1] = (0.5 - 0.5 * (m[1] * x + m[5] * y + m[9] * z + m[13]) * inverse) * height;
  out[2] = w;
  return out;
}

/** Depth at the frame's centre and the change of depth over one radius. */
export function depthRange(m: Matrix) {
  return { middle: m[15], reach: Math.hypot(m[3], m[7], m[11]) };
}

/**
 * How far the eye must be for the frame's sphere to fill what panels leave free; Plotly's units
 * (the frame's radius is 0.5). A cloud is flatter than its sphere, so a wide window takes it larger
 * than a narrow one.
 * @param height pixels
 */
export function fitDistance(width: number, height: number, insets: Insets) {
  const free = {
    width: Math.max(width - insets.left - insets.right, 80),
    height: Math.max(height - insets.top - insets.bottom, 80),
  };
  const slope = (Math.tan(FIELD / 2) * Math.min(free.width, free.height)) / Math.max(height, 1);
  const fill = Math.min(1.12, Math.max(0.92, 0.56 + (0.34 * free.width) / free.height));
  return 0.5 / fill / Math.sin(Math.atan(slope));
}

/**
 * The view a picture opens with: a little from above, at a distance that fits.
 * @param rise radians above the level
 */
export function openingCamera(
  width: number,
  height: number,
  insets: Insets,
  rise: number = 0.32,
): Camera {
  const distance = fitDistance(width, height, insets);
  const turn = 0.85;
  return {
    eye: {
      x: distance * Math.cos(turn) * Math.cos(rise),
      y: distance * Math.sin(turn) * Math.cos(rise),
      z: distance * Math.sin(rise),
    },
    center: { x: 0, y: 0, z: 0 },
    up: { x: 0, y: 0, z: 1 },
  };
}

/**
 * The same camera, its eye turned about the line through its centre along its up vector.
 * @param angle radians
 */
export function turned(camera: Camera, angle: number): Camera {
  const { eye, center, up } = camera;
  const size = Math.hypot(up.x, up.y, up.z) || 1;
  const [ux, uy, uz] = [up.x / size, up.y / size, up.z / size];
  const [x, y, z] = [eye.x - center.x, eye.y - center.y, eye.z - center.z];
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const along = (ux * x + uy * y + uz * z) * (1 - c);
  return {
    ...camera,
    eye: {
      x: center.x + x * c + (uy * z - uz * y) * s + ux * along,
      y: center.y + y * c + (uz * x - ux * z) * s + uy * along,
      z: center.z + z * c + (ux * y - uy * x) * s + uz * along,
    },
  };
}

/** How high the eye stands above the level of its centre, radians. */
export function riseOf({ eye, center }: Camera) {
  const [x, y, z] = [eye.x - center.x, eye.y - center.y, eye.z - center.z];
  return Math.atan2(z, Math.hypot(x, y));
}

/**
 * The same camera, as far away and from the same side, its eye raised to an angle.
 * @param rise radians, below a right angle
 */
export function raised(camera: Camera, rise: number): Camera {
  const { eye, center } = camera;
  const [x, y, z] = [eye.x - center.x, eye.y - center.y, eye.z - center.z];
  const [flat, far] = [Math.hypot(x, y) || 1e-9, Math.hypot(x, y, z)];
  const level = (far * Math.cos(rise)) / flat;
  return {
    ...camera,
    eye: { x: center.x + x * level, y: center.y + y * level, z: center.z + far * Math.sin(rise) },
  };
}

/** The same camera, nearer (factor < 1) or farther. */
export function zoomed(camera: Camera, factor: number): Camera {
  const { eye, center } = camera;
  const distance = Math.hypot(eye.x - center.x, eye.y - center.y, eye.z - center.z);
  const by = Math.min(20, Math.max(0.05, distance * factor)) / Math.max(distance, 1e-9);
  const moved = (k: "x" | "y" | "z") => center[k] + (eye[k] - center[k]) * by;
  return { ...camera, eye: { x: moved("x"), y: moved("y"), z: moved("z") } };
}

/** A camera whose every number is finite and whose eye is off its centre, or null. */
export function soundCamera(camera: unknown): Camera | null {
  const c = camera as any;
  const parts = ["eye", "center", "up"].map((name) =>
    ["x", "y", "z"].map((axis) => c?.[name]?.[axis]),
  );
  if (!parts.flat().every((v) => typeof v === "number" && Number.isFinite(v))) return null;
  const [eye, center, up] = parts;
  const apart = Math.hypot(eye[0] - center[0], eye[1] - center[1], eye[2] - center[2]);
  if (apart < 1e-3 || apart > 100 || Math.hypot(up[0], up[1], up[2]) < 1e-3) return null;
  const point = ([x, y, z]: number[]) => ({ x, y, z });
  return { eye: point(eye), center: point(center), up: point(up) };
}

/** Whether two cameras look the same way, to a thousandth. */
export function sameCamera(a: Camera, b: Camera) {
  const parts = ["eye", "center", "up"] as const;
  const axes = ["x", "y", "z"] as const;
  return parts.every((p) => axes.every((k) => Math.abs(a[p][k] - b[p][k]) < 1e-3));
}

/** Whether two cameras look at the same place from equally far off, to a hundredth. */
export function sameView(a: Camera, b: Camera) {
  const far = ({ eye, center }: Camera) =>
    Math.hypot(eye.x - center.x, eye.y - center.y, eye.z - center.z);
  const axes = ["x", "y", "z"] as const;
  return (
    axes.every((k) => Math.abs(a.center[k] - b.center[k]) < 0.01) &&
    Math.abs(Math.log(far(a) / far(b))) < 0.01
  );
}

/**
 * Shifts the centre of a perspective to the middle of what panels leave free, in place.
 * @param height CSS pixels
 */
export function shiftCentre(
  projection: number[] | Float32Array,
  insets: Insets,
  width: number,
  height: number,
) {
  projection[8] -= (insets.left - insets.right) / Math.max(width, 1);
  projection[9] -= (insets.bottom - insets.top) / Math.max(height, 1);
}
