/**
 * Everything thin and flowing on the GPU: the sentences' paths, the threads through their tokens,
 * the links between neighbours.
 */

import { RIBBON, link } from "./shaders.ts";
import type { Motion, Strand } from "./motion.ts";
import type { Gpu, Store, View } from "./gpu.ts";

type Piece = {
  places: Store;
  info: Store;
  array: WebGLVertexArrayObjectOES | null;
  detail: number;
  count: number;
};
type Style = {
  color: number[];
  taper: number[];
  fade: number[];
  reach: number[];
  dash: number[];
  glow: number;
  lift: number;
  /** 1: only what is about the current site, but for the tokens that are open */
  comet?: number;
};

/** Up to so many tokens a sentence's lines are at their full strength. */
const FEW = 9;
/** Straight pieces a segment's curve is drawn with. */
const PIECES = 8;

/**
 * One row an instance: (first site or -1, strength, trust, token), for strands laid out as by
 * `strandsOf`.
 */
export function segmentsOf({
  sites,
  tokens,
  faint,
  trust,
}: Pick<Strand, "sites" | "tokens" | "faint" | "trust">): Float32Array {
  const row = sites + 2;
  const out = new Float32Array(4 * Math.max(row * tokens - 3, 0)).fill(-1);
  for (let token = 0; token < tokens; token++) {
    for (let site = 0; site < sites - 1; site++) {
      out.set(
        [site, faint?.[token] ? 0.3 : 1, trust ? trust[site * tokens + token] : 1, token],
        4 * (token * row + site),
      );
    }
  }
  return out;
}

/** @param strand the thread: one row of tokens */
function stitchesOf({ tokens, faint }: Strand) {
  const out = new Float32Array(4 * Math.max(tokens - 1, 0));
  for (let i = 0; i + 1 < tokens; i++)
    out.set([i, faint?.[i] || faint?.[i + 1] ? 0.6 : 1, 1, 0], 4 * i);
  return out;
}

