/** Joins everything: the store, the line to the server, the panels, the scene. */

import { asking } from "./asking.js";
import { beside } from "./beside.js";
import { connect } from "./client.js";
import { byId } from "./dom.js";
import { drawing, drawnInSoftware } from "./drawing.js";
import { hearing } from "./hearing.js";
import { inspecting } from "./inspecting.js";
import { listenToKeys } from "./keys.js";
import { labbing } from "./labbing.js";
import { wordsOf } from "./language.js";
import { loadRun, loadRuns } from "./loading.js";
import { captions } from "./panels/captions.js";
import { claimsPanel } from "./panels/claims.js";
import { comparePanel } from "./panels/compare.js";
import { curvesPanel } from "./panels/curves.js";
import { doorPanel } from "./panels/door.js";
import { hoverCard } from "./panels/hover.js";
import { insidePanel } from "./panels/inside.js";
import { inspectorPanel } from "./panels/inspector.js";
import { labPanel } from "./panels/lab.js";
import { legendPanel } from "./panels/legend.js";
import { searchPanel } from "./panels/search.js";
import { sentencesPanel } from "./panels/sentences.js";
import { sheets } from "./panels/sheets.js";
import { stripPanel } from "./panels/strip.js";
import { topPanel } from "./panels/top.js";
import { overlaying } from "./overlaying.js";
import { placing } from "./placing.js";
import { playback } from "./playback.js";
import { prefetch } from "./prefetch.js";
import { claimsShown, initialState, viewOfState } from "./state.js";
import { saveCurves } from "./saving.js";
import { createStore } from "./store.js";
import { touring } from "./touring.js";
import { linkOf, viewOf } from "./url.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Scene} Scene */

const LINK_PAUSE = 300;

function boot() {
  const { view, problem } = viewOf(location.hash);
  document.body.classList.toggle("software", drawnInSoftware());
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const store = createStore(initialState({ view: view ?? {}, language: chosenLanguage(), theme: chosenTheme(), reducedMotion: calm.matches }));
  calm.addEventListener("change", () => store.dispatch({ type: "set", reducedMotion: calm.matches }));
  /** Who hears of what the server says beside the store. */
  const hears = { lab: (/** @type {import("./types.d.ts").Message} */ _) => {} };
  const live = hearing(store);
  const over = overlaying(store);
  const second = beside(store);
  const client = connect((message) => {
    store.dispatch(message);
    hears.lab(message);
    live.hear(message);
    over.hear(message);
  });
  let serial = 0;
  const nextId = () => ++serial;
  prefetch(store);
  placing(store, client, nextId);
  inspecting(store, client, nextId);
  asking(store, client, nextId);
  playback(store);
  const tour = touring(store);
  const act = actor(store, client, tour, second.withScene);
  hears.lab = act.lab.hear;
  panels(store, act);
  keepLink(store);
  listenToKeys(store, (message) => (message.type === "replay" ? tour.begin() : store.dispatch(message)));
  for (const touch of ["pointerdown", "keydown", "wheel"]) window.addEventListener(touch, (event) => touchedBy(event, tour), { capture: true, passive: true });
  if (problem) store.dispatch({ type: "set", notice: { key: `link.${problem}` } });
  const scene = drawing(store, byId("view"), { touched: () => act.sceneTouched() }).then(act.withScene, (error) => {
    store.dispatch({ type: "run.failed", failure: { code: "no_scene", message: String(error) } });
  });
  if (view || calm.matches) settleWhenCarded(store, tour);
  else tour.beginWhenReady(scene);
  if (!view && !recalled("door")) store.dispatch({ type: "set", sheet: "door" });
  retryRuns(store);
  loadRuns(store);
  return { store, act };
}

/** @param {Event} event @param {ReturnType<typeof touring>} tour */
function touchedBy(event, tour) {
  const key = event instanceof KeyboardEvent ? event.key : "";
  if (!["Shift", "Control", "Alt", "Meta"].includes(key)) tour.skip();
}

/** What needs more than a message. @param {ReturnType<typeof createStore>} store @param {ReturnType<typeof connect>} client @param {ReturnType<typeof touring>} tour @param {(scene: Scene) => void} withScene */
function actor(store, client, tour, withScene) {
  /** @type {Scene | null} */
  let scene = null;
  /** @type {Set<string>} */
  const told = new Set();
  /** A training's run: no story is told of it. @param {string} name */
  const openRun = (name) => {
    told.add(name);
    if (name !== store.get().run) scene?.setCamera(null);
    chooseRun(store, tour, told, name);
  };
  return {
    lab: labbing(store, {
      openRun,
      leaveRun: (name) => {
        const other = store.get().runs.find((one) => one.name !== name && !one.problem);
        if (other) openRun(other.name);
      },
    }),
    withScene: (/** @type {Scene} */ one) => {
      scene = one;
      const { touring: on, wanted, reducedMotion } = store.get();
      one.idle(!reducedMotion && (on || !wanted.camera) && !store.get().camera);
      Object.assign(window, { layerfold: { store, scene: one } });
      withScene(one);
    },
    sceneTouched: () => {
      scene?.idle(false);
      tour.skip();
    },
    replay: tour.begin,
    again: client.again,
    retry: () => loadRuns(store),
    chooseRun: (/** @type {string} */ name) => {
      if (name !== store.get().run) scene?.setCamera(null);
      chooseRun(store, tour, told, name);
    },
    resetCamera: () => {
      scene?.setCamera(null);
      store.dispatch({ type: "set", camera: null });
    },
    copyLink: () => copyLink(store),
    saveCurves: (/** @type {import("./saving.js").Kind} */ kind) => saveCurves(store, kind),
  };
}

