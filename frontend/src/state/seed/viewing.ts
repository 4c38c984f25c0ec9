/** Sets the picture of the run in hand to what a link, or a card's view, says. Pure. */

import { newCompare } from "../comparing.ts";
import { choose } from "../projections.ts";
import { freeHue, newSentence } from "../sentences.ts";
import { nearestIndex } from "../sites.ts";
import { viewOf } from "../url.ts";
import type { Meaning } from "../meaning/types.ts";
import type { Card, Panel, Sentence, Shelf, State, View } from "../types.ts";

/** What takes its time: a person asks for it. */
const SLOW: readonly string[] = ["compress", "regions", "ood"];

/** What a link leaves out: nothing lies over the picture. */
const BARE = { curves: false, second: "", fit: false } as const;

/**
 * The view in the fields of a link as a card holds them: `s` are sentences, one a line, each with
 * its hue before it. What cannot be read is left out.
 */
export function viewOfFields(fields: Record<string, string>): View {
  const parts = Object.entries(fields).flatMap(([name, value]) =>
    (name === "s" ? value.split("\n") : [value]).map((one) => `${name}=${encodeURIComponent(one)}`),
  );
  return viewOf(`#v=1&${parts.join("&")}`).view ?? {};
}

/** The state with the picture of a view; what the view does not name stays as it is. */
export function withView(state: State, view: View): State {
  const { card } = state;
  if (!card) return state;
  const looks = {
    ...BARE,
    ...given(view, ["colour", "measure", "curves", "second", "fit", "trails", "camera"]),
  };
  const next = {
    ...state,
    ...looks,
    ...placeOf(state, card, view),
    coloured: state.coloured || view.colour !== undefined,
    compare: view.compare ? newCompare(view.compare) : null,
    panel: panelOf(view),
    meaning: view.meaning ? measured(state, view) : state.meaning,
    inside: view.inside ? { ...state.inside, tab: view.inside } : state.inside,
    playing: null,
    along: false,
    search: "",
    picked: null,
    inspection: null,
    inspecting: null,
  };
  const placed = view.projection ? choose(next, view.projection) : next;
  return view.sentences ? withSentences(placed, view.sentences, view.active) : placed;
}

function panelOf({ inside, meaning, lab }: View): Panel | null {
  return inside ? "inside" : meaning ? "meaning" : lab ? "lab" : null;
}

/** What is to be measured of meaning: of a path, from the first sentence to the second. */
function measured({ meaning }: State, { meaning: asked, sentences }: View): Meaning {
  const section = asked ?? meaning.section;
  const [start, end] = (sentences ?? []).map(({ text }) => text);
  const ends = section === "path" && start && end ? { start, end } : {};
  return {
    ...meaning,
    section,
    form: { ...meaning.form, ...ends },
    wish: SLOW.includes(section) ? null : { section, all: false },
    scene: true,
  };
}

function given(view: View, names: (keyof View)[]): Partial<State> {
  return Object.fromEntries(
    names.filter((name) => view[name] !== undefined).map((name) => [name, view[name]]),
  );
}

/** Step and site of a view on a run: the nearest step, the site of that name. */
function placeOf(state: State, card: Card, { step, site }: View) {
  const at = step === undefined ? state.step : Math.max(0, nearestIndex(card.steps, step));
  const place = card.sites.indexOf(site ?? "");
  return { step: at, site: place < 0 ? state.site : place };
}

/** Other sentences than before; those that are there already stay as they are placed. */
export function withSentences(state: State, list: Shelf, active = list.length - 1): State {
  let { serial } = state;
  const there = state.sentences.slice();
  const sentences: Sentence[] = list.slice(0, state.limits.sentences).map((one) => {
    const at = there.findIndex(({ text }) => text === one.text);
    if (at >= 0) return { ...there.splice(at, 1)[0], hue: one.hue, hidden: one.hidden };
    serial += 1;
    const hue = one.hue ?? freeHue(there);
    return { ...newSentence(`s${serial}`, one.text, hue), hidden: one.hidden };
  });
  const same =
    sentences.length === state.sentences.length &&
    sentences.every((one, i) => one.text === state.sentences[i].text);
  if (same && !list.length) return state;
  return { ...state, serial, sentences, active: sentences[active]?.id ?? null };
}

/** Sentences as they are kept aside. */
export function shelfOf(state: State): Shelf {
  return state.sentences.map(({ text, hue, hidden }) => ({ text, hue, hidden }));
}
