/** The tab of numbers: each with its scale in words. */

import { h, icon } from "../dom.js";
import { number } from "../language.js";
import { guardedAxes } from "../state.js";
import { moveTrust, outsideWord, trustWord } from "../trust.js";
import { guardWords } from "./top.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */

/** @param {State} state @param {Words} t @returns {HTMLElement[]} */
export function numbersTab(state, t) {
  const token = state.inspection?.token;
  if (!token) return [];
  const share = (/** @type {number} */ value) => number(value, state.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const percentile = (/** @type {number} */ value) => number(value, state.language, { style: "percent", maximumFractionDigits: 1 });
  const { outside, trust, continuity } = token;
  const lines = [line(t, "norm", number(token.norm, state.language), null, "")];
  if (typeof trust === "number") lines.push(line(t, "trust", share(trust), trust, t(trustWord(trust))));
  if (typeof continuity === "number") lines.push(line(t, "continuity", share(continuity), continuity, ""));
  if (typeof outside === "number") lines.push(line(t, "outside", percentile(outside / 100), outside / 100, t(outsideWord(outside))));
  const segment = segmentRatio(state);
  if (segment !== null) lines.push(line(t, "segment", `${share(segment)}×`, moveTrust(segment), ""));
  const guards = guardedAxes(state).map(({ axis, variable, r }) => h("p", { class: "guard" }, icon("warn"), h("span", {}, guardWords(state, t, axis, variable, r))));
  return [h("dl", { class: "numbers" }, ...lines), ...guards];
}

/** @param {Words} t @param {string} name @param {string} value @param {number | null} part @param {string} words */
function line(t, name, value, part, words) {
  const bar = part === null ? null : h("span", { class: "bar", style: { "--part": part } });
  return h("div", { title: t(`number.${name}.tip`) }, h("dt", {}, t(`number.${name}`)), h("dd", {}, h("b", {}, value), words ? h("span", {}, words) : null, bar), h("dd", { class: "quiet" }, t(`number.${name}.tip`)));
}

/** How long the move is drawn that led the picked token to this site. @param {State} state */
function segmentRatio(state) {
  const { picked, card } = state;
  if (picked?.kind !== "sentence" || !card) return null;
  const site = Math.round(state.site);
  const slice = state.sentences.find((one) => one.id === picked.id)?.slices[card.steps[Math.round(state.step)]];
  const value = slice && site > 0 ? slice.trust[(site - 1) * slice.tokens + picked.token] : NaN;
  return Number.isFinite(value) ? value : null;
}
