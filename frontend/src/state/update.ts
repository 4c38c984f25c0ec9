/** (state, message) -> state: the only way anything changes. Pure. */

import { failureIn, saidBoth } from "../protocol/failure.ts";
import { INSIDE, insideFailed } from "./inside/inside.ts";
import { clamp, nearestIndex } from "./sites.ts";
import { COMPARE, ownPick, wentAlong } from "./comparing.ts";
import { modesOf, openingColour } from "./colour/colouring.ts";
import { ALONG, FOLLOWING, caughtUp } from "./following.ts";
import { DISCONTINUITY, NOT_MEASURED, isScore, scoresFailed } from "./discontinuity.ts";
import { DRAWER, opened } from "./drawer.ts";
import { LAB } from "./lab.ts";
import { OFFERS } from "./offers.ts";
import { MEANING, meaningFailed, meaningOfNoRun, meaningShared } from "./meaning/meaning.ts";
import { GLIDE } from "./state.ts";
import { start } from "./player.ts";
import { offered } from "./meaning/on-axes.ts";
import { arrived, choose, measureIn } from "./projections.ts";
import {
  addSentences,
  editSentence,
  meanOtherwise,
  placementDone,
  placementFailed,
  removeSentence,
  sliceArrived,
  tokensArrived,
  withSentence,
} from "./sentences.ts";
import { SEED, awaiting, settled } from "./seed/seed.ts";
import { logOf, withLog } from "./logged.ts";
import { openingProjection, openingSite, rewritten } from "./shelving.ts";
import { allUnfolded, unfolding } from "./unfolding.ts";
import { SETTABLE } from "./messages.ts";
import type { Handlers, Message, Of } from "./messages.ts";
import type { Picked, State } from "./types.ts";

/**
 * The state after a message; the same object when nothing changed. An unknown message changes
 * nothing.
 */
export function update(state: State, message: Message): State {
  if (!Object.hasOwn(HANDLERS, message.type)) return state; // of a newer server
  const handler = HANDLERS[message.type] as (state: State, message: Message) => State;
  const changed = handler(state, message);
  if (changed === state) return state;
  const here = arrived(unfolding(changed, message));
  const next = caughtUp(here, message);
  const glide =
    next.step !== here.step ? ALONG : typeof message.glide === "number" ? message.glide : GLIDE;
  return glide === next.glide ? next : { ...next, glide };
}

const AFTER = { comet: "whole", whole: "off", off: "comet" } as const;

