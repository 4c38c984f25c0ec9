/** Joins everything: the store, the line to the server, the panels, the scene. */

import { asking } from "./effects/asking.ts";
import { beside } from "./effects/beside.ts";
import { connect } from "./effects/client.ts";
import { byId } from "./ui/dom.ts";
import { drawing, drawnInSoftware } from "./effects/drawing.ts";
import { keepLink } from "./effects/history.ts";
import { hearing } from "./effects/hearing.ts";
import { inspecting } from "./effects/inspecting.ts";
import { listenToKeys } from "./effects/keyboard.ts";
import { labbing } from "./effects/labbing.ts";
import { measuring } from "./effects/meaning.ts";
import { wordsOf } from "./i18n/language.ts";
import { loadRun, loadRuns } from "./effects/loading.ts";
import { captions } from "./panels/captions.ts";
import { claimsPanel } from "./panels/claims.ts";
import { comparePanel } from "./panels/compare.ts";
import { curvesPanel } from "./panels/curves/curves.ts";
import { doorPanel } from "./panels/door.ts";
import { hoverCard } from "./panels/hover.ts";
import { insidePanel } from "./panels/inside/inside.ts";
import { inspectorPanel } from "./panels/inspect/inspector.ts";
import { lessonPanel } from "./panels/lesson/lesson.ts";
import { labPanel } from "./panels/lab/lab.ts";
import { railPanel } from "./panels/drawer/rail.ts";
import { legendPanel } from "./panels/legend.ts";
import { offerCards } from "./panels/offers.ts";
import { meaningPanel } from "./panels/meaning/meaning.ts";
import { seedCardPanel } from "./panels/seed/card.ts";
import { seedPanel } from "./panels/seed/text.ts";
import { searchPanel } from "./panels/search.ts";
import { sentencesPanel } from "./panels/sentences.ts";
import { sheets } from "./panels/sheets.ts";
import { stripPanel } from "./panels/strip/strip.ts";
import { topPanel } from "./panels/top.ts";
import { offering } from "./effects/offering.ts";
import { reaching } from "./effects/reaching.ts";
import { overlaying } from "./effects/overlaying.ts";
import { placing } from "./effects/placing.ts";
import { playback } from "./effects/playback.ts";
import { presenting } from "./effects/presenting.ts";
import { prefetch } from "./effects/prefetch.ts";
import { scoring } from "./effects/discontinuity.ts";
import { seeding } from "./effects/seeding.ts";
import { seedCardShown } from "./state/seed/shown.ts";
import { sectionShown } from "./state/drawer.ts";
import { foldedParts } from "./state/unfolding.ts";
import { initialState } from "./state/initial.ts";
import { viewOfState } from "./state/view.ts";
import { saveCurves, saveMeaning } from "./effects/saving.ts";
import { take } from "./effects/taking.ts";
import type { Taken } from "./panels/takeaway.ts";
import { createStore } from "./state/store.ts";
import type { Store } from "./state/store.ts";
import { tapeHere } from "./effects/tape.ts";
import { touring } from "./effects/touring.ts";
import { linkOf, viewOf } from "./state/url.ts";
import { once } from "./effects/waiting.ts";
import type { Message } from "./state/messages.ts";
import type { Caption, Scene, State } from "./state/types.ts";
import type { Kind } from "./effects/saving.ts";

type Tour = ReturnType<typeof touring>;
type Client = ReturnType<typeof connect>;
type Act = ReturnType<typeof actor>;

/** Milliseconds that Plotly waits for the run's card. */
const CARD_MS = 400;
const LISTENING = { capture: true, passive: true };

