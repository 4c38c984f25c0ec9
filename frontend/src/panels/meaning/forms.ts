/** What each section lets a person choose or type. */

import { h } from "preact";
import { termsOf } from "../../state/meaning/questions.ts";
import type { MeaningForm, MeaningSection } from "../../state/meaning/types.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";
import { Select } from "../../ui/select.ts";
import type { Group, Option } from "../../ui/select.ts";
import { field, labelWords, typed } from "./fields.ts";
import { ownSensesForm } from "./own-senses.ts";
import { sliders } from "./smaller.ts";

type Maker = (state: State, t: Words, set: (fields: Partial<MeaningForm>) => void) => Tree[];

const MAKERS: Record<MeaningSection, Maker> = {
  senses: sensesForm,
  axes: axesForm,
  ood: oodForm,
  regions: regionsForm,
  path: pathForm,
  probe: probeForm,
  attack: attackForm,
  compress: compressForm,
};

export function formOf(state: State, t: Words, dispatch: Dispatch): Tree {
  const set = (fields: Partial<MeaningForm>) => dispatch({ type: "meaning.form", ...fields });
  return h("div", { class: "fields", key: "form" }, MAKERS[state.meaning.section](state, t, set));
}

/** Bundled sets in groups of their language, the page's first, and one's own last. */
function grouped(
  state: State,
  t: Words,
  sets: { language: string; name: string; words: string }[],
): (Option | Group)[] {
  const order = state.language === "zh" ? ["zh", "en"] : ["en", "zh"];
  const groups = order.map((language) => ({
    group: t(`meaning.language.${language}`),
    options: sets
      .filter((one) => one.language === language)
      .map(({ name, words }) => ({ value: name, words })),
  }));
  return [...groups, { value: "", words: t("meaning.own") }];
}

function sensesForm(state: State, t: Words, set: (fields: Partial<MeaningForm>) => void): Tree[] {
  const { form, sets } = state.meaning;
  const offered: any[] = sets?.answer.senses ?? [];
  const options = grouped(
    state,
    t,
    offered.map(({ language, word, names }) => ({
      language,
      name: word,
      words: `${word} (${names.join(" / ")})`,
    })),
  );
  const chosen = offered.find((one) => one.word === form.word);
  const parts = [
    field(
      t("meaning.word"),
      "meaning-word",
      h(Select, {
        id: "meaning-word",
        value: form.word,
        options,
        onChoose: (word) => set({ word }),
      }),
    ),
  ];
  if (form.word) return chosen ? [...parts, examples(chosen, t)] : parts;
  return [...parts, ...ownSensesForm(state, t, set)];
}

function examples(chosen: any, t: Words): Tree {
  return h(
    "ul",
    { class: "quotes", key: "examples" },
    chosen.examples.map((text: string, at: number) =>
      h(
        "li",
        { key: at, dir: "auto", class: `sense-${at}` },
        h("b", {}, chosen.names[at]),
        ` ${t("meaning.sentences", { count: chosen.counts[at] })} `,
        h("q", {}, text),
      ),
    ),
  );
}

function axesForm(state: State, t: Words, set: (fields: Partial<MeaningForm>) => void): Tree[] {
  const { form, sets } = state.meaning;
  const offered: any[] = sets?.answer.axes ?? [];
  const options = grouped(
    state,
    t,
    offered.map(({ language, name, pairs }) => ({
      language,
      name,
      words: `${named(t, name)} (${pairs[0].join(" → ")} …)`,
    })),
  );
  const analogy = typed({
    id: "meaning-analogy",
    value: form.analogy,
    placeholder: t("meaning.axes.analogy.placeholder"),
    set: (words) => set({ analogy: words }),
  });
  const product = h(Select, {
    id: "meaning-product",
    value: form.product,
    options: ["plain", "causal"].map((value) => ({ value, words: t(`meaning.product.${value}`) })),
    onChoose: (value) => set({ product: value as MeaningForm["product"] }),
  });
  const own = typed({
    id: "meaning-own-pairs",
    value: form.ownPairs,
    rows: 5,
    placeholder: t("meaning.axes.placeholder"),
    set: (ownPairs) => set({ ownPairs }),
  });
  const strange = form.analogy.trim() && !termsOf(form.analogy).length;
  return [
    field(
      t("meaning.axes.list"),
      "meaning-list",
      h(Select, {
        id: "meaning-list",
        value: form.list,
        options,
        onChoose: (list) => set({ list }),
      }),
    ),
    ...(form.list ? [] : [field(t("meaning.axes.pairs"), "meaning-own-pairs", own)]),
    field(t("meaning.product"), "meaning-product", product),
    field(t("meaning.axes.analogy"), "meaning-analogy", analogy),
    ...(strange ? [h("p", { class: "quiet", key: "strange" }, t("meaning.axes.analogy.how"))] : []),
  ];
}

/** The name of a bundled list in the page's words, where there are some. */
export function named(t: Words, name: string) {
  const key = `meaning.list.${name}`;
  return t(key) === key ? name : t(key);
}