const HANDLERS: Handlers = {
  ...LAB,
  "lab.log": logged,
  ...OFFERS,
  hello: heard,
  connection: (state, { status, retryIn = 0 }) => ({ ...state, connection: status, retryIn }),
  changed: (state) => state, // what is new of a run is brought by others
  runs: (state, { runs }) => ({ ...state, runs }),
  "run.choose": (state, message) => awaiting(chosen(state, message), state),
  "run.card": (state, message) => settled(carded(state, message)),
  ...FOLLOWING,
  "run.failed": (state, { failure }) => ({ ...state, runFailure: failure }),
  reference: (state, { reference }) => ({
    ...state,
    reference,
    colour: openingColour(state, reference),
  }),
  claims: (state, { claims }) => ({ ...state, claims }),
  projection: (state, { name }) => choose(state, name),
  "projection.next": nextProjection,
  measures: measured,
  "atlas.slice": (state, { slice }) => ({
    ...state,
    atlas: { ...state.atlas, [slice.step]: slice },
  }),
  "atlas.failed": (state, { step, failure }) => ({
    ...state,
    atlasFailures: { ...state.atlasFailures, [step]: failure },
  }),
  "atlas.retry": (state) => ({ ...state, atlasFailures: {} }),
  "atlas.drop": dropped,
  "sentence.add": (state, { text = "", hue }) => addSentences(state, [{ text, hue }]),
  "sentence.many": (state, { list }) => addSentences(state, list),
  "sentence.edit": editSentence,
  "sentence.remove": removeSentence,
  "sentence.hide": (state, { id }) =>
    withSentence(state, id, (one) => ({ ...one, hidden: !one.hidden })),
  "sentence.hue": (state, { id }) =>
    withSentence(state, id, (one) => ({ ...one, hue: (one.hue + 1) % 8 })),
  "sentence.special": meanOtherwise,
  "sentence.activate": (state, { id }) => (state.active === id ? state : { ...state, active: id }),
  asked: (state, { sentence, id, text }) =>
    withSentence(state, sentence, (one) => ({
      ...one,
      request: id,
      asked: text,
      status: "placing",
      failure: null,
    })),
  tokens: tokensArrived,
  slice: sliceArrived,
  done: placementDone,
  measuring: meaningShared,
  error: failed,
  go,
  play: (state, { axis }) =>
    state.playing === axis ? { ...state, playing: null } : { ...begun(state, axis), playing: axis },
  pause: (state) => (state.playing ? { ...state, playing: null } : state),
  set: assigned,
  "sheet.toggle": (state, { sheet }) => ({ ...state, sheet: state.sheet === sheet ? null : sheet }),
  "sheet.close": (state, { sheet }) => (state.sheet === sheet ? { ...state, sheet: null } : state),
  "search.close": (state) => ({
    ...state,
    sheet: state.sheet === "search" ? null : state.sheet,
    search: "",
  }),
  "loop.toggle": (state) => ({ ...state, loop: !state.loop }),
  "theme.toggle": (state) => ({ ...state, theme: state.theme === "dark" ? "light" : "dark" }),
  "language.toggle": (state) => ({ ...state, language: state.language === "en" ? "zh" : "en" }),
  "trails.next": (state) => ({ ...state, trails: AFTER[state.trails] }),
  "curves.toggle": (state) => ({ ...state, curves: !state.curves }),
  "axes.toggle": (state) => ({ ...state, axes: !state.axes }),
  "colour.next": nextColour,
  fold: (state, { panel }) => ({
    ...state,
    folded: { ...state.folded, [panel]: !state.folded[panel as "sentences"] },
  }),
  "claims.open": (state, { id }) => ({ ...opened(state, "metrics"), claim: id }),
  ...DRAWER,
  unfold: allUnfolded,
  ...COMPARE,
  ...INSIDE,
  ...MEANING,
  ...DISCONTINUITY,
  ...SEED,
  search: (state, { text }) => ({ ...state, search: text }),
  hover: (state, { pick: pointed, at }) => hovered(state, ownPick(state, pointed), at),
  pick: picked,
  "inspect.asked": (state, { id }) => ({ ...state, inspecting: id, inspectionFailure: null }),
  inspection: (state, message) =>
    state.inspecting === message.id ? { ...state, inspection: message, inspecting: null } : state,
};

function heard(state: State, { version, limits }: Of<"hello">): State {
  const sentences = state.sentences.map((one) =>
    one.status === "placed" ? one : { ...one, asked: null, request: null, coming: null },
  );
  // what was told before the first greeting still holds
  const runFailure = state.connection === "lost" ? null : state.runFailure;
  return {
    ...state,
    version,
    limits,
    connection: "open",
    retryIn: 0,
    sentences,
    inspecting: null,
    runFailure,
  };
}

/** Another run: its picture is not ours any more, the sentences stay. */
function chosen(state: State, { run }: Of<"run.choose">): State {
  if (run === state.run && state.card) return state;
  const sentences = state.sentences.map((one) => ({
    ...one,
    asked: null,
    request: null,
    tokens: [],
    slices: {},
    coming: null,
    shown: null,
    cut: 0,
  }));
  return {
    ...state,
    run,
    card: null,
    runFailure: null,
    reference: null,
    measures: null,
    inside: { ...state.inside, looks: {}, asking: {}, troubles: {} },
    meaning: meaningOfNoRun(state.meaning),
    discontinuity: NOT_MEASURED,
    claims: [],
    atlas: {},
    atlasFailures: {},
    former: null,
    along: false,
    coloured: state.coloured && (state.colour === "trust" || isScore(state.colour)),
    sentences,
    picked: null,
    inspection: null,
    compare: state.card ? null : state.compare,
    playing: null,
    search: "",
  };
}

/** The card: the place that was wanted, else the last step past the middle of the model. */
function carded(state: State, { card: plain }: Of<"run.card">): State {
  const { wanted } = state;
  const card = offered({ ...state, card: plain }, wanted.projection ?? "").card ?? plain;
  const last = card.steps.length - 1;
  const step =
    wanted.step === undefined ? last : Math.max(0, nearestIndex(card.steps, wanted.step));
  const site = card.sites.indexOf(wanted.site ?? "");
  const named = card.projections?.some((one: { name: string }) => one.name === wanted.projection)
    ? wanted.projection
    : null;
  const place = {
    step,
    site: site < 0 ? openingSite(card) : site,
    projection: named ?? openingProjection(card),
  };
  const next = rewritten(
    { ...state, card, run: card.name, runFailure: null, ...place, wanted: {} },
    card,
  );
  const missed = wanted.step !== undefined && card.steps[step] !== wanted.step;
  const noted = missed
    ? {
        ...next,
        notice: {
          key: "notice.step",
          values: { wanted: wanted.step ?? 0, step: card.steps[step] },
        },
      }
    : next;
  const listed = wanted.sentences?.length ? addSentences(noted, wanted.sentences) : noted;
  const active = wanted.active === undefined ? undefined : listed.sentences[wanted.active]?.id;
  return active ? { ...listed, active } : listed;
}

