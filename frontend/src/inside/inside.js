/** Looking inside a pass: what is open, what has been asked and answered, and what of it the scene shows. Pure. */

import { insideShown, withInside } from "./asked.js";
import { attention } from "./attention.js";
import { parts } from "./parts.js";
import { push } from "./push.js";
import { EMPTY_STRIDE, STRIDE, step } from "./step.js";
import { EMPTY_WALK, WALK, stepped, walk } from "./walk.js";
import { EMPTY_WAY, WAY, way } from "./way.js";
import { EMPTY_SCALES, SCALES, whatif } from "./whatif.js";

export { answerTo, insideShown, placeAsked, sentenceInside, tokenInside, withInside } from "./asked.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Inside} Inside */
/** @typedef {import("../types.d.ts").InsideTab} InsideTab */
/** @typedef {import("../types.d.ts").Look} Look */
/** @typedef {import("../types.d.ts").Question} Question */
/** @typedef {import("../types.d.ts").InsideView} InsideView */

/** What a tab asks and draws. A function: the tabs' modules and this one know each other. @param {InsideTab} tab @returns {InsideView | undefined} */
function viewOf(tab) {
  return /** @type {Partial<Record<InsideTab, InsideView>>} */ ({ attention, parts, whatif, walk, push, step, way })[tab];
}

/** @type {Inside} */
export const EMPTY_INSIDE = { open: false, tab: "attention", head: "mean", threshold: 0.05, looks: {}, asking: {}, troubles: {}, everyLayer: false, stretch: false, scales: EMPTY_SCALES, seen: "picture", walk: EMPTY_WALK, push: { aim: "all", target: "", reach: 0.5 }, stride: EMPTY_STRIDE, way: EMPTY_WAY };

/** @type {Record<string, (state: State, message: any) => State>} */
export const INSIDE = {
  "inside.toggle": (state) => {
    const open = !insideShown(state);
    return { ...withInside(state, { open }), lab: open ? { ...state.lab, open: false } : state.lab };
  },
  "inside.set": (state, { type, glide, ...fields }) => withInside(state, fields),
  "inside.asked": (state, { kind, id, key }) =>
    withInside(state, { asking: { ...state.inside.asking, [kind]: { id, key } }, troubles: without(state.inside.troubles, kind) }),
  look: (state, { look }) => {
    const asked = state.inside.asking[look.kind];
    if (asked?.id !== look.id) return state;
    if (look.kind === "walk") return stepped(state, look);
    return withInside(state, { looks: { ...state.inside.looks, [look.kind]: { ...look, key: asked.key } } });
  },
  ...WALK,
  ...SCALES,
  ...STRIDE,
  ...WAY,
  "push.set": (state, { type, glide, ...fields }) => withInside(state, { push: { ...state.inside.push, ...fields } }),
};

/** @template T @param {Record<string, T>} record @param {string} name */
function without(record, name) {
  const { [name]: _, ...rest } = record;
  return rest;
}

/** The state once a question has been refused; the same where the id is none of ours. @param {State} state @param {{ id?: number | null, code: string, message: string }} error */
export function insideFailed(state, { id, code, message }) {
  const kind = Object.keys(state.inside.asking).find((one) => state.inside.asking[one].id === id);
  return kind === undefined ? state : withInside(state, { troubles: { ...state.inside.troubles, [kind]: { code, message } } });
}

/** What the open tab wants to know now, each with a key: two questions with one key have one answer. @param {State} state @returns {Question[]} */
export function wantedLooks(state) {
  if (!insideShown(state)) return [];
  return (viewOf(state.inside.tab)?.questions(state) ?? []).map((message) => ({ kind: message.type, key: JSON.stringify(message), message }));
}

/** The answer of a kind, and whether it is to what would be asked now. @param {State} state @param {string} kind @returns {{ look: Look | null, fresh: boolean }} */
export function lookOf(state, kind) {
  const look = state.inside.looks[kind] ?? null;
  const wanted = wantedLooks(state).find((one) => one.kind === kind);
  return { look, fresh: look !== null && wanted?.key === look.key };
}

/** Edges and arrows of the open tab. @param {State} state @returns {import("../picture.d.ts").EdgePicture[]} */
export function edgesInside(state) {
  return insideShown(state) ? (viewOf(state.inside.tab)?.edges?.(state) ?? NONE) : NONE;
}

/** @type {import("../picture.d.ts").EdgePicture[]} */
const NONE = [];

/** Whether paths would hide what the open tab draws. @param {State} state */
export function barePaths(state) {
  return insideShown(state) && (viewOf(state.inside.tab)?.bare ?? false);
}

/** Sentences that the open tab adds to the scene. @param {State} state @returns {import("../types.d.ts").SentencePicture[]} */
export function ghostsInside(state) {
  return insideShown(state) ? (viewOf(state.inside.tab)?.ghosts?.(state) ?? []) : [];
}

/** The corpus tokens where the open tab moves them to; null where it leaves them. @param {State} state @returns {{ sites: number, ref: number, positions: Float32Array } | null} */
export function cloudInside(state) {
  return insideShown(state) ? (viewOf(state.inside.tab)?.cloud?.(state) ?? null) : null;
}

/** Where the sentence in hand goes in the open tab's own view; null where it goes as it is placed. @param {State} state */
export function pathsInside(state) {
  return insideShown(state) ? (viewOf(state.inside.tab)?.paths?.(state) ?? null) : null;
}

/** How far the open tab's own view can be trusted at this site, null in it where nobody knows; undefined where the picture is shown. @param {State} state */
export function trustInside(state) {
  return pathsInside(state) ? (viewOf(state.inside.tab)?.trust?.(state) ?? null) : undefined;
}

/** Colours of the beads of the sentence in hand; null where the open tab leaves them its hue. @param {State} state */
export function tintInside(state) {
  return insideShown(state) ? (viewOf(state.inside.tab)?.tint?.(state) ?? null) : null;
}

/** What the scene's part of this depends on. @param {State} state @returns {unknown[]} */
export function insideKey(state) {
  return insideShown(state) ? [state.inside, state.active, state.picked] : [];
}
