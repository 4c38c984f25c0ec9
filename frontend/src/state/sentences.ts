/** The list of sentences and what arrives for them. Pure. */

import type { Of } from "./messages.ts";
import type { Sentence, State } from "./types.ts";

const HUES = 8;

export function newSentence(id: string, text: string, hue: number): Sentence {
  return {
    id,
    text,
    hue,
    hidden: false,
    special: false,
    status: text.trim() ? "new" : "blank",
    failure: null,
    asked: null,
    request: null,
    tokens: [],
    cut: 0,
    slices: {},
    coming: null,
    shown: null,
  };
}

/** Whether what is on screen answers an older text than the one that was asked for. */
export function isOlder({ shown, asked, tokens }: Sentence) {
  return tokens.length > 0 && shown !== null && asked !== null && shown.text !== asked;
}

/** The hue used least, the first among equals. */
export function freeHue(sentences: Sentence[]) {
  const used = Array.from(
    { length: HUES },
    (_, hue) => sentences.filter((one) => one.hue === hue).length,
  );
  return used.indexOf(Math.min(...used));
}

/** The state with one sentence changed. */
export function withSentence(state: State, id: string, change: (one: Sentence) => Sentence): State {
  let changed = false;
  const sentences = state.sentences.map((one) => {
    if (one.id !== id) return one;
    const next = change(one);
    changed ||= next !== one;
    return next;
  });
  return changed ? { ...state, sentences } : state;
}

export function addSentences(
  state: State,
  list: { text: string; hue?: number; hidden?: boolean; special?: boolean }[],
): State {
  let { serial } = state;
  const sentences = state.sentences.slice();
  for (const { text, hue, hidden = false, special = false } of list) {
    if (sentences.length >= state.limits.sentences) break;
    serial += 1;
    sentences.push({
      ...newSentence(`s${serial}`, text, hue ?? freeHue(sentences)),
      hidden,
      special,
    });
  }
  if (!list.length) return state; // a run without examples
  if (serial === state.serial)
    return {
      ...state,
      notice: { key: "notice.sentences", values: { limit: state.limits.sentences } },
    };
  return { ...state, serial, sentences, active: `s${serial}` };
}

export function editSentence(state: State, { id, text }: Of<"sentence.edit">): State {
  return withSentence(state, id, (one) => {
    if (one.text === text) return one;
    const length = [...text].length;
    const { characters } = state.limits;
    if (!text.trim()) return { ...cleared(one), text, status: "blank" };
    if (length > characters) {
      const failure = { code: "text_too_long", message: "" };
      return { ...cleared(one), text, status: "failed", failure };
    }
    return { ...one, text, failure: null, status: one.tokens.length ? "placing" : "new" };
  });
}

/** Names in angle or square brackets, as models write their special tokens. */
const NAMES = /<[^<>\s]{1,40}>|\[[A-Z]{1,12}\]/;

/** Whether a text may name special tokens, so that a person is asked what is meant. */
export function mayName({ text, special }: Sentence) {
  return special || NAMES.test(text);
}

/** What its names of special tokens mean is another than before: the sentence is asked for anew. */
export function meanOtherwise(state: State, { id }: Of<"sentence.special">): State {
  return withSentence(state, id, (one) => ({ ...one, special: !one.special, asked: null }));
}

function cleared(one: Sentence): Sentence {
  return {
    ...one,
    asked: null,
    request: null,
    tokens: [],
    cut: 0,
    slices: {},
    coming: null,
    shown: null,
    failure: null,
  };
}

export function removeSentence(state: State, { id }: Of<"sentence.remove">): State {
  const sentences = state.sentences.filter((one) => one.id !== id);
  const gone = state.picked?.kind === "sentence" && state.picked.id === id;
  const active = state.active === id ? (sentences.at(-1)?.id ?? null) : state.active;
  return { ...state, sentences, active, ...(gone ? { picked: null, inspection: null } : {}) };
}

/**
 * The tokens of a text: they wait for their first slice, unless the same tokens are on screen.
 * Those of an older text wait too, until newer ones come: a finished picture is better than none.
 */
export function tokensArrived(
  state: State,
  { id, sentence, text, tokens, cut }: Of<"tokens">,
): State {
  return withSentence(state, sentence, (one) => {
    if (one.request === null || id > one.request || id < newestKnown(one)) return one;
    const same =
      tokens.length === one.tokens.length &&
      one.tokens.every((token, i) => token.id === tokens[i].id);
    if (same && id === one.request)
      return { ...one, tokens, cut, coming: null, shown: { request: id, text, late: false } };
    return { ...one, coming: { request: id, text, tokens, cut } };
  });
}

/** The newest request of which anything has come. */
function newestKnown({ coming, shown }: Sentence) {
  return Math.max(coming?.request ?? 0, shown?.request ?? 0);
}

/** A slice: the first of an answer takes the place of what was on screen. */
export function sliceArrived(state: State, { id, sentence, run, slice }: Of<"slice">): State {
  if (run !== state.run) return state;
  return withSentence(state, sentence, (one) => {
    const slices = { [slice.step]: slice };
    if (one.coming?.request === id) {
      const { tokens, cut, text } = one.coming;
      const shown = { request: id, text, late: id !== one.request };
      return { ...one, tokens, cut, slices, coming: null, shown };
    }
    const own = one.request === id && !one.coming;
    if (!own && one.shown?.request !== id) return one;
    return { ...one, slices: { ...one.slices, ...slices } };
  });
}

export function placementDone(state: State, { id, sentence }: Of<"done">): State {
  return withSentence(state, sentence, (one) =>
    one.request === id ? { ...one, status: "placed", coming: null } : one,
  );
}

/** A failure of a sentence; a failure of one of its steps leaves the others. */
export function placementFailed(
  state: State,
  { id, sentence, step, code, message, message_zh }: Of<"error">,
): State {
  return withSentence(state, sentence ?? "", (one) => {
    if (id !== null && id !== undefined && one.request !== id) return one;
    const failure = { code, message, message_zh };
    if (step !== null && step !== undefined) return { ...one, failure };
    return { ...cleared(one), asked: one.asked, text: one.text, status: "failed", failure };
  });
}
