/**
 * Generation: tokens that were drawn or chosen after the sentence, and where it could go
 * next. Pure.
 */

import { HUES } from "../colour/colours.ts";
import { placeAsked, sentenceInside, withInside } from "./asked.ts";
import type { InsideView } from "./tab.ts";
import type { Look, RGB, SentencePicture, State, Generation } from "../types.ts";
import type { Handlers, Kind } from "../messages.ts";

export const EMPTY_GENERATION: Generation = {
  about: "",
  steps: [],
  fork: null,
  wish: 0,
  begun: 0,
  count: 12,
  temperature: 1,
  top_k: 0,
  top_p: 1,
  seed: 0,
};

/** What the generation goes on from: with another sentence, step or picture it begins anew. */
function beginning(state: State) {
  return JSON.stringify(placeAsked({ ...state, playing: null, connection: "open" }));
}

/** The generation as it stands; none of it where it went on from something else. */
export function generationOf(state: State): Generation {
  const { generation: now } = state.inside;
  const about = beginning(state);
  return now.about === about ? now : { ...now, about, steps: [], fork: null, wish: 0, begun: 0 };
}

function withGeneration(state: State, fields: Partial<Generation>): State {
  return withInside(state, { generation: { ...generationOf(state), ...fields } });
}

/** Nothing that is still on its way belongs to it any more. */
function deaf(state: State): State {
  const { generation, ...asking } = state.inside.asking;
  return withInside(state, { asking });
}

export const GENERATION: Handlers<Extract<Kind, `generation.${string}`>> = {
  "generation.set": (state, { type, glide, ...fields }) => withGeneration(state, fields),
  "generation.go": (state) => {
    const { steps, count, seed } = generationOf(state);
    return withGeneration(state, { wish: count, begun: steps.length, seed: seed + 1 });
  },
  "generation.stop": (state) => withGeneration(deaf(state), { wish: 0 }),
  "generation.take": (state, { id, text, share }) =>
    withGeneration(deaf(state), {
      steps: [...generationOf(state).steps, { id, text, share, look: null }],
      fork: null,
      wish: 0,
    }),
  "generation.back": (state, { to }) =>
    withGeneration(deaf(state), {
      steps: generationOf(state).steps.slice(0, to),
      fork: null,
      wish: 0,
    }),
};

/**
 * The state after an answer: a token that was drawn joins the text; a fork alone says where it
 * stands.
 */
export function stepped(state: State, look: Look): State {
  const { steps, wish } = generationOf(state);
  const { token, last } = look.answer;
  if (token)
    return withGeneration(state, {
      steps: [...steps, { id: token.id, text: token.text, share: token.value, look }],
      fork: look,
      wish: last ? 0 : wish,
    });
  return withGeneration(state, {
    fork: look,
    steps: steps.map((one, at) => (at === steps.length - 1 ? { ...one, look } : one)),
  });
}

/** The generated tokens that have a place, as a sentence of the scene. */
function drawnPicture(state: State) {
  const sentence = sentenceInside(state);
  const steps = generationOf(state).steps.filter((one) => one.look);
  if (!sentence || !steps.length) return [];
  const shapes = steps.map((one) => (one.look as Look).tensors.positions);
  const sites = shapes[0].shape[0];
  const paths = new Float32Array(3 * sites * steps.length);
  for (let site = 0; site < sites; site++) {
    shapes.forEach(({ data }, token) =>
      paths.set(data.subarray(3 * site, 3 * site + 3), 3 * (site * steps.length + token)),
    );
  }
  return [
    ghost(state, {
      id: `${sentence.id}~generation`,
      hue: sentence.hue,
      labels: steps.map((one) => one.text.trim()),
      paths,
      sites,
      bright: true,
    }),
  ];
}

/** Each branch of the fork, a token of its own. */
function branchPictures(state: State) {
  const sentence = sentenceInside(state);
  const { fork, wish } = generationOf(state);
  const places = fork?.tensors.ends;
  if (!sentence || !places || wish) return [];
  const [sites, count] = places.shape;
  return fork.answer.branches.slice(0, count).map((one: any, at: number) => {
    const paths = new Float32Array(3 * sites);
    for (let site = 0; site < sites; site++)
      paths.set(
        places.data.subarray(3 * (site * count + at), 3 * (site * count + at) + 3),
        3 * site,
      );
    const labels = [`${one.text.trim()} ${Math.round(100 * one.value)} %`];
    return ghost(state, {
      id: `${sentence.id}~branch${at}`,
      hue: sentence.hue,
      labels,
      paths,
      sites,
      bright: false,
    });
  });
}

function ghost(
  state: State,
  {
    id,
    hue,
    labels,
    paths,
    sites,
    bright,
  }: {
    id: string;
    hue: number;
    labels: string[];
    paths: Float32Array;
    sites: number;
    bright: boolean;
  },
): SentencePicture {
  const own = HUES[state.theme][hue];
  const color = bright ? own : (own.map((v) => Math.round(0.5 * v + 64)) as RGB);
  const site = Math.min(sites - 1, state.site);
  return {
    id,
    color,
    labels,
    paths,
    sites,
    tokens: labels.length,
    site,
    trail: bright && state.trails !== "off",
    faint: null,
    trust: null,
    active: bright,
  };
}

export const generation: InsideView = {
  questions(state) {
    const place = placeAsked(state);
    if (!place) return [];
    const { steps, fork, wish, begun, temperature, top_k, top_p, seed } = generationOf(state);
    const ids = steps.map((one) => one.id);
    if (wish)
      return [
        {
          type: "generation",
          ...place,
          ids: ids.slice(0, begun),
          count: wish,
          temperature,
          top_k,
          top_p,
          seed,
        },
      ];
    return fork ? [] : [{ type: "generation", ...place, ids, count: 0 }];
  },
  edges(state) {
    const sentence = sentenceInside(state);
    const { fork, steps, wish } = generationOf(state);
    if (!sentence || !fork?.tensors.ends || wish) return [];
    const placed = steps.filter((one) => one.look).length;
    const from = placed
      ? { id: `${sentence.id}~generation`, token: placed - 1 }
      : { id: sentence.id, token: sentence.tokens.length - 1 };
    const color = HUES[state.theme][sentence.hue];
    return fork.answer.branches
      .slice(0, fork.tensors.ends.shape[1])
      .map((one: any, at: number) => ({
        from: { kind: "sentence" as const, ...from },
        to: { kind: "sentence" as const, id: `${sentence.id}~branch${at}`, token: 0 },
        weight: Math.min(1, Math.sqrt(one.value)),
        color,
        arrow: false,
      }));
  },
  ghosts: (state) => [...branchPictures(state), ...drawnPicture(state)],
};
