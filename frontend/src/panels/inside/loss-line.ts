/**
 * The straight line between two checkpoints: which, the loss on it, and how far it rises above its
 * ends.
 */

import { h } from "preact";
import { draw } from "../../charts/svg.ts";
import { number } from "../../i18n/language.ts";
import { endsOf, hasTrajectory, landscapeLook } from "../../state/inside/landscape.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";
import { Button } from "../../ui/button.ts";
import { Drawing } from "../../ui/drawing.ts";
import { Field } from "../../ui/field.ts";
import { Select } from "../../ui/select.ts";

const [WIDE, HIGH, LEFT, EDGE] = [306, 120, 44, 10];

export function lossLine(state: State, t: Words, dispatch: Dispatch) {
  const look = landscapeLook(state, "loss_line");
  const ends = endsOf(state);
  const go = () => dispatch({ type: "landscape.line" });
  const end = (name: "start" | "end") =>
    h(Field, { words: t(`landscape.line.${name}`) }, choice(name, ends[name], state, t, dispatch));
  return h(
    "section",
    { hidden: !hasTrajectory(state) },
    h("h3", {}, t("landscape.line")),
    h("p", { class: "quiet" }, t("landscape.line.about")),
    h("div", { class: "fields" }, end("start"), end("end")),
    h(
      Button,
      {
        class: "text-button",
        id: "landscape-line",
        disabled: ends.start === ends.end,
        onClick: go,
      },
      t("landscape.line.go"),
    ),
    told(state, t, look?.key ? look : null),
  );
}

function choice(name: "start" | "end", chosen: number, state: State, t: Words, dispatch: Dispatch) {
  return h(Select, {
    id: `landscape-${name}`,
    value: String(chosen),
    options: (state.card?.steps ?? []).map((step) => ({
      value: String(step),
      words: t("strip.step.value", { step }),
    })),
    onChoose: (value) => dispatch({ type: "landscape.set", [name]: Number(value) }),
  });
}

function told(state: State, t: Words, look: Look | null) {
  if (!look) return h("p", { class: "told", role: "status", hidden: true });
  const short = (value: number) => number(value, state.language, { maximumSignificantDigits: 3 });
  const { start, end } = JSON.parse(look.key ?? "{}");
  const { barrier } = look.answer;
  const losses = Array.from(look.tensors.losses.data, short).join(", ");
  const label = t("landscape.line.chart", { start, end, losses });
  const key = barrier > 0 ? "landscape.line.barrier" : "landscape.line.none";
  return [
    h(
      "div",
      { class: "landscape-line", role: "img", "aria-label": label },
      h(Drawing, lineChart(look, [String(start), String(end)], short)),
    ),
    h("p", { class: "told", role: "status" }, t(key, { start, end, barrier: short(barrier) })),
  ];
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
