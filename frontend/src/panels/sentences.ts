/**
 * The column at the left: the sentences, each with its hue, its text, and the tokens of the one in
 * hand.
 */

import { h } from "preact";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { failureWords } from "../i18n/language.ts";
import { HUES, css } from "../state/colour/colours.ts";
import { isTyped } from "../state/following.ts";
import type { Dispatch } from "../state/messages.ts";
import { provenWords } from "../state/opening.ts";
import { samplesOf } from "../state/samples.ts";
import { proofsOf } from "../state/seed/proofs.ts";
import type { Proof } from "../state/seed/proofs.ts";
import { isOlder, mayName } from "../state/sentences.ts";
import type { Sentence, State, Words } from "../state/types.ts";
import { foldedParts } from "../state/unfolding.ts";
import { IconButton } from "../ui/button.ts";
import { tokenName } from "../ui/dom.ts";
import { hosted } from "../ui/host.ts";
import { Icon } from "../ui/icon.ts";

export const sentencesPanel = hosted("sentences", sentences);

export function sentences(state: State, t: Words, dispatch: Dispatch) {
  const list = useRef<HTMLOListElement>(null);
  useNewest(state, list);
  const typed = isTyped(state.card);
  const symbols = Boolean(state.card?.reads);
  const add = () => dispatch({ type: "sentence.add", text: "" });
  return h(
    "section",
    { id: "sentences", class: "panel sentences-panel" },
    head(state, t, dispatch),
    h(
      "div",
      { class: typed ? "body" : "body mute", hidden: state.folded.sentences },
      h(
        "ol",
        { class: "sentences scroll", hidden: !typed, ref: list },
        state.sentences.map((one) => h(Row, { key: one.id, one, state, t, dispatch })),
      ),
      h(
        "button",
        {
          type: "button",
          class: "add",
          id: "add-sentence",
          hidden: !typed,
          disabled: state.sentences.length >= state.limits.sentences,
          onClick: add,
        },
        h(Icon, { name: "plus" }),
        h("span", {}, t(addWords(state))),
      ),
      h(
        "p",
        { class: "first-line quiet", hidden: !typed },
        t(symbols ? "first.line.symbols" : "first.line"),
      ),
      h(Samples, { state, t, dispatch }),
      h(
        "p",
        { class: "untyped quiet", id: "untyped", hidden: typed },
        typed ? "" : t("live.untyped"),
      ),
    ),
  );
}

/** What the button that adds a line says: at a first visit it is a box that waits. */
function addWords(state: State) {
  if (state.card?.reads) return "inputs.add";
  return foldedParts(state).includes("sentences") ? "sentences.placeholder" : "sentences.add";
}

/** A sentence that has just been added, still empty, gets the focus. */
function useNewest({ serial, sentences }: State, list: RefObject<HTMLOListElement | null>) {
  const before = useRef(serial);
  useLayoutEffect(() => {
    const added = serial > before.current && sentences.at(-1)?.text === "";
    before.current = serial;
    if (added) list.current?.querySelector<HTMLElement>("li:last-child textarea")?.focus();
  }, [serial]);
}

function head(state: State, t: Words, dispatch: Dispatch) {
  const folded = state.folded.sentences;
  const count = state.sentences.length && isTyped(state.card) ? state.sentences.length : "";
  return h(
    "header",
    {},
    h("h2", {}, t(state.card?.reads ? "inputs.title" : "sentences.title")),
    h("span", { class: "quiet" }, count),
    h(IconButton, {
      id: "fold-sentences",
      icon: folded ? "unfold" : "fold",
      label: t(folded ? "panel.unfold" : "panel.fold"),
      "aria-expanded": !folded,
      onClick: () => dispatch({ type: "fold", panel: "sentences" }),
    }),
  );
}

interface Props {
  state: State;
  t: Words;
  dispatch: Dispatch;
}

interface RowProps extends Props {
  one: Sentence;
}

