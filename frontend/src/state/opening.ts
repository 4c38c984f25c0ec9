/**
 * What the first ten seconds may say of a run: only what a card bears out, with the card's number.
 * Pure.
 */

import { isTyped } from "./following.ts";
import { taskOf } from "./shelving.ts";
import type { Caption, Card, Claim, RunEntry, SeedCard, State } from "./types.ts";

/** A card that bears something out: of the seed, or a published result. */
type Proof = NonNullable<Caption["card"]>;

/** The published results that the opening of a task, or of a run, speaks of when they hold. */
const SPOKEN: Record<string, { at: "train" | "layers" | "end"; key: string; needs: string[] }[]> = {
  "modular-addition": [
    { at: "train", key: "tour.circle", needs: ["circle", "memorised", "understood"] },
  ],
  "belief-simplex": [{ at: "train", key: "tour.belief", needs: ["belief-leading"] }],
  induction: [{ at: "train", key: "tour.induction", needs: ["induction-head"] }],
  poet: [
    { at: "train", key: "tour.verse.lines", needs: ["line-ends"] },
    { at: "layers", key: "tour.verse.tones", needs: ["tones"] },
    { at: "end", key: "tour.verse.rhyme", needs: ["rhyme"] },
  ],
};

/** The results whose number falls and rises as dimensions do. */
const FOLDS = ["phases-participation"];

/** The claims of the seed that an opening may rest on where no published result is known. */
const SEEDS = ["1.1a", "1.3b", "2.5b", "1.2b", "2.4c"];

/** What is said of training: how it goes on, and what is said once the least has been passed. */
export interface Told {
  train: Caption;
  /** the index of the step from which on it is said */
  turn: { at: number; caption: Caption } | null;
  layers: Caption | null;
  end: Caption;
}

/** The words of an opening. */
export function told(state: State, card: Card): Told {
  const fold = foldOf(state, card);
  const train = spoken(state, card, "train") ??
    fold?.train ??
    seeded(state) ?? { key: "tour.train" };
  return {
    train,
    turn: fold && train === fold.train ? fold.turn : null,
    layers: spoken(state, card, "layers"),
    end: spoken(state, card, "end") ?? lastWords(card),
  };
}

function lastWords(card: Card): Caption {
  if (!isTyped(card)) return { key: "live.tour.end" };
  return { key: card.reads ? "tour.end.inputs" : "tour.end" };
}

/** What a published result of this run says at a place of the opening; null unless all hold. */
function spoken(state: State, card: Card, at: "train" | "layers" | "end"): Caption | null {
  const lines = SPOKEN[taskOf(card)] ?? SPOKEN[card.name] ?? [];
  const line = lines.find((one) => one.at === at);
  const holds = (id: string) => state.claims.some((one) => one.id === id && one.holds);
  return line?.needs.every(holds)
    ? { key: line.key, card: { of: "claims", id: line.needs[0] } }
    : null;
}

/** The collapse and the expansion of dimension, with their numbers. */
function foldOf({ claims }: State, card: Card) {
  const claim = claims.find((one) => FOLDS.includes(one.id) && one.holds);
  const turns = claim && turnsOf(claim);
  if (!claim || !turns) return null;
  const proof: Proof = { of: "claims", id: claim.id };
  const { first, least, last, at } = turns;
  return {
    train: { key: "tour.fold", values: { first, least, at }, card: proof },
    turn: {
      at: card.steps.indexOf(at),
      caption: { key: "tour.unfold", values: { last }, card: proof },
    },
  };
}

/** First, least and last value of a number, and the step of the least; null where it is no fold. */
export function turnsOf({ steps, values }: Pick<Claim, "steps" | "values">) {
  const known = steps.flatMap((step, i) => {
    const value = values[i];
    return typeof value === "number" ? [{ step, value }] : [];
  });
  if (known.length < 3) return null;
  const low = known.reduce((a, b) => (b.value < a.value ? b : a));
  const [first, last] = [known[0].value, known[known.length - 1].value];
  if (!(first >= 2 * low.value && last >= 2 * low.value)) return null;
  return { first, least: low.value, last, at: low.step };
}

/** The first claim of the seed that holds, in its card's own words. */
function seeded({ seed, run }: State): Caption | null {
  const cards = seed.cards[run] ?? [];
  const id = SEEDS.find((one) => cards.some((card) => card.id === one && card.verdict === "holds"));
  return id ? { key: "tour.card", card: { of: "seed", id } } : null;
}

/** What a card calls itself and its number, in the language chosen; empty where there is none. */
export function provenWords(state: State, proof: Proof | undefined): Record<string, string> {
  if (!proof) return {};
  const from: (SeedCard | Claim)[] =
    proof.of === "seed" ? (state.seed.cards[state.run] ?? []) : state.claims;
  const found = from.find((one) => one.id === proof.id);
  if (!found) return {};
  const zh = state.language === "zh";
  const bare = (text: string) => text.replace(/[.。]\s*$/, "");
  return {
    title: bare((zh && found.title_zh) || found.title_en),
    here: bare((zh && found.here_zh) || found.here),
  };
}

/** The texts that an opening begins with: well-known verse for a model of it, else its examples. */
export function openingTexts(card: Card): string[] {
  if (card.name === "poet") return ["床前明月光，疑是地上霜。", "朝辞白帝彩云间，千里江陵一日还。"];
  return card.examples.slice(0, 2).map(({ text }) => text);
}

/** The run that a person meets first: verse for who prefers Chinese, else the server's choice. */
export function openingRun(runs: RunEntry[], language: State["language"]): string | undefined {
  const verse = runs.find(({ name, problem }) => name === "poet" && !problem);
  if (language === "zh" && verse) return verse.name;
  return runs.find((one) => one.default)?.name ?? runs[0]?.name;
}
