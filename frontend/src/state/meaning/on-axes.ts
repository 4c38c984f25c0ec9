/** The scene projected on one to three axes of word pairs: a projection of the page's. Pure. */

import { choose } from "../projections.ts";
import type { Projection, State } from "../types.ts";

const PREFIX = "axes~";
const TITLES: Record<string, [string, string]> = {
  gender: ["gender", "性别"],
  number: ["number", "单复数"],
  tense: ["tense", "时态"],
  comparative: ["comparative", "比较级"],
  capital: ["capital – country", "首都 – 国家"],
};
const LEFT: [string, string] = ["what is left", "余下的主方向"];

/** The name of the projection on some axes, by their keys. */
export function onAxes(keys: string[]) {
  return PREFIX + keys.join("~");
}

export function isOnAxes(name: string | undefined) {
  return name?.startsWith(PREFIX) ?? false;
}

/** The card of such a projection, as the server would show it. */
function cardOf(name: string): Projection {
  const keys = name.slice(PREFIX.length).split("~");
  const titles = keys.map((key) => TITLES[key] ?? ownTitle(key));
  const filled = [...titles, LEFT, LEFT].slice(0, 3);
  const [en, zh] = [0, 1].map((at) => filled.map((one) => one[at]) as [string, string, string]);
  return {
    name,
    kind: "basis",
    title_en: titles.map(([one]) => one).join(" × "),
    title_zh: titles.map(([, one]) => one).join(" × "),
    axes_en: en,
    axes_zh: zh,
    frame: { center: [0, 0, 0], radius: 1 },
  };
}

function ownTitle(key: string): [string, string] {
  return key.startsWith("own.") ? ["own pairs", "自己的词对"] : [key, key];
}

/** The state that offers such a projection; the last one gives its place up. */
export function offered(state: State, name: string): State {
  if (!state.card || !isOnAxes(name)) return state;
  const others = state.card.projections.filter((one) => !isOnAxes(one.name));
  return { ...state, card: { ...state.card, projections: [...others, cardOf(name)] } };
}

/** The state that shows it. */
export function shownOnAxes(state: State, keys: string[]): State {
  const name = onAxes(keys);
  return choose(offered(state, name), name);
}
