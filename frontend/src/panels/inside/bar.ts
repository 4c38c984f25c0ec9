/** A row of a list of bars: its name, how long it is beside the longest, its number. */

import { h } from "preact";
import type { Tree } from "../../ui/host.ts";

interface Props {
  name: Tree;
  /** 0..1 */
  part: number;
  value: string;
  class?: string;
}

export function Bar({ name, part, value, ...rest }: Props) {
  return h("li", { ...rest, style: { "--part": part } }, name, h("span", {}, value));
}
