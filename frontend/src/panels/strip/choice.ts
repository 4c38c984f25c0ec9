/** A list of measures to choose from, by group. */

import { grouped, meaningOf, plainName } from "../../charts/measures.ts";
import type { State, Words } from "../../state/types.ts";
import { fill, h } from "../../ui/dom.ts";
import type { Group, Option } from "../../ui/select.ts";

/** What there is to choose. */
export function measureGroups(state: State, t: Words): Group[] {
  const option = ({ name }: { name: string }) => ({
    value: name,
    title: meaningOf(state, t, name),
    words: plainName(state, t, name),
  });
  return grouped(state.measures?.measures ?? []).map((one) => ({
    group: groupName(t, one.group),
    options: one.measures.map(option),
  }));
}

/**
 * Fills a list when what there is to choose has changed.
 * @param none the words for no measure; left out without
 */
export function fillChoice(select: HTMLSelectElement, state: State, t: Words, none?: string) {
  const names = state.measures?.measures.map((one) => one.name);
  const key = JSON.stringify([state.run, state.language, none, names, state.card?.projections]);
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  const option = ({ words, ...rest }: Option) => h("option", { ...rest }, words);
  const groups = measureGroups(state, t).map(({ group, options }) =>
    h("optgroup", { label: group }, ...options.map(option)),
  );
  fill(select, none === undefined ? null : h("option", { value: "" }, none), ...groups);
}

function groupName(t: Words, group: string) {
  const key = `group.${group}`;
  return t(key) === key ? group : t(key);
}
