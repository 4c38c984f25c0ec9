/** The tokens' names beside their beads: HTML, moved by projection, never one over another. */

import { project } from "./camera.ts";
import { inked, type Look } from "./looks.ts";
import type { Motion, Strand } from "./motion.ts";
import type { Insets, Pick, Rgb, Word } from "./picture.ts";

/** Where a bead is, how large its label and how much room it wants about it; lower rank first. */
type Spot = {
  x: number;
  y: number;
  width: number;
  height: number;
  rank: number;
  slot: number;
  room: number;
  /** the only slot it may have */
  only?: number;
};
type Box = { left: number; top: number; right: number; bottom: number };
type Tag = Spot & {
  key: string;
  strand: Strand;
  token: number;
  text: string;
  node: HTMLElement | null;
  shown: boolean;
  since: number;
  box: Box;
  style: string;
};

/** How many labels are shown at most. */
export const MOST = 100;
const GAP = 8;
/** Pixels of text in a window of 720 lines. */
const SIZE = 13;
const HIGH = 17;
/** Milliseconds a label must have had room before it appears, so that none flickers. */
const CALM = 110;

/**
 * Offsets of a label's corner from its bead, in order of preference: right, upper right, lower
 * right, left, above, below.
 */
const SLOTS: ((w: number, h: number) => [number, number])[] = [
  (_, h) => [GAP, -h / 2],
  (_, h) => [GAP - 2, -h - 2],
  () => [GAP - 2, 2],
  (w, h) => [-GAP - w, -h / 2],
  (w, h) => [-w / 2, -h - GAP],
  (w) => [-w / 2, GAP],
];
/** The slot at the left. */
const LEFT = 3;

const meet = (a: Box, b: Box) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

function boxOf({ x, y, width, height }: Spot, slot: number): Box {
  const [dx, dy] = SLOTS[slot](width, height);
  return { left: x + dx, top: y + dy, right: x + dx + width, bottom: y + dy + height };
}

/**
 * Boxes for the spots, best rank first: inside the bounds and apart from one another; null where
 * there is no room. A spot keeps its slot while it can.
 * @param spots sorted by rank
 */
export function placeLabels(spots: Spot[], bounds: Box, most: number = MOST): (Box | null)[] {
  const taken: Box[] = [];
  return spots.map((spot) => {
    const { room, only } = spot;
    if (taken.length >= most) return null;
    for (let n = 0; n < SLOTS.length; n++) {
      const slot = n === 0 ? spot.slot : n <= spot.slot ? n - 1 : n;
      if (only !== undefined && slot !== only) continue;
      const box = boxOf(spot, slot);
      const inside =
        box.left >= bounds.left &&
        box.right <= bounds.right &&
        box.top >= bounds.top &&
        box.bottom <= bounds.bottom;
      const claim = {
        left: box.left - room,
        top: box.top - room / 2,
        right: box.right + room,
        bottom: box.bottom + room / 2,
      };
      if (!inside || taken.some((other) => meet(claim, other))) continue;
      spot.slot = slot;
      taken.push(box);
      return box;
    }
    return null;
  });
}

/** A label's text on one line, shortened in the middle of nothing: whole characters only. */
export function shortened(text: string, most = 22) {
  const characters = Array.from(text.replace(/\s+/gu, " "));
  return characters.length <= most
    ? characters.join("")
    : `${characters.slice(0, most - 1).join("")}…`;
}

/** Pixels of text in a window so high: 13 at 720 lines, 16 at 1080, 24 at 2160. */
export function textSize(height: number) {
  const size = height < 1080 ? 13 + (3 * (height - 720)) / 360 : 16 + (8 * (height - 1080)) / 1080;
  return Math.min(24, Math.max(12.5, size));
}

const FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", ' +
  '"PingFang SC", "Microsoft YaHei", sans-serif';

export class Labels {
  root: HTMLDivElement;
  pen: CanvasRenderingContext2D;
  widths: Map<string, number>;
  tags: Map<string, Tag>;
  live: Tag[];
  out: Float64Array<ArrayBuffer>;
  look: Look;
  shown: number;
  /** How much larger than usual text is: it grows with the window. */
  scale: number;

