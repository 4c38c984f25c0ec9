/** A table of numbers: its caption for screen readers, a head, and what stands below it. */

import { h } from "preact";
import type { ComponentChildren } from "preact";
import type { Tree } from "./host.ts";

interface Props {
  id?: string;
  class: string;
  caption?: string;
  /** a caption that is seen */
  above?: Tree;
  columns: { words: string; tip?: string; class?: string }[];
  children?: ComponentChildren;
}

export function Table({ caption, above, columns, children, ...rest }: Props) {
  const head = columns.map(({ words, tip, ...more }) =>
    h("th", { scope: "col", title: tip, ...more }, words),
  );
  return h(
    "table",
    rest,
    caption && h("caption", { class: "unseen" }, caption),
    above,
    h("thead", {}, h("tr", {}, head)),
    children,
  );
}