/** A line of the list. */
function Row({ one, state, t, dispatch }: RowProps) {
  const { id } = one;
  const line = useRef<HTMLLIElement>(null);
  const active = id === state.active;
  useLayoutEffect(() => {
    if (active) line.current?.scrollIntoView({ block: "nearest" });
  }, [one.tokens]);
  const classes = ["sentence", active && "active", one.hidden && "off", isOlder(one) && "older"];
  const status = statusWords(one, state, t);
  return h(
    "li",
    {
      ref: line,
      class: classes.filter(Boolean).join(" "),
      "data-id": id,
      style: { "--hue": css(HUES[state.theme][one.hue]) },
    },
    h("button", {
      type: "button",
      class: "hue",
      title: t("sentences.hue"),
      "aria-label": t("sentences.hue"),
      onClick: () => dispatch({ type: "sentence.hue", id }),
    }),
    h(Text, { one, state, t, dispatch }),
    acts(one, t, dispatch),
    h(
      "button",
      {
        type: "button",
        class: "meant",
        hidden: !active || !mayName(one),
        title: t("sentences.special"),
        "aria-pressed": one.special,
        onClick: () => dispatch({ type: "sentence.special", id }),
      },
      t(one.special ? "sentences.special.on" : "sentences.special.off"),
    ),
    h("p", { class: one.status === "failed" ? "status bad" : "status", hidden: !status }, status),
    tokens(one, state, t, dispatch),
  );
}

function acts({ id, hidden }: Sentence, t: Words, dispatch: Dispatch) {
  return h(
    "span",
    { class: "acts" },
    h(IconButton, {
      class: "button small hide",
      icon: hidden ? "hidden" : "eye",
      label: t(hidden ? "sentences.show" : "sentences.hide"),
      onClick: () => dispatch({ type: "sentence.hide", id }),
    }),
    h(IconButton, {
      class: "button small remove",
      icon: "close",
      label: t("sentences.remove"),
      onClick: () => dispatch({ type: "sentence.remove", id }),
    }),
  );
}

/**
 * The field with the text. What stands in it is the person's: it is written to only where the text
 * is another, so that caret, undo and half-composed letters stay.
 */
function Text({ one: { id, text }, state, t, dispatch }: RowProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  /** Half-composed letters of an input method are no text yet. */
  const composing = useRef(false);
  useLayoutEffect(() => {
    if (!field.current) return;
    if (field.current.value !== text && !composing.current) field.current.value = text;
    if (!CSS.supports("field-sizing", "content")) fitHeight(field.current);
  });
  const edit = () => {
    if (composing.current || !field.current) return;
    dispatch({ type: "sentence.edit", id, text: field.current.value, glide: 350 });
  };
  const { reads } = state.card ?? {};
  return h("textarea", {
    ref: field,
    ...{ rows: 1, spellcheck: false, autocomplete: "off", dir: "auto", class: "text" },
    placeholder: reads?.example || t("sentences.placeholder"),
    "aria-label": reads ? `${t("inputs.text")}: ${readsWords(state)}` : t("sentences.text"),
    onInput: (event: InputEvent) => !event.isComposing && edit(),
    onFocus: () => dispatch({ type: "sentence.activate", id }),
    onBlur: () => field.current && (field.current.scrollTop = 0),
    onKeyDown: left,
    onCompositionStart: () => (composing.current = true),
    onCompositionEnd: () => ((composing.current = false), edit()),
  });
}

