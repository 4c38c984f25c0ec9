/** The first ten seconds: what happens when, and what is said about it. Pure. */

import { openingSite } from "../state/shelving.ts";
import type { Message } from "../state/messages.ts";
import type { Told } from "../state/opening.ts";
import type { Caption, Card } from "../state/types.ts";

type Scene = { at: number; messages: Message[]; caption?: Caption };

const OPENING = 1500;
const DRIFT = 640;
const DRIFTS = 7;
const APPEAR = 1500;
const TRAVEL = 560;

/** Words too plain to be the point of a pair of sentences. */
const PLAIN = new Set(
  [
    "the a an and or of to in on at by for with from was were is are be been had has have he she",
    "it they his her their its that this there who which as not but into over under after before",
  ].flatMap((line) => line.split(" ")),
);

/** The longest word that two sentences share; "" when there is none worth naming. */
export function sharedWord(a: string, b: string) {
  const words = (text: string) => text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const there = new Set(words(b));
  const common = words(a).filter((word) => there.has(word) && !PLAIN.has(word) && word.length > 2);
  return common.sort((x, y) => y.length - x.length)[0] ?? "";
}

/**
 * The story, in order of time (milliseconds): disorder, training, two sentences, their way through
 * the layers.
 * @param hidden ids of the sentences that wait for their entrance
 * @param word the word that they share, "" where there is none
 */
export function story(card: Card, hidden: string[], said: Told, word = ""): Scene[] {
  const lastStep = card.steps.length - 1;
  const home = openingSite(card);
  const scenes: Scene[] = [
    {
      at: 0,
      messages: [{ type: "go", step: 0, site: home, glide: 0 }],
      ...(lastStep ? { caption: { key: "tour.start", values: { step: card.steps[0] } } } : {}),
    },
  ];
  let at = lastStep ? OPENING : 0; // a model with one checkpoint was not watched while it trained
  for (const scene of training(lastStep, said)) {
    scenes.push({ ...scene, at: at + scene.at });
  }
  at += DRIFT * Math.min(DRIFTS, lastStep);
  if (hidden.length) {
    const appear = hidden.map((id) => ({ type: "sentence.hide" as const, id, glide: 700 }));
    scenes.push({
      at,
      messages: [{ type: "go", site: 0, glide: 700 }, ...appear],
      caption: word ? { key: "tour.sentences", values: { word } } : { key: "tour.sentences.plain" },
    });
    at += APPEAR;
    const stops = card.sites.flatMap((name, i) => (name.endsWith(".post") ? [i] : []));
    for (const [i, site] of stops.entries()) {
      scenes.push({
        at,
        messages: [{ type: "go", site, glide: TRAVEL }],
        ...(i === 0 ? { caption: said.layers ?? { key: "tour.layers" } } : {}),
      });
      at += TRAVEL;
    }
  }
  scenes.push({ at: at + 200, messages: [], caption: said.end });
  scenes.push({ at: at + 9000, messages: [{ type: "set", caption: null, touring: false }] });
  return scenes;
}

/** The drift through training; what turns on the way is said as it is passed. */
function training(lastStep: number, { train, turn }: Told): Scene[] {
  const drifts = Math.min(DRIFTS, lastStep);
  const scenes: Scene[] = [];
  let passed: boolean = false;
  for (let i = 1; i <= drifts; i++) {
    const step = Math.round((i * lastStep) / drifts);
    const turns: boolean = turn !== null && !passed && i > 2 && step > turn.at;
    passed ||= turns;
    scenes.push({
      at: (i - 1) * DRIFT,
      messages: [{ type: "go", step, glide: DRIFT }],
      ...(i === 1 ? { caption: train } : turns && turn ? { caption: turn.caption } : {}),
    });
  }
  return scenes;
}
