/**
 * Looking inside a pass: what is open, what has been asked and answered, and what of it the scene
 * shows. Pure.
 */

import { failureIn } from "../../protocol/failure.ts";
import type { Failure } from "../../protocol/failure.ts";
import { toggled } from "../drawer.ts";
import { insideShown, withInside } from "./asked.ts";
import { attention } from "./attention.ts";
import { decomposition } from "./decomposition.ts";
import { gradients } from "./gradients.ts";
import { EMPTY_OPTIMIZER_STEP, OPTIMIZER_STEP, optimizerStep } from "./optimizer-step.ts";
import { EMPTY_GENERATION, GENERATION, stepped, generation } from "./generation.ts";
import { EMPTY_LANDSCAPE, LANDSCAPE, landscape } from "./landscape.ts";
import { EMPTY_ABLATION, ABLATION, ablation } from "./ablation.ts";
import { scoresHeard } from "../discontinuity.ts";
import { isMeaning, meaningHeard } from "../meaning/meaning.ts";
import type { Inside, InsideTab, Look, Question, SentencePicture, State } from "../types.ts";
import type { InsideView } from "./tab.ts";
import type { EdgePicture } from "../../scene/picture.ts";
import type { Handlers, Kind } from "../messages.ts";

export {
  answerTo,
  insideShown,
  placeAsked,
  sentenceInside,
  tokenInside,
  withInside,
} from "./asked.ts";

/** What a tab asks and draws. A function: the tabs' modules and this one know each other. */
function viewOf(tab: InsideTab): InsideView | undefined {
  const views: Partial<Record<InsideTab, InsideView>> = {
    attention,
    decomposition,
    ablation,
    generation,
    gradients,
    "optimizer-step": optimizerStep,
    landscape,
  };
  return views[tab];
}

export const EMPTY_INSIDE: Inside = {
  tab: "attention",
  head: "mean",
  threshold: 0.05,
  looks: {},
  asking: {},
  troubles: {},
  everyLayer: false,
  stretch: false,
  ablation: EMPTY_ABLATION,
  seen: "picture",
  generation: EMPTY_GENERATION,
  gradients: { aim: "all", target: "", reach: 0.5 },
  optimizerStep: EMPTY_OPTIMIZER_STEP,
  landscape: EMPTY_LANDSCAPE,
};

type Tabs = "ablation" | "generation" | "optimizer-step" | "landscape" | "gradients";

export const INSIDE: Handlers<Extract<Kind, `${"inside" | Tabs}.${string}`> | "look"> = {
  "inside.toggle": (state) => toggled(state, "inside"),
  "inside.set": (state, { type, glide, ...fields }) => withInside(state, fields),
  "inside.asked": (state, { kind, id, key }) =>
    withInside(state, {
      asking: { ...state.inside.asking, [kind]: { id, key } },
      troubles: without(state.inside.troubles, kind),
    }),
  look: (state, { look }) => {
    if (isMeaning(look.kind)) return meaningHeard(state, look);
    if (look.kind === "discontinuity") return scoresHeard(state, look);
    const asked = state.inside.asking[look.kind];
    if (asked?.id !== look.id) return state;
    if (look.kind === "generation") return stepped(state, look);
    return withInside(state, {
      looks: { ...state.inside.looks, [look.kind]: { ...look, key: asked.key } },
    });
  },
  ...GENERATION,
  ...ABLATION,
  ...OPTIMIZER_STEP,
  ...LANDSCAPE,
  "gradients.set": (state, { type, glide, ...fields }) =>
    withInside(state, { gradients: { ...state.inside.gradients, ...fields } }),
};

function without<T>(record: Record<string, T>, name: string) {
  const { [name]: _, ...rest } = record;
  return rest;
}

/** The state once a question has been refused; the same where the id is none of ours. */
export function insideFailed(state: State, { id, ...failure }: Failure & { id?: number | null }) {
  const kind = Object.keys(state.inside.asking).find((one) => state.inside.asking[one].id === id);
  return kind === undefined
    ? state
    : withInside(state, { troubles: { ...state.inside.troubles, [kind]: failureIn(failure) } });
}

/**
 * What the open tab wants to know now, each with a key: two questions with one key have one answer.
 */
export function wantedLooks(state: State): Question[] {
  if (!insideShown(state)) return [];
  return (viewOf(state.inside.tab)?.questions(state) ?? []).map((message) => ({
    kind: message.type,
    key: JSON.stringify(message),
    message,
  }));
}

/** The answer of a kind, and whether it is to what would be asked now. */
export function lookOf(state: State, kind: string): { look: Look | null; fresh: boolean } {
  const look = state.inside.looks[kind] ?? null;
  const wanted = wantedLooks(state).find((one) => one.kind === kind);
  return { look, fresh: look !== null && wanted?.key === look.key };
}

/** Edges and arrows of the open tab. */
export function edgesInside(state: State): EdgePicture[] {
  return insideShown(state) ? (viewOf(state.inside.tab)?.edges?.(state) ?? NONE) : NONE;
}

const NONE: EdgePicture[] = [];

/** How many times as long as placed the open tab's arrows are drawn; null: there are none. */
export function timesInside(state: State): number | null {
  return insideShown(state) ? (viewOf(state.inside.tab)?.times?.(state) ?? null) : null;
}

/** Whether paths would hide what the open tab draws. */
export function barePaths(state: State) {
  return insideShown(state) && (viewOf(state.inside.tab)?.bare ?? false);
}

/** Sentences that the open tab adds to the scene. */
export function ghostsInside(state: State): SentencePicture[] {
  return insideShown(state) ? (viewOf(state.inside.tab)?.ghosts?.(state) ?? []) : [];
}

/** The corpus tokens where the open tab moves them to; null where it leaves them. */
export function cloudInside(
  state: State,
): { sites: number; ref: number; positions: Float32Array } | null {
  return insideShown(state) ? (viewOf(state.inside.tab)?.cloud?.(state) ?? null) : null;
}

/**
 * Where the sentence in hand goes in the open tab's own view; null where it goes as it is placed.
 */
export function pathsInside(state: State) {
  return insideShown(state) ? (viewOf(state.inside.tab)?.paths?.(state) ?? null) : null;
}

/**
 * How far the open tab's own view can be trusted at this site, null in it where nobody knows;
 * undefined where the picture is shown.
 */
export function trustInside(state: State) {
  return pathsInside(state) ? (viewOf(state.inside.tab)?.trust?.(state) ?? null) : undefined;
}

/** Colours of the beads of the sentence in hand; null where the open tab leaves them its hue. */
export function tintInside(state: State) {
  return insideShown(state) ? (viewOf(state.inside.tab)?.tint?.(state) ?? null) : null;
}

/** What the scene's part of this depends on. */
export function insideKey(state: State): unknown[] {
  return insideShown(state) ? [state.inside, state.active, state.picked] : [];
}
