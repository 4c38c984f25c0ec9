/** A list of measures to choose from, by group. */

import { grouped, meaningOf, plainName } from "../../charts/measures.ts";
import type { State, Words } from "../../state/types.ts";
import type { Group } from "../../ui/select.ts";

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

function groupName(t: Words, group: string) {
  const key = `group.${group}`;
  return t(key) === key ? group : t(key);
}
