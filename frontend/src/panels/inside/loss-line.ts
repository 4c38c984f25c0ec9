/**
 * The straight line between two checkpoints: which, the loss on it, and how far it rises above its
 * ends.
 */

import { fill, h } from "../../ui/dom.ts";
import { endsOf, hasTrajectory, landscapeLook } from "../../state/inside/landscape.ts";
import { number } from "../../i18n/language.ts";
import { draw, patch } from "../../charts/svg.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";

const [WIDE, HIGH, LEFT, EDGE] = [306, 120, 44, 10];

export function lossLine(dispatch: Dispatch) {
  const title = h("h3", {});
  const about = h("p", { class: "quiet" });
  const start = h("select", {
    id: "landscape-start",
    onchange: () => dispatch({ type: "landscape.set", start: Number(start.value) }),
  });
  const end = h("select", {
    id: "landscape-end",
    onchange: () => dispatch({ type: "landscape.set", end: Number(end.value) }),
  });
  const [startWords, endWords] = [h("span", {}), h("span", {})];
  const go = h("button", {
    type: "button",
    class: "text-button",
    id: "landscape-line",
    onclick: () => dispatch({ type: "landscape.line" }),
  });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg") as SVGSVGElement;
  const chart = h("div", { class: "landscape-line", role: "img" }, svg);
  const told = h("p", { class: "told", role: "status" });
  const root = h(
    "section",
    {},
    title,
    about,
    h("div", { class: "fields" }, h("label", {}, startWords, start), h("label", {}, endWords, end)),
    go,
    chart,
    told,
  );
  let key = "";

  return {
    root,
    update(state: State, t: Words) {
      root.hidden = !hasTrajectory(state);
      const look = landscapeLook(state, "loss_line");
      const ends = endsOf(state);
      const next = JSON.stringify([
        look?.id,
        look?.run,
        ends,
        state.card?.steps,
        state.language,
        state.inside.asking.line,
        state.inside.troubles.line,
      ]);
      if (root.hidden || next === key) return;
      key = next;
      [title.textContent, about.textContent, go.textContent] = [
        t("landscape.line"),
        t("landscape.line.about"),
        t("landscape.line.go"),
      ];
      [startWords.textContent, endWords.textContent] = [
        t("landscape.line.start"),
        t("landscape.line.end"),
      ];
      for (const [select, step] of [
        [start, ends.start],
        [end, ends.end],
      ] as [HTMLSelectElement, number][]) {
        fill(
          select,
          ...(state.card?.steps ?? []).map((one) =>
            h("option", { value: one }, t("strip.step.value", { step: one })),
          ),
        );
        select.value = String(step);
      }
      go.disabled = ends.start === ends.end;
      chart.hidden = told.hidden = !look;
      if (!look?.key) return;
      const asked = JSON.parse(look.key);
      const short = (value: number) =>
        number(value, state.language, { maximumSignificantDigits: 3 });
      told.textContent = t(
        look.answer.barrier > 0 ? "landscape.line.barrier" : "landscape.line.none",
        {
          barrier: short(look.answer.barrier),
          start: asked.start,
          end: asked.end,
        },
      );
      chart.setAttribute(
        "aria-label",
        t("landscape.line.chart", {
          start: asked.start,
          end: asked.end,
          losses: Array.from(look.tensors.losses.data, short).join(", "),
        }),
      );
      patch(svg, lineChart(look, [String(asked.start), String(asked.end)], short));
    },
  };
}

function lineChart(
  { tensors: { share, losses } }: Look,
  ends: string[],
  short: (value: number) => string,
) {
  const values = Array.from(losses.data);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (at: number) => LEFT + at * (WIDE - LEFT - EDGE);
  const y = (value: number) =>
    HIGH - 22 - ((value - low) / Math.max(high - low, 1e-12)) * (HIGH - 22 - EDGE);
  const places = values.map((value, i) => ({ x: x(share.data[i]), y: y(value) }));
  const line = places
    .map((point, i) => `${i ? "L" : "M"}${point.x.toFixed(1)} ${point.y.toFixed(1)}`)
    .join("");
  const last = places.length - 1;
  const word = (at: number, up: number, anchor: string, text: string) =>
    draw("text", { x: at, y: up, "text-anchor": anchor }, text);
  return draw(
    "svg",
    { viewBox: `0 0 ${WIDE} ${HIGH}`, "aria-hidden": "true" },
    draw("path", {
      d: `M${places[0].x} ${places[0].y}L${places[last].x} ${places[last].y}`,
      class: "straight",
    }),
    draw("path", { d: line, class: "loss" }),
    ...places.map((point) => draw("circle", { cx: point.x, cy: point.y, r: 2.4 })),
    word(LEFT - 8, y(high) + 4, "end", short(high)),
    high > low && word(LEFT - 8, y(low) + 4, "end", short(low)),
    word(LEFT, HIGH - 5, "start", ends[0]),
    word(WIDE - EDGE, HIGH - 5, "end", ends[1]),
  );
}
