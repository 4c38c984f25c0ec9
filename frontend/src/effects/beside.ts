/**
 * A second scene beside the first: the other run in its own clouds, seen from the same camera,
 * moved by the same sliders.
 */

import { sameCamera } from "../scene/camera.ts";
import { connect } from "./client.ts";
import { isBeside, otherCard, otherRun, otherSite, otherStepIndex } from "../state/comparing.ts";
import { byId, h } from "../ui/dom.ts";
import { belowLine, insetsOf, ownInsets, shower } from "./drawing.ts";
import { hearing } from "./hearing.ts";
import { wordsOf } from "../i18n/language.ts";
import { loadRun } from "./loading.ts";
import { hoverCard } from "../panels/hover.ts";
import { placing } from "./placing.ts";
import { prefetch } from "./prefetch.ts";
import { createScene } from "../scene/scene.ts";
import { initialState } from "../state/initial.ts";
import { createStore } from "../state/store.ts";
import type { Store } from "../state/store.ts";
import type { Scene, SceneOptions, State } from "../state/types.ts";

/** What the other scene shows as this one does. */
const SHARED = ["theme", "language", "reducedMotion", "trails"] as const;

export function beside(store: Store) {
  let scene: Scene | null = null;
  let other: ReturnType<typeof open> | null = null;
  let shown = "";

  function follow(state: State) {
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
    withScene(one: Scene) {
      scene = one;
      follow(store.get());
    },
  };
}

/** The line between the two scenes: the middle of what panels leave free. */
function place(state: State) {
  const { left, right, top, bottom } = insetsOf(state);
  const wide = innerWidth > 820;
  const at = wide ? (left + innerWidth - right) / 2 : (top + innerHeight - bottom) / 2;
  document.documentElement.style.setProperty("--split", `${Math.round(at)}px`);
}

/** Pixels of the other scene's edges that panels cover. */
function besideInsets(state: State) {
  const insets = insetsOf(state);
  return innerWidth > 820
    ? { ...insets, left: 0, top: belowLine(insets.top) }
    : { ...insets, top: 0 };
}

/** The other run in a scene of its own. */
function open(store: Store, scene: Scene, run: string) {
  const element = h("div", { id: "beside" });
  byId("view").after(element);
  const { theme, language, reducedMotion, trails, colour, projection } = store.get();
  const inner = createStore(
    initialState({ view: { colour, projection, trails }, theme, language, reducedMotion }),
  );
  const live = hearing(inner);
  const client = connect((message) => {
    inner.dispatch(message);
    live.hear(message);
  });
  let serial = 0;
  let closed = false;
  let insets = "";
  let second: Scene | null = null;
  prefetch(inner);
  placing(inner, client, () => ++serial);
  createScene(element, optionsOf(store, scene, inner, element)).then((one) => {
    if (closed) return one.dispose();
    second = one;
    one.idle(false);
    showIn(
      one,
      inner,
      () => mirror(store.get()),
      () => closed,
    );
    if (one.mode === "webgl" && scene.mode === "webgl") tie(scene, one, () => closed);
    Object.assign((window as any).layerfold ?? {}, { beside: { store: inner, scene: one } });
    mirror(store.get());
  });
  loadRun(inner, run);

  function mirror(state: State) {
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
      Object.assign((window as any).layerfold ?? {}, { beside: null });
    },
  };
}

/** What the other scene begins with, and whom it tells: a sentence picked there is picked here. */
function optionsOf(store: Store, scene: Scene, inner: Store, element: HTMLElement): SceneOptions {
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

/**
 * The scene shows a store's state until it is over; `known` is called when more of its run is
 * known.
 */
function showIn(one: Scene, inner: Store, known: () => void, over: () => boolean) {
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

/** What is on screen here is on screen there: looks, sentences, place. */
function mirrorInto(inner: Store, state: State) {
  const now = inner.get();
  const looks = Object.fromEntries(
    SHARED.filter((name) => now[name] !== state[name]).map((name) => [name, state[name]]),
  );
  const known =
    !state.colour.startsWith("label:") ||
    now.reference?.labels.some((one) => `label:${one.name}` === state.colour);
  if (known && now.colour !== state.colour) Object.assign(looks, { colour: state.colour });
  if (Object.keys(looks).length) inner.dispatch({ type: "set", ...looks });
  if (
    now.card?.projections.some((one) => one.name === state.projection) &&
    now.projection !== state.projection
  )
    inner.dispatch({ type: "projection", name: state.projection });
  inner.dispatch({
    type: "compare.mirror",
    list: state.sentences.map(({ id, text, hue, hidden, special }) => ({
      id,
      text,
      hue,
      hidden,
      special,
    })),
    active: state.active,
  });
  const card = otherCard(state);
  if (!now.card || !card) return;
  const index = otherStepIndex(state);
  const step = now.card.steps.indexOf(card.steps[Math.round(index)]);
  inner.dispatch({
    type: "go",
    step: Math.max(0, step) + index - Math.round(index),
    site: otherSite(state),
    glide: state.glide,
  });
}

/** Whichever camera is moved, the other goes along. */
function tie(a: Scene, b: Scene, over: () => boolean) {
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
