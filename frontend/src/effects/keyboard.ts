/** What the keys do. */

import { stepAxis } from "../state/comparing.ts";
import { neighbouring } from "../charts/events.ts";
import { sectionShown } from "../state/drawer.ts";
import { labShown } from "../state/lab.ts";
import { SPEEDS } from "../state/player.ts";
import { leavesReading, presentingKey } from "../state/seed/keys.ts";
import type { Message, Of } from "../state/messages.ts";
import type { State } from "../state/types.ts";

/** What a key asks for: a message, or that the story is told again. */
export type Key = Message | { type: "replay" };

/** The message of a key, or null when it is not ours. Pure. */
export function messageOf(
  state: State,
  { key, shiftKey }: { key: string; shiftKey: boolean },
): Key | null {
  const turned = presentingKey(state, key);
  if (turned) return turned;
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
      return state.playing
        ? { type: "pause" }
        : { type: "play", axis: shiftKey ? "steps" : "layers" };
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
      return { type: "set", tab: TABS[Number(key) - 1] };
    case "?":
      return { type: "sheet.toggle", sheet: "help" };
    case "Escape":
      return escape(state);
    default:
      return LETTERS[key.toLowerCase()] ?? null;
  }
}

const TABS = ["neighbours", "lens", "numbers"] as const;

const LETTERS: Record<string, Key> = {
  o: { type: "loop.toggle" },
  n: { type: "sentence.add", text: "" },
  "/": { type: "set", sheet: "search" },
  c: { type: "colour.next", glide: 500 },
  p: { type: "projection.next" },
  t: { type: "trails.next" },
  x: { type: "axes.toggle" },
  m: { type: "curves.toggle" },
  b: { type: "compare.toggle" },
  e: { type: "lab.toggle" },
  i: { type: "inside.toggle" },
  l: { type: "theme.toggle" },
  g: { type: "language.toggle" },
  r: { type: "replay" },
  s: { type: "seed.toggle", reading: "text" },
  k: { type: "seed.toggle", reading: "lesson" },
};

/** One step on or back of those that the slider goes through. */
function along(state: State, by: number): Of<"go"> {
  const { steps, at } = stepAxis(state);
  return steps === state.card?.steps || !state.card
    ? { type: "go", step: Math.round(state.step) + by }
    : { type: "go", along: Math.round(at) + by };
}

/** To the step before or after where something happens. */
function happening(state: State, by: 1 | -1): Of<"go"> | null {
  const step = neighbouring(state, by);
  return step === null ? null : { type: "go", step, glide: 420 };
}

/** Closes one thing: the sheet, the section of the drawer, the curves, then what plays. */
function escape(state: State): Message | null {
  if (state.sheet === "search") return { type: "search.close" };
  if (state.sheet) return { type: "set", sheet: null };
  if (!state.picked && (state.seed.card || state.seed.presenting)) return leavesReading(state);
  if (labShown(state) && state.lab.page === "new" && state.lab.jobs.length)
    return { type: "lab.page", page: "jobs" };
  if (sectionShown(state)) return { type: "drawer.close" };
  if (state.curves) return { type: "set", curves: false };
  if (state.compare) return { type: "compare.leave" };
  if (state.playing) return { type: "pause" };
  return leavesReading(state);
}

/** Whether the key belongs to where the cursor is. */
function belongsElsewhere(event: KeyboardEvent) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const at = event.target instanceof HTMLElement ? event.target : null;
  if (!at) return false;
  if (at.closest("dialog")) return true;
  if (event.key === "Escape") return false;
  if (at.matches("input:not([type=range]), textarea, select")) return true;
  // its own slider, not the layers'
  if (event.key.startsWith("Arrow") && at.matches("#inside input")) return true;
  return (event.key === " " || event.key === "Enter") && at.matches("button, summary, a");
}

export function listenToKeys(store: { get(): State }, act: (message: Key) => void) {
  window.addEventListener("keydown", (event) => {
    if (belongsElsewhere(event)) return;
    const message = messageOf(store.get(), event);
    if (!message) return;
    event.preventDefault();
    if (message.type === "go") act({ type: "pause" });
    act(message);
  });
}