function boot() {
  const tape = tapeHere();
  const { view, problem } = viewOf(location.hash || (tape?.said.fragment ?? ""));
  document.body.classList.toggle("written", tape !== null);
  document.body.classList.toggle("software", drawnInSoftware());
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const store = createStore(
    initialState({
      view: view ?? {},
      language: chosenLanguage(),
      theme: chosenTheme(),
      reducedMotion: calm.matches,
      written: tape !== null,
      unfolded: view || tape ? undefined : chosenParts(),
    }),
  );
  calm.addEventListener("change", () =>
    store.dispatch({ type: "set", reducedMotion: calm.matches }),
  );
  /** Who hears of what the server says beside the store. */
  const hears = { lab: (_: Message) => {} };
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
  for (const ask of [inspecting, asking, measuring, scoring]) ask(store, client, nextId);
  for (const attend of [playback, reaching, seeding, presenting]) attend(store);
  const tour = touring(store);
  const act = actor(store, client, tour, second.withScene);
  hears.lab = act.lab.hear;
  panels(store, act);
  keepLink(store);
  listenToKeys(store, (message) =>
    message.type === "replay" ? tour.begin() : store.dispatch(message),
  );
  for (const touch of ["pointerdown", "keydown", "wheel"])
    window.addEventListener(touch, (event) => touchedBy(event, tour), LISTENING);
  if (problem) store.dispatch({ type: "set", notice: { key: `link.${problem}` } });
  retryRuns(store);
  loadRuns(store);
  // what is to be drawn is asked for first: it comes while Plotly keeps the thread busy
  const scene = once(store, ({ card, runFailure }) => Boolean(card || runFailure), CARD_MS)
    .then(() => drawing(store, byId("view"), { touched: () => act.sceneTouched() }))
    .then(act.withScene, (error) => {
      const failure = { code: "no_scene", message: String(error) };
      store.dispatch({ type: "run.failed", failure });
    });
  if (view || calm.matches) settleWhenCarded(store, tour);
  else tour.beginWhenReady(scene);
  return { store, act };
}

function touchedBy(event: Event, tour: Tour) {
  const key = event instanceof KeyboardEvent ? event.key : "";
  const proof = event.target instanceof Element && event.target.closest("#caption");
  if (!proof && !["Shift", "Control", "Alt", "Meta", "Tab"].includes(key)) tour.skip();
}

