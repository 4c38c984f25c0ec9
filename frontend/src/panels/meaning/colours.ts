/** What the colours of the cloud mean while the panel of meaning colours it. */

import { h } from "preact";
import { HUES, css, gradient } from "../../state/colour/colours.ts";
import { PLAIN } from "../../state/colour/colouring.ts";
import { classHues, hitHues } from "../../state/meaning/hues.ts";
import { meantHere } from "../../state/picture/meant.ts";
import type { MeaningSection } from "../../state/meaning/types.ts";
import type { Look, RGB, State, Words } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";

type Hue = { name: string; hue: RGB };
type Maker = (state: State, t: Words, look: Look) => Tree | Tree[];

/** Names with their colours beyond so many are left out. */
const MOST = 9;
const MAKERS: Partial<Record<MeaningSection, Maker>> = {
  senses(state, t, { answer }) {
    const word = answer.words[0];
    const hues = HUES[state.theme];
    return [
      hueList(word.names.map((name: string, at: number) => ({ name, hue: hues[at] }))),
      note(t("meaning.key.rings", { word: word.control })),
    ];
  },
  axes: (state, t) => [
    h("div", { class: "ramp", key: "ramp", style: { background: gradient(state.theme) } }),
    h("div", { class: "ends", key: "ends" }, [
      h("span", { key: "low" }, "−"),
      h("span", { class: "quiet", key: "unit" }, t("meaning.key.axis")),
      h("span", { key: "high" }, "+"),
    ]),
  ],
  probe: (state, t, look) => hueList(probeHues(state, t, look)),
  regions: (_, t) => note(t("meaning.key.regions")),
};

/** In the place of the key of the cloud; null where its own colours are on the page. */
export function meaningKey(state: State, t: Words): Tree | null {
  const look = meantHere(state);
  const { section } = state.meaning;
  const make = MAKERS[section];
  if (!look || !make || (section === "probe" && !look.tensors.index?.shape[0])) return null;
  return h("div", { class: "key" }, [
    h(
      "p",
      { class: "quiet", key: "who" },
      t("meaning.key.who", { tab: t(`meaning.tab.${section}`) }),
    ),
    make(state, t, look),
  ]);
}

/** Right and wrong, or the classes; and what is grey. */
function probeHues(state: State, t: Words, { answer }: Look): Hue[] {
  const { right, wrong } = hitHues(state.theme);
  const learned = { name: t("meaning.key.learned"), hue: PLAIN[state.theme] };
  if (state.meaning.form.shown === "hit")
    return [
      { name: t("meaning.key.right"), hue: right },
      { name: t("meaning.key.wrong"), hue: wrong },
      learned,
    ];
  const { label, classes } = answer;
  const hue = classHues(state, { label, classes });
  return [...classes.map((name: string, at: number) => ({ name, hue: hue(at) })), learned];
}

function hueList(hues: Hue[]): Tree {
  const shown = hues.length > MOST ? [...hues.slice(0, MOST - 1), hues[hues.length - 1]] : hues;
  return h(
    "ul",
    { key: "hues" },
    shown.map(({ name, hue }) =>
      h("li", { key: name, title: name }, [
        h("i", { key: "hue", style: { background: css(hue) } }),
        h("span", { key: "name", dir: "auto" }, name),
      ]),
    ),
  );
}

function note(words: string): Tree {
  return h("p", { class: "quiet", key: "note" }, words);
}
