/** Sends what is typed: after a breath, once a connection; asks again for what is missing. */

import { cloudThere, firstCloud } from "./waiting.ts";
import { behind, isTyped } from "../state/following.ts";
import { outward } from "../state/sites.ts";
import { stepNumber } from "../state/state.ts";
import type { Sentence, State } from "../state/types.ts";
import type { Store } from "../state/store.ts";
import type { ClientMessage } from "../protocol/wire.ts";

const BREATH = 120;

/** Milliseconds until what met a busy server is sent again; spread, so that they come apart. */
const AGAIN = 3000;

/** Whether a sentence, or steps of it, have just met a busy server. */
export function turnedAway(one: Sentence, old: Sentence | undefined) {
  const ended = one.status === "failed" || one.status === "placed";
  const known = old?.status === one.status && old.failure === one.failure;
  return one.failure?.code === "busy" && ended && !known;
}

/** Whether a sentence must be sent. */
export function unsent(one: Sentence) {
  return (
    one.status !== "blank" &&
    one.asked !== one.text &&
    !(one.status === "failed" && one.failure?.code === "text_too_long" && one.asked === null)
  );
}

/** Steps that a sentence still lacks, nearest to the present first. */
export function lacking(state: State, one: Sentence) {
  const { card } = state;
  if (!card) return [];
  return outward(card.steps.length, Math.round(state.step))
    .map((i) => card.steps[i])
    .filter((step) => !(step in one.slices));
}

export function placing(store: Store, client: Line, nextId: () => number) {
  const waiting = waitingRoom(store, client, nextId);

  store.subscribe((state, previous) => {
    const changed =
      state.sentences !== previous.sentences ||
      state.connection !== previous.connection ||
      state.card !== previous.card;
    if (changed) sentencesChanged(state, previous, waiting);
    if (Math.round(state.step) !== Math.round(previous.step)) stepChanged(state, waiting);
    if (state.card !== previous.card || state.sentences !== previous.sentences)
      caughtUp(state, previous, waiting);
  });
}

interface Line {
  send(message: ClientMessage): boolean;
}

type Waiting = ReturnType<typeof waitingRoom>;

/** Sentences that are asked for in a moment, each once. */
function waitingRoom(store: Store, client: Line, nextId: () => number) {
  const timers: Map<string, number> = new Map();
  /** Sentences that have waited for the first picture. */
  const waited: Set<string> = new Set();

  function place(key: string, missingOnly: boolean) {
    const state = store.get();
    const one = state.sentences.find((each) => each.id === key);
    if (!one || !state.card || !isTyped(state.card) || state.connection !== "open") return;
    // a server that has just begun would read its models while the picture is on its way
    if (!waited.has(key)) {
      waited.add(key);
      if (!cloudThere(state)) {
        firstCloud(store, state.run).then(() => place(key, missingOnly));
        return;
      }
    }
    const id = nextId();
    const steps = missingOnly ? lacking(state, one) : [];
    const sent = client.send({
      type: "place",
      id,
      run: state.run,
      sentence: key,
      text: one.text,
      special: one.special,
      steps,
      step: stepNumber(state),
      projection: state.projection,
    });
    if (sent) store.dispatch({ type: "asked", sentence: key, id, text: one.text });
  }

  return {
    later(key: string, delay: number, missingOnly: boolean = false) {
      clearTimeout(timers.get(key));
      timers.set(
        key,
        window.setTimeout(() => (timers.delete(key), place(key, missingOnly)), delay),
      );
    },
    stop(key: string) {
      clearTimeout(timers.get(key));
      timers.delete(key);
      client.send({ type: "cancel", sentence: key });
    },
  };
}

function sentencesChanged(state: State, previous: State, { later, stop }: Waiting) {
  const before = new Map(previous.sentences.map((one) => [one.id, one]));
  const ready = state.card !== previous.card || state.connection !== previous.connection;
  for (const one of state.sentences) {
    const old = before.get(one.id);
    if (unsent(one) && (ready || one.text !== old?.text || one.asked !== old?.asked))
      later(one.id, old && old.text !== one.text ? BREATH : 0);
    else if (turnedAway(one, old))
      later(one.id, AGAIN * (1 + Math.random()), one.status === "placed");
    if (one.status === "blank" && old && old.status !== "blank") stop(one.id);
    before.delete(one.id);
  }
  for (const id of before.keys()) stop(id);
}

/** A step on screen that a finished sentence lacks. */
function stepChanged(state: State, { later }: Waiting) {
  for (const one of state.sentences) {
    const whole = one.status === "placed" && one.asked === one.text && !one.failure;
    if (whole && !(stepNumber(state) in one.slices)) later(one.id, BREATH, true);
  }
}

/** Steps that have come since a sentence was placed: asked for alone. */
function caughtUp(state: State, previous: State, { later }: Waiting) {
  const before = state.card === previous.card ? new Set(behind(previous)) : new Set();
  for (const id of behind(state)) if (!before.has(id)) later(id, BREATH, true);
}
