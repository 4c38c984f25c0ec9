/** A list of measures to choose from, by group. */

import { fill, h } from "../dom.js";
import { grouped, meaningOf, measureName } from "../measures.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */

/** Fills a list when what there is to choose has changed. @param {HTMLSelectElement} select @param {State} state @param {Words} t @param {string} [none] the words for no measure; left out without */
export function fillChoice(select, state, t, none) {
  const measures = state.measures?.measures ?? [];
  const key = JSON.stringify([state.run, state.language, none, measures.map((one) => one.name), state.card?.projections]);
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  const option = (/** @type {{ name: string }} */ { name }) => h("option", { value: name, title: meaningOf(state, t, name) }, measureName(state, t, name));
  const groups = grouped(measures).map((one) => h("optgroup", { label: groupName(t, one.group) }, ...one.measures.map(option)));
  fill(select, none === undefined ? null : h("option", { value: "" }, none), ...groups);
}

/** @param {Words} t @param {string} group */
function groupName(t, group) {
  const key = `group.${group}`;
  return t(key) === key ? group : t(key);
}
