/** A second scene beside the first: the other run in its own clouds, seen from the same camera, moved by the same sliders. */

import { sameCamera } from "./camera.js";
import { connect } from "./client.js";
import { isBeside, otherCard, otherRun, otherSite, otherStepIndex } from "./comparing.js";
import { byId, h } from "./dom.js";
import { belowLine, insetsOf, ownInsets, shower } from "./drawing.js";
import { hearing } from "./hearing.js";
import { wordsOf } from "./language.js";
import { loadRun } from "./loading.js";
import { hoverCard } from "./panels/hover.js";
import { placing } from "./placing.js";
import { prefetch } from "./prefetch.js";
import { createScene } from "./scene.js";
import { initialState } from "./state.js";
import { createStore } from "./store.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Scene} Scene */
/** @typedef {ReturnType<typeof createStore>} Store */

/** What the other scene shows as this one does. */
const SHARED = /** @type {const} */ (["theme", "language", "reducedMotion", "trails"]);

/** @param {Store} store */
export function beside(store) {
  /** @type {Scene | null} */
  let scene = null;
  /** @type {ReturnType<typeof open> | null} */
  let other = null;
  let shown = "";

  /** @param {State} state */
  function follow(state) {
    const wanted = isBeside(state) && scene ? otherRun(state) : "";
    if (wanted !== shown) {
      shown = wanted;
      other?.close();
      other = null;
      document.body.toggleAttribute("data-beside", wanted !== "");
      place(state);
      if (wanted && scene) other = open(store, scene, wanted);
      scene?.resize();
      scene?.setInsets(ownInsets(state));
      if (!state.camera) scene?.setCamera(null); // the view that fits the new room
    }
    other?.mirror(state);
  }

  store.subscribe((state) => {
    follow(state);
    if (shown) requestAnimationFrame(() => place(store.get()));
  });
  window.addEventListener("resize", () => place(store.get()));

  return {
    /** @param {Scene} one */
    withScene(one) {
      scene = one;
      follow(store.get());
    },
  };
}

/** The line between the two scenes: the middle of what panels leave free. @param {State} state */
function place(state) {
  const { left, right, top, bottom } = insetsOf(state);
  const wide = innerWidth > 820;
  const at = wide ? (left + innerWidth - right) / 2 : (top + innerHeight - bottom) / 2;
  document.documentElement.style.setProperty("--split", `${Math.round(at)}px`);
}

/** Pixels of the other scene's edges that panels cover. @param {State} state */
function besideInsets(state) {
  const insets = insetsOf(state);
  return innerWidth > 820 ? { ...insets, left: 0, top: belowLine(insets.top) } : { ...insets, top: 0 };
}

/** The other run in a scene of its own. @param {Store} store @param {Scene} scene @param {string} run */
function open(store, scene, run) {
  const element = h("div", { id: "beside" });
  byId("view").after(element);
  const { theme, language, reducedMotion, trails, colour, projection } = store.get();
  const inner = createStore(initialState({ view: { colour, projection, trails }, theme, language, reducedMotion }));
  const live = hearing(inner);
  const client = connect((message) => {
    inner.dispatch(message);
    live.hear(message);
  });
  let serial = 0;
  let closed = false;
  let insets = "";
  /** @type {Scene | null} */
  let second = null;
  prefetch(inner);
  placing(inner, client, () => ++serial);
  createScene(element, optionsOf(store, scene, inner, element)).then((one) => {
    if (closed) return one.dispose();
    second = one;
    one.idle(false);
    showIn(one, inner, () => mirror(store.get()), () => closed);
    if (one.mode === "webgl" && scene.mode === "webgl") tie(scene, one, () => closed);
    Object.assign(/** @type {any} */ (window).layerfold ?? {}, { beside: { store: inner, scene: one } });
    mirror(store.get());
  });
  loadRun(inner, run);

  /** @param {State} state */
  function mirror(state) {
    if (closed) return;
    mirrorInto(inner, state);
    const next = JSON.stringify(besideInsets(state));
    if (next !== insets) second?.setInsets(JSON.parse((insets = next)));
  }

  return {
    mirror,
    close() {
      closed = true;
      client.close();
      second?.dispose();
      element.remove();
      Object.assign(/** @type {any} */ (window).layerfold ?? {}, { beside: null });
    },
  };
}

/** What the other scene begins with, and whom it tells: a sentence picked there is picked here. @param {Store} store @param {Scene} scene @param {Store} inner @param {HTMLElement} element @returns {import("./types.d.ts").SceneOptions} */
function optionsOf(store, scene, inner, element) {
  const { theme, reducedMotion } = store.get();
  return {
    theme,
    reducedMotion,
    camera: scene.mode === "webgl" ? scene.camera() : null,
    insets: besideInsets(store.get()),
    onHover: (pick, { x, y }) => {
      const { left, top } = element.getBoundingClientRect();
      inner.dispatch({ type: "hover", pick, at: { x: x + left, y: y + top } });
    },
    onPick: (pick) => pick.kind === "sentence" && store.dispatch({ type: "pick", pick }),
    onCamera: (camera) => store.dispatch({ type: "set", camera }),
    onTouch: () => scene.idle(false),
  };
}

/** The scene shows a store's state until it is over; `known` is called when more of its run is known. @param {Scene} one @param {Store} inner @param {() => void} known @param {() => boolean} over */
function showIn(one, inner, known, over) {
  const hover = hoverCard();
  const show = shower(one);
  show(inner.get());
  inner.subscribe((state, previous) => {
    if (over()) return;
    hover.update(state, wordsOf(state.language), previous);
    if (state.theme !== previous.theme) one.setTheme(state.theme);
    if (state.card !== previous.card || state.reference !== previous.reference) known();
    show(state);
  });
}

/** What is on screen here is on screen there: looks, sentences, place. @param {Store} inner @param {State} state */
function mirrorInto(inner, state) {
  const now = inner.get();
  const looks = Object.fromEntries(SHARED.filter((name) => now[name] !== state[name]).map((name) => [name, state[name]]));
  const known = !state.colour.startsWith("label:") || now.reference?.labels.some((one) => `label:${one.name}` === state.colour);
  if (known && now.colour !== state.colour) Object.assign(looks, { colour: state.colour });
  if (Object.keys(looks).length) inner.dispatch({ type: "set", ...looks });
  if (now.card?.projections.some((one) => one.name === state.projection) && now.projection !== state.projection) inner.dispatch({ type: "projection", name: state.projection });
  inner.dispatch({ type: "compare.mirror", list: state.sentences.map(({ id, text, hue, hidden }) => ({ id, text, hue, hidden })), active: state.active });
  const card = otherCard(state);
  if (!now.card || !card) return;
  const index = otherStepIndex(state);
  const step = now.card.steps.indexOf(card.steps[Math.round(index)]);
  inner.dispatch({ type: "go", step: Math.max(0, step) + index - Math.round(index), site: otherSite(state), glide: state.glide });
}

/** Whichever camera is moved, the other goes along. @param {Scene} a @param {Scene} b @param {() => boolean} over */
function tie(a, b, over) {
  let last = a.camera();
  const frame = () => {
    if (over()) return;
    const [one, two] = [a.camera(), b.camera()];
    if (!sameCamera(one, last)) b.setCamera((last = one));
    else if (!sameCamera(two, last)) a.setCamera((last = two));
    requestAnimationFrame(frame);
  };
  b.setCamera(last);
  requestAnimationFrame(frame);
}

