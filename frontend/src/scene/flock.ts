/**
 * Who lies beside a sentence's paths between two pictures, and the tokens whose whole path is
 * unfolded. No GL.
 */

import type { GhostPicture, Picture } from "./picture.ts";

/** Milliseconds in which a path unfolds or folds. */
const UNFOLD = 220;
const NOBODY = new Float32Array(0);

export class Flock {
  from: Float32Array;
  to: Float32Array;
  marks: Float32Array;
  /** How far they are from `from` to `to`. */
  t: number;
  /** Two tokens and how far each path is unfolded, 0–1. */
  open: Float32Array;
  #wanted: [number, number];
  #source: GhostPicture | null;

  constructor() {
    [this.from, this.to, this.marks] = [NOBODY, NOBODY, NOBODY];
    this.t = 1;
    this.open = Float32Array.of(-1, 0, -1, 0);
    this.#wanted = [-1, -1];
    this.#source = null;
  }

  get count() {
    return this.to.length / 3;
  }

  /** Those of another picture take their places, from where the same ones are now. */
  begin(next: GhostPicture | null, frame: Picture["frame"]) {
    if (next === this.#source && this.t === 1) return (this.from = this.to);
    this.#source = next;
    const to = next ? framed(next.places, frame) : NOBODY;
    this.from = to.length === this.to.length ? this.#now() : to;
    this.to = to;
    this.marks = next?.marks ?? NOBODY;
    this.t = 0;
    return this.to;
  }

  #now() {
    const { from, to, t } = this;
    return t === 1 ? to : to.map((one, i) => from[i] + (one - from[i]) * t);
  }

  /** Which tokens' whole paths shall be seen: -1 for none. */
  want(first: number, second: number) {
    this.#wanted = [first, second === first ? -1 : second];
  }

  /**
   * Paths unfold toward what is wanted; true while one is on its way.
   * @param past ms
   */
  unfold(past: number, still: boolean) {
    const { open } = this;
    const share = still ? 1 : Math.min(1, past / UNFOLD);
    let moving = false;
    for (let slot = 0; slot < 2; slot++) {
      const wanted = this.#wanted[slot];
      const same = open[2 * slot] === wanted;
      const goal = same && wanted >= 0 ? 1 : 0;
      const at = open[2 * slot + 1];
      const next = Math.abs(goal - at) <= share ? goal : at + Math.sign(goal - at) * share;
      open[2 * slot + 1] = next;
      if (next === 0 && !same) open[2 * slot] = wanted;
      moving ||= next !== goal || open[2 * slot] !== wanted || (wanted >= 0 && next < 1);
    }
    return moving;
  }
}

function framed(places: Float32Array, { center, radius }: Picture["frame"]) {
  return places.map((one, i) => (one - center[i % 3]) / radius);
}
