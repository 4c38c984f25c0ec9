/** What each section asks of the server, without its steps. Pure. */

import { changesOf } from "./changes.ts";
import type { State } from "../types.ts";
import type { MeaningForm, MeaningSection } from "./types.ts";

type Fields = Record<string, unknown>;

/** Lines that say something. */
export function linesOf(text: string) {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

/** Pairs of words, one a line: parted by a blank, a comma, a dash. */
export function pairsOf(text: string): [string, string][] {
  return linesOf(text).flatMap((line) => {
    const words = line.split(/\s*[,，\t–—:：]\s*|\s+/).filter(Boolean);
    return words.length === 2 ? [[words[0], words[1]] as [string, string]] : [];
  });
}

const TERMS = /[\s,，]+/;

/** man : king :: woman : queen, however it is parted. */
export function termsOf(text: string) {
  const terms = text.split(TERMS).filter((one) => one && !/^[-+−=:]+$/.test(one));
  return terms.length === 3 || terms.length === 4 ? terms : [];
}

const ASKED: Record<MeaningSection, (form: MeaningForm, state: State) => Fields | null> = {
  senses: (form) => (form.word ? { words: [form.word], shown: form.word } : ownSenses(form)),
  axes(form) {
    const analogy = termsOf(form.analogy);
    if (form.list) return { lists: [form.list], analogy };
    const pairs = pairsOf(form.ownPairs);
    return pairs.length ? { lists: [], pairs, analogy } : null;
  },
  path: ({ start, end, points }, state) =>
    start.trim() && end.trim()
      ? { start: start.trim(), end: end.trim(), site: siteOf(state), points }
      : null,
  probe: ({ label, tagged }) =>
    label ? { label } : tagged.trim() ? { label: "source", tagged } : null,
  regions: ({ least }, state) => ({ site: siteOf(state), least }),
  ood: ({ otherText }, state) => ({
    texts: otherText.trim() ? { [nameOfOwn(state)]: otherText } : {},
  }),
  attack: ({ attacked }, state) => {
    const text = attacked.trim() || (state.sentences[0]?.text.trim() ?? "");
    return text ? { text, site: siteOf(state) } : null;
  },
  compress({ changes, sentence }, state) {
    const list = changesOf(changes);
    const text = sentence.trim() || (state.sentences[0]?.text.trim() ?? "");
    return list.length ? { changes: list, sentence: text } : null;
  },
};

function ownSenses(form: MeaningForm): Fields | null {
  const [first, second] = [linesOf(form.ownFirst), linesOf(form.ownSecond)];
  const word = form.ownWord.trim();
  const control = form.ownControl.trim() || null;
  const { ownColumn: column, ownFirstClass, ownSecondClass } = form;
  const between = [ownFirstClass, ownSecondClass].filter(Boolean);
  if (word && column)
    return {
      words: [],
      own: { word, control, column, between: between.length === 2 ? between : [] },
      shown: word,
    };
  if (!word || !first.length || !second.length) return null;
  return { words: [], own: { word, control, senses: { A: first, B: second } }, shown: word };
}

function nameOfOwn({ language }: State) {
  return language === "zh" ? "自己的文字" : "own text";
}

function siteOf(state: State) {
  return state.card?.sites[Math.round(state.site)] ?? null;
}

/** The question of a section; null where something is still missing. */
export function questionOf(state: State, section: MeaningSection): Fields | null {
  const found = ASKED[section](state.meaning.form, state);
  return found && { type: section, run: state.run, projection: state.projection, ...found };
}
