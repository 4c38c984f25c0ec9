/** (state, message) -> state: the only way anything changes. Pure. */

import { INSIDE, insideFailed } from "./inside/inside.js";
import { clamp, nearestIndex } from "./sites.js";
import { COMPARE, ownPick, wentAlong } from "./comparing.js";
import { modesOf, openingColour } from "./colouring.js";
import { ALONG, FOLLOWING, caughtUp } from "./following.js";
import { LAB } from "./lab.js";
import { GLIDE, claimsShown } from "./state.js";
import { start } from "./player.js";
import { arrived, choose, measureIn } from "./projections.js";
import {
  addSentences,
  editSentence,
  placementDone,
  placementFailed,
  removeSentence,
  sliceArrived,
  tokensArrived,
  withSentence,
} from "./sentences.js";
import { openingProjection, openingSite, rewritten } from "./shelving.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Message} Message */
/** @typedef {(state: State, message: any) => State} Handler */

const SETTABLE = ["trails", "axes", "colour", "measure", "curves", "second", "fit", "speed", "loop", "theme", "language", "tab", "sheet", "reducedMotion", "flat", "camera", "notice", "caption", "touring"];

/**
 * The state after a message; the same object when nothing changed. An unknown message changes nothing.
 * @param {State} state @param {Message} message
 * @returns {State}
 */
export function update(state, message) {
  const handler = Object.hasOwn(HANDLERS, message.type) ? HANDLERS[message.type] : null;
  const changed = handler ? handler(state, message) : state;
  if (changed === state) return state;
  const here = arrived(changed);
  const next = caughtUp(here, message);
  const glide = next.step !== here.step ? ALONG : typeof message.glide === "number" ? message.glide : GLIDE;
  return glide === next.glide ? next : { ...next, glide };
}

/** @type {Record<string, Handler>} */
const HANDLERS = {
  ...LAB,
  hello: heard,
  connection: (state, { status, retryIn = 0 }) => ({ ...state, connection: status, retryIn }),
  runs: (state, { runs }) => ({ ...state, runs }),
  "run.choose": chosen,
  "run.card": carded,
  ...FOLLOWING,
  "run.failed": (state, { failure }) => ({ ...state, runFailure: failure }),
  reference: (state, { reference }) => ({ ...state, reference, colour: openingColour(state, reference) }),
  claims: (state, { claims }) => ({ ...state, claims }),
  projection: (state, { name }) => choose(state, name),
  "projection.next": nextProjection,
  measures: measured,
  "atlas.slice": (state, { slice }) => ({ ...state, atlas: { ...state.atlas, [slice.step]: slice } }),
  "atlas.failed": (state, { step, failure }) => ({ ...state, atlasFailures: { ...state.atlasFailures, [step]: failure } }),
  "atlas.retry": (state) => ({ ...state, atlasFailures: {} }),
  "atlas.drop": dropped,
  "sentence.add": (state, { text = "", hue }) => addSentences(state, [{ text, hue }]),
  "sentence.many": (state, { list }) => addSentences(state, list),
  "sentence.edit": editSentence,
  "sentence.remove": removeSentence,
  "sentence.hide": (state, { id }) => withSentence(state, id, (one) => ({ ...one, hidden: !one.hidden })),
  "sentence.hue": (state, { id }) => withSentence(state, id, (one) => ({ ...one, hue: (one.hue + 1) % 8 })),
  "sentence.activate": (state, { id }) => (state.active === id ? state : { ...state, active: id }),
  asked: (state, { sentence, id, text }) =>
    withSentence(state, sentence, (one) => ({ ...one, request: id, asked: text, status: "placing", failure: null })),
  tokens: tokensArrived,
  slice: sliceArrived,
  done: placementDone,
  error: failed,
  go,
  play: (state, { axis }) => (state.playing === axis ? { ...state, playing: null } : { ...begun(state, axis), playing: axis }),
  pause: (state) => (state.playing ? { ...state, playing: null } : state),
  set: assigned,
  "sheet.toggle": (state, { sheet }) => ({ ...state, sheet: state.sheet === sheet ? null : sheet }),
  "sheet.close": (state, { sheet }) => (state.sheet === sheet ? { ...state, sheet: null } : state),
  "search.close": (state) => ({ ...state, sheet: state.sheet === "search" ? null : state.sheet, search: "" }),
  "loop.toggle": (state) => ({ ...state, loop: !state.loop }),
  "theme.toggle": (state) => ({ ...state, theme: state.theme === "dark" ? "light" : "dark" }),
  "language.toggle": (state) => ({ ...state, language: state.language === "en" ? "zh" : "en" }),
  "trails.toggle": (state) => ({ ...state, trails: !state.trails }),
  "curves.toggle": (state) => ({ ...state, curves: !state.curves }),
  "axes.toggle": (state) => ({ ...state, axes: !state.axes }),
  "colour.next": nextColour,
  fold: (state, { panel }) => ({ ...state, folded: { ...state.folded, [panel]: !state.folded[/** @type {"sentences"} */ (panel)] } }),
  "claims.toggle": toggledClaims,
  ...COMPARE,
  ...INSIDE,
  search: (state, { text }) => ({ ...state, search: text }),
  hover: (state, { pick: pointed, at }) => hovered(state, ownPick(state, pointed), at),
  pick: picked,
  "inspect.asked": (state, { id }) => ({ ...state, inspecting: id, inspectionFailure: null }),
  inspection: (state, message) => (state.inspecting === message.id ? { ...state, inspection: message, inspecting: null } : state),
};

