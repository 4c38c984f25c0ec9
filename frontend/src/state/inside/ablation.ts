/**
 * Ablation and scaling: parts of the pass made weaker or stronger, and the sentence's changed
 * path as a ghost beside its own. Pure.
 */

import { HUES } from "../colour/colours.ts";
import { drawnLines, endOf, rowOf, startsOf } from "./arrows.ts";
import { answerTo, placeAsked, sentenceInside, withInside } from "./asked.ts";
import type { InsideView } from "./tab.ts";
import type { Look, RGB, Scaled, Ablation, State, Theme } from "../types.ts";
import type { Handlers, Kind } from "../messages.ts";

export const EMPTY_ABLATION: Ablation = { run: "", layer: null, head: 0, factors: [] };

/** How far the next words lie from what they were, in words: nats from which on each holds. */
const FAR: [number, string][] = [
  [0.5, "other"],
  [0.1, "clear"],
  [0.01, "little"],
  [1e-6, "hardly"],
  [-Infinity, "same"],
];

/** What is scaled of the run on screen; nothing where it was another's. */
export function ablationOf(state: State): Ablation {
  const { ablation: scales } = state.inside;
  return scales.run === state.run ? scales : { ...EMPTY_ABLATION, run: state.run };
}

/** How many layers the run has. */
export function layersOf(state: State) {
  return (state.card?.sites ?? []).filter((name) => name.endsWith(".post")).length;
}

/** How many heads a layer has: what the card says, else an answer; 0 while that is not known. */
export function headsOf(state: State) {
  const shape = state.card?.architecture as { n_head?: number } | undefined;
  const look = state.inside.looks.decomposition;
  return shape?.n_head ?? (look?.run === state.run ? look.answer.heads : 0);
}

/** The layer whose sliders are shown: the one chosen, else that of the site on screen. */
export function layerScaled(state: State) {
  const { layer } = ablationOf(state);
  const here = Math.max(0, Math.ceil(Math.round(state.site) / 2) - 1);
  return Math.max(0, Math.min(layersOf(state) - 1, layer ?? here));
}

/** By how much a part is scaled. */
export function factorOf(
  { factors }: Ablation,
  what: { part: Scaled["part"]; layer: number; head?: number },
) {
  return factors.find((one) => samePart(one, what))?.factor ?? 1;
}

function samePart(
  a: { part: string; layer: number; head?: number },
  b: { part: string; layer: number; head?: number },
) {
  return a.part === b.part && a.layer === b.layer && a.head === b.head;
}

/** The factors with one more, in the order of the pass; a factor of 1 is none. */
export function withFactor(factors: Scaled[], one: Scaled) {
  const place = ({ part, layer, head }: Scaled) =>
    1000 * layer + { residual: 0, attention: 1, head: 2 + (head ?? 0), mlp: 999 }[part];
  const others = factors.filter((other) => !samePart(other, one));
  return one.factor === 1 ? others : [...others, one].sort((a, b) => place(a) - place(b));
}

function scaled(state: State, fields: Partial<Ablation>) {
  return withInside(state, { ablation: { ...ablationOf(state), ...fields } });
}

export const ABLATION: Handlers<Extract<Kind, `ablation.${string}`>> = {
  "ablation.choose": (state, { type, glide, ...fields }) => scaled(state, fields),
  "ablation.set": (state, { part, layer, head, factor }) => {
    const one = { part, layer, ...(part === "head" ? { head } : {}), factor };
    return scaled(state, { layer, factors: withFactor(ablationOf(state).factors, one) });
  },
  "ablation.reset": (state) => scaled(state, { factors: [] }),
};

function questions(state: State): ({ type: string } & Record<string, any>)[] {
  const place = placeAsked(state);
  if (!place) return [];
  const { factors } = ablationOf(state);
  const { seen } = state.inside;
  const own = { type: "ablation", ...place, factors };
  const view = seen === "picture" ? [] : [{ type: "stream_view", ...place, view: seen, factors }];
  return headsOf(state) ? [own, ...view] : [own, { type: "decomposition", ...place }, ...view];
}

/**
 * The view of the stream that takes the picture's place, with its answer, be it to older factors;
 * null where the picture is shown or nothing is known.
 */
