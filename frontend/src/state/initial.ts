/** The state before anything has been heard. Pure. */

import { newCompare } from "./comparing.ts";
import { NOT_MEASURED } from "./discontinuity.ts";
import { EMPTY_INSIDE } from "./inside/inside.ts";
import { EMPTY } from "./lab.ts";
import { NO_OFFERS } from "./offers.ts";
import { EMPTY_MEANING } from "./meaning/meaning.ts";
import { seedOf } from "./seed/seed.ts";
import type { State, View } from "./types.ts";

/** Nothing is pointed at or picked. */
const UNPICKED = {
  hover: null,
  hoverAt: null,
  picked: null,
  inspection: null,
  inspecting: null,
  inspectionFailure: null,
};

/** Who opens the page, and what the link says. */
export interface Boot {
  view?: View;
  language?: State["language"];
  theme?: State["theme"];
  reducedMotion?: boolean;
  /** whether the page was written down and no server answers */
  written?: boolean;
  /** what was unfolded at an earlier visit; without: everything is there */
  unfolded?: State["unfolded"];
}

/** The state before anything has been heard. */
export function initialState({ view = {}, ...person }: Boot = {}): State {
  return {
    ...NOTHING_HEARD,
    ...UNPICKED,
    ...looksOf(view),
    language: view.language ?? person.language ?? "en",
    theme: view.theme ?? person.theme ?? "dark",
    reducedMotion: person.reducedMotion ?? false,
    written: person.written ?? false,
    unfolded: person.unfolded ?? ["tools", "sentences", "strip", "scene"],
    run: view.run ?? "",
    panel: view.lab ? "lab" : view.meaning ? "meaning" : view.inside ? "inside" : null,
    meaning: { ...EMPTY_MEANING, section: view.meaning ?? EMPTY_MEANING.section },
    inside: { ...EMPTY_INSIDE, tab: view.inside ?? EMPTY_INSIDE.tab },
    seed: seedOf(view),
    wanted: view,
  };
}

/** What a link says of how the picture looks. */
function looksOf(view: View) {
  return {
    projection: view.projection ?? "umap",
    trails: view.trails ?? ("comet" as const),
    stack: view.stack ?? ("layers" as const),
    colour: view.colour ?? ("source" as const),
    coloured: view.colour !== undefined,
    measure: view.measure ?? "",
    curves: view.curves ?? false,
    second: view.second ?? "",
    fit: view.fit ?? false,
    compare: view.compare ? newCompare(view.compare) : null,
    camera: view.camera ?? null,
  };
}

/** What no link can say. */
const NOTHING_HEARD = {
  flat: false,
  arrows: { count: 0, short: 0 },
  discontinuity: NOT_MEASURED,
  connection: "connecting",
  retryIn: 0,
  limits: { characters: 20000, tokens: 256, message_bytes: 65536, sentences: 16 },
  version: "",
  runs: [],
  card: null,
  runFailure: null,
  reference: null,
  measures: null,
  claims: [],
  claim: null,
  step: 0,
  site: 0,
  glide: 0,
  atlas: {},
  atlasFailures: {},
  former: null,
  along: false,
  sentences: [],
  active: null,
  serial: 0,
  writtenFor: "",
  shelved: {},
  axes: false,
  playing: null,
  speed: 1,
  loop: false,
  search: "",
  tab: "neighbours",
  sheet: null,
  folded: { sentences: false, legend: false, strip: false, claims: null },
  caption: null,
  touring: false,
  notice: null,
  lab: EMPTY,
  offers: NO_OFFERS,
  refusal: null,
} as const satisfies Partial<State>;
