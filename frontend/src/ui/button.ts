/** Buttons: one with an icon, whose name is its label and its tip; one with words. */

import { h } from "preact";
import type { ComponentChildren, HTMLAttributes } from "preact";
import { Icon } from "./icon.ts";

type Attributes = Omit<HTMLAttributes<HTMLButtonElement>, "icon" | "label">;

export function IconButton({ icon, label, ...rest }: { icon: string; label: string } & Attributes) {
  return h(
    "button",
    { type: "button", class: "button", "aria-label": label, title: label, ...rest },
    h(Icon, { name: icon }),
  );
}

export function Button({ children, ...rest }: { children?: ComponentChildren } & Attributes) {
  return h("button", { type: "button", class: "plain", ...rest }, children);
}
