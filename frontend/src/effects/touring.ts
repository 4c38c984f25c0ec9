/** Runs the tour, and stops it at the first touch. */

import { openingTexts, told } from "../state/opening.ts";
import { sharedWord, story } from "./tour.ts";
import { shownAtlas } from "../state/state.ts";
import type { Store } from "../state/store.ts";
import type { State } from "../state/types.ts";

/** Milliseconds that the story waits for the cards it may speak of. */
const PATIENCE = 1500;

/**
 * The pair of sentences the tour is about, hidden until their entrance: those on the page, else the
 * opening's own.
 */
function prepare(store: Store) {
  const { card, sentences } = store.get();
  const texts = card ? openingTexts(card) : [];
  if (!sentences.length)
    store.dispatch({
      type: "sentence.many",
      list: texts.map((text, i) => ({ text, hue: i, hidden: true })),
    });
  else
    for (const one of sentences)
      if (!one.hidden) store.dispatch({ type: "sentence.hide", id: one.id });
  return store.get().sentences.map((one) => one.id);
}

/** Without a tour the examples stand there at once. */
function settle(store: Store) {
  const { card, sentences } = store.get();
  if (card && !sentences.length)
    store.dispatch({
      type: "sentence.many",
      list: openingTexts(card).map((text, i) => ({ text, hue: i })),
    });
}

/**
 * Begins when the first cloud is there and can be seen.
 * @param scene settled once something is drawn
 */
function beginWhenReady(store: Store, scene: Promise<unknown>, begin: () => void) {
  store.dispatch({ type: "set", touring: true });
  let [drawn, begun, waited] = [false, false, false];
  const check = () => {
    const state = store.get();
    if (begun || !drawn || !state.touring || !shownAtlas(state)) return;
    if (!waited && !knows(state)) return;
    begun = true;
    // messages sent from here would wait until every listener has heard of this state
    window.setTimeout(begin);
  };
  store.subscribe(check);
  const ready = () => {
    drawn = true;
    check();
    window.setTimeout(() => {
      waited = true;
      check();
    }, PATIENCE);
  };
  scene.then(ready, ready);
}

/** Whether it is known what may be said of the run: both kinds of cards have come. */
function knows({ claims, seed, run }: State) {
  return claims.length > 0 && run in seed.cards;
}

/** Everything stands where the tour would have led. */
function atItsEnd({ get, dispatch }: Store) {
  const { card, sentences } = get();
  dispatch({ type: "set", touring: false, caption: null });
  for (const one of sentences) if (one.hidden) dispatch({ type: "sentence.hide", id: one.id });
  if (card && get().step < card.steps.length - 1)
    dispatch({ type: "go", step: card.steps.length - 1, glide: 500 });
}

export function touring(store: Store) {
  let timers: number[] = [];
  function begin() {
    const { card } = store.get();
    if (!card) return;
    stop();
    store.dispatch({ type: "pause" });
    const ids = prepare(store);
    const { sentences } = store.get();
    const word = sentences.length > 1 ? sharedWord(sentences[0].text, sentences[1].text) : "";
    store.dispatch({ type: "set", touring: true });
    for (const scene of story(card, ids, told(store.get(), card), word)) {
      timers.push(
        window.setTimeout(() => {
          for (const message of scene.messages) store.dispatch(message);
          if (scene.caption) store.dispatch({ type: "set", caption: scene.caption });
        }, scene.at),
      );
    }
  }

  function stop() {
    for (const timer of timers) clearTimeout(timer);
    timers = [];
  }

  /** At the first touch. */
  function skip() {
    if (!store.get().touring) return;
    stop();
    atItsEnd(store);
  }

  return {
    begin,
    skip,
    settle: () => settle(store),
    beginWhenReady: (scene: Promise<unknown>) => beginWhenReady(store, scene, begin),
  };
}
