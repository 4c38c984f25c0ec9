/** The four ways between two words: their numbers beside random words', and what they say. */

import { h } from "preact";
import { brief } from "../../i18n/language.ts";
import { cell } from "../../state/meaning/series.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";
import { visible } from "../../ui/dom.ts";
import type { Tree } from "../../ui/host.ts";
import { placeWords } from "./chart.ts";
import { boundedWords } from "./numbers.ts";
import type { Finding } from "./numbers.ts";

export function waysTable(state: State, t: Words, look: Look, _: Dispatch): Finding {
  const { answer } = look;
  const way = state.meaning.form.way;
  const w = answer.ways.indexOf(way);
  const value = (at: number, n: number, part = 0) => cell(look, "summary", at, n, part);
  const short = (one: number | null) => (one === null ? "–" : brief(one, state.language));
  const values = {
    start: answer.start,
    end: answer.end,
    way: t(`meaning.way.${way}`),
    beyond: short(value(w, 2)),
    random: `${short(value(w, 2, 1))} [${short(value(w, 2, 2))}, ${short(value(w, 2, 3))}]`,
    chord: short(value(0, 2)),
  };
  const none = value(w, 0) === null;
  const [own, low, high] = [value(w, 2), value(w, 2, 2), value(w, 2, 3)];
  const verdict =
    own === null || low === null || high === null
      ? "plain"
      : own < low
        ? "smoother"
        : own > high
          ? "rougher"
          : "alike";
  const words = t(`meaning.path.${none ? "none" : verdict}`, values);
  return {
    words,
    detail: [table(state, t, look, short), robustWords(state, t, look), decoded(state, t, look, w)],
  };
}

function table(state: State, t: Words, look: Look, short: (value: number | null) => string): Tree {
  const { ways, numbers } = look.answer;
  const head = ["way", ...numbers].map((name: string) =>
    h(
      "th",
      { scope: "col", title: t(`meaning.path.${name}.tip`) },
      t(`meaning.path.${name}.short`),
    ),
  );
  const lines = ways.map((way: string, w: number) =>
    h(
      "tr",
      { key: way, class: way === state.meaning.form.way ? "here" : "" },
      h("th", { scope: "row" }, t(`meaning.way.${way}`)),
      ...numbers.map((_: string, n: number) =>
        h(
          "td",
          { title: `${t("meaning.path.random")}: ${short(cell(look, "summary", w, n, 1))}` },
          short(cell(look, "summary", w, n, 0)),
        ),
      ),
    ),
  );
  return h(
    "table",
    { class: "meaning-table", key: "ways" },
    h("thead", {}, h("tr", {}, head)),
    h("tbody", {}, lines),
  );
}

/** The geodesic with other numbers of neighbours and a tenth of the points left out. */
function robustWords(state: State, t: Words, look: Look): Tree {
  const of = (n: number) => {
    const [low, value, high] = [0, 1, 2].map((part) => cell(look, "robust", n, part));
    return boundedWords(state, { value, low, high });
  };
  const values = { length: of(0), beyond: of(2) };
  return h("p", { class: "quiet", key: "robust" }, t("meaning.path.robust", values));
}

/** What each point is decoded to, equal neighbours together. */
function decoded(state: State, t: Words, look: Look, w: number): Tree {
  const tops: string[] = look.answer.tops[w].map((words: string[]) => words[0]);
  const runs: { word: string; from: number; to: number }[] = [];
  tops.forEach((word, at) => {
    const last = runs[runs.length - 1];
    if (last?.word === word) last.to = at;
    else runs.push({ word, from: at, to: at });
  });
  return h(
    "div",
    { key: "decoded" },
    h(
      "p",
      { class: "quiet" },
      t("meaning.path.decoded", { site: placeWords(t, state.card?.sites ?? [], look.answer.site) }),
    ),
    h(
      "ol",
      { class: "decoded", dir: "auto" },
      runs.map(({ word, from, to }) =>
        h(
          "li",
          { key: from, title: `${from}–${to}`, style: { flexGrow: to - from + 1 } },
          visible(word).trim() || "␣",
        ),
      ),
    ),
  );
}
