/**
 * The curves: a measure over the layers at this step and over training at this site, a second one
 * beside it.
 */

import { h } from "preact";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { shownMeasures } from "../../charts/charting.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import { hosted, part } from "../../ui/host.ts";
import { useReadingCard } from "../strip/reading.ts";
import { Block } from "./block.ts";
import type { Pointed } from "./block.ts";
import type { Point } from "./plot.ts";
import { linesAt } from "./reading.ts";
import { tools } from "./tools.ts";
import type { CurveActs } from "./tools.ts";

const Tools = part(tools, true);

export const curvesPanel = hosted("curves", curves);

export function curves(state: State, t: Words, dispatch: Dispatch, acts: CurveActs) {
  const root = useRef<HTMLElement>(null);
  const open = state.curves && Boolean(state.card && state.measures);
  const [pointed, point] = usePointed(state, t, open, root);
  useRoom(root);
  const names = open ? shownMeasures(state) : [];
  const shown = { state, t, dispatch };
  return h(
    "section",
    {
      id: "curves",
      ref: root,
      class: "curves panel",
      "aria-label": t("curves.label"),
      "data-count": names.length,
      hidden: !open,
    },
    open && [
      h(Tools, { ...shown, acts }),
      h(
        "div",
        { class: "blocks scroll" },
        names.map((_, order) => h(Block, { ...shown, key: order, order, pointed, point })),
      ),
    ],
  );
}

/** The place under the pointer, which a card above the panel tells of while it is open. */
function usePointed(state: State, t: Words, open: boolean, root: RefObject<HTMLElement | null>) {
  const card = useReadingCard();
  const [pointed, mark] = useState<Pointed | null>(null);
  useLayoutEffect(() => {
    if (!open) card().hide();
    if (!open) mark(null);
  }, [open]);
  const point: Point = (axis, index, at) => {
    const same = index === pointed?.index && axis === pointed?.axis;
    if (!same) mark(index === null ? null : { axis, index });
    if (index === null) return card().hide();
    const top = root.current?.getBoundingClientRect().top ?? at.y;
    card().tell({ x: at.x, y: top + 4 }, linesAt(state, t, axis, index));
  };
  return [pointed, point] as const;
}

/** How much room it takes at the bottom, for what stands above it. */
function useRoom(root: RefObject<HTMLElement | null>) {
  useEffect(() => {
    const measure = () => {
      const { hidden = true, offsetHeight = 0 } = root.current ?? {};
      document.documentElement.style.setProperty(
        "--curves",
        hidden ? "0px" : `${offsetHeight + 12}px`,
      );
    };
    const sized = new ResizeObserver(measure);
    if (root.current) sized.observe(root.current);
    return () => sized.disconnect();
  }, []);
}
