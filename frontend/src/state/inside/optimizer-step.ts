/**
 * One step of the optimizer: its components and the alternatives, where it moves the sentence
 * and, when asked, every corpus token. Pure.
 */

import { HUES } from "../colour/colours.ts";
import { drawnLines, endOf, rowOf, startsOf } from "./arrows.ts";
import { answerTo, placeAsked, sentenceInside, withInside } from "./asked.ts";
import { ghostly } from "./ablation.ts";
import type { Inside, Look, State } from "../types.ts";
import type { InsideView } from "./tab.ts";
import type { Tensor } from "../../protocol/tensors.ts";
import type { Handlers, Kind } from "../messages.ts";

/** What AdamW's step is the sum of, in the order of adding. */
export const PARTS = ["gradient", "momentum", "adaptive", "decay"];
/** Steps that other rules would take from the same point on the same batches. */
export const ALTERNATIVES = ["sgd", "sgd_momentum", "adam"];
/** What a motion can be magnified by. */
export const FACTORS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

export const EMPTY_OPTIMIZER_STEP: Inside["optimizerStep"] = {
  motion: "step",
  factor: 5,
  backwards: false,
  cloud: false,
};

export const OPTIMIZER_STEP: Handlers<Extract<Kind, `optimizer-step.${string}`>> = {
  "optimizer-step.set": (state, { type, glide, ...fields }) =>
    withInside(state, { optimizerStep: { ...state.inside.optimizerStep, ...fields } }),
};

/** By how much the motion is magnified, with its sign. */
export function factorOf({ inside: { optimizerStep } }: State) {
  return optimizerStep.backwards ? -optimizerStep.factor : optimizerStep.factor;
}

function questions(state: State): ({ type: string } & Record<string, any>)[] {
  const place = placeAsked(state);
  const { motion, cloud } = state.inside.optimizerStep;
  return place
    ? [{ type: "optimizer_step", ...place, component: motion, factor: factorOf(state), cloud }]
    : [];
}

/**
 * The newest answer about this sentence, step and picture, be it of another motion: what moves
 * glides on from there.
 */
export function optimizerStepLook(state: State): { look: Look | null; fresh: boolean } {
  const [question] = questions(state);
  const { look, fresh } = answerTo(state, "optimizer_step", question);
  if (!look?.key || !question) return { look: null, fresh: false };
  const place = ({ component, factor, cloud, ...rest }: any) => JSON.stringify(rest);
  return place(JSON.parse(look.key)) === place(question)
    ? { look, fresh }
    : { look: null, fresh: false };
}

/** The moved sentence beside its own; null where there is none, and between two steps. */
function movedOf(state: State) {
  const sentence = sentenceInside(state);
  const { look } = optimizerStepLook(state);
  const places = look?.tensors.positions;
  if (
    !sentence ||
    !places ||
    places.shape[1] !== sentence.tokens.length ||
    !Number.isInteger(state.step)
  )
    return null;
  return { sentence, places, color: ghostly(HUES[state.theme][sentence.hue], state.theme) };
}

/** Arrows from where tokens are to where the step takes them. */
function drawn(state: State) {
  const found = movedOf(state);
  if (!found) return null;
  const { sentence, places } = found;
  const tips = rowOf(places.data as Float32Array, places.shape[1], Math.round(state.site));
  const arrows = drawnLines(state, startsOf(state, sentence), tips);
  return arrows && { ...found, ...arrows };
}

export const optimizerStep: InsideView = {
  bare: true,
  questions,
  ghosts(state) {
    const found = movedOf(state);
    if (!found) return [];
    const { sentence, places, color } = found;
    const [sites, tokens] = places.shape;
    const paths = places.data as Float32Array;
    const site = Math.min(sites - 1, state.site);
    return [
      {
        id: `${sentence.id}~optimizer-step`,
        color,
        labels: Array(tokens).fill(""),
        paths,
        sites,
        tokens,
        site,
        trail: false,
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
      to: endOf(`${sentence.id}~optimizer-step`, token, line, times),
      weight: 0.45,
      color,
      arrow: true,
    }));
  },
  cloud(state) {
    const moved =
      state.inside.optimizerStep.cloud &&
      movedOf(state) &&
      optimizerStepLook(state).look?.tensors.cloud;
    return moved
      ? { sites: moved.shape[0], ref: moved.shape[1], positions: moved.data as Float32Array }
      : null;
  },
};

/**
 * How far the tokens go at a site: the middle one's own length, and what the picture keeps of it.
 */
export function reachAt({ tensors: { length, trust } }: Look, site: number) {
  const tokens = length.shape[1];
  const row = ({ data }: Tensor) => middle(data.subarray(site * tokens, (site + 1) * tokens));
  return { length: row(length), trust: row(trust) };
}

/** The median. */
function middle(values: ArrayLike<number>) {
  const sorted = Array.from(values).sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * How many times as long the adaptive part is as the gradient's own; null where there is no
 * gradient.
 */
export function adaptiveOver({ answer: { lengths } }: Look) {
  return lengths.gradient > 0 ? lengths.adaptive / lengths.gradient : null;
}