export function streamView(state: State): Look | null {
  const question = questions(state).find((one) => one.type === "stream_view");
  const look = state.inside.looks.stream_view;
  const place = ({ factors, ...rest }: any) => JSON.stringify(rest);
  return question &&
    look?.key &&
    place(JSON.parse(look.key)) === place(question) &&
    look.tensors.positions.shape[1] === sentenceInside(state)?.tokens.length
    ? look
    : null;
}

/**
 * The newest answer about this sentence, step and picture, be it to older factors; null where there
 * is none.
 */
export function ablated(state: State): { look: Look | null; fresh: boolean } {
  const [question] = questions(state);
  const { look, fresh } = answerTo(state, "ablation", question);
  if (!look?.key || !question) return { look: null, fresh: false };
  const place = ({ factors, ...rest }: any) => JSON.stringify(rest);
  return place(JSON.parse(look.key)) === place(question)
    ? { look, fresh }
    : { look: null, fresh: false };
}

/** Which words say how far the one prediction lies from the other. */
export function farWords(nats: number) {
  return `ablation.far.${FAR.find(([from]) => nats >= from)?.[1] ?? "same"}`;
}

/**
 * The next words, the likeliest before or after first: each with its probability before and after.
 */
export function nextWords({
  answer: { before, after },
}: Look): { text: string; before: number; after: number }[] {
  const shares = new Map(after.map((one: any) => [one.id, one.value]));
  const rows = before.map((one: any) => ({
    text: one.text,
    before: one.value,
    after: shares.get(one.id) ?? 0,
  }));
  return rows.sort((a: any, b: any) => Math.max(b.before, b.after) - Math.max(a.before, a.after));
}

/** A colour near grey: of the path that is not the model's own. */
export function ghostly(color: RGB, theme: Theme): RGB {
  const grey = theme === "dark" ? 232 : 70;
  return color.map((value) => Math.round(0.15 * value + 0.85 * grey)) as RGB;
}

/** The sentence's changed path and its own sentence; null where nothing is scaled. */
function ablatedPath(state: State) {
  const sentence = sentenceInside(state);
  const { look } = ablated(state);
  const view = streamView(state);
  if (state.inside.seen !== "picture" && !view) return null;
  const places = view ? view.tensors.moved : look?.tensors.positions;
  if (
    !sentence ||
    !places ||
    !ablationOf(state).factors.length ||
    places.shape[1] !== sentence.tokens.length
  )
    return null;
  return { sentence, places, color: ghostly(HUES[state.theme][sentence.hue], state.theme) };
}

export const ablation: InsideView = {
  questions,
  paths: (state) => (streamView(state)?.tensors.positions.data as Float32Array | undefined) ?? null,
  trust: (state) => streamView(state)?.answer.trust[Math.round(state.site)] ?? null,
  cloud(state) {
    const cloud = streamView(state)?.tensors.cloud;
    return cloud
      ? { sites: cloud.shape[0], ref: cloud.shape[1], positions: cloud.data as Float32Array }
      : null;
  },
  ghosts(state) {
    const found = ablatedPath(state);
    if (!found) return [];
    const { sentence, places, color } = found;
    const [sites, tokens] = places.shape;
    const paths = places.data as Float32Array;
    const site = Math.min(sites - 1, state.site);
    return [
      {
        id: `${sentence.id}~ablation`,
        color,
        labels: Array(tokens).fill(""),
        paths,
        sites,
        tokens,
        site,
        trail: state.trails !== "off",
        comet: Number(state.trails === "comet"),
        faint: null,
        trust: null,
        active: false,
      },
    ];
  },
  times: (state) => drawn(state)?.times ?? null,
  edges(state) {
    const found = drawn(state);
    if (!found) return [];
    const { sentence, color, lines, times } = found;
    return lines.map((line, token) => ({
      from: { kind: "sentence" as const, id: sentence.id, token },
      to: endOf(`${sentence.id}~ablation`, token, line, times),
      weight: 0.3,
      color,
      arrow: true,
    }));
  },
};

/** Arrows from where tokens are to where they are with the change. */
function drawn(state: State) {
  const found = ablatedPath(state);
  if (!found) return null;
  const { sentence, places } = found;
  const [sites, tokens] = places.shape;
  const site = Math.round(Math.min(sites - 1, state.site));
  const own = ablation.paths?.(state);
  const arrows = drawnLines(
    state,
    own ? rowOf(own, tokens, site) : startsOf(state, sentence),
    rowOf(places.data as Float32Array, tokens, site),
  );
  return arrows && { ...found, ...arrows };
}
