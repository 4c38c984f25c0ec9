/**
 * The seed's text and the lesson beside the picture: what is read, which card is open, and the
 * picture that shows it. Pure.
 */

import { CHAPTERS } from "./scenes.ts";
import { offered } from "../offers.ts";
import { shelfOf, viewOfFields, withSentences, withView } from "./viewing.ts";
import type { Handlers, Kind, Of } from "../messages.ts";
import type { Seed, SeedCard, State, View } from "../types.ts";

export const EMPTY_SEED: Seed = {
  reading: null,
  card: null,
  chapter: 1,
  presenting: false,
  notes: false,
  cards: {},
  awaited: null,
  kept: null,
};

/** What a link says is read. */
export function seedOf(view: View): Seed {
  const card = view.seed && view.seed !== "text" ? view.seed : null;
  return {
    ...EMPTY_SEED,
    reading: view.lesson !== undefined ? "lesson" : view.seed ? "text" : null,
    card,
    chapter: Math.min(CHAPTERS, Math.max(1, view.lesson ?? 1)),
    presenting: Boolean(view.lesson !== undefined && view.present),
    awaited: card && view.step === undefined ? "card" : null,
  };
}

/** What a link carries of this. */
export function readingInView({ seed }: State): Pick<View, "seed" | "lesson" | "present"> {
  return {
    seed: seed.card ?? (seed.reading === "text" ? "text" : undefined),
    lesson: seed.reading === "lesson" ? seed.chapter : undefined,
    present: seed.presenting || undefined,
  };
}

/** The cards of a run; none before they have come. */
export function cardsOf(state: State, run: string = state.run): SeedCard[] {
  return state.seed.cards[run] ?? [];
}

/** What a run has to say of a claim. */
export function cardOf(state: State, id: string | null, run: string = state.run) {
  return cardsOf(state, run).find((one) => one.id === id) ?? null;
}

/** The runs that have a card of a claim, in the order of the catalog. */
export function runsWith(state: State, id: string) {
  return state.runs.filter(({ name }) => cardOf(state, id, name));
}

/** The models that can be fetched, whose card of a claim comes along. */
export function offeredWith(state: State, id: string) {
  return offered(state).filter(({ name }) => cardOf(state, id, name));
}

export const SEED: Handlers<Extract<Kind, `${"seed" | "lesson"}.${string}`>> = {
  "seed.read": read,
  "seed.toggle": (state, { type: _, reading }) =>
    read(state, {
      type: "seed.read",
      reading: state.seed.reading === reading ? null : reading,
    }),
  "seed.choose": choose,
  "seed.cards": (state, { run, cards }) =>
    settled(withSeed(state, { cards: { ...state.seed.cards, [run]: cards } })),
  "seed.await": (state, { view }) => settled(withSeed(state, { awaited: view })),
  "seed.inside": (state) => withSeed(state, { card: null }),
  "lesson.go": turned,
  "lesson.set": (state, { type, glide, ...fields }) => withSeed(state, fields),
  "lesson.show": (state, { view }) => withView(keeping(state, view), view),
};

export function withSeed(state: State, fields: Partial<Seed>): State {
  return { ...state, seed: { ...state.seed, ...fields } };
}

/** The text or the lesson is opened, or both are closed: then the person's sentences come back. */
function read(state: State, { reading }: Of<"seed.read">): State {
  if (reading) return opened(state, reading);
  const { kept } = state.seed;
  const panel = state.seed.card ? null : state.panel;
  const bare = withSeed(
    { ...state, panel },
    { reading: null, card: null, presenting: false, kept: null, awaited: null },
  );
  return kept && kept.writtenFor === state.writtenFor ? withSentences(bare, kept.list) : bare;
}

function opened(state: State, reading: "text" | "lesson"): State {
  const seed = {
    ...state.seed,
    reading,
    presenting: state.seed.presenting && reading === "lesson",
  };
  const panel = state.panel === "inside" ? state.panel : null;
  return { ...state, seed, panel, sheet: null, search: "", picked: null, inspection: null };
}

/** Another chapter: what the one before had opened over the scene goes. */
function turned(state: State, { chapter }: Of<"lesson.go">): State {
  const at = Math.min(CHAPTERS, Math.max(1, chapter));
  if (at === state.seed.chapter && state.seed.reading === "lesson") return state;
  const bare = { ...opened(state, "lesson"), panel: null, curves: false, playing: null };
  return withSeed(bare, { chapter: at, card: null, awaited: null });
}

/** A claim's card is opened and its picture set; without one, the card is closed. */
function choose(state: State, { card }: Of<"seed.choose">): State {
  if (!card) return withSeed({ ...state, panel: null }, { card: null, awaited: null });
  const next = opened(state, state.seed.reading ?? "text");
  return settled(withSeed(next, { card, awaited: "card" }));
}

/** The picture that is awaited is set once the run, and for a card its claims, are here. */
export function settled(state: State): State {
  const { awaited } = state.seed;
  if (!awaited || !state.card) return state;
  if (awaited !== "card") return followed(state, awaited);
  if (!(state.run in state.seed.cards)) return state;
  const card = cardOf(state, state.seed.card);
  const view = card ? { step: card.at_step, ...viewOfFields(card.view) } : null;
  const now = withSeed(state, { awaited: null });
  return view ? withView(keeping(now, view), view) : now;
}

/** Another run is coming: the open card's picture is set on it as well. */
export function awaiting(next: State, before: State): State {
  const switched = next !== before && before.card && next.seed.card && !next.seed.awaited;
  return switched ? withSeed(next, { awaited: "card" }) : next;
}

/** Back or forward: the picture and what is read as the link has them. */
function followed(state: State, view: View): State {
  if (view.run && view.run !== state.run) return state;
  const { reading, card, chapter, presenting } = seedOf(view);
  const now = withSeed(withView(state, view), {
    reading,
    card,
    chapter: reading === "lesson" ? chapter : state.seed.chapter,
    presenting,
    awaited: null,
  });
  return reading ? now : withSeed(now, { kept: null });
}

/** The state with its sentences kept aside, where a view is about to replace them. */
function keeping(state: State, view: View): State {
  if (!view.sentences || state.seed.kept) return state;
  return withSeed(state, { kept: { writtenFor: state.writtenFor, list: shelfOf(state) } });
}
