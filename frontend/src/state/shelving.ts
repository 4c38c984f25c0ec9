/**
 * Sentences when the run changes: those of another language are kept aside, and come back with it.
 * Pure.
 */

import { addSentences } from "./sentences.ts";
import { homeSite } from "./sites.ts";
import type { Card, State } from "./types.ts";

/** What sentences for a run are written in: "" for text, else the task whose symbols it reads. */
export function languageOf(card: Card) {
  return card.reads ? (card.task?.name ?? card.name) : "";
}

/** The task of a run with a known shape, "" for others. */
export function taskOf(card: Card | null) {
  return card?.task?.name ?? "";
}

/**
 * The state with sentences that the run of the card can read: its own from before, else its first
 * examples.
 */
export function rewritten(state: State, card: Card): State {
  const language = languageOf(card);
  if (language === state.writtenFor) return state;
  const kept = state.sentences.map(({ text, hue, hidden, special }) => ({
    text,
    hue,
    hidden,
    special,
  }));
  const shelved = { ...state.shelved, [state.writtenFor]: kept };
  const back = state.shelved[language];
  const list = back?.length
    ? back
    : kept.length
      ? card.examples.slice(0, 2).map(({ text }, hue) => ({ text, hue }))
      : [];
  const bare = { ...state, writtenFor: language, shelved, sentences: [], active: null };
  return list.length ? addSentences(bare, list) : bare;
}

/**
 * The site a run opens at: where its shape is clearest, for residues the embedding, for other tasks
 * the last; else past the middle.
 */
export function openingSite(card: Card) {
  if (!card.task) return homeSite(card.sites);
  return card.task.name === "modular-addition" ? 0 : card.sites.length - 1;
}

/** The projection a run opens with: the plane that its task names, else the aligned UMAP. */
export function openingProjection(card: Card) {
  const named = card.task ? card.projections?.find((one) => one.kind === "basis") : null;
  return named?.name ?? "umap";
}