function oodForm(state: State, t: Words, set: (fields: Partial<MeaningForm>) => void): Tree[] {
  const { form, measured } = state.meaning;
  const parts = Object.values(measured.ood?.parts ?? {});
  const kinds: string[] = parts[0]?.answer.kinds ?? ["shuffled", "dealt", "random"];
  const options = kinds
    .filter((kind) => kind !== "held-out")
    .map((value) => ({ value, words: kindWords(t, value) }));
  const kind = h(Select, {
    id: "meaning-kind",
    value: form.kind,
    options,
    onChoose: (value) => set({ kind: value }),
  });
  const text = typed({
    id: "meaning-other",
    value: form.otherText,
    rows: 3,
    placeholder: t("meaning.ood.placeholder"),
    set: (otherText) => set({ otherText }),
  });
  return [
    field(t("meaning.ood.kind"), "meaning-kind", kind),
    field(t("meaning.ood.text"), "meaning-other", text),
  ];
}

export function kindWords(t: Words, kind: string) {
  const key = `meaning.kind.${kind}`;
  return t(key) === key ? kind : t(key);
}

function regionsForm(state: State, t: Words, set: (fields: Partial<MeaningForm>) => void): Tree[] {
  const { least } = state.meaning.form;
  const options = [5, 10, 20, 40].map((value) => ({
    value: String(value),
    words: t("meaning.regions.least.value", { count: value }),
  }));
  const size = h(Select, {
    id: "meaning-least",
    value: String(least),
    options,
    onChoose: (value) => set({ least: Number(value) }),
  });
  return [field(t("meaning.regions.least"), "meaning-least", size)];
}

const WAYS = ["chord", "sphere", "geodesic", "output"] as const;

function pathForm(state: State, t: Words, set: (fields: Partial<MeaningForm>) => void): Tree[] {
  const { start, end, way, points } = state.meaning.form;
  const count = h(Select, {
    id: "meaning-points",
    value: String(points),
    options: [16, 32, 64].map((value) => ({ value: String(value), words: String(value) })),
    onChoose: (value) => set({ points: Number(value) }),
  });
  const which = h(Select, {
    id: "meaning-way",
    value: way,
    options: WAYS.map((value) => ({ value, words: t(`meaning.way.${value}`) })),
    onChoose: (value) => set({ way: value as MeaningForm["way"] }),
  });
  return [
    field(
      t("meaning.path.start"),
      "meaning-start",
      typed({ id: "meaning-start", value: start, set: (value) => set({ start: value }) }),
    ),
    field(
      t("meaning.path.end"),
      "meaning-end",
      typed({ id: "meaning-end", value: end, set: (value) => set({ end: value }) }),
    ),
    field(t("meaning.path.way"), "meaning-way", which),
    field(t("meaning.path.points"), "meaning-points", count),
  ];
}

function probeForm(state: State, t: Words, set: (fields: Partial<MeaningForm>) => void): Tree[] {
  const { form, sets } = state.meaning;
  const labels: any[] = sets?.answer.labels ?? [];
  const options = labels
    .filter((one) => one.classes > 1)
    .map(({ name, classes }) => ({
      value: name,
      words: t("meaning.probe.label.value", { name: labelWords(t, name), count: classes }),
    }));
  const label = h(Select, {
    id: "meaning-label",
    value: form.label,
    options: [...options, { value: "", words: t("meaning.probe.own") }],
    onChoose: (value) => set({ label: value }),
  });
  const own = typed({
    id: "meaning-tagged",
    value: form.tagged,
    rows: 5,
    placeholder: t("meaning.probe.placeholder"),
    set: (tagged) => set({ tagged }),
  });
  const typing = form.label ? [] : [field(t("meaning.probe.tagged"), "meaning-tagged", own)];
  const shown = h(Select, {
    id: "meaning-shown",
    value: form.shown,
    options: (["hit", "said", "true"] as const).map((value) => ({
      value,
      words: t(`meaning.probe.shown.${value}`),
    })),
    onChoose: (value) => set({ shown: value as MeaningForm["shown"] }),
  });
  return [
    field(t("meaning.probe.label"), "meaning-label", label),
    ...typing,
    ...(form.label ? [field(t("meaning.probe.shown"), "meaning-shown", shown)] : []),
  ];
}

function attackForm(state: State, t: Words, set: (fields: Partial<MeaningForm>) => void): Tree[] {
  const text = typed({
    id: "meaning-attacked",
    value: state.meaning.form.attacked,
    placeholder: state.sentences[0]?.text ?? "",
    set: (attacked) => set({ attacked }),
  });
  return [field(t("meaning.attack.text"), "meaning-attacked", text)];
}

function compressForm(state: State, t: Words, set: (fields: Partial<MeaningForm>) => void): Tree[] {
  const { changes, sentence } = state.meaning.form;
  const list = typed({
    id: "meaning-changes",
    value: changes,
    set: (value) => set({ changes: value }),
  });
  const text = typed({
    id: "meaning-sentence",
    value: sentence,
    placeholder: state.sentences[0]?.text ?? "",
    set: (value) => set({ sentence: value }),
  });
  return [
    sliders(state, t, set),
    field(t("meaning.compress.changes"), "meaning-changes", list),
    h("p", { class: "quiet", key: "how" }, t("meaning.compress.how")),
    field(t("meaning.compress.sentence"), "meaning-sentence", text),
  ];
}
