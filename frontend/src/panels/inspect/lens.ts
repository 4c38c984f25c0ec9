/** The tab of the lens: what the model would say if it stopped here, and at every other site. */

import { h } from "preact";
import { number } from "../../i18n/language.ts";
import { siteShort } from "../../state/sites.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { LensSite, State, Words } from "../../state/types.ts";
import { visible } from "../../ui/dom.ts";
import type { Tree } from "../../ui/host.ts";

const COLUMNS = 3;

export function lensTab(state: State, t: Words, dispatch: Dispatch): Tree[] {
  const lens = state.inspection?.lens ?? [];
  if (!lens.length)
    return [h("p", { class: "quiet" }, t(state.written ? "lens.written" : "lens.none"))];
  const here = lens.find((one) => one.site === Math.round(state.site));
  const parts: Tree[] = [
    h("p", { class: "quiet" }, t(fills(state) ? "lens.note.encoder" : "lens.note")),
  ];
  if (here)
    parts.push(
      h("ol", { class: "guesses" }, ...here.top.slice(0, 6).map((one) => guess(one, state))),
      facts(here, state, t),
    );
  parts.push(table(lens, state, t, dispatch));
  return parts;
}

/** Whether the model guesses the token at hand and not the next one: an encoder. */
function fills(state: State) {
  const shape = state.card?.architecture;
  return typeof shape === "object" && shape !== null && "causal" in shape && shape.causal === false;
}

function guess({ text, probability }: { text: string; probability: number }, state: State) {
  const value = number(probability, state.language, { style: "percent", maximumFractionDigits: 1 });
  return h(
    "li",
    { style: { "--part": probability } },
    h("span", { class: "name", dir: "auto" }, named(text)),
    h("span", { class: "value" }, value),
  );
}

function named(text: string) {
  return visible(text).replace(/^ /, "␣").replace(/ $/, "␣") || "∅";
}

function facts(here: LensSite, state: State, t: Words) {
  const nats = (value: number) =>
    t("lens.nats", { value: number(value, state.language, { maximumFractionDigits: 2 }) });
  return h(
    "dl",
    { class: "facts" },
    h("div", { title: t("lens.kl.tip") }, h("dt", {}, t("lens.kl")), h("dd", {}, nats(here.kl))),
    h(
      "div",
      { title: t("lens.entropy.tip") },
      h("dt", {}, t("lens.entropy")),
      h("dd", {}, nats(here.entropy)),
    ),
  );
}

/** Sites from the last down to the embedding, so that up is deeper. */
function table(lens: LensSite[], state: State, t: Words, dispatch: Dispatch) {
  const ranks = Array.from({ length: COLUMNS }, (_, i) =>
    h("th", { scope: "col" }, t("lens.rank", { rank: i + 1 })),
  );
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, t("lens.site")),
    ...ranks,
    h("th", { scope: "col", class: "right", title: t("lens.kl.tip") }, t("lens.kl.short")),
  );
  const lines = [...lens].reverse().map((one) => {
    const name = siteShort(t, state.card?.sites[one.site] ?? "");
    const here = one.site === Math.round(state.site);
    const go = h(
      "button",
      { type: "button", onClick: () => dispatch({ type: "go", site: one.site, glide: 420 }) },
      name,
    );
    const cells = Array.from({ length: COLUMNS }, (_, i) => {
      const found = one.top[i];
      const title = found
        ? number(found.probability, state.language, { style: "percent", maximumFractionDigits: 1 })
        : "";
      return h(
        "td",
        { style: { "--part": found?.probability ?? 0 }, title, dir: "auto" },
        found ? named(found.text) : "",
      );
    });
    return h(
      "tr",
      { class: here ? "here" : "", "aria-current": here ? "true" : undefined },
      h("th", { scope: "row" }, go),
      ...cells,
      h("td", { class: "right" }, number(one.kl, state.language, { maximumFractionDigits: 1 })),
    );
  });
  return h(
    "table",
    { class: "lens" },
    h("caption", { class: "unseen" }, t("lens.table")),
    h("thead", {}, head),
    h("tbody", {}, ...lines),
  );
}
