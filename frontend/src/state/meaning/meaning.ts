/** Measuring meaning: what is open, chosen, asked and answered. Pure. */

import { failureIn } from "../../protocol/failure.ts";
import type { Failure } from "../../protocol/failure.ts";
import { shownOnAxes } from "./on-axes.ts";
import { questionOf } from "./questions.ts";
import { sectionShown } from "../drawer.ts";
import { outward } from "../sites.ts";
import { stepNumber } from "../state.ts";
import { SECTIONS } from "./types.ts";
import type { Handlers, Kind, Of } from "../messages.ts";
import type { Look, State } from "../types.ts";
import type { Asking, Meaning, MeaningForm, MeaningSection, Measured } from "./types.ts";

export const EMPTY_MEANING: Meaning = {
  section: "senses",
  form: {
    word: "bank",
    ownWord: "",
    ownControl: "",
    ownFirst: "",
    ownSecond: "",
    ownColumn: "",
    ownFirstClass: "",
    ownSecondClass: "",
    list: "gender",
    ownPairs: "",
    analogy: "man king woman queen",
    product: "plain",
    second: "",
    third: "",
    start: "cat",
    end: "dog",
    way: "geodesic",
    points: 32,
    label: "source",
    shown: "hit",
    tagged: "",
    least: 10,
    kind: "shuffled",
    otherText: "",
    attacked: "",
    changes: "bits=8, bits=4, bits=3, sparsity=0.5",
    sentence: "",
  },
  sets: null,
  setsAsked: null,
  measured: {},
  asking: {},
  troubles: {},
  wish: null,
  scene: true,
};

/** What is measured as soon as it is looked at: it takes a second or two. */
const AT_ONCE: readonly MeaningSection[] = ["senses", "axes"];

export function withMeaning(state: State, fields: Partial<Meaning>): State {
  return { ...state, meaning: { ...state.meaning, ...fields } };
}

/** Whether the panel is on the page: another takes its place for a while. */
export function meaningShown(state: State) {
  return sectionShown(state) === "meaning";
}

export const MEANING: Handlers<Exclude<Extract<Kind, `meaning.${string}`>, "meaning.toggle">> = {
  "meaning.section": (state, { section }) => withMeaning(state, { section }),
  "meaning.scene": (state, { on }) => withMeaning(state, { scene: on }),
  "meaning.form": (state, { type, glide, ...fields }) =>
    withMeaning(state, {
      form: { ...state.meaning.form, ...fields },
      troubles: without(state.meaning.troubles, state.meaning.section),
    }),
  "meaning.project": (state, { keys }) => shownOnAxes(state, keys),
  "meaning.measure": (state, { all }) =>
    withMeaning(state, {
      wish: { section: state.meaning.section, all },
      troubles: without(state.meaning.troubles, state.meaning.section),
    }),
  "meaning.sets.asked": (state, { id }) => withMeaning(state, { setsAsked: id }),
  "meaning.asked": (state, { section, id, key, steps }) =>
    withMeaning(state, {
      wish: null,
      asking: { ...state.meaning.asking, [section]: { id, key, steps, done: 0, share: 0 } },
      troubles: without(state.meaning.troubles, section),
    }),
  "meaning.stop": (state) =>
    withMeaning(state, { asking: without(state.meaning.asking, state.meaning.section) }),
};

function without<T extends object>(record: T, name: keyof T): T {
  const { [name]: _, ...rest } = record;
  return rest as T;
}

/** Nothing that was measured of another run is kept. */
export function meaningOfNoRun(meaning: Meaning): Meaning {
  return { ...meaning, sets: null, setsAsked: null, measured: {}, asking: {}, troubles: {} };
}

export function isMeaning(kind: string): kind is MeaningSection | "meaning_sets" {
  return kind === "meaning_sets" || (SECTIONS as readonly string[]).includes(kind);
}

/** The state once an answer has come: a step of what is being measured. */
export function meaningHeard(state: State, look: Look): State {
  const { meaning } = state;
  if (look.kind === "meaning_sets")
    return meaning.setsAsked === look.id
      ? withMeaning(state, { sets: look, form: fitting(state, look) })
      : state;
  const section = look.kind as MeaningSection;
  const asked = meaning.asking[section];
  if (asked?.id !== look.id) return state;
  const before = meaning.measured[section];
  const same = before?.key === asked.key && before.run === look.run;
  const measured: Measured = {
    key: asked.key,
    run: look.run,
    parts: { ...(same ? before.parts : {}), [look.answer.step]: look },
  };
  const over = look.answer.done >= asked.steps.length;
  const asking = over
    ? without(meaning.asking, section)
    : { ...meaning.asking, [section]: { ...asked, done: look.answer.done } };
  return withMeaning(state, { measured: { ...meaning.measured, [section]: measured }, asking });
}

