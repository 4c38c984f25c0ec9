/** What was found of a section at the step on screen: one sentence, and the details behind it. */

import { h } from "preact";
import { brief } from "../../i18n/language.ts";
import { bounded, cell } from "../../state/meaning/series.ts";
import type { Bounded } from "../../state/meaning/series.ts";
import type { MeaningSection } from "../../state/meaning/types.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";
import { placeWords } from "./chart.ts";
import { labelWords } from "./fields.ts";
import { kindWords, named } from "./forms.ts";
import { attacked } from "./attacked.ts";
import { boundedParts, boundedWords, fixed, percent } from "./numbers.ts";
import type { Finding } from "./numbers.ts";
import { regionList } from "./regions.ts";
import { changeWords, saidBeside } from "./smaller.ts";
import { waysTable } from "./ways.ts";

type Finder = (state: State, t: Words, look: Look, dispatch: Dispatch) => Finding;

const FINDERS: Record<MeaningSection, Finder> = {
  senses,
  axes,
  ood,
  regions: regionList,
  path: waysTable,
  probe,
  attack: attacked,
  compress,
};

export function findingOf(state: State, t: Words, dispatch: Dispatch, look: Look): Finding {
  return FINDERS[state.meaning.section](state, t, look, dispatch);
}

function siteHere(state: State, look: Look, name: string) {
  const places = look.tensors[name].shape[look.tensors[name].shape.length - 2];
  return Math.min(Math.round(state.site), places - 1);
}

// ---- senses

function senses(state: State, t: Words, look: Look): Finding {
  const [one] = look.answer.words;
  const at = siteHere(state, look, "quotient");
  const quotient = bounded(look, "quotient", 0, at);
  const values = {
    word: one.word,
    control: one.control,
    quotient: boundedWords(state, quotient),
    site: one.parts_at ? placeWords(t, state.card?.sites ?? [], one.parts_at) : "",
  };
  const verdict =
    quotient.low === null
      ? "none"
      : quotient.low > 1
        ? "more"
        : (quotient.high ?? 0) < 1
          ? "less"
          : "same";
  const parts = one.parts_at ? "senses.parts" : "senses.never";
  return {
    words: `${t(`meaning.senses.${verdict}`, values)} ${t(`meaning.${parts}`, values)}`,
    detail: [],
  };
}

// ---- axes

function axes(state: State, t: Words, look: Look): Finding {
  const { answer } = look;
  const p = answer.products.indexOf(state.meaning.form.product);
  const at = siteHere(state, look, "loo");
  const loo = bounded(look, "loo", 0, p, at);
  const repaired = bounded(look, "repaired", 0, p, at);
  const random = bounded(look, "random", 0, p, at);
  const above = (one: Bounded) => (loo.value ?? 0) > (one.high ?? Infinity);
  const verdict = !above(random) ? "none" : above(repaired) ? "both" : "class";
  const values = {
    name: named(t, answer.axes[0].name),
    count: answer.axes[0].pairs.length,
    loo: boundedWords(state, loo),
    repaired: boundedWords(state, repaired),
    random: boundedWords(state, random),
  };
  const hits = ["hit", "hit_left_out", "query"].map((name) =>
    percent(state, cell(look, name, 0, p, at, 0)),
  );
  const rows = [
    h("dt", { title: t("meaning.axes.auroc.tip") }, t("meaning.axes.auroc")),
    h("dd", {}, boundedWords(state, bounded(look, "auroc", 0, p, at))),
    h("dt", { title: t("meaning.axes.hit.tip") }, t("meaning.axes.hit")),
    h("dd", {}, t("meaning.axes.hits", { hit: hits[0], left: hits[1], query: hits[2] })),
  ];
  return {
    words: t(`meaning.axes.${verdict}`, values),
    detail: [
      h("dl", { class: "listed", key: "facts" }, rows),
      ...landing(state, t, look),
      pairsUsed(t, answer.axes[0].pairs),
    ],
  };
}

function landing(state: State, t: Words, look: Look): Tree[] {
  const { analogy } = look.answer;
  if (!analogy.length) return [];
  const here = analogy[Math.min(Math.round(state.site), analogy.length - 1)];
  const terms = JSON.parse(state.meaning.measured.axes?.key ?? "{}").analogy ?? [];
  const [a, b, c, d] = terms;
  return [
    h(
      "div",
      { class: "landing", key: "landing" },
      h("p", {}, t("meaning.axes.landing", { a, b, c })),
      h(
        "ol",
        { class: "nearest", dir: "auto" },
        here.nearest.map((word: string) =>
          h(
            "li",
            { key: word, class: word === d ? "wanted" : terms.includes(word) ? "query" : "" },
            word,
          ),
        ),
      ),
      d && h("p", { class: "quiet" }, t("meaning.axes.rank", { word: d, rank: here.rank })),
    ),
  ];
}

function pairsUsed(t: Words, pairs: string[][]): Tree {
  return h(
    "details",
    { key: "pairs" },
    h("summary", {}, t("meaning.axes.used", { count: pairs.length })),
    h("p", { class: "quiet", dir: "auto" }, pairs.map((pair) => pair.join(" → ")).join(" · ")),
  );
}

// ---- the edge

