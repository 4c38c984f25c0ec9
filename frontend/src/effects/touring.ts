/** Runs the tour, and stops it at the first touch. */

import { isTyped } from "../state/following.ts";
import { ending, ownCaption, sharedWord, story } from "./tour.ts";
import { shownAtlas } from "../state/state.ts";
import type { Store } from "../state/store.ts";
import type { Card } from "../state/types.ts";

/**
 * The pair of sentences the tour is about, hidden until their entrance: those on the page, else the
 * first two examples.
 */
function prepare(store: Store) {
  const { card, sentences } = store.get();
  const examples = card?.examples.slice(0, 2) ?? [];
  if (!sentences.length)
    store.dispatch({
      type: "sentence.many",
      list: examples.map(({ text }, i) => ({ text, hue: i, hidden: true })),
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
      list: card.examples.slice(0, 2).map(({ text }, i) => ({ text, hue: i })),
    });
}

/**
 * Begins when the first cloud is there and can be seen.
 * @param scene settled once something is drawn
 */
function beginWhenReady(store: Store, scene: Promise<unknown>, begin: () => void) {
  store.dispatch({ type: "set", touring: true });
  let [drawn, begun] = [false, false];
  const check = () => {
    const state = store.get();
    if (begun || !drawn || !state.touring || !shownAtlas(state)) return;
    begun = true;
    // messages sent from here would wait until every listener has heard of this state
    window.setTimeout(begin);
  };
  store.subscribe(check);
  const ready = () => {
    drawn = true;
    check();
  };
  scene.then(ready, ready);
}

/** What is said at the end: of the shared word where there are sentences. */
function lastWords(store: Store, card: Card, shared: string) {
  return isTyped(card)
    ? ending(store.get().sentences, shared, card.steps[card.steps.length - 1], card.frame.radius)
    : { key: "live.tour.end" };
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
  let word = "";

  function say(caption: { key: string; values?: Record<string, string | number> } | undefined) {
    if (!caption) return;
    const own = ownCaption(store.get().card, caption);
    if (own) return store.dispatch({ type: "set", caption: own });
    const key =
      word || !["tour.sentences", "tour.layers"].includes(caption.key)
        ? caption.key
        : `${caption.key}.plain`;
    store.dispatch({ type: "set", caption: { key, values: { word, ...caption.values } } });
  }

  function begin() {
    const { card } = store.get();
    if (!card) return;
    stop();
    store.dispatch({ type: "pause" });
    const ids = prepare(store);
    const { sentences } = store.get();
    word = sentences.length > 1 ? sharedWord(sentences[0].text, sentences[1].text) : "";
    store.dispatch({ type: "set", touring: true });
    for (const scene of story(card, ids)) {
      timers.push(
        window.setTimeout(() => {
          for (const message of scene.messages) store.dispatch(message);
          if (scene.say === "end")
            store.dispatch({
              type: "set",
              caption: ownCaption(card, { key: "tour.end" }) ?? lastWords(store, card, word),
            });
          else say(scene.caption);
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