  constructor(parent: HTMLElement, look: Look) {
    this.root = document.createElement("div");
    this.root.setAttribute("aria-hidden", "true");
    Object.assign(this.root.style, {
      position: "absolute",
      inset: "0",
      overflow: "hidden",
      pointerEvents: "none",
      zIndex: "3",
      contain: "strict",
    });
    parent.append(this.root);
    this.pen = document.createElement("canvas").getContext("2d") as CanvasRenderingContext2D;
    this.widths = new Map();
    this.tags = new Map();
    this.live = [];
    this.out = new Float64Array(3);
    this.look = look;
    this.shown = 0;
    this.scale = 1;
  }

  restyle(look: Look) {
    this.look = look;
    for (const tag of this.tags.values()) tag.style = "";
  }

  /**
   * Every label stands beside its bead; true while one waits to appear.
   * @param window CSS pixels; labels keep off the insets
   * @param now ms
   * @param first the token whose label goes before all others
   */
  update(
    motion: Motion,
    { transform, middle }: { transform: Float64Array; middle: number },
    { width, height, insets }: { width: number; height: number; insets: Insets },
    now: number,
    first: Pick | null,
  ) {
    this.#rescale(height);
    this.live = this.#gather(motion, transform, middle, width, height, first);
    const boxes = placeLabels(this.live, {
      left: insets.left + 2,
      top: insets.top + 2,
      right: width - insets.right - 2,
      bottom: height - insets.bottom - 2,
    });
    let waiting = false;
    this.shown = 0;
    const alive = new Set();
    this.live.forEach((tag, i) => {
      alive.add(tag);
      waiting = this.#stand(tag, boxes[i], now) || waiting;
    });
    for (const tag of this.tags.values()) if (!alive.has(tag)) this.#hide(tag);
    return waiting;
  }

