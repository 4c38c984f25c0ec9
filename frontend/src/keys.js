/** What the keys do. */

import { stepAxis } from "./comparing.js";
import { neighbouring } from "./events.js";
import { insideShown } from "./inside/inside.js";
import { labShown } from "./lab.js";
import { SPEEDS } from "./player.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Dispatch} Dispatch */

/** The sheet of keys: what is printed, and what it means. */
export const KEYS = [
  { shown: ["←", "→"], words: "keys.layers" },
  { shown: ["↑", "↓"], words: "keys.steps" },
  { shown: ["space"], words: "keys.play.layers" },
  { shown: ["shift", "space"], words: "keys.play.steps" },
  { shown: ["[", "]"], words: "keys.speed" },
  { shown: [",", "."], words: "keys.events" },
  { shown: ["m"], words: "keys.curves" },
  { shown: ["b"], words: "keys.compare" },
  { shown: ["e"], words: "keys.lab" },
  { shown: ["i"], words: "keys.inside" },
  { shown: ["o"], words: "keys.loop" },
  { shown: ["n"], words: "keys.sentence" },
  { shown: ["/"], words: "keys.search" },
  { shown: ["c"], words: "keys.colour" },
  { shown: ["p"], words: "keys.projection" },
  { shown: ["t"], words: "keys.trails" },
  { shown: ["x"], words: "keys.axes" },
  { shown: ["1", "2", "3"], words: "keys.tabs" },
  { shown: ["l"], words: "keys.theme" },
  { shown: ["g"], words: "keys.language" },
  { shown: ["r"], words: "keys.replay" },
  { shown: ["?"], words: "keys.help" },
  { shown: ["esc"], words: "keys.escape" },
];

/**
 * The message of a key, or null when it is not ours. Pure.
 * @param {State} state @param {{ key: string, shiftKey: boolean }} event
 * @returns {import("./types.d.ts").Message | null}
 */
export function messageOf(state, { key, shiftKey }) {
  const steady = { site: Math.round(state.site), step: Math.round(state.step) };
  const speed = SPEEDS.indexOf(state.speed);
  switch (key) {
    case "ArrowLeft":
      return { type: "go", site: steady.site - 1, glide: 320 };
    case "ArrowRight":
      return { type: "go", site: steady.site + 1, glide: 320 };
    case "ArrowUp":
      return { ...along(state, 1), glide: 320 };
    case "ArrowDown":
      return { ...along(state, -1), glide: 320 };
    case " ":
      return state.playing ? { type: "pause" } : { type: "play", axis: shiftKey ? "steps" : "layers" };
    case ",":
    case ".":
      return happening(state, key === "." ? 1 : -1);
    case "[":
      return { type: "set", speed: SPEEDS[Math.max(0, speed - 1)] };
    case "]":
      return { type: "set", speed: SPEEDS[Math.min(SPEEDS.length - 1, speed + 1)] };
    case "1":
    case "2":
    case "3":
      return { type: "set", tab: ["neighbours", "lens", "numbers"][Number(key) - 1] };
    case "?":
      return { type: "sheet.toggle", sheet: "help" };
    case "Escape":
      return escape(state);
    default:
      return LETTERS[key.toLowerCase()] ?? null;
  }
}

/** @type {Record<string, import("./types.d.ts").Message>} */
const LETTERS = {
  o: { type: "loop.toggle" },
  n: { type: "sentence.add", text: "" },
  "/": { type: "set", sheet: "search" },
  c: { type: "colour.next", glide: 500 },
  p: { type: "projection.next" },
  t: { type: "trails.toggle" },
  x: { type: "axes.toggle" },
  m: { type: "curves.toggle" },
  b: { type: "compare.toggle" },
  e: { type: "lab.toggle" },
  i: { type: "inside.toggle" },
  l: { type: "theme.toggle" },
  g: { type: "language.toggle" },
  r: { type: "replay" },
};

/** One step on or back of those that the slider goes through. @param {State} state @param {number} by */
function along(state, by) {
  const { steps, at } = stepAxis(state);
  return steps === state.card?.steps || !state.card ? { type: "go", step: Math.round(state.step) + by } : { type: "go", along: Math.round(at) + by };
}

/** To the step before or after where something happens. @param {State} state @param {1 | -1} by */
function happening(state, by) {
  const step = neighbouring(state, by);
  return step === null ? null : { type: "go", step, glide: 420 };
}

/** Closes one thing: the sheet, then the inspector, then the curves, then what plays. @param {State} state */
function escape(state) {
  if (state.sheet === "search") return { type: "search.close" };
  if (state.sheet) return { type: "set", sheet: null };
  if (state.picked) return { type: "pick", pick: null };
  if (insideShown(state)) return { type: "inside.toggle" };
  if (labShown(state)) return state.lab.page === "new" && state.lab.jobs.length ? { type: "lab.page", page: "jobs" } : { type: "lab.toggle" };
  if (state.curves) return { type: "set", curves: false };
  if (state.compare) return { type: "compare.leave" };
  if (state.playing) return { type: "pause" };
  return null;
}

/** Whether the key belongs to where the cursor is. @param {KeyboardEvent} event */
function belongsElsewhere(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const at = event.target instanceof HTMLElement ? event.target : null;
  if (!at) return false;
  if (at.closest("dialog")) return true;
  if (event.key === "Escape") return false;
  if (at.matches("input:not([type=range]), textarea, select")) return true;
  if (event.key.startsWith("Arrow") && at.matches("#inside input")) return true; // its own slider, not the layers'
  return (event.key === " " || event.key === "Enter") && at.matches("button, summary, a");
}

/** @param {{ get(): State }} store @param {(message: import("./types.d.ts").Message) => void} act */
export function listenToKeys(store, act) {
  window.addEventListener("keydown", (event) => {
    if (belongsElsewhere(event)) return;
    const message = messageOf(store.get(), event);
    if (!message) return;
    event.preventDefault();
    if (message.type === "go") act({ type: "pause" });
    act(message);
  });
}