/** The state once the server has said how far an answer is; the same where nobody waits for it. */
export function meaningShared(state: State, { id, share }: Of<"measuring">): State {
  const { asking } = state.meaning;
  const section = SECTIONS.find((one) => asking[one]?.id === id);
  const asked = section && asking[section];
  if (!section || !asked) return state;
  return withMeaning(state, { asking: { ...asking, [section]: { ...asked, share } } });
}

/** What is written into the fields at first, by the language of a run's texts. */
const AT_FIRST: Record<string, Partial<MeaningForm>> = {
  en: { analogy: EMPTY_MEANING.form.analogy, start: "cat", end: "dog" },
  zh: { analogy: "男人 国王 女人 王后", start: "春", end: "秋" },
};

/** What is chosen, in the language that the run is in (else the page's): a word and a list of it
 * where those chosen are of another; what nobody has written is written in it. */
function fitting({ meaning, language }: State, { answer }: Look): MeaningForm {
  const { form } = meaning;
  const wanted: string = answer.language || language;
  const fits = (one: any) => one.language === wanted;
  const word = pick(answer.senses, "word", form.word, fits);
  const list = pick(answer.axes, "name", form.list, fits);
  const first = AT_FIRST[wanted] ?? {};
  const written = (["analogy", "start", "end"] as const).filter((name) =>
    Object.values(AT_FIRST).some((one) => one[name] === form[name]),
  );
  const fresh = Object.fromEntries(written.map((name) => [name, first[name] ?? form[name]]));
  return { ...form, word, list, ...fresh };
}

/** The one chosen where it fits or is a person's own, else the first that does. */
function pick(offered: any[], name: string, chosen: string, fits: (one: any) => boolean): string {
  const here = offered.find((one) => one[name] === chosen);
  if (!here || fits(here)) return chosen;
  return offered.find(fits)?.[name] ?? chosen;
}

/** The state once a question has been refused; the same where the id is none of ours. */
export function meaningFailed(
  state: State,
  { id, ...failure }: Failure & { id?: number | null },
): State {
  const { asking, troubles, setsAsked } = state.meaning;
  if (id === setsAsked && id !== null) return state;
  const section = SECTIONS.find((one) => asking[one]?.id === id);
  if (!section) return state;
  return withMeaning(state, {
    asking: without(asking, section),
    troubles: { ...troubles, [section]: failureIn(failure) },
  });
}

/** What is being measured of the open section. */
export function askingNow({ meaning }: State): Asking | null {
  return meaning.asking[meaning.section] ?? null;
}

/** What has been measured of the open section; `fresh`: of what is chosen now. */
export function measuredNow(state: State): { parts: Record<number, Look>; fresh: boolean } {
  const found = state.meaning.measured[state.meaning.section];
  const fresh = found?.key === keyOf(state) && found?.run === state.run;
  return { parts: found?.run === state.run ? found.parts : {}, fresh };
}

/** The part of the step on screen; null where it has not been measured. */
export function partHere(state: State): Look | null {
  return measuredNow(state).parts[stepNumber(state)] ?? null;
}

/** What two questions with one key have in common: all but the steps. */
export function keyOf(state: State): string | null {
  const question = questionOf(state, state.meaning.section);
  return question ? JSON.stringify(question) : null;
}

/** The question that is to be sent now, with its key; null where there is nothing to ask. */
export function wantedMeaning(state: State) {
  const { meaning, card } = state;
  if (!meaningShown(state) || !card || state.connection !== "open" || state.playing) return null;
  const section = meaning.section;
  const key = keyOf(state);
  if (!key) return null;
  const wish = meaning.wish?.section === section ? meaning.wish : null;
  const here = stepNumber(state);
  const { parts, fresh } = measuredNow(state);
  const known = (step: number) => fresh && parts[step] !== undefined;
  const order = wish?.all
    ? outward(card.steps.length, Math.round(state.step)).map((at) => card.steps[at])
    : [here];
  const steps = order.filter((step) => !known(step));
  const asked = meaning.asking[section];
  const under = asked?.key === key && asked.steps.includes(here);
  const alone = !wish && (under || meaning.troubles[section] || !chosen(state));
  return !steps.length || alone ? null : { section, key, steps };
}

/** Whether it is measured as soon as it is looked at: what is bundled, and does not take long. */
function chosen({ meaning }: State) {
  const { section, form, sets } = meaning;
  if (!sets || !AT_ONCE.includes(section)) return false;
  return section === "senses" ? form.word !== "" : form.list !== "";
}