/** @param {State} state @param {Message} message @returns {State} */
function heard(state, { version, limits }) {
  const sentences = state.sentences.map((one) => (one.status === "placed" ? one : { ...one, asked: null, request: null, coming: null }));
  const runFailure = state.connection === "lost" ? null : state.runFailure; // what was told before the first greeting still holds
  return { ...state, version, limits, connection: "open", retryIn: 0, sentences, inspecting: null, runFailure };
}

/** Another run: its picture is not ours any more, the sentences stay. @param {State} state @param {Message} message @returns {State} */
function chosen(state, { run }) {
  if (run === state.run && state.card) return state;
  const sentences = state.sentences.map((one) => ({ ...one, asked: null, request: null, tokens: [], slices: {}, coming: null, cut: 0 }));
  return {
    ...state,
    run,
    card: null,
    runFailure: null,
    reference: null,
    measures: null,
    inside: { ...state.inside, looks: {}, asking: {}, troubles: {} },
    claims: [],
    atlas: {},
    atlasFailures: {},
    former: null,
    along: false,
    coloured: state.coloured && state.colour === "trust",
    sentences,
    picked: null,
    inspection: null,
    compare: state.card ? null : state.compare,
    playing: null,
    search: "",
  };
}

/** The card: the place that was wanted, else the last step past the middle of the model. @param {State} state @param {Message} message @returns {State} */
function carded(state, { card }) {
  const { wanted } = state;
  const last = card.steps.length - 1;
  const step = wanted.step === undefined ? last : Math.max(0, nearestIndex(card.steps, wanted.step));
  const site = card.sites.indexOf(wanted.site ?? "");
  const named = card.projections?.some((/** @type {{ name: string }} */ one) => one.name === wanted.projection) ? wanted.projection : null;
  const place = { step, site: site < 0 ? openingSite(card) : site, projection: named ?? openingProjection(card) };
  const next = rewritten({ ...state, card, run: card.name, runFailure: null, ...place, wanted: {} }, card);
  const missed = wanted.step !== undefined && card.steps[step] !== wanted.step;
  const noted = missed ? { ...next, notice: { key: "notice.step", values: { wanted: wanted.step ?? 0, step: card.steps[step] } } } : next;
  const listed = wanted.sentences?.length ? addSentences(noted, wanted.sentences) : noted;
  const active = wanted.active === undefined ? undefined : listed.sentences[wanted.active]?.id;
  return active ? { ...listed, active } : listed;
}