export class Trails {
  gpu: Gpu;
  shader: { program: WebGLProgram; uniforms: Record<string, WebGLUniformLocation | null> };
  corners: Store;
  pieces: Map<string, { path: Piece; thread: Piece }>;
  links: Piece;
  ends: Float32Array<ArrayBuffer>;
  weights: Float32Array<ArrayBuffer>;
  linked: Motion["links"] | null;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.shader = link(gpu.gl, RIBBON);
    this.corners = gpu.store();
    const corners = Array.from({ length: PIECES + 1 }, (_, i) => [
      i / PIECES,
      -1,
      i / PIECES,
      1,
    ]).flat();
    gpu.put(this.corners, new Float32Array(corners));
    this.pieces = new Map();
    this.links = this.#piece(48);
    this.ends = new Float32Array(0);
    this.weights = new Float32Array(0);
    this.linked = null;
  }

  /** @param stride bytes from one instance's first point to the next one's */
  #piece(stride: number): Piece {
    const { gpu } = this;
    const [places, info] = [gpu.store(), gpu.store()];
    const array = gpu.vertexArray(() => {
      gpu.attribute(0, this.corners, 2);
      for (let k = 0; k < 4; k++)
        gpu.attribute(1 + k, places, 3, { stride, offset: 12 * k, each: 1 });
      gpu.attribute(5, info, 4, { each: 1 });
    });
    return { places, info, array, detail: -1, count: 0 };
  }

  #free({ places, info, array }: Piece) {
    this.gpu.free(places);
    this.gpu.free(info);
    this.gpu.arrays.deleteVertexArrayOES(array);
  }

  /** The motion's strands and links are on the GPU as they are now. */
  sync(motion: Motion) {
    const kept = new Set(motion.strands.map((strand) => strand.id));
    for (const [id, { path, thread }] of this.pieces) {
      if (kept.has(id)) continue;
      this.#free(path);
      this.#free(thread);
      this.pieces.delete(id);
    }
    for (const strand of motion.strands) this.#syncStrand(strand);
    this.#syncLinks(motion);
  }

  #syncStrand(strand: Strand) {
    const { gpu } = this;
    const found = this.pieces.get(strand.id) ?? { path: this.#piece(12), thread: this.#piece(12) };
    this.pieces.set(strand.id, found);
    const { path, thread } = found;
    gpu.put(path.places, strand.now);
    gpu.put(thread.places, strand.beads);
    if (path.detail === strand.detail) return;
    const [segments, stitches] = [segmentsOf(strand), stitchesOf(strand)];
    gpu.put(path.info, segments);
    gpu.put(thread.info, stitches);
    [path.count, thread.count] = [segments.length / 4, stitches.length / 4];
    path.detail = thread.detail = strand.detail;
  }

  #syncLinks(motion: Motion) {
    const { links, gpu } = this;
    const count = motion.links.length;
    if (this.linked !== motion.links) {
      this.ends = new Float32Array(12 * count);
      this.weights = Float32Array.from(motion.links.flatMap((l) => [0, l.weight, 1, 0]));
      gpu.put(links.info, this.weights);
      this.linked = motion.links;
    }
    links.count = count;
    if (count === 0) return;
    motion.links.forEach((l, i) => this.#place(motion, l, i));
    gpu.put(links.places, this.ends);
  }

  /** The four points of a straight segment, a third apart. */
  #place(motion: Motion, l: Motion["links"][number], i: number) {
    const { ends } = this;
    const at = 12 * i;
    const found = motion.locate(l.from, ends, at + 3) && motion.locate(l.to, ends, at + 6);
    for (let k = 0; k < 3; k++) {
      if (!found) ends[at + 3 + k] = ends[at + 6 + k] = 0;
      const step = ends[at + 6 + k] - ends[at + 3 + k];
      ends[at + k] = ends[at + 3 + k] - step;
      ends[at + 9 + k] = ends[at + 6 + k] + step;
    }
  }

  draw(motion: Motion, view: View) {
    const { gl } = this.gpu;
    this.#begin(view);
    const r = view.ratio * Math.max(view.unit, 0.75);
    const links = {
      color: view.look.line,
      taper: [1.4 * r, 0.7 * r, r],
      fade: [0.5, 0.1, 0],
      reach: [1, 1],
      dash: [1, 2],
      glow: 0,
      lift: 0,
    };
    gl.uniform4f(this.shader.uniforms.open, -1, 0, -1, 0);
    this.#ribbon(this.links, { ...links, fade: links.fade.map((v) => v * motion.linksSeen) });
    for (const strand of motion.strands) this.#drawStrand(strand, view, r);
    this.gpu.arrays.bindVertexArrayOES(null);
  }

  #begin({ matrix, width, height, middle, reach, look }: View) {
    const { gl } = this.gpu;
    const { program, uniforms: u } = this.shader;
    gl.useProgram(program);
    gl.uniformMatrix4fv(u.transform, false, matrix);
    gl.uniform2f(u.viewport, width, height);
    gl.uniform3f(u.depth, middle - 0.7 * reach, middle + 1.3 * reach, look.fade[0] * 0.6);
    gl.uniform2f(u.halo, ...look.halo);
  }

  /** @param r device pixels a pixel of design */
  #drawStrand(strand: Strand, { look: theme }: View, r: number) {
    const piece = this.pieces.get(strand.id);
    if (!piece || strand.look.presence < 0.004) return;
    const { site, presence, trail, emphasis, red, green, blue } = strand.look;
    const color = [red / 255, green / 255, blue / 255];
    const last = strand.sites - 1;
    const crowd = Math.min(1, FEW / strand.tokens);
    const airy = strand.look.comet + (1 - strand.look.comet) * Math.sqrt(crowd);
    const wide = (0.6 + 0.4 * emphasis) * r * theme.trail;
    const seen = presence * (0.15 + 0.85 * emphasis) * theme.trail;
    const path = {
      color,
      taper: [0.7 * wide, (1.3 + 1.1 * emphasis * airy) * wide, 0.7 * wide],
      fade: [0.1, 0.9 * airy, 0.1].map((v) => v * seen * trail),
      reach: [site, last],
      dash: [11 * r, 2],
      glow: emphasis > 0.6 ? 4 * wide * (2.5 * emphasis - 1.5) * airy ** 3 : 0,
      lift: theme.lift * airy,
      comet: strand.look.comet,
    };
    const thread = {
      color,
      taper: [wide, wide, 0],
      fade: [0.42 * seen * crowd, 0.42 * seen * crowd, 0],
      reach: [strand.tokens, strand.tokens],
      dash: [6 * r, 0.5],
      glow: 0,
      lift: 0,
    };
    if (!strand.loose) this.#ribbon(piece.thread, thread);
    if (trail <= 0.004) return;
    this.gpu.gl.uniform4fv(this.shader.uniforms.open, strand.flock.open);
    this.#ribbon(piece.path, path);
    this.gpu.gl.uniform4f(this.shader.uniforms.open, -1, 0, -1, 0);
  }

  #ribbon(
    { array, count }: Piece,
    { color, taper, fade, reach, dash, glow, lift, comet = 0 }: Style,
  ) {
    if (count === 0) return;
    const { gl, arrays, instances } = this.gpu;
    const { uniforms: u } = this.shader;
    gl.uniform3fv(u.color, color);
    gl.uniform3fv(u.taper, taper);
    gl.uniform3fv(u.fade, fade);
    gl.uniform2fv(u.reach, reach);
    gl.uniform2fv(u.dash, dash);
    gl.uniform1f(u.glow, glow);
    gl.uniform1f(u.lift, lift);
    gl.uniform1f(u.comet, comet);
    arrays.bindVertexArrayOES(array);
    instances.drawArraysInstancedANGLE(gl.TRIANGLE_STRIP, 0, 2 * (PIECES + 1), count);
  }

  dispose() {
    for (const { path, thread } of this.pieces.values())
      [path, thread].forEach((piece) => this.#free(piece));
    this.pieces.clear();
    this.#free(this.links);
    this.gpu.free(this.corners);
    this.gpu.gl.deleteProgram(this.shader.program);
  }
}
