/**
 * How the eye goes by itself: round the picture, up and down, and as far off as the picture needs.
 * A person who has taken it nearer or farther is left in peace. No DOM.
 */

import { fitDistance, raised, riseOf, turned, zoomed } from "./camera.ts";
import { neededDistance } from "./fitting.ts";
import type { Motion } from "./motion.ts";
import type { Camera, Insets } from "./picture.ts";

export type Rig = { camera: () => Camera; setCamera: (camera: Camera) => void };
type Window = { width: number; height: number; insets: Insets };

/** Radians a second: one turn in two and a half minutes. */
const TURN = (2 * Math.PI) / 150;
/** Milliseconds in which most of the way to another height or distance is gone. */
const GLIDE = 260;
/** Milliseconds after which a turning eye looks again whether the picture is in view. */
const AGAIN = 1000;
/** As many times as far off as the frame needs it stands at most: a far island is let go. */
const FARTHEST = 1.7;

export class Eye {
  /** It goes round until the first touch. */
  turning = false;
  /** It stands as far off as the picture needs; a person has not gone nearer or farther. */
  framed = false;
  /** The height that it is on its way to, radians; null: it rests. */
  raising: number | null = null;
  /** How much farther away it is on its way to; 1: it rests. */
  reaching = 1;
  /** The part of the frame's distance that it may come near to, for a picture smaller than it. */
  #nearest = 1;
  /** The part that it has come near to; null: not yet known of this picture. */
  #near: number | null = 1;
  #due = false;
  /** Its first look at a picture: it is there at once. */
  #fresh = true;
  #lookedAt = -Infinity;
  #last = NaN;

  get restless() {
    return this.turning || this.raising !== null || this.reaching !== 1 || this.#due;
  }

  /** A picture of another kind comes, to which it may go as near as this part says. */
  approach(nearest: number) {
    [this.#nearest, this.#near, this.#due] = [nearest, null, this.framed];
  }

  /** Whether it stands as far off as pictures need from now on; the next one at once. */
  frame(on: boolean) {
    [this.framed, this.#due, this.#fresh] = [on, on, true];
  }

  /** It looks anew how far off the picture needs it. */
  refit() {
    this.#due = this.framed;
  }

  stop() {
    [this.raising, this.reaching, this.#due] = [null, 1, false];
  }

  /** Time that a person holds it does not count. */
  pause() {
    this.#last = NaN;
  }

  /** @param factor above 1: farther */
  reach(factor: number, now: number) {
    if (this.reaching === 1) this.#last = now;
    this.#fresh = false;
    this.reaching *= factor;
  }

  /** A turn begins or ends here. */
  idle(on: boolean) {
    this.turning = on;
    this.#last = NaN;
  }

  /**
   * One frame's part of its ways; true when it has come to rest by itself.
   * @param now ms
   */
  go(rig: Rig, motion: Motion, window: Window, now: number, calm: boolean) {
    const past = now - this.#last;
    this.#last = now;
    const still = this.reaching === 1;
    if (this.#due || (this.turning && this.framed && now - this.#lookedAt > AGAIN))
      this.#fit(rig.camera(), motion, window, now);
    const gone = still ? 0 : Math.min(past, 250);
    let rested = this.reaching !== 1 && this.#reached(rig, gone, calm);
    if (!(past < 250)) return rested;
    if (this.turning) rig.setCamera(turned(rig.camera(), (TURN * past) / 1000));
    if (this.raising !== null) rested = this.#raised(rig, this.raising, past, calm) || rested;
    return rested;
  }

  #fit(camera: Camera, motion: Motion, { width, height, insets }: Window, now: number) {
    [this.#due, this.#lookedAt] = [false, now];
    if (!motion.count) return;
    const seen = this.raising === null ? camera : raised(camera, this.raising);
    const needed = neededDistance(motion, seen, { width, height }, insets);
    const usual = fitDistance(width, height, insets);
    this.#near ??= Math.min(1, Math.max(this.#nearest, needed / usual));
    const wanted = Math.min(FARTHEST * usual, Math.max(this.#near * usual, needed));
    const { eye, center } = camera;
    const factor = wanted / Math.hypot(eye.x - center.x, eye.y - center.y, eye.z - center.z);
    if (Math.abs(Math.log(factor)) > 0.01) this.reaching = factor;
  }

  #raised(rig: Rig, to: number, past: number, calm: boolean) {
    const camera = rig.camera();
    const way = to - riseOf(camera);
    const near = Math.abs(way) < 0.004 || calm;
    rig.setCamera(raised(camera, near ? to : to - way * Math.exp(-past / GLIDE)));
    if (near) this.raising = null;
    return near;
  }

  #reached(rig: Rig, past: number, calm: boolean) {
    const near = Math.abs(Math.log(this.reaching)) < 0.004 || calm || this.#fresh;
    const factor = near ? this.reaching : this.reaching ** (1 - Math.exp(-past / GLIDE));
    rig.setCamera(zoomed(rig.camera(), factor));
    this.reaching = near ? 1 : this.reaching / factor;
    if (near) this.#fresh = false;
    return near;
  }
}
