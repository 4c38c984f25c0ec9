/** The state before anything has been heard. Pure. */

import { newCompare } from "./comparing.ts";
import { EMPTY_INSIDE } from "./inside/inside.ts";
import { EMPTY } from "./lab.ts";
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

/** The state before anything has been heard. */
export function initialState({
  view = {},
  language = "en",
  theme = "dark",
  reducedMotion = false,
}: {
  view?: View;
  language?: "en" | "zh";
  theme?: "dark" | "light";
  reducedMotion?: boolean;
} = {}): State {
  return {
    language: view.language ?? language,
    theme: view.theme ?? theme,
    reducedMotion,
    flat: false,
    connection: "connecting",
    retryIn: 0,
    limits: { characters: 20000, tokens: 256, message_bytes: 65536, sentences: 16 },
    version: "",
    runs: [],
    run: view.run ?? "",
    card: null,
    runFailure: null,
    reference: null,
    measures: null,
    claims: [],
    step: 0,
    site: 0,
    glide: 0,
    atlas: {},
    atlasFailures: {},
    projection: view.projection ?? "umap",
    former: null,
    along: false,
    sentences: [],
    active: null,
    serial: 0,
    writtenFor: "",
    shelved: {},
    trails: view.trails ?? true,
    axes: false,
    colour: view.colour ?? "source",
    coloured: view.colour !== undefined,
    measure: view.measure ?? "",
    curves: view.curves ?? false,
    second: view.second ?? "",
    fit: view.fit ?? false,
    compare: view.compare ? newCompare(view.compare) : null,
    playing: null,
    speed: 1,
    loop: false,
    search: "",
    ...UNPICKED,
    tab: "neighbours",
    sheet: null,
    folded: { sentences: false, legend: false, strip: false, claims: null },
    camera: view.camera ?? null,
    caption: null,
    touring: false,
    notice: null,
    panel: view.lab ? "lab" : view.inside ? "inside" : null,
    lab: EMPTY,
    inside: { ...EMPTY_INSIDE, tab: view.inside ?? EMPTY_INSIDE.tab },
    wanted: view,
  };
}
