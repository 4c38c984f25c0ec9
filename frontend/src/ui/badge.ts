/** A badge in the line at the top: a few words that open more. */

import { h } from "preact";
import type { ComponentChildren, HTMLAttributes } from "preact";

interface Props extends HTMLAttributes<HTMLButtonElement> {
  kind?: string;
  children?: ComponentChildren;
}

export function Badge({ kind = "", children, ...rest }: Props) {
  return h("button", { type: "button", class: `badge panel ${kind}`.trim(), ...rest }, children);
}
