/** A list of measures to choose from, by group. */

import { fill, h } from "../../ui/dom.ts";
import { grouped, meaningOf, plainName } from "../../charts/measures.ts";
import type { State, Words } from "../../state/types.ts";

/**
 * Fills a list when what there is to choose has changed.
 * @param none the words for no measure; left out without
 */
export function fillChoice(select: HTMLSelectElement, state: State, t: Words, none?: string) {
  const measures = state.measures?.measures ?? [];
  const key = JSON.stringify([
    state.run,
    state.language,
    none,
    measures.map((one) => one.name),
    state.card?.projections,
  ]);
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  const option = ({ name }: { name: string }) =>
    h("option", { value: name, title: meaningOf(state, t, name) }, plainName(state, t, name));
  const groups = grouped(measures).map((one) =>
    h("optgroup", { label: groupName(t, one.group) }, ...one.measures.map(option)),
  );
  fill(select, none === undefined ? null : h("option", { value: "" }, none), ...groups);
}

function groupName(t: Words, group: string) {
  const key = `group.${group}`;
  return t(key) === key ? group : t(key);
}