/** @param {State} state @param {Message} message @returns {State} */
function measured(state, { measures }) {
  const names = measures.measures.map((/** @type {{ name: string }} */ one) => one.name);
  const first = names.find((/** @type {string} */ name) => name === "trust") ?? names[0] ?? "";
  return { ...state, measures, measure: names.includes(state.measure) ? state.measure : measureIn(measures, first, state.projection), second: names.includes(state.second) ? state.second : "" };
}

/** @param {State} state @param {Message} message @returns {State} */
function dropped(state, { steps }) {
  const atlas = { ...state.atlas };
  for (const step of steps) delete atlas[step];
  return { ...state, atlas };
}

/** @param {State} state @param {Message} message @returns {State} */
function failed(state, message) {
  if (message.sentence) return placementFailed(state, message);
  if (message.id !== null && message.id === state.inspecting) {
    return { ...state, inspecting: null, inspection: null, inspectionFailure: { code: message.code, message: message.message } };
  }
  const told = insideFailed(state, /** @type {any} */ (message));
  return told !== state ? told : { ...state, notice: { key: "notice.plain", values: { message: message.message } } };
}

/** @param {State} state @param {Message} message @returns {State} */
function go(state, { step, site, along }) {
  if (!state.card) return state;
  if (Number.isFinite(along)) return wentAlong(state, along);
  const next = {
    step: Number.isFinite(step) ? clamp(step, 0, state.card.steps.length - 1) : state.step,
    site: Number.isFinite(site) ? clamp(site, 0, state.card.sites.length - 1) : state.site,
  };
  const own = Number.isFinite(step) && state.compare ? { ...next, compare: { ...state.compare, at: null } } : next;
  return next.step === state.step && next.site === state.site && !(state.compare?.at != null && own !== next) ? state : { ...state, ...own };
}

/** @param {State} state @param {"layers" | "steps"} axis @returns {State} */
function begun(state, axis) {
  const at = start(state, axis);
  return axis === "layers" ? { ...state, site: at } : wentAlong(state, at);
}

/** @param {State} state @param {Message} message @returns {State} */
function assigned(state, message) {
  const entries = Object.entries(message).filter(([name, value]) => SETTABLE.includes(name) && state[/** @type {keyof State} */ (name)] !== value);
  const coloured = state.coloured || message.colour !== undefined;
  return entries.length ? { ...state, ...Object.fromEntries(entries), coloured } : state;
}

/** The card of claims comes, in the place of what is picked or searched, or goes. @param {State} state @returns {State} */
function toggledClaims(state) {
  const open = !claimsShown(state);
  const folded = { ...state.folded, claims: !open };
  if (!open) return { ...state, folded };
  return { ...picked(state, { type: "pick", pick: null }), folded, search: "", sheet: null, lab: { ...state.lab, open: false } };
}

/** @param {State} state @returns {State} */
function nextColour(state) {
  const modes = modesOf(state);
  return { ...state, colour: modes[(modes.indexOf(state.colour) + 1) % modes.length], coloured: true };
}

/** @param {State} state @returns {State} */
function nextProjection(state) {
  const names = (state.card?.projections ?? []).map((one) => one.name);
  return names.length > 1 ? choose(state, names[(names.indexOf(state.projection) + 1) % names.length]) : state;
}

/** @param {State} state @param {import("./types.d.ts").Picked | null} pick @param {{ x: number, y: number }} [at] @returns {State} */
function hovered(state, pick, at) {
  return pick || state.hover ? { ...state, hover: pick, hoverAt: at ?? null } : state;
}

/** @param {State} state @param {Message} message @returns {State} */
function picked(state, { pick: pointed }) {
  const pick = ownPick(state, pointed);
  if (!pick) return state.picked ? { ...state, picked: null, inspection: null, inspecting: null, inspectionFailure: null } : state;
  const now = state.picked;
  const same =
    now &&
    now.kind === pick.kind &&
    (now.kind === "cloud" ? pick.kind === "cloud" && now.index === pick.index : pick.kind === "sentence" && now.id === pick.id && now.token === pick.token);
  if (same) return state;
  const active = pick.kind === "sentence" ? pick.id : state.active;
  return { ...state, picked: pick, active, inspection: null, inspecting: null, inspectionFailure: null };
}
