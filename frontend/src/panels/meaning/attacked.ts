/** What turned a prediction: the best changes of one token, and moves of the last state. */

import { h } from "preact";
import { brief } from "../../i18n/language.ts";
import { attackLines, bounded, cell } from "../../state/meaning/series.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";
import { visible } from "../../ui/dom.ts";
import type { Tree } from "../../ui/host.ts";
import { chartHere } from "./chart.ts";
import { boundedWords } from "./numbers.ts";
import type { Finding } from "./numbers.ts";

export function attacked(state: State, t: Words, look: Look, _: Dispatch): Finding {
  const { predicted, swaps, exact, tried, drawn } = look.answer;
  const random = [0, 1, 2].map((n) => cell(look, "random_swaps", n));
  const best = swaps[0];
  const values = {
    predicted: readable(predicted),
    old: best ? readable(best.old) : "",
    new: best ? readable(best.new) : "",
    effect: best ? brief(best.effect, state.language) : "–",
    random: boundedWords(state, { value: random[0], low: random[1], high: random[2] }),
    tried,
  };
  const flips = best?.flips ? "flips" : "holds";
  const how = t(exact ? "meaning.attack.exact" : "meaning.attack.ranked", { tried, drawn });
  const outside = {
    along: {
      kind: "sizes" as const,
      names: look.answer.sizes.map((one: number) => one.toPrecision(2)),
    },
    lines: attackLines("outside"),
    rule: null,
    range: [0, 100] as [number, number],
  };
  return {
    words: `${t(`meaning.attack.${flips}`, values)} ${how}`,
    more: [
      h("div", { key: "outside" }, chartHere(state, t, look, outside, "meaning.attack.outside")),
    ],
    detail: [swapList(state, t, swaps), flipList(state, t, look)],
  };
}

function readable(token: string) {
  return visible(token).replace(/^ /, "␣") || "∅";
}

function swapList(state: State, t: Words, swaps: any[]): Tree {
  const lines = swaps.map((one) =>
    h(
      "tr",
      { key: `${one.position}-${one.new}` },
      h("th", { scope: "row", dir: "auto" }, `${readable(one.old)} → ${readable(one.new)}`),
      h("td", {}, brief(one.effect, state.language)),
      h("td", {}, one.flips ? t("meaning.attack.yes") : t("meaning.attack.no")),
      h("td", {}, brief(one.outside, state.language)),
    ),
  );
  const head = ["change", "effect", "turns", "off"].map((name) =>
    h("th", { scope: "col", title: t(`meaning.attack.${name}.tip`) }, t(`meaning.attack.${name}`)),
  );
  return h(
    "table",
    { class: "meaning-table", key: "swaps" },
    h("thead", {}, h("tr", {}, head)),
    h("tbody", {}, lines),
  );
}

/** The shortest move in each direction that changes the prediction. */
function flipList(state: State, t: Words, look: Look): Tree {
  const told = look.answer.directions.flatMap((name: string, at: number) => {
    const size = bounded(look, "flips", at);
    return [
      h("dt", {}, t(`meaning.attack.${name}`)),
      h("dd", {}, size.value === null ? t("meaning.attack.never") : boundedWords(state, size)),
    ];
  });
  return h(
    "div",
    { key: "flips" },
    h("p", { class: "quiet" }, t("meaning.attack.shortest")),
    h("dl", { class: "listed" }, told),
  );
}
