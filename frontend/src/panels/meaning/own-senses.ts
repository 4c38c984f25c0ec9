/** A word of one's own: its sentences typed, or found where a column of the reference parts it. */

import { className } from "../../i18n/language.ts";
import type { MeaningForm } from "../../state/meaning/types.ts";
import type { State, Words } from "../../state/types.ts";
import { h } from "preact";
import type { Tree } from "../../ui/host.ts";
import { Select } from "../../ui/select.ts";
import { field, labelWords, typed } from "./fields.ts";

type Set = (fields: Partial<MeaningForm>) => void;

export function ownSensesForm(state: State, t: Words, set: Set): Tree[] {
  const { form } = state.meaning;
  const word = typed({
    id: "meaning-own-word",
    value: form.ownWord,
    set: (ownWord) => set({ ownWord }),
  });
  const control = typed({
    id: "meaning-own-control",
    value: form.ownControl,
    placeholder: t("meaning.senses.control.default"),
    set: (ownControl) => set({ ownControl }),
  });
  return [
    field(t("meaning.senses.word"), "meaning-own-word", word),
    field(t("meaning.senses.control.word"), "meaning-own-control", control),
    field(t("meaning.senses.column"), "meaning-own-column", column(state, t, set)),
    ...(form.ownColumn ? classes(state, t, set) : sentences(form, t, set)),
  ];
}

function offeredLabels(state: State): { name: string; names: string[] }[] {
  return (state.meaning.sets?.answer.labels ?? []).filter((one: any) => one.names?.length > 1);
}

function column(state: State, t: Words, set: Set): Tree {
  const labels = offeredLabels(state);
  return h(Select, {
    id: "meaning-own-column",
    value: state.meaning.form.ownColumn,
    options: [
      { value: "", words: t("meaning.senses.typed") },
      ...labels.map(({ name }) => ({
        value: name,
        words: t("meaning.senses.by", { name: labelWords(t, name) }),
      })),
    ],
    onChoose: (ownColumn) => set({ ownColumn, ownFirstClass: "", ownSecondClass: "" }),
  });
}

function classes(state: State, t: Words, set: Set): Tree[] {
  const { form } = state.meaning;
  const names = offeredLabels(state).find(({ name }) => name === form.ownColumn)?.names ?? [];
  const options = [
    { value: "", words: t("meaning.senses.frequent") },
    ...names.map((value) => ({ value, words: className(value, t) })),
  ];
  return (["ownFirstClass", "ownSecondClass"] as const).map((which, at) => {
    const id = `meaning-own-class-${at}`;
    const choice = h(Select, {
      id,
      value: form[which],
      options,
      onChoose: (value) => set({ [which]: value }),
    });
    return field(t(`meaning.senses.class.${at}`), id, choice);
  });
}

function sentences(form: MeaningForm, t: Words, set: Set): Tree[] {
  const first = typed({
    id: "meaning-own-first",
    value: form.ownFirst,
    rows: 4,
    placeholder: t("meaning.senses.placeholder"),
    set: (ownFirst) => set({ ownFirst }),
  });
  const second = typed({
    id: "meaning-own-second",
    value: form.ownSecond,
    rows: 4,
    set: (ownSecond) => set({ ownSecond }),
  });
  return [
    field(t("meaning.senses.first"), "meaning-own-first", first),
    field(t("meaning.senses.second"), "meaning-own-second", second),
  ];
}
