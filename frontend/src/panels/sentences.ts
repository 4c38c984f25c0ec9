/**
 * The column at the left: the sentences, each with its hue, its text, and the tokens of the one in
 * hand.
 */

import { HUES, css } from "../state/colour/colours.ts";
import { fill, h, icon, iconButton, relabel, visible } from "../ui/dom.ts";
import { isTyped } from "../state/following.ts";
import { failureWords } from "../i18n/language.ts";
import { isOlder, mayName } from "../state/sentences.ts";
import { provenWords } from "../state/opening.ts";
import { proofsOf } from "../state/seed/proofs.ts";
import { sentenceOf } from "../state/state.ts";
import type { Dispatch } from "../state/messages.ts";
import type { Proof } from "../state/seed/proofs.ts";
import type { Sentence, State, Words } from "../state/types.ts";

export function sentencesPanel(column: HTMLElement, dispatch: Dispatch) {
  const title = h("h2", {});
  const count = h("span", { class: "quiet" });
  const fold = iconButton("fold", "", () => dispatch({ type: "fold", panel: "sentences" }), {
    id: "fold-sentences",
  });
  const list = h("ol", { class: "sentences scroll" });
  const add = h("button", {
    type: "button",
    class: "add",
    id: "add-sentence",
    onclick: () => dispatch({ type: "sentence.add", text: "" }),
  });
  const samples = h("details", { class: "samples" });
  const untyped = h("p", { class: "untyped quiet", id: "untyped" });
  const line = h("p", { class: "first-line quiet" });
  const body = h("div", { class: "body" }, list, line, add, samples, untyped);
  column.append(
    h("section", { class: "panel sentences-panel" }, h("header", {}, title, count, fold), body),
  );
  const rows: Map<string, ReturnType<typeof row>> = new Map();
  let now: State | null = null;

  return {
    update(state: State, t: Words, previous: State | null) {
      now = state;
      const symbols = Boolean(state.card?.reads);
      title.textContent = t(symbols ? "inputs.title" : "sentences.title");
      const typed = isTyped(state.card);
      body.classList.toggle("mute", !typed);
      untyped.hidden = typed;
      untyped.textContent = typed ? "" : t("live.untyped");
      line.textContent = t("first.line");
      line.hidden = symbols || !typed;
      count.textContent = state.sentences.length && typed ? String(state.sentences.length) : "";
      body.hidden = state.folded.sentences;
      relabel(
        fold,
        state.folded.sentences ? "unfold" : "fold",
        t(state.folded.sentences ? "panel.unfold" : "panel.fold"),
      );
      fold.setAttribute("aria-expanded", String(!state.folded.sentences));
      fill(add, icon("plus"), h("span", {}, t(symbols ? "inputs.add" : "sentences.add")));
      add.disabled = state.sentences.length >= state.limits.sentences;
      showRows(state, t);
      const newest = state.sentences.at(-1);
      const active = sentenceOf(state, state.active);
      if (previous && active && active.tokens !== sentenceOf(previous, active.id)?.tokens)
        rows.get(active.id)?.element.scrollIntoView({ block: "nearest" });
      if (previous && state.serial > previous.serial && newest?.text === "")
        rows.get(newest.id)?.focus();
      const noted = ["card", "language", "claims", "seed"] as const;
      if (noted.some((name) => state[name] !== previous?.[name]))
        showSamples(state, t, samples, (text) => tried(text, dispatch), dispatch);
      samples.hidden = !typed || !state.card?.examples.length;
      invite(state, previous);
      list.hidden = !typed;
      add.hidden = !typed;
    },
  };

  /** An example takes the place of a line that is still empty, else stands below the others. */
  function tried(text: string, dispatch: Dispatch) {
    const blank = now?.sentences.find((one) => !one.text.trim());
    if (blank) dispatch({ type: "sentence.edit", id: blank.id, text, glide: 350 });
    else dispatch({ type: "sentence.add", text });
  }

  /** With nothing typed yet, three sentences to try stand open. */
  function invite(state: State, previous: State | null) {
    const empty = isEmpty(state);
    samples.classList.toggle("inviting", empty);
    if (!state.card?.reads && (!previous || empty !== isEmpty(previous))) samples.open = empty;
  }

  function showRows(state: State, t: Words) {
    const present = new Set(state.sentences.map((one) => one.id));
    for (const [id, one] of rows) {
      if (present.has(id)) continue;
      one.element.remove();
      rows.delete(id);
    }
    for (const sentence of state.sentences) {
      let one = rows.get(sentence.id);
      if (!one) {
        one = row(sentence, dispatch);
        rows.set(sentence.id, one);
        list.append(one.element);
      }
      one.update(sentence, state, t);
    }
  }
}

/** Whether a text field grows with its text by itself. */
const GROWS = CSS.supports("field-sizing", "content");

