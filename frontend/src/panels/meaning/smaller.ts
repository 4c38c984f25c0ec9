/** How small the model is made, as sliders; and how both models go on with a sentence. */

import { h } from "preact";
import {
  KINDS,
  amountsOf,
  changeOf,
  movedTo,
  stopOf,
  stopsOf,
} from "../../state/meaning/changes.ts";
import type { ChangeKind, Shape } from "../../state/meaning/changes.ts";
import type { MeaningForm } from "../../state/meaning/types.ts";
import type { State, Words } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";
import { Slider } from "../../ui/slider.ts";

type Set = (fields: Partial<MeaningForm>) => void;

export function sliders(state: State, t: Words, set: Set): Tree {
  const { layers = 0, heads = 0 } = state.meaning.sets?.answer ?? {};
  const kinds = KINDS.filter((kind) => stopsOf(kind, { layers, heads }).length);
  return h(
    "div",
    { class: "sliders", key: "sliders" },
    kinds.map((kind) => slider(kind, state.meaning.form.changes, { layers, heads }, t, set)),
  );
}

function slider(kind: ChangeKind, changes: string, shape: Shape, t: Words, set: Set): Tree {
  const stops = stopsOf(kind, shape);
  const amounts = amountsOf(changes, kind);
  const amount = amounts.map((one) => counted(kind, one)).join(", ");
  const words = amount
    ? t(`meaning.compress.${kind}.value`, { amount })
    : t("meaning.compress.untouched");
  const id = `meaning-${kind}`;
  return h("label", { key: kind, for: id }, [
    h("span", { key: "label" }, t(`meaning.compress.${kind}`)),
    h(Slider, {
      key: "slider",
      id,
      label: t(`meaning.compress.${kind}`),
      words,
      min: 0,
      max: stops.length,
      step: 1,
      value: stopOf(changes, kind, stops),
      onSlide: (stop) => set({ changes: movedTo(changes, kind, stop, stops) }),
    }),
    h("output", { key: "words", for: id }, words),
  ]);
}

/** An amount as the page counts it: layers and heads from 1. */
function counted(kind: ChangeKind, amount: string) {
  return kind === "layer" || kind === "head"
    ? amount.replace(/\d+/g, (digits) => String(Number(digits) + 1))
    : amount;
}

/** A change in words: 3 bits, without layer 2. */
export function changeWords(t: Words, name: string) {
  const change = changeOf(name);
  if (!change) return name;
  const { kind, amount } = change;
  return t(`meaning.compress.${kind}.name`, { amount: counted(kind, amount) });
}

interface Said {
  whole: string;
  changes: string[];
  smaller: string[];
}

/** The whole model's sentence over those of the smaller ones, marked from where they differ. */
export function saidBeside({ whole, changes, smaller }: Said, t: Words): Tree | null {
  if (!whole) return null;
  const rows = smaller.map((text, n) => {
    const same = sharedStart(whole, text);
    const rest = text.slice(same);
    return h("tr", { key: n }, [
      h("th", { scope: "row", key: "name" }, changeWords(t, changes[n])),
      h("td", { dir: "auto", key: "text" }, [
        text.slice(0, same),
        rest
          ? h("mark", { key: "other" }, rest)
          : h("span", { class: "quiet", key: "same" }, ` ${t("meaning.compress.alike")}`),
      ]),
    ]);
  });
  return h("table", { class: "meaning-table said", key: "said" }, [
    h("caption", { key: "caption" }, t("meaning.compress.said")),
    h("tbody", { key: "body" }, [
      h("tr", { key: "whole" }, [
        h("th", { scope: "row", key: "name" }, t("meaning.compress.whole")),
        h("td", { dir: "auto", key: "text" }, whole),
      ]),
      ...rows,
    ]),
  ]);
}

/** How many characters two texts have in common, up to the end of a word that both hold whole. */
export function sharedStart(one: string, other: string) {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  if (!INSIDE.test(one[at] ?? "") && !INSIDE.test(other[at] ?? "")) return at;
  while (at > 0 && INSIDE.test(one[at - 1])) at--;
  return at;
}

/** What a word is made of, where words are parted. */
const INSIDE = /[A-Za-z0-9]/;
