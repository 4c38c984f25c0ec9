/** The tab of the lens: what the model would say if it stopped here, and at every other site. */

import { h, visible } from "../dom.js";
import { number } from "../language.js";
import { siteShort } from "../sites.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */
/** @typedef {import("../types.d.ts").LensSite} LensSite */

const COLUMNS = 3;

/** @param {State} state @param {Words} t @param {import("../types.d.ts").Dispatch} dispatch @returns {HTMLElement[]} */
export function lensTab(state, t, dispatch) {
  const lens = state.inspection?.lens ?? [];
  if (!lens.length) return [h("p", { class: "quiet" }, t("lens.none"))];
  const here = lens.find((one) => one.site === Math.round(state.site));
  /** @type {HTMLElement[]} */
  const parts = [h("p", { class: "quiet" }, t(fills(state) ? "lens.note.encoder" : "lens.note"))];
  if (here) parts.push(h("ol", { class: "guesses" }, ...here.top.slice(0, 6).map((one) => guess(one, state))), facts(here, state, t));
  parts.push(table(lens, state, t, dispatch));
  return parts;
}

/** Whether the model guesses the token at hand and not the next one: an encoder. @param {State} state */
function fills(state) {
  const shape = state.card?.architecture;
  return typeof shape === "object" && shape !== null && "causal" in shape && shape.causal === false;
}

/** @param {{ text: string, probability: number }} one @param {State} state */
function guess({ text, probability }, state) {
  const value = number(probability, state.language, { style: "percent", maximumFractionDigits: 1 });
  return h("li", { style: { "--part": probability } }, h("span", { class: "name", dir: "auto" }, named(text)), h("span", { class: "value" }, value));
}

/** @param {string} text */
function named(text) {
  return visible(text).replace(/^ /, "␣").replace(/ $/, "␣") || "∅";
}

/** @param {LensSite} here @param {State} state @param {Words} t */
function facts(here, state, t) {
  const nats = (/** @type {number} */ value) => t("lens.nats", { value: number(value, state.language, { maximumFractionDigits: 2 }) });
  return h(
    "dl",
    { class: "facts" },
    h("div", { title: t("lens.kl.tip") }, h("dt", {}, t("lens.kl")), h("dd", {}, nats(here.kl))),
    h("div", { title: t("lens.entropy.tip") }, h("dt", {}, t("lens.entropy")), h("dd", {}, nats(here.entropy))),
  );
}

/** Sites from the last down to the embedding, so that up is deeper. @param {LensSite[]} lens @param {State} state @param {Words} t @param {import("../types.d.ts").Dispatch} dispatch */
function table(lens, state, t, dispatch) {
  const ranks = Array.from({ length: COLUMNS }, (_, i) => h("th", { scope: "col" }, t("lens.rank", { rank: i + 1 })));
  const head = h("tr", {}, h("th", { scope: "col" }, t("lens.site")), ...ranks, h("th", { scope: "col", class: "right", title: t("lens.kl.tip") }, t("lens.kl.short")));
  const lines = [...lens].reverse().map((one) => {
    const name = siteShort(t, state.card?.sites[one.site] ?? "");
    const here = one.site === Math.round(state.site);
    const go = h("button", { type: "button", onclick: () => dispatch({ type: "go", site: one.site, glide: 420 }) }, name);
    const cells = Array.from({ length: COLUMNS }, (_, i) => {
      const found = one.top[i];
      const title = found ? number(found.probability, state.language, { style: "percent", maximumFractionDigits: 1 }) : "";
      return h("td", { style: { "--part": found?.probability ?? 0 }, title, dir: "auto" }, found ? named(found.text) : "");
    });
    return h("tr", { class: here ? "here" : "", "aria-current": here ? "true" : undefined }, h("th", { scope: "row" }, go), ...cells, h("td", { class: "right" }, number(one.kl, state.language, { maximumFractionDigits: 1 })));
  });
  return h("table", { class: "lens" }, h("caption", { class: "unseen" }, t("lens.table")), h("thead", {}, head), h("tbody", {}, ...lines));
}
