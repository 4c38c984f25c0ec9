/** A panel at an edge of the page: a head with a title and a way to close it, and what it holds. */

import { h } from "preact";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { IconButton } from "./button.ts";

interface Props {
  /** its id, which is its class as well */
  id: string;
  /** `aside` stands beside the picture, `section` is a part of the page */
  tag?: "aside" | "section";
  label: string;
  hidden?: boolean;
  /** hidden, it keeps what it held when it was last seen: places scrolled to, what is unfolded */
  keeps?: boolean;
  class?: string;
  /** what stands in the head before the way to close it */
  head: ComponentChildren;
  close: { label: string; onClick: () => void };
  children?: ComponentChildren;
}

export function SidePanel({
  id,
  tag = "aside",
  label,
  hidden,
  keeps,
  head,
  close,
  ...rest
}: Props) {
  const held = useRef<ComponentChildren>(null);
  const closing = { id: `close-${id}`, icon: "close", label: close.label, onClick: close.onClick };
  if (!hidden) held.current = [h("header", {}, head, h(IconButton, closing)), rest.children];
  return h(
    tag,
    { id, class: `${id} panel ${rest.class ?? ""}`.trim(), "aria-label": label, hidden },
    hidden && !keeps ? null : held.current,
  );
}