function measured(state: State, { measures: table }: Of<"measures">): State {
  const measures = withLog(table, logOf(state));
  const names = measures.measures.map((one: { name: string }) => one.name);
  const first = names.find((name: string) => name === "trust") ?? names[0] ?? "";
  return {
    ...state,
    measures,
    measure: names.includes(state.measure)
      ? state.measure
      : measureIn(measures, first, state.projection),
    second: names.includes(state.second) ? state.second : "",
  };
}

/** A log that has come, its figures beside the measures of the run on screen. */
function logged(state: State, message: Of<"lab.log">): State {
  const next = LAB["lab.log"](state, message);
  return message.run === state.run && state.measures
    ? { ...next, measures: withLog(state.measures, message.rows) }
    : next;
}

function dropped(state: State, { steps }: Of<"atlas.drop">): State {
  const atlas = { ...state.atlas };
  for (const step of steps) delete atlas[step];
  return { ...state, atlas };
}

function failed(state: State, message: Of<"error">): State {
  if (message.sentence) return placementFailed(state, message);
  if (message.id !== null && message.id === state.inspecting) {
    return {
      ...state,
      inspecting: null,
      inspection: null,
      inspectionFailure: failureIn(message),
    };
  }
  const inside = insideFailed(state, message);
  const meant = inside === state ? meaningFailed(state, message) : inside;
  const told = meant === state ? scoresFailed(state, message) : meant;
  return told !== state
    ? told
    : { ...state, notice: { key: "notice.plain", values: saidBoth(message) } };
}

function go(state: State, { step, site, along }: Of<"go">): State {
  if (!state.card) return state;
  if (along !== undefined && Number.isFinite(along)) return wentAlong(state, along);
  const next = {
    step:
      step !== undefined && Number.isFinite(step)
        ? clamp(step, 0, state.card.steps.length - 1)
        : state.step,
    site:
      site !== undefined && Number.isFinite(site)
        ? clamp(site, 0, state.card.sites.length - 1)
        : state.site,
  };
  const own =
    Number.isFinite(step) && state.compare
      ? { ...next, compare: { ...state.compare, at: null } }
      : next;
  return next.step === state.step &&
    next.site === state.site &&
    !(state.compare?.at != null && own !== next)
    ? state
    : { ...state, ...own };
}

function begun(state: State, axis: "layers" | "steps"): State {
  const at = start(state, axis);
  return axis === "layers" ? { ...state, site: at } : wentAlong(state, at);
}

function assigned(state: State, message: Of<"set">): State {
  const entries = Object.entries(message).filter(
    ([name, value]) =>
      (SETTABLE as readonly string[]).includes(name) && state[name as keyof State] !== value,
  );
  const coloured = state.coloured || message.colour !== undefined;
  return entries.length ? { ...state, ...Object.fromEntries(entries), coloured } : state;
}

function nextColour(state: State): State {
  const modes = modesOf(state);
  return {
    ...state,
    colour: modes[(modes.indexOf(state.colour) + 1) % modes.length],
    coloured: true,
  };
}

function nextProjection(state: State): State {
  const names = (state.card?.projections ?? []).map((one) => one.name);
  return names.length > 1
    ? choose(state, names[(names.indexOf(state.projection) + 1) % names.length])
    : state;
}

function hovered(state: State, pick: Picked | null, at?: { x: number; y: number }): State {
  return pick || state.hover ? { ...state, hover: pick, hoverAt: at ?? null } : state;
}

function picked(state: State, { pick: pointed }: Of<"pick">): State {
  const pick = ownPick(state, pointed);
  if (!pick)
    return state.picked
      ? { ...state, picked: null, inspection: null, inspecting: null, inspectionFailure: null }
      : state;
  const now = state.picked;
  const same =
    now &&
    now.kind === pick.kind &&
    (now.kind === "cloud"
      ? pick.kind === "cloud" && now.index === pick.index
      : pick.kind === "sentence" && now.id === pick.id && now.token === pick.token);
  if (same) return state;
  const active = pick.kind === "sentence" ? pick.id : state.active;
  return {
    ...state,
    picked: pick,
    active,
    inspection: null,
    inspecting: null,
    inspectionFailure: null,
  };
}