/** @param {ReturnType<typeof createStore>} store @param {ReturnType<typeof actor>} act */
function panels(store, act) {
  const column = byId("column");
  const { dispatch } = store;
  const all = [topPanel(dispatch, act), doorPanel(dispatch, act), sentencesPanel(column, dispatch), legendPanel(column, dispatch), stripPanel(dispatch, act)];
  const more = [inspectorPanel(dispatch), insidePanel(dispatch), labPanel(dispatch, act), searchPanel(dispatch), curvesPanel(dispatch, act), claimsPanel(dispatch), comparePanel(dispatch), captions(dispatch, act), hoverCard(), sheets(dispatch)];
  const update = (/** @type {State} */ state, /** @type {State | null} */ previous) => {
    const t = wordsOf(state.language);
    document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
    document.documentElement.dataset.theme = state.theme;
    document.body.dataset.sheet = state.sheet ?? "";
    document.body.toggleAttribute("data-picked", Boolean(state.picked));
    document.body.toggleAttribute("data-curves", state.curves);
    document.body.toggleAttribute("data-claims", claimsShown(state));
    document.body.classList.toggle("touring", state.touring);
    column.setAttribute("aria-label", t("sentences.title"));
    for (const panel of [...all, ...more]) panel.update(state, t, previous);
    if (previous?.sheet === "door" && state.sheet !== "door") remember("door", "seen");
    if (previous && state.theme !== previous.theme) remember("theme", state.theme);
    if (previous && state.language !== previous.language) remember("language", state.language);
  };
  update(store.get(), null);
  store.subscribe(update);
  const strip = byId("strip");
  new ResizeObserver(() => document.documentElement.style.setProperty("--strip", `${strip.offsetHeight}px`)).observe(strip);
  const top = byId("top");
  new ResizeObserver(() => document.documentElement.style.setProperty("--top", `${top.offsetHeight}px`)).observe(top);
  const door = byId("door");
  new ResizeObserver(() => document.documentElement.style.setProperty("--door", `${door.offsetHeight}px`)).observe(door);
  for (const panel of innerWidth <= 820 ? ["strip", "claims"] : []) dispatch({ type: "fold", panel });
}

/** Another model: its own story is told once, then it stands as it was left. @param {ReturnType<typeof createStore>} store @param {ReturnType<typeof touring>} tour @param {Set<string>} told @param {string} name */
function chooseRun(store, tour, told, name) {
  const { run, reducedMotion } = store.get();
  told.add(run);
  store.dispatch({ type: "set", sheet: null });
  if (name === run) return;
  store.dispatch({ type: "set", camera: null });
  loadRun(store, name);
  if (!reducedMotion && !told.has(name)) tour.beginWhenReady(Promise.resolve());
}

/** The link in the address follows the picture, a moment behind. @param {ReturnType<typeof createStore>} store */
function keepLink(store) {
  let timer = 0;
  store.subscribe((state) => {
    if (!state.card || state.touring || timer) return;
    timer = window.setTimeout(() => {
      timer = 0;
      const now = store.get();
      const hash = now.touring ? null : linkOf(viewOfState(now));
      if (hash && hash !== location.hash) history.replaceState(null, "", hash);
    }, LINK_PAUSE);
  });
  window.addEventListener("hashchange", () => location.reload());
}

/** @param {ReturnType<typeof createStore>} store */
async function copyLink(store) {
  const hash = linkOf(viewOfState(store.get()));
  if (!hash) return store.dispatch({ type: "set", notice: { key: "link.toolong" } });
  const link = new URL(hash, location.href).href;
  try {
    await navigator.clipboard.writeText(link);
    store.dispatch({ type: "set", notice: { key: "link.copied" } });
  } catch {
    history.replaceState(null, "", hash);
    store.dispatch({ type: "set", notice: { key: "link.address" } });
  }
  window.setTimeout(() => store.get().notice?.key.startsWith("link.") && store.dispatch({ type: "set", notice: null }), 4000);
}

/** @param {ReturnType<typeof createStore>} store @param {ReturnType<typeof touring>} tour */
function settleWhenCarded(store, tour) {
  const listed = Boolean(store.get().wanted.sentences);
  let settled = false;
  store.subscribe((state) => {
    if (settled || !state.card || listed) return;
    settled = true;
    tour.settle();
  });
}

/** A server that comes up late is asked again for its runs. @param {ReturnType<typeof createStore>} store */
function retryRuns(store) {
  store.subscribe((state, previous) => {
    const back = state.connection === "open" && previous.connection === "lost";
    if (back && !state.card) loadRuns(store);
  });
}

function chosenLanguage() {
  const kept = recalled("language");
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function chosenTheme() {
  return recalled("theme") === "light" ? "light" : "dark";
}

/** @param {string} name @param {string} value */
function remember(name, value) {
  try {
    localStorage.setItem(`layerfold.${name}`, value);
  } catch {
    // a browser that keeps nothing: the choice holds until the page closes
  }
}

/** @param {string} name */
function recalled(name) {
  try {
    return localStorage.getItem(`layerfold.${name}`);
  } catch {
    return null;
  }
}

boot();
