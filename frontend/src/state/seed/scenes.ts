/** What each chapter of the lesson shows when a person tries it, on any run. Pure. */

import { homeSite } from "../sites.ts";
import type { Card, Shelf, View } from "../types.ts";

/** A chapter's picture: a link's view, and what is played in it. */
export interface Scene {
  view: View;
  play?: "layers" | "steps";
}

/** Sentences that a chapter looks at, for models of English and of verse. */
interface Texts {
  english: string[];
  verse: string[];
}

const ONE: Texts = {
  english: ["The old sailor told the boy a story."],
  verse: ["床前明月光，疑是地上霜。"],
};
const VERBS: Texts = {
  english: ["The boys who saw the dog were happy."],
  verse: ["白日依山尽，黄河入海流。"],
};
const SENSES: Texts = {
  english: ["She sat on the bank of the river.", "The money is in the bank."],
  verse: ["举头望明月，低头思故乡。", "明月松间照，清泉石上流。"],
};
const EDGE: Texts = {
  english: ["She gave the little dog a bone.", "bone little gave a dog the She"],
  verse: ["两个黄鹂鸣翠柳，一行白鹭上青天。", "鹂青两鹭翠个鸣行黄，白天柳上一。"],
};

/** The sentences that suit a run: its own examples where it reads symbols. */
function shelf(card: Card, { english, verse }: Texts): Shelf {
  const own = card.examples.map(({ text }) => text);
  const han = /\p{Script=Han}/u.test(own[0] ?? "");
  const list = card.reads ? own.slice(0, english.length) : han ? verse : english;
  return list.map((text, hue) => ({ text, hue, hidden: false }));
}

const last = (card: Card) => card.steps.at(-1) ?? 0;
const home = (card: Card) => card.sites[homeSite(card.sites)];
const first = (card: Card, part: "mid" | "post") =>
  card.sites.find((name) => name.endsWith(`.${part}`)) ?? card.sites[0];

/** The scenes of the chapters, in their order. */
const SCENES: ((card: Card) => Scene)[] = [
  (card) => ({ view: { step: last(card), site: card.sites[0], sentences: shelf(card, ONE) } }),
  (card) => ({
    view: {
      step: last(card),
      site: first(card, "mid"),
      sentences: shelf(card, VERBS),
      inside: "attention",
    },
  }),
  (card) => ({
    view: { step: last(card), site: card.sites[0], sentences: shelf(card, ONE) },
    play: "layers",
  }),
  (card) => ({
    view: { step: last(card), site: home(card), sentences: shelf(card, ONE), inside: "ablation" },
  }),
  (card) => ({
    view: {
      step: card.steps[Math.min(card.steps.length - 1, Math.ceil(card.steps.length / 3))],
      site: home(card),
      sentences: shelf(card, ONE),
      inside: "gradients",
    },
  }),
  (card) => ({
    view: {
      step: last(card),
      site: home(card),
      sentences: shelf(card, ONE),
      inside: "optimizer-step",
    },
  }),
  (card) => ({
    view: {
      step: card.steps[0],
      site: card.sites.at(-1),
      measure: "participation_ratio",
      curves: true,
    },
    play: "steps",
  }),
  (card) => ({
    view: { step: last(card), site: card.sites[0], sentences: shelf(card, SENSES) },
    play: "layers",
  }),
  (card) => ({
    view: {
      step: last(card),
      site: home(card),
      sentences: shelf(card, EDGE),
      colour: "trust",
    },
  }),
  (card) => ({ view: { step: last(card), site: home(card), sentences: shelf(card, SENSES) } }),
];

export const CHAPTERS = SCENES.length;

/** The picture of a chapter, from 1, on a run. */
export function sceneOf(chapter: number, card: Card): Scene {
  return SCENES[chapter - 1](card);
}