/** Enter and Escape leave the field. */
function left(event: KeyboardEvent) {
  if (event.isComposing || !["Escape", "Enter"].includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  (event.currentTarget as HTMLElement).blur();
}

/** A field that does not grow with its text by itself. */
function fitHeight(text: HTMLTextAreaElement) {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

/** What a "sentence" is for a model of symbols, in the language chosen. */
function readsWords({ card, language }: State) {
  return (language === "zh" ? card?.reads?.zh : card?.reads?.en) ?? "";
}

/** The signs that a refusal names, as they stand between two quotes. */
function unread(message: string, language: State["language"]) {
  const named = [...message.matchAll(/“([^”]*)”/g)].map(([, sign]) => sign);
  return named.join(language === "zh" ? "”、“" : "”, “");
}

function statusWords(one: Sentence, state: State, t: Words) {
  const symbol = unread(one.failure?.message ?? "", state.language) || one.text;
  if (one.failure?.code === "busy") return t("sentences.busy"); // sent again by itself
  if (one.failure)
    return failureWords(t, one.failure, {
      limit: state.limits.characters,
      length: [...one.text].length,
      symbol,
      reads: readsWords(state),
    });
  if (one.status === "blank" && state.card?.reads)
    return one.id === state.active ? t("inputs.blank", { reads: readsWords(state) }) : "";
  if (one.status === "blank") return one.id === state.active ? t("sentences.blank") : "";
  if (state.connection === "lost" && one.asked !== one.text) return t("sentences.waiting");
  if (one.cut > 0) return t("sentences.cut", { cut: one.cut, limit: one.tokens.length });
  return "";
}

/** The tokens of the sentence in hand, each a button that picks it. */
function tokens(one: Sentence, { active, picked }: State, t: Words, dispatch: Dispatch) {
  const open = one.id === active && one.tokens.length > 0;
  const own = picked?.kind === "sentence" && picked.id === one.id ? picked.token : -1;
  const chips = one.tokens.map(({ text, piece = 0, pieces = 1 }, token) => {
    const pick = () => dispatch({ type: "pick", pick: { kind: "sentence", id: one.id, token } });
    return h(
      "button",
      { key: token, type: "button", class: "token", "aria-pressed": token === own, onClick: pick },
      tokenName(pieces > 1 ? `${text}${"·".repeat(piece + 1)}` : text),
    );
  });
  const older = isOlder(one) && t("sentences.older", { text: one.shown?.text ?? "" });
  return h(
    "div",
    { class: "tokens", role: "group", "aria-label": t("sentences.tokens"), hidden: !open },
    open && [chips, older && h("span", { class: "older-words", role: "status" }, older)],
  );
}

/** Whether nothing has been typed. */
function isEmpty(state: State) {
  return state.card !== null && state.sentences.every((one) => !one.text.trim());
}

/**
 * Sentences to begin with; symbols lie open, as they are hard to guess, and with nothing typed yet
 * three sentences to try stand open.
 */
function Samples({ state, t, dispatch }: Props) {
  const { card, language } = state;
  const list = useRef<HTMLDetailsElement>(null);
  const symbols = Boolean(card?.reads);
  const examples = samplesOf(state);
  const empty = isEmpty(state);
  useLayoutEffect(() => {
    if (!symbols && list.current) list.current.open = empty;
  }, [empty]);
  useLayoutEffect(() => {
    if (symbols && list.current) list.current.open = true;
  }, [card, language]);
  const lines = examples.map((example) => {
    const note = (language === "zh" ? example.note_zh : example.note_en) ?? "";
    const add = () => tried(example.text, state, dispatch);
    return h(
      "li",
      { key: example.text },
      h(
        "button",
        { type: "button", class: "sample", onClick: add },
        h("span", {}, example.text),
        note && h("span", { class: "quiet" }, note),
      ),
    );
  });
  return h(
    "details",
    {
      class: ["samples", symbols && "chips", empty && "inviting"].filter(Boolean).join(" "),
      hidden: !isTyped(card) || !examples.length,
      ref: list,
    },
    h("summary", { hidden: symbols }, t(symbols ? "inputs.samples" : "sentences.samples")),
    h("p", { class: "try quiet" }, t("sentences.try")),
    h("ul", { class: "scroll" }, lines, proofsDrawn(state, t, dispatch)),
  );
}

/** An example takes the place of a line that is still empty, else stands below the others. */
function tried(text: string, state: State, dispatch: Dispatch) {
  const blank = state.sentences.find((one) => !one.text.trim());
  if (blank) dispatch({ type: "sentence.edit", id: blank.id, text, glide: 350 });
  else dispatch({ type: "sentence.add", text });
}

/** The way to the cards that the notes rest on. */
function proofsDrawn(state: State, t: Words, dispatch: Dispatch) {
  const proofs = proofsOf(state);
  if (!proofs.length) return null;
  const open = ({ of, id }: Proof) =>
    of === "seed"
      ? dispatch({ type: "seed.choose", card: id })
      : dispatch({ type: "claims.open", id });
  const lead = (one: Proof) =>
    h(
      "button",
      { key: `${one.of} ${one.id}`, type: "button", class: "proof", onClick: () => open(one) },
      provenWords(state, one).title,
    );
  return h("li", { class: "proofs quiet" }, t("notes.proof"), " ", proofs.map(lead));
}
