/** Sends what is typed: after a breath, once a connection; asks again for what is missing. */

import { behind, isTyped } from "./following.js";
import { outward } from "./sites.js";
import { stepNumber } from "./state.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Sentence} Sentence */

const BREATH = 120;

/** Whether a sentence must be sent. @param {Sentence} one */
export function unsent(one) {
  return one.status !== "blank" && one.asked !== one.text && !(one.status === "failed" && one.failure?.code === "text_too_long" && one.asked === null);
}

/** Steps that a sentence still lacks, nearest to the present first. @param {State} state @param {Sentence} one */
export function lacking(state, one) {
  const { card } = state;
  if (!card) return [];
  return outward(card.steps.length, Math.round(state.step)).map((i) => card.steps[i]).filter((step) => !(step in one.slices));
}

/**
 * @param {ReturnType<typeof import("./store.js").createStore>} store
 * @param {{ send(message: import("./wire.d.ts").ClientMessage): boolean }} client
 * @param {() => number} nextId
 */
export function placing(store, client, nextId) {
  /** @type {Map<string, number>} */
  const timers = new Map();

  /** @param {string} key @param {boolean} missingOnly */
  function place(key, missingOnly) {
    const state = store.get();
    const one = state.sentences.find((each) => each.id === key);
    if (!one || !state.card || !isTyped(state.card) || state.connection !== "open") return;
    const id = nextId();
    const steps = missingOnly ? lacking(state, one) : [];
    const sent = client.send({ type: "place", id, run: state.run, sentence: key, text: one.text, steps, step: stepNumber(state), projection: state.projection });
    if (sent) store.dispatch({ type: "asked", sentence: key, id, text: one.text });
  }

  /** @param {string} key @param {number} delay @param {boolean} [missingOnly] */
  function later(key, delay, missingOnly = false) {
    clearTimeout(timers.get(key));
    timers.set(key, window.setTimeout(() => (timers.delete(key), place(key, missingOnly)), delay));
  }

  /** @param {State} state @param {State} previous */
  function sentencesChanged(state, previous) {
    const before = new Map(previous.sentences.map((one) => [one.id, one]));
    const ready = state.card !== previous.card || state.connection !== previous.connection;
    for (const one of state.sentences) {
      const old = before.get(one.id);
      if (unsent(one) && (ready || one.text !== old?.text || one.asked !== old?.asked)) later(one.id, old && old.text !== one.text ? BREATH : 0);
      if (one.status === "blank" && old && old.status !== "blank") stop(one.id);
      before.delete(one.id);
    }
    for (const id of before.keys()) stop(id);
  }

  /** @param {string} key */
  function stop(key) {
    clearTimeout(timers.get(key));
    timers.delete(key);
    client.send({ type: "cancel", sentence: key });
  }

  /** A step on screen that a finished sentence lacks. @param {State} state */
  function stepChanged(state) {
    for (const one of state.sentences) {
      if (one.status === "placed" && one.asked === one.text && !one.failure && !(stepNumber(state) in one.slices)) later(one.id, BREATH, true);
    }
  }

  /** Steps that have come since a sentence was placed: asked for alone. @param {State} state @param {State} previous */
  function caughtUp(state, previous) {
    const before = state.card === previous.card ? new Set(behind(previous)) : new Set();
    for (const id of behind(state)) if (!before.has(id)) later(id, BREATH, true);
  }

  store.subscribe((state, previous) => {
    if (state.sentences !== previous.sentences || state.connection !== previous.connection || state.card !== previous.card) sentencesChanged(state, previous);
    if (Math.round(state.step) !== Math.round(previous.step)) stepChanged(state);
    if (state.card !== previous.card || state.sentences !== previous.sentences) caughtUp(state, previous);
  });
}