/** What needs more than a message. */
function actor(store: Store, client: Client, tour: Tour, withScene: (scene: Scene) => void) {
  let scene: Scene | null = null;
  const told: Set<string> = new Set();
  /** A training's run: no story is told of it. */
  const openRun = (name: string) => {
    told.add(name);
    if (name !== store.get().run) scene?.setCamera(null);
    chooseRun(store, tour, told, name);
  };
  return {
    offers: offering(store, openRun),
    lab: labbing(store, {
      openRun,
      leaveRun: (name) => {
        const other = store.get().runs.find((one) => one.name !== name && !one.problem);
        if (other) openRun(other.name);
      },
    }),
    withScene: (one: Scene) => {
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
    /** What the opening said is looked at closely. */
    openCard: (card: Caption["card"]) => {
      tour.skip();
      if (card?.of === "seed") store.dispatch({ type: "seed.choose", card: card.id });
      else if (card) store.dispatch({ type: "claims.open", id: card.id });
    },
    again: client.again,
    retry: () => loadRuns(store),
    /** The same claim in another model: no story is told of it. */
    readRun: openRun,
    chooseRun: (name: string) => {
      if (name !== store.get().run) scene?.setCamera(null);
      chooseRun(store, tour, told, name);
    },
    resetCamera: () => {
      scene?.setCamera(null);
      store.dispatch({ type: "set", camera: null });
      tell(store, "camera.reset");
    },
    copyLink: () => copyLink(store),
    saveCurves: (kind: Kind) => saveCurves(store, kind),
    saveMeaning: () => saveMeaning(store),
    take: (kind: Taken) => scene && take(store, scene, kind),
  };
}

function panels(store: Store, act: Act) {
  const column = byId("column");
  const { dispatch } = store;
  const all = [
    topPanel(dispatch, act),
    doorPanel(dispatch, act, (state, t) => offerCards(state, t, dispatch, act.offers)),
    sentencesPanel(dispatch),
    legendPanel(dispatch),
    stripPanel(dispatch, act),
  ];
  const more = [
    railPanel(dispatch),
    inspectorPanel(dispatch),
    insidePanel(dispatch),
    meaningPanel(dispatch, act),
    labPanel(dispatch, act),
    searchPanel(dispatch),
    curvesPanel(dispatch, act),
    claimsPanel(dispatch),
    comparePanel(dispatch),
    seedPanel(dispatch),
    lessonPanel(dispatch),
    seedCardPanel(dispatch, act),
    captions(dispatch, act),
    hoverCard(),
    sheets(dispatch),
  ];
  const update = (state: State, previous: State | null) => {
    const t = wordsOf(state.language);
    document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
    document.documentElement.dataset.theme = state.theme;
    document.body.dataset.sheet = state.sheet ?? "";
    document.body.dataset.drawer = sectionShown(state) ?? "";
    document.body.dataset.folded = foldedParts(state).join(" ");
    document.body.toggleAttribute("data-curves", state.curves);
    document.body.dataset.reading = state.seed.reading ?? "";
    document.body.toggleAttribute("data-seed-card", seedCardShown(state));
    document.body.toggleAttribute("data-presenting", state.seed.presenting);
    document.body.classList.toggle("touring", state.touring);
    column.setAttribute("aria-label", t("sentences.title"));
    for (const panel of [...all, ...more]) panel.update(state, t, previous);
    if (previous && state.unfolded !== previous.unfolded)
      remember("unfolded", state.unfolded.join(" "));
    if (previous && state.theme !== previous.theme) remember("theme", state.theme);
    if (previous && state.language !== previous.language) remember("language", state.language);
  };
  update(store.get(), null);
  store.subscribe(update);
  const strip = byId("strip");
  new ResizeObserver(() =>
    document.documentElement.style.setProperty("--strip", `${strip.offsetHeight}px`),
  ).observe(strip);
  const top = byId("top");
  new ResizeObserver(() =>
    document.documentElement.style.setProperty("--top", `${top.offsetHeight}px`),
  ).observe(top);
  for (const panel of innerWidth <= 820 ? (["strip", "claims"] as const) : [])
    dispatch({ type: "fold", panel });
}

/** Another model: its own story is told once, then it stands as it was left. */
function chooseRun(store: Store, tour: Tour, told: Set<string>, name: string) {
  const { run, reducedMotion } = store.get();
  told.add(run);
  store.dispatch({ type: "set", sheet: null });
  if (name === run) return;
  store.dispatch({ type: "set", camera: null });
  loadRun(store, name);
  const reads = store.get().seed.reading !== null;
  if (!reducedMotion && !reads && !told.has(name)) tour.beginWhenReady(Promise.resolve());
}

async function copyLink(store: Store) {
  const hash = linkOf(viewOfState(store.get()));
  if (!hash) return store.dispatch({ type: "set", notice: { key: "link.toolong" } });
  const link = new URL(hash, location.href).href;
  try {
    await navigator.clipboard.writeText(link);
    tell(store, "link.copied");
  } catch {
    history.replaceState(null, "", hash);
    tell(store, "link.address");
  }
}

/** Says for a moment what has been done. */
function tell(store: Store, key: string) {
  store.dispatch({ type: "set", notice: { key } });
  const said = store.get().notice;
  window.setTimeout(
    () => store.get().notice === said && store.dispatch({ type: "set", notice: null }),
    4000,
  );
}

function settleWhenCarded(store: Store, tour: Tour) {
  const listed = Boolean(store.get().wanted.sentences);
  let settled = false;
  store.subscribe((state) => {
    if (settled || !state.card || listed) return;
    settled = true;
    tour.settle();
  });
}

/** A server that comes up late is asked again for its runs. */
function retryRuns(store: Store) {
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

/** What had unfolded at an earlier visit; nothing at the first. */
function chosenParts() {
  return (recalled("unfolded") ?? "").split(" ").filter(Boolean) as State["unfolded"];
}

/** Dark, until a person chooses otherwise: the scene is made for it. */
function chosenTheme() {
  return recalled("theme") === "light" ? "light" : "dark";
}

function remember(name: string, value: string) {
  try {
    localStorage.setItem(`layerfold.${name}`, value);
  } catch {
    // a browser that keeps nothing: the choice holds until the page closes
  }
}

function recalled(name: string) {
  try {
    return localStorage.getItem(`layerfold.${name}`);
  } catch {
    return null;
  }
}

boot();
