/** A drawing of charts/ as a tree: `h(Drawing, chartOf(…))`. */

import { h } from "preact";
import type { Tree } from "./host.ts";

export interface Shape {
  tag: string;
  attrs: Record<string, string | number>;
  children: (Shape | string)[];
}

export function Drawing({ tag, attrs, children }: Shape): Tree {
  return h(
    tag,
    attrs,
    children.map((one) => (typeof one === "string" ? one : h(Drawing, one))),
  );
}