/** Below it a score that is above chance is still little evidence of any one token. */
const WEAK = 0.6;

function ood(state: State, t: Words, look: Look): Finding {
  const { kinds, scores, alarms } = look.answer;
  const kind = kinds.includes(state.meaning.form.kind) ? state.meaning.form.kind : kinds[0];
  const k = kinds.indexOf(kind);
  const at = siteHere(state, look, "auroc");
  const area = (name: string) => bounded(look, "auroc", k, 0, scores.indexOf(name), at);
  const values = {
    kind: kindWords(t, kind),
    nearest: boundedWords(state, area("nearest")),
    loss: boundedWords(state, area("loss")),
  };
  const standing = alarms[k][at].replace(" ", "_");
  const weak = standing === "supported" && (area("nearest").value ?? 0) < WEAK;
  const alarm = weak ? "weak" : standing;
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, t("meaning.ood.score")),
    h("th", { scope: "col" }, t("meaning.ood.token")),
    h("th", { scope: "col" }, t("meaning.ood.whole")),
  );
  const lines = scores.map((name: string, n: number) =>
    h(
      "tr",
      { key: name },
      h("th", { scope: "row", title: t(`meaning.score.${name}.tip`) }, t(`meaning.score.${name}`)),
      ...[0, 1].map((level) =>
        h("td", {}, boundedParts(state, bounded(look, "auroc", k, level, n, at))),
      ),
    ),
  );
  const table = h(
    "table",
    { class: "meaning-table", key: "table" },
    h("thead", {}, head),
    h("tbody", {}, lines),
  );
  return { words: t(`meaning.ood.${alarm}`, values), detail: [table] };
}

// ---- probes

function probe(state: State, t: Words, look: Look): Finding {
  const at = siteHere(state, look, "accuracy");
  const [accuracy, control, selectivity] = ["accuracy", "control", "selectivity"].map((name) =>
    bounded(look, name, at),
  );
  const baseline = bounded(look, "baseline");
  const values = {
    label: labelWords(t, look.answer.label),
    accuracy: boundedWords(state, accuracy),
    control: boundedWords(state, control),
    selectivity: boundedWords(state, selectivity),
    baseline: boundedWords(state, baseline),
  };
  const more = (accuracy.low ?? 0) > (baseline.high ?? 1) ? "more" : "nomore";
  const facts: [string, string][] = [
    ["selectivity", values.selectivity],
    ["compression", boundedWords(state, bounded(look, "compression", at))],
    ["control_compression", boundedWords(state, bounded(look, "control_compression", at))],
    ["majority", boundedWords(state, bounded(look, "majority"))],
    ...look.answer.levels.map((level: number, n: number) => [
      "noise",
      `${brief(level, state.language)} σ: ${boundedWords(state, bounded(look, "noise", at, n))}`,
    ]),
  ];
  const told = facts.flatMap(([name, value]) => [
    h("dt", { title: t(`meaning.probe.${name}.tip`) }, t(`meaning.probe.${name}`)),
    h("dd", {}, value),
  ]);
  const count = t("meaning.probe.count", {
    tokens: look.answer.tokens,
    classes: look.answer.classes.length,
  });
  return {
    words: t(`meaning.probe.${more}`, values),
    detail: [
      h("dl", { class: "listed", key: "facts" }, told),
      h("p", { class: "quiet", key: "count" }, count),
    ],
  };
}

// ---- compression

function compress(state: State, t: Words, look: Look): Finding {
  const { changes, whole, smaller } = look.answer;
  const worst = changes
    .map((name: string, n: number) => ({ name, n, damage: bounded(look, "damage", n) }))
    .sort((a: any, b: any) => (b.damage.value ?? 0) - (a.damage.value ?? 0))[0];
  const words = t("meaning.compress.worst", {
    change: changeWords(t, worst.name),
    damage: boundedWords(state, worst.damage),
    noise: boundedWords(state, bounded(look, "noise_damage", worst.n)),
    loss: boundedWords(state, bounded(look, "loss")),
  });
  const columns = ["change", "damage", "noise", "divergence", "kept", "residual"];
  const head = h(
    "tr",
    {},
    columns.map((name) =>
      h(
        "th",
        { scope: "col", title: t(`meaning.compress.${name}.tip`) },
        t(`meaning.compress.${name}.short`),
      ),
    ),
  );
  const short = (value: number | null) => fixed(state, value, 3);
  const lines = changes.map((name: string, n: number) =>
    h(
      "tr",
      { key: name },
      h("th", { scope: "row", title: name }, changeWords(t, name)),
      h(
        "td",
        { title: boundedWords(state, bounded(look, "damage", n)) },
        short(cell(look, "damage", n, 0)),
      ),
      h("td", {}, short(cell(look, "noise_damage", n, 0))),
      h("td", {}, short(cell(look, "divergence", n, 0))),
      h("td", {}, percent(state, cell(look, "kept", n))),
      h("td", {}, short(cell(look, "residual", n))),
    ),
  );
  const table = h(
    "table",
    { class: "meaning-table", key: "table" },
    h("thead", {}, head),
    h("tbody", {}, lines),
  );
  const said = saidBeside({ whole, changes, smaller }, t);
  return { words, detail: [table], more: said ? [said] : [] };
}
