/** The regions of a step: how many and how pure, a line each, and the ribbon through training. */

import { h } from "preact";
import { brief, className } from "../../i18n/language.ts";
import { columnsOf, regionHue, regionName } from "../../state/meaning/regions.ts";
import { bounded, cell } from "../../state/meaning/series.ts";
import { css } from "../../state/colour/colours.ts";
import { stepNumber } from "../../state/state.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";
import { visible } from "../../ui/dom.ts";
import { Drawing } from "../../ui/drawing.ts";
import type { Tree } from "../../ui/host.ts";
import { ribbons } from "../../charts/ribbons.ts";
import { placeWords } from "./chart.ts";
import { boundedWords, fixed } from "./numbers.ts";
import type { Finding } from "./numbers.ts";

const SHOWN = 40;

export function regionList(state: State, t: Words, look: Look, _: Dispatch): Finding {
  const { regions } = look.answer;
  const site = placeWords(t, state.card?.sites ?? [], look.answer.site);
  const members = look.tensors.members.data;
  const inside = Array.from(members).filter((one) => one >= 0).length;
  const words = regions.length
    ? t("meaning.regions.found", {
        count: regions.length,
        site,
        share: Math.round((100 * inside) / members.length),
        purity: boundedWords(state, bounded(look, "purity")),
        shuffled: fixed(state, cell(look, "shuffled", 0), 2),
      })
    : t("meaning.regions.none", { site });
  const ribbon = ribbonOf(state, t);
  const list = h("ol", { class: "regions", key: "list" }, [
    listHead(t),
    ...regions.slice(0, SHOWN).map((one: any) => regionLine(state, t, one)),
  ]);
  const rest =
    regions.length > SHOWN && t("meaning.regions.rest", { count: regions.length - SHOWN });
  return {
    words,
    more: ribbon ? [ribbon] : [],
    detail: regions.length
      ? ([list, rest && h("p", { class: "quiet", key: "rest" }, rest)].filter(Boolean) as Tree[])
      : [],
  };
}

/** What the columns of the list are. */
function listHead(t: Words): Tree {
  return h("li", { class: "head", key: "head" }, [
    h("i", { key: "hue" }),
    h("span", { class: "name", key: "name" }, t("meaning.regions.list.name")),
    h("span", { class: "size", key: "size" }, t("meaning.regions.list.size")),
    h(
      "span",
      { class: "purity", key: "purity", title: t("meaning.regions.purity.tip") },
      t("meaning.regions.purity"),
    ),
    h("span", { class: "fate", key: "fate" }, t("meaning.regions.list.fate")),
  ]);
}

function regionLine(state: State, t: Words, one: any): Tree {
  const said = one.lens.map(({ text }: any) => visible(text).trim() || "␣").join(" ");
  const fate = one.fate ? t(`meaning.fate.${one.fate}`) : "";
  const labels = one.labels.map(({ text }: any) => className(text, t)).join(", ");
  const title = [
    t("meaning.regions.line", {
      purity: brief(one.purity, state.language),
      shuffled: brief(one.shuffled, state.language),
      q: brief(one.q, state.language),
    }),
    labels,
    said && t("meaning.regions.lens", { words: said }),
    fate,
  ]
    .filter(Boolean)
    .join("\n");
  return h(
    "li",
    { key: one.index, title },
    h("i", {
      class: "swatch",
      style: { background: css(regionHue(one.index, state.theme)) },
      "aria-hidden": "true",
    }),
    h("span", { class: "name", dir: "auto" }, regionName(one)),
    h("span", { class: "size" }, one.size),
    h("span", { class: "purity" }, fixed(state, one.purity, 2)),
    h("span", { class: `fate ${one.fate}` }, fate),
  );
}

/** How regions came to be: a column a step, bands where members are shared. */
function ribbonOf(state: State, t: Words): Tree | null {
  const columns = columnsOf(state);
  if (!columns.length) return null;
  const color = (index: number) => css(regionHue(index, state.theme));
  return h(
    "figure",
    { class: "meaning-chart", key: "ribbon" },
    h("figcaption", {}, t("meaning.regions.ribbon")),
    h(
      "svg",
      { viewBox: "0 0 308 132", role: "img", "aria-label": t("meaning.regions.ribbon") },
      h(Drawing, ribbons(columns, stepNumber(state), color)),
    ),
  );
}
