/**
 * What is taken away ends where the picture does: on the page the cloud keeps clear of the panels,
 * which no file has. Pure.
 */

import type { Drawing, Mark } from "./picture.ts";

/** Pixels around the outermost mark. */
const MARGIN = 40;
/** Pixels that the line below a picture needs. */
const LEAST = 640;

/** Pixels of a drawing. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The part of a drawing that holds its marks; all of it where there are none. */
export function markedPart({ width, height, marks }: Drawing): Box {
  const [xs, ys] = [marks.flatMap(acrossOf), marks.flatMap(alongOf)];
  if (!xs.length) return { left: 0, top: 0, width, height };
  const [left, wide] = spanOf(xs, width, LEAST);
  const [top, tall] = spanOf(ys, height, 0);
  return { left, top, width: wide, height: tall };
}

/** The drawing cut to the part that holds its marks. */
export function trimmed(drawing: Drawing): Drawing {
  const { left, top, width, height } = markedPart(drawing);
  return { ...drawing, width, height, marks: drawing.marks.map((mark) => moved(mark, left, top)) };
}

/** Where a stretch of at least so many pixels around the values begins, and how long it is. */
function spanOf(values: number[], size: number, least: number) {
  const within = values.map((value) => Math.min(Math.max(value, 0), size));
  const [low, high] = within.reduce(
    ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
    [size, 0],
  );
  const [from, to] = [Math.max(low - MARGIN, 0), Math.min(high + MARGIN, size)];
  const long = Math.min(size, Math.max(to - from, least));
  const start = Math.min(Math.max((from + to - long) / 2, 0), size - long);
  return [Math.floor(start), Math.ceil(long)];
}

function acrossOf(mark: Mark): number[] {
  if (mark.kind === "line") return mark.points.filter((_, i) => i % 2 === 0);
  // a letter is about half as wide as it is high; of Chinese as wide
  if (mark.kind === "word") return [mark.x, mark.x + 0.8 * mark.size * mark.text.length];
  return [mark.x - mark.r, mark.x + mark.r];
}

function alongOf(mark: Mark): number[] {
  if (mark.kind === "line") return mark.points.filter((_, i) => i % 2 === 1);
  if (mark.kind === "word") return [mark.y - mark.size, mark.y + mark.size];
  return [mark.y - mark.r, mark.y + mark.r];
}

function moved(mark: Mark, left: number, top: number): Mark {
  if (mark.kind !== "line") return { ...mark, x: mark.x - left, y: mark.y - top };
  return { ...mark, points: mark.points.map((value, i) => value - (i % 2 ? top : left)) };
}
