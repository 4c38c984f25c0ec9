/** The first ten seconds: what happens when, and what is said about it. Pure. */

import { TABLES } from "../i18n/language.ts";
import { openingSite, taskOf } from "../state/shelving.ts";
import type { Message } from "../state/messages.ts";
import type { Caption, Card, Sentence } from "../state/types.ts";

type Scene = { at: number; messages: Message[]; caption?: Caption; say?: "end" };

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
 */
export function story(card: Card, hidden: string[]): Scene[] {
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
  const drifts = Math.min(DRIFTS, lastStep);
  for (let i = 1; i <= drifts; i++, at += DRIFT) {
    const step = Math.round((i * lastStep) / drifts);
    scenes.push({
      at,
      messages: [{ type: "go", step, glide: DRIFT }],
      ...(i === 1 ? { caption: { key: "tour.train" } } : {}),
    });
  }
  if (hidden.length) {
    const appear = hidden.map((id) => ({ type: "sentence.hide" as const, id, glide: 700 }));
    scenes.push({
      at,
      messages: [{ type: "go", site: 0, glide: 700 }, ...appear],
      caption: { key: "tour.sentences" },
    });
    at += APPEAR;
    const stops = card.sites.flatMap((name, i) => (name.endsWith(".post") ? [i] : []));
    for (const [i, site] of stops.entries()) {
      scenes.push({
        at,
        messages: [{ type: "go", site, glide: TRAVEL }],
        ...(i === 0 ? { caption: { key: "tour.layers" } } : {}),
      });
      at += TRAVEL;
    }
  }
  scenes.push({ at: at + 200, messages: [], say: "end" });
  scenes.push({ at: at + 9000, messages: [{ type: "set", caption: null, touring: false }] });
  return scenes;
}

/**
 * How far apart the shared word lies in two placed sentences, at the first site and at the last, in
 * radii of the picture.
 */
export function parting(
  a: Sentence,
  b: Sentence,
  word: string,
  step: number,
  radius: number,
): { first: number; last: number } | null {
  const slices = [a.slices[step], b.slices[step]];
  const tokens = [a, b].map((one) =>
    one.tokens.findIndex((token) => token.text.trim().toLowerCase() === word),
  );
  if (!slices[0] || !slices[1] || tokens.some((at) => at < 0)) return null;
  const point = (which: number, site: number) => {
    const from = 3 * (site * slices[which].tokens + tokens[which]);
    return slices[which].positions.subarray(from, from + 3);
  };
  const gap = (site: number) => {
    const [p, q] = [point(0, site), point(1, site)];
    return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) / radius;
  };
  return { first: gap(0), last: gap(slices[0].sites - 1) };
}

/** The last caption: it speaks of parting only when the picture shows it. */
export function ending(sentences: Sentence[], word: string, step: number, radius: number): Caption {
  if (!word || sentences.length < 2) return { key: "tour.end" };
  const apart = parting(sentences[0], sentences[1], word, step, radius);
  if (!apart) return { key: "tour.end.word", values: { word } };
  return {
    key: apart.last > 1.4 * apart.first && apart.last > 0.1 ? "tour.end.parted" : "tour.end.word",
    values: { word },
  };
}

/**
 * A caption in the words of the run's own shape, null where it has none: what is said of books
 * would be untrue of sums.
 */
export function ownCaption(card: Card | null, caption: Caption): Caption | null {
  const part = caption.key.slice("tour.".length);
  const shape = [taskOf(card), card?.name ?? ""].find(
    (name) => name && `tour.${name}.start` in TABLES.en,
  );
  const words = `${shape}.${part}`;
  return shape && `tour.${words}` in TABLES.en
    ? { key: `tour.${words}`, values: caption.values }
    : null;
}
