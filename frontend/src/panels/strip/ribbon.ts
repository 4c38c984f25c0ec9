/** The regions of the cloud through training, as a ribbon over the slider of its steps. */

import { h } from "preact";
import { OVER, ribbonOver } from "../../charts/ribbons.ts";
import { css } from "../../state/colour/colours.ts";
import { stepAxis } from "../../state/comparing.ts";
import { columnsOver, regionHue } from "../../state/meaning/regions.ts";
import type { State, Words } from "../../state/types.ts";
import { Drawing } from "../../ui/drawing.ts";

export function regionRibbon(state: State, t: Words) {
  const columns = columnsOver(state);
  const { steps } = stepAxis(state);
  const last = Math.max(1, steps.length - 1);
  const places = columns.map(({ step }) => steps.indexOf(step) / last);
  const color = (index: number) => css(regionHue(index, state.theme));
  const size = { viewBox: `0 0 ${OVER.wide} ${OVER.high}`, preserveAspectRatio: "none" };
  return h(
    "svg",
    {
      ...size,
      class: columns.length ? "ribbon" : "ribbon none",
      role: "img",
      "aria-label": t("meaning.regions.ribbon"),
    },
    columns.length ? h(Drawing, ribbonOver(columns, places, color)) : null,
  );
}
