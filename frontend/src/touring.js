/** Runs the tour, and stops it at the first touch. */

import { isTyped } from "./following.js";
import { ending, ownCaption, sharedWord, story } from "./tour.js";
import { shownAtlas } from "./state.js";

/** @typedef {ReturnType<typeof import("./store.js").createStore>} Store */

/** The pair of sentences the tour is about, hidden until their entrance: those on the page, else the first two examples. @param {Store} store */
function prepare(store) {
  const { card, sentences } = store.get();
  const examples = card?.examples.slice(0, 2) ?? [];
  if (!sentences.length) store.dispatch({ type: "sentence.many", list: examples.map(({ text }, i) => ({ text, hue: i, hidden: true })) });
  else for (const one of sentences) if (!one.hidden) store.dispatch({ type: "sentence.hide", id: one.id });
  return store.get().sentences.map((one) => one.id);
}

/** Without a tour the examples stand there at once. @param {Store} store */
function settle(store) {
  const { card, sentences } = store.get();
  if (card && !sentences.length) store.dispatch({ type: "sentence.many", list: card.examples.slice(0, 2).map(({ text }, i) => ({ text, hue: i })) });
}

/** Begins when the first cloud is there and can be seen. @param {Store} store @param {Promise<unknown>} scene settled once something is drawn @param {() => void} begin */
function beginWhenReady(store, scene, begin) {
  store.dispatch({ type: "set", touring: true });
  let [drawn, begun] = [false, false];
  const check = () => {
    const state = store.get();
    if (begun || !drawn || !state.touring || !shownAtlas(state)) return;
    begun = true;
    window.setTimeout(begin); // messages sent from here would wait until every listener has heard of this state
  };
  store.subscribe(check);
  const ready = () => {
    drawn = true;
    check();
  };
  scene.then(ready, ready);
}

/** @param {Store} store */
export function touring(store) {
  /** @type {number[]} */
  let timers = [];
  let word = "";

  /** @param {{ key: string, values?: Record<string, string | number> } | undefined} caption */
  function say(caption) {
    if (!caption) return;
    const own = ownCaption(store.get().card, caption);
    if (own) return store.dispatch({ type: "set", caption: own });
    const key = word || !["tour.sentences", "tour.layers"].includes(caption.key) ? caption.key : `${caption.key}.plain`;
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
          if (scene.say === "end") store.dispatch({ type: "set", caption: ownCaption(card, { key: "tour.end" }) ?? lastWords(card, word) });
          else say(scene.caption);
        }, scene.at),
      );
    }
  }

  /** @param {import("./types.d.ts").Card} card @param {string} shared */
  function lastWords(card, shared) {
    return isTyped(card) ? ending(store.get().sentences, shared, card.steps[card.steps.length - 1], card.frame.radius) : { key: "live.tour.end" };
  }

  function stop() {
    for (const timer of timers) clearTimeout(timer);
    timers = [];
  }

  /** At the first touch: everything stands where the tour would have led. */
  function skip() {
    const { touring: on, card, sentences } = store.get();
    if (!on) return;
    stop();
    store.dispatch({ type: "set", touring: false, caption: null });
    for (const one of sentences) if (one.hidden) store.dispatch({ type: "sentence.hide", id: one.id });
    if (card && store.get().step < card.steps.length - 1) store.dispatch({ type: "go", step: card.steps.length - 1, glide: 500 });
  }

  return { begin, skip, settle: () => settle(store), beginWhenReady: (/** @type {Promise<unknown>} */ scene) => beginWhenReady(store, scene, begin) };
}
