/**
 * A small card beside the pointer that says what is under it; screen readers hear the same from
 * what has the focus.
 */

import { Fragment, h, render } from "preact";
import { useRef } from "preact/hooks";
import type { Tree } from "../../ui/host.ts";
import { zoomOf } from "../../ui/zoom.ts";

export type ReadingCard = ReturnType<typeof readingCard>;

/** The card of a piece of a panel, made when it is first asked for. */
export function useReadingCard() {
  const card = useRef<ReadingCard | null>(null);
  return () => (card.current ??= readingCard());
}

/** A card of its own, hidden until told something. */
export function readingCard() {
  const root = document.createElement("div");
  root.className = "hover panel measured";
  root.setAttribute("aria-hidden", "true");
  root.hidden = true;
  document.body.append(root);
  return {
    /**
     * Lines of words above a point of the window, kept inside it.
     * @param lines the first is the heading
     */
    tell(at: { x: number; y: number }, lines: (string | Tree)[]) {
      root.hidden = false;
      const said = (line: string, i: number) => h("p", { class: i ? "" : "quiet" }, line);
      const told = lines.map((line, i) => (typeof line === "string" ? said(line, i) : line));
      render(h(Fragment, {}, told), root);
      const [width, height] = [root.offsetWidth, root.offsetHeight];
      const zoom = zoomOf();
      const [x, y] = [at.x / zoom, at.y / zoom];
      const left = Math.max(8, Math.min(innerWidth / zoom - width - 8, x - width / 2));
      const above = y - height - 12;
      const top = above < 8 ? y + 18 : above;
      root.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    },
    hide() {
      root.hidden = true;
    },
  };
}