  /** Text as large as the window asks for: 16 px at 1080 lines, 24 px at 2160. */
  #rescale(height: number) {
    const scale = textSize(height) / SIZE;
    if (Math.abs(scale - this.scale) < 0.02) return;
    this.scale = scale;
    for (const tag of this.tags.values()) tag.node?.remove();
    this.tags.clear();
  }

  #gather(
    motion: Motion,
    m: Float64Array,
    middle: number,
    width: number,
    height: number,
    first: Pick | null,
  ) {
    const tags: Tag[] = [];
    for (const strand of motion.strands) {
      if (strand.leaving) continue;
      for (let token = 0; token < strand.tokens; token++) {
        if (!strand.labels[token]) continue;
        const at = 3 * (token + 1);
        const [x, y, depth] = project(
          m,
          strand.beads[at],
          strand.beads[at + 1],
          strand.beads[at + 2],
          width,
          height,
          this.out,
        );
        if (depth <= 0 || x < 0 || y < 0 || x > width || y > height) continue;
        const tag = this.#tag(strand, token);
        const wanted =
          first?.kind === "sentence" && first.id === strand.id && first.token === token;
        tag.x = x;
        tag.y = y;
        tag.room = strand.scale ? 0 : (strand.active ? 1 : 7) - (tag.shown ? 1 : 0);
        tag.only = strand.scale ? LEFT : undefined;
        tag.rank =
          (wanted ? -100 : 0) +
          (strand.active ? 0 : 10) +
          (strand.faint?.[token] ? 5 : 0) +
          (strand.scale && tag.text.endsWith("½") ? 1 : 0) +
          depth / middle -
          (tag.shown ? 0.25 : 0);
        tags.push(tag);
      }
    }
    return tags.sort((a, b) => a.rank - b.rank);
  }

  #tag(strand: Strand, token: number): Tag {
    const key = `${token}/${strand.id}`;
    const text = strand.labels[token];
    let tag = this.tags.get(key);
    if (!tag) {
      const box = { left: 0, top: 0, right: 0, bottom: 0 };
      tag = {
        key,
        strand,
        token,
        text: "",
        node: null,
        shown: false,
        since: NaN,
        box,
        style: "",
        x: 0,
        y: 0,
        width: 0,
        height: HIGH * this.scale,
        rank: 0,
        slot: 0,
        room: 0,
      };
      this.tags.set(key, tag);
    }
    tag.strand = strand;
    if (tag.text !== text || tag.width === 0) {
      tag.text = text;
      tag.width = this.#measure(shortened(text)) * this.scale;
      if (tag.node) tag.node.textContent = shortened(text);
    }
    return tag;
  }

  #measure(text: string) {
    const known = this.widths.get(text);
    if (known !== undefined) return known;
    if (this.widths.size > 5000) this.widths.clear();
    this.pen.font = `600 ${SIZE}px ${FONT}`;
    const width = Math.ceil(this.pen.measureText(text).width) + 4;
    this.widths.set(text, width);
    return width;
  }

  #stand(tag: Tag, box: Box | null, now: number) {
    if (!box) {
      tag.since = NaN;
      this.#hide(tag);
      return false;
    }
    if (Number.isNaN(tag.since)) tag.since = now;
    if (!tag.shown && now - tag.since < CALM) return true;
    tag.box = box;
    const node = tag.node ?? this.#node(tag);
    node.style.transform = `translate(${box.left.toFixed(1)}px,${box.top.toFixed(1)}px)`;
    this.#paint(tag, node);
    if (!tag.shown) node.style.opacity = String(this.#strength(tag));
    tag.shown = true;
    this.shown++;
    return false;
  }

  #strength({ strand, token }: Tag) {
    return (strand.faint?.[token] ? 0.6 : 1) * (strand.lookTo.emphasis > 0.9 ? 1 : 0.85);
  }

  #paint(tag: Tag, node: HTMLElement) {
    const { lookTo, active } = tag.strand;
    const style = `${lookTo.red},${lookTo.green},${lookTo.blue},${active},${this.#strength(tag)}`;
    if (tag.style === style) return;
    tag.style = style;
    node.style.color = inked(
      [lookTo.red, lookTo.green, lookTo.blue],
      this.look,
      active ? 0.74 : 0.45,
    );
    node.style.fontWeight = active ? "600" : "500";
    node.style.textShadow = this.look.shadow;
    if (tag.shown) node.style.opacity = String(this.#strength(tag));
  }

  #node(tag: Tag) {
    const node = document.createElement("span");
    node.textContent = shortened(tag.text);
    node.dir = "auto";
    Object.assign(node.style, {
      position: "absolute",
      left: "0",
      top: "0",
      padding: "0 2px",
      whiteSpace: "pre",
      font: `500 ${SIZE * this.scale}px/${HIGH * this.scale}px ${FONT}`,
      opacity: "0",
      transition: "opacity 140ms ease-out",
      unicodeBidi: "isolate",
      letterSpacing: "0",
    });
    tag.node = node;
    this.root.append(node);
    return node;
  }

  #hide(tag: Tag) {
    if (tag.shown && tag.node) tag.node.style.opacity = "0";
    tag.shown = false;
    const gone = !tag.strand || tag.strand.leaving || !this.live.includes(tag);
    if (gone && this.tags.size > 4 * MOST) {
      tag.node?.remove();
      this.tags.delete(tag.key);
    }
  }

  /** The token whose label is at a place, or null. */
  hit(x: number, y: number): Pick | null {
    const at = { left: x, right: x, top: y, bottom: y };
    const tag = this.live.find((t) => t.shown && !t.strand.silent && meet(t.box, at));
    return tag ? { kind: "sentence", id: tag.strand.id, token: tag.token } : null;
  }

  /** The labels that are shown, as words of a drawing. */
  words(): Word[] {
    return this.live
      .filter((tag) => tag.shown && tag.node)
      .map((tag) => ({
        kind: "word" as const,
        x: tag.box.left + 2,
        y: (tag.box.top + tag.box.bottom) / 2,
        text: shortened(tag.text),
        size: SIZE * this.scale,
        color: (tag.node?.style.color.match(/\d+/g) ?? [128, 128, 128])
          .slice(0, 3)
          .map(Number) as Rgb,
        bold: tag.strand.active,
      }));
  }

  /** Draws the labels that are shown onto a 2-D canvas, as in the page. */
  paint(pen: CanvasRenderingContext2D, scale: number) {
    pen.textBaseline = "middle";
    for (const tag of this.live) {
      if (!tag.shown || !tag.node) continue;
      pen.globalAlpha = this.#strength(tag);
      pen.font = `${tag.strand.active ? 600 : 500} ${SIZE * this.scale * scale}px ${FONT}`;
      pen.lineWidth = 4 * scale;
      pen.lineJoin = "round";
      pen.strokeStyle = this.look.stops[1];
      const [x, y] = [(tag.box.left + 2) * scale, ((tag.box.top + tag.box.bottom) / 2) * scale];
      pen.strokeText(shortened(tag.text), x, y);
      pen.fillStyle = tag.node.style.color;
      pen.fillText(shortened(tag.text), x, y);
    }
    pen.globalAlpha = 1;
  }

  dispose() {
    this.root.remove();
    this.tags.clear();
  }
}