function fitHeight(text: HTMLTextAreaElement) {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

/** A line of the list. */
function row(first: Sentence, dispatch: Dispatch) {
  const { id } = first;
  const hue = h("button", {
    type: "button",
    class: "hue",
    onclick: () => dispatch({ type: "sentence.hue", id }),
  });
  const text = h("textarea", {
    rows: "1",
    spellcheck: "false",
    autocomplete: "off",
    dir: "auto",
    class: "text",
  });
  const hide = iconButton("eye", "", () => dispatch({ type: "sentence.hide", id }), {
    class: "button small hide",
  });
  const remove = iconButton("close", "", () => dispatch({ type: "sentence.remove", id }), {
    class: "button small remove",
  });
  const meant = h("button", {
    type: "button",
    class: "meant",
    onclick: () => dispatch({ type: "sentence.special", id }),
  });
  const status = h("p", { class: "status" });
  const tokens = h("div", { class: "tokens", role: "group" });
  const element = h(
    "li",
    { class: "sentence", "data-id": id },
    hue,
    text,
    h("span", { class: "acts" }, hide, remove),
    meant,
    status,
    tokens,
  );
  const edit = () => dispatch({ type: "sentence.edit", id, text: text.value, glide: 350 });
  // half-composed letters of an input method are no text yet
  let composing = false;
  text.addEventListener("compositionstart", () => (composing = true));
  text.addEventListener("compositionend", () => {
    composing = false;
    edit();
  });
  text.addEventListener("input", (event) => {
    if (!composing && !(event as InputEvent).isComposing) edit();
  });
  text.addEventListener("blur", () => (text.scrollTop = 0));
  text.addEventListener("focus", () => dispatch({ type: "sentence.activate", id }));
  text.addEventListener("keydown", (event) => {
    if (!event.isComposing && ["Escape", "Enter"].includes(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      text.blur();
    }
  });
  let shown = "";

  return {
    element,
    focus: () => text.focus(),
    update(one: Sentence, state: State, t: Words) {
      const rgb = HUES[state.theme][one.hue];
      element.style.setProperty("--hue", css(rgb));
      element.classList.toggle("active", one.id === state.active);
      element.classList.toggle("off", one.hidden);
      if (text.value !== one.text && !composing) text.value = one.text;
      if (!GROWS) fitHeight(text);
      text.placeholder = state.card?.reads?.example || t("sentences.placeholder");
      text.setAttribute(
        "aria-label",
        state.card?.reads ? `${t("inputs.text")}: ${readsWords(state)}` : t("sentences.text"),
      );
      hue.title = t("sentences.hue");
      hue.setAttribute("aria-label", t("sentences.hue"));
      relabel(
        hide,
        one.hidden ? "hidden" : "eye",
        t(one.hidden ? "sentences.show" : "sentences.hide"),
      );
      relabel(remove, "close", t("sentences.remove"));
      meant.hidden = one.id !== state.active || !mayName(one);
      meant.textContent = t(one.special ? "sentences.special.on" : "sentences.special.off");
      meant.setAttribute("aria-pressed", String(one.special));
      meant.title = t("sentences.special");
      status.textContent = statusWords(one, state, t);
      status.hidden = !status.textContent;
      status.classList.toggle("bad", one.status === "failed");
      const key = JSON.stringify([
        one.id === state.active && one.tokens,
        state.picked,
        state.language,
        isOlder(one),
      ]);
      element.classList.toggle("older", isOlder(one));
      if (key !== shown) showTokens(tokens, one, state, t, dispatch);
      shown = key;
    },
  };
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
function showTokens(root: HTMLElement, one: Sentence, state: State, t: Words, dispatch: Dispatch) {
  const open = one.id === state.active && one.tokens.length > 0;
  root.hidden = !open;
  root.setAttribute("aria-label", t("sentences.tokens"));
  if (!open) return fill(root);
  const { picked } = state;
  const chips = one.tokens.map((token, index) => {
    const chosen = picked?.kind === "sentence" && picked.id === one.id && picked.token === index;
    const text =
      (token.pieces ?? 1) > 1 ? `${token.text}${"·".repeat((token.piece ?? 0) + 1)}` : token.text;
    const pick = () =>
      dispatch({ type: "pick", pick: { kind: "sentence", id: one.id, token: index } });
    return h(
      "button",
      { type: "button", class: "token", "aria-pressed": chosen, onclick: pick },
      visible(text).trim() || "␣",
    );
  });
  const older = isOlder(one) && t("sentences.older", { text: one.shown?.text ?? "" });
  fill(root, ...chips, older && h("span", { class: "older-words", role: "status" }, older));
}

/** Whether nothing has been typed. */
function isEmpty(state: State) {
  return state.card !== null && state.sentences.every((one) => !one.text.trim());
}

function showSamples(
  state: State,
  t: Words,
  samples: HTMLElement,
  choose: (text: string) => void,
  dispatch: Dispatch,
) {
  const examples = state.card?.examples ?? [];
  const lines = examples.map((example) => {
    const note = (state.language === "zh" ? example.note_zh : example.note_en) ?? "";
    const add = () => choose(example.text);
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "sample", onclick: add },
        h("span", {}, example.text),
        note ? h("span", { class: "quiet" }, note) : null,
      ),
    );
  });
  const symbols = Boolean(state.card?.reads);
  samples.classList.toggle("chips", symbols);
  if (symbols) samples.setAttribute("open", "");
  fill(
    samples,
    h("summary", { hidden: symbols }, t(symbols ? "inputs.samples" : "sentences.samples")),
    h("p", { class: "try quiet" }, t("sentences.try")),
    h("ul", { class: "scroll" }, ...lines, proofsDrawn(state, t, dispatch)),
  );
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
      { type: "button", class: "proof", onclick: () => open(one) },
      provenWords(state, one).title,
    );
  return h("li", { class: "proofs quiet" }, t("notes.proof"), " ", ...proofs.map(lead));
}
