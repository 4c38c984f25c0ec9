/** Keeps the scene showing the state's picture, and tells what a person does in it. */

import { isBeside } from "../state/comparing.ts";
import { compareShown, sectionShown } from "../state/drawer.ts";
import { figure, pictureKey } from "../state/picture/figure.ts";
import { axisNames, kindShown } from "../state/projections.ts";
import { createScene } from "../scene/scene.ts";
import { readingShown, seedCardShown } from "../state/seed/shown.ts";
import { shownAtlas, shownProjection } from "../state/state.ts";
import { buildingOf } from "../state/following.ts";
import { zoomOf } from "../ui/zoom.ts";
import type { Panel, Picture, Scene, State } from "../state/types.ts";
import type { Store } from "../state/store.ts";

/**
 * How steeply each kind of projection is looked down upon, radians: a plane that a basis names is
 * seen from above.
 */
const RISE = { umap: 0.32, pca: 0.5, basis: 1.02, plane: 0.54 };
/**
 * The part of the frame's distance that each may be seen from: the frame of a linear picture holds
 * all steps and sites, of which the one that is glided to may be far smaller.
 */
const NEAREST = { umap: 1, pca: 0.55, basis: 0.55, plane: 0.9 };

/** Milliseconds of a glide from one projection to another. */
const MORPH = 1100;

/** Whether WebGL is drawn by the processor: then the page spares it its own blur. */
export function drawnInSoftware() {
  const gl = document.createElement("canvas").getContext("webgl");
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = gl
    ? String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER))
    : "software";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /software|swiftshader|llvmpipe|basic render/i.test(name);
}

/** The elements of sections that are not called as these are. */
const ELEMENTS: Record<Panel, string> = {
  token: "inspector",
  inside: "inside",
  meaning: "meaning",
  act: "act",
  metrics: "claims",
  compare: "compare",
  lab: "lab",
};

/** Pixels of each edge that panels cover. */
export function insetsOf(state: State) {
  const wide = innerWidth > 820;
  const strip = document.getElementById("strip")?.getBoundingClientRect();
  const curves = document.getElementById("curves")?.getBoundingClientRect();
  const bottom = strip
    ? innerHeight - (curves?.height ? Math.min(curves.top, strip.top || Infinity) : strip.top) + 8
    : 0;
  const section = sectionShown(state);
  const card = seedCardShown(state);
  const sheet = [
    card ? "seedcard" : section ? ELEMENTS[section] : "",
    readingShown(state) ? (state.seed.reading === "text" ? "seed" : "lesson") : "",
    compareShown(state) ? "compare" : "",
  ]
    .map((id) => document.getElementById(id)?.getBoundingClientRect())
    .find((box) => box?.height);
  if (!wide) {
    const over = sheet?.height ? sheet : boxOnPhone(state);
    return { left: 0, right: 0, top: 84, bottom: over ? innerHeight - over.top + 8 : bottom };
  }
  const reading = document.querySelector(".reading:not([hidden]), .presenting");
  const read = readingShown(state) ? (reading?.getBoundingClientRect().right ?? 0) : 0;
  const zoom = zoomOf();
  const rail = document.getElementById("rail")?.offsetWidth ?? 0;
  const column = read ? read : !state.folded.sentences && innerWidth > 1100 ? 300 * zoom : 0;
  const taken = card || (section && !(section === "lab" && state.lab.folded));
  return {
    left: column,
    right: zoom * (rail + (taken ? 352 : 0)),
    top: state.seed.presenting ? 0 : 48 * zoom,
    bottom: state.seed.presenting && !curves?.height ? 0 : bottom,
  };
}

/** A first visit's sentences on a phone, which stand there by themselves. */
function boxOnPhone({ sheet }: State) {
  const box = document.getElementById("column")?.getBoundingClientRect();
  return sheet !== "sentences" && box?.height ? box : null;
}

/** Where the line of comparing ends, both scenes being level. */
export function belowLine(top: number) {
  return Math.max(top, document.getElementById("compare")?.getBoundingClientRect().bottom ?? 0);
}

/** Pixels of the first scene's own edges: beside another it ends where that one begins. */
export function ownInsets(state: State) {
  const insets = insetsOf(state);
  if (!isBeside(state)) return insets;
  return innerWidth > 820
    ? { ...insets, right: 0, top: belowLine(insets.top) }
    : {
        ...insets,
        top: Math.max(
          insets.top,
          document.getElementById("top")?.getBoundingClientRect().bottom ?? 0,
        ),
        bottom: 0,
      };
}

/** A scene in the element that follows the store. Resolves when it stands. */
export async function drawing(store: Store, element: HTMLElement, acts: { touched(): void }) {
  const first = store.get();
  const scene = await createScene(element, {
    theme: first.theme,
    reducedMotion: first.reducedMotion,
    camera: first.camera,
    insets: ownInsets(first),
    onHover: (pick, at) => store.dispatch({ type: "hover", pick, at }),
    onPick: (pick) => store.dispatch({ type: "pick", pick }),
    onCamera: (camera) => store.dispatch({ type: "set", camera }),
    onArrows: (arrows) => store.dispatch({ type: "set", arrows }),
    onTouch: acts.touched,
  });
  if (scene.mode === "flat") store.dispatch({ type: "set", flat: true });
  const show = shower(scene);
  show(store.get());
  let insets = JSON.stringify(ownInsets(first));

  store.subscribe((state, previous) => {
    if (state.theme !== previous.theme) scene.setTheme(state.theme);
    const shown =
      state.axes !== previous.axes ||
      state.language !== previous.language ||
      shownProjection(state) !== shownProjection(previous);
    if (shown) scene.setAxes(state.axes, axisNames(state));
    if (state.reducedMotion !== previous.reducedMotion) scene.setReducedMotion(state.reducedMotion);
    if (state.picked !== previous.picked) scene.focus(state.picked);
    show(state);
    requestAnimationFrame(() => {
      const next = JSON.stringify(ownInsets(store.get()));
      if (next === insets) return;
      insets = next;
      scene.setInsets(JSON.parse(next));
    });
  });
  window.addEventListener("resize", () => scene.setInsets(ownInsets(store.get())));
  return scene;
}

/** Whether the run on screen has no cloud yet because it is still being made. */
function isAwaited(state: State) {
  return !shownAtlas(state) && buildingOf(state) !== null;
}

/** An empty stage: another run's cloud would be taken for this one's. */
const NOTHING: Picture = {
  frame: { center: [0, 0, 0], radius: 1 },
  cloud: { positions: new Float32Array(0), colors: new Uint8Array(0), sizes: null },
  sentences: [],
  links: [],
  edges: [],
};

/**
 * Shows a state's picture at the next frame, when it differs from the one on screen. What arrives
 * during a glide does not cut it short.
 */
export function shower(scene: Scene) {
  let key: unknown[] = [];
  let waiting: State | null = null;
  let glideEnds = 0;
  let projection = "";

  function draw() {
    const state = waiting;
    waiting = null;
    if (!state) return;
    const next = pictureKey(state);
    if (next.length === key.length && next.every((value, i) => Object.is(value, key[i]))) return;
    const picture = figure(state) ?? (isAwaited(state) ? NOTHING : null);
    if (!picture) return;
    const fresh = key.length === 0;
    key = next;
    const now = performance.now();
    // other places for every point: time to follow them
    const turned = projection !== shownProjection(state);
    const kind = kindShown(state);
    if (turned) scene.setRise(RISE[kind], NEAREST[kind]);
    projection = shownProjection(state);
    const ms =
      fresh || state.reducedMotion || (state.glide === 0 && !turned)
        ? 0
        : Math.max(turned ? MORPH : state.glide, glideEnds - now);
    glideEnds = now + ms;
    scene.show(picture, { ms, ease: state.playing ? "linear" : "inout" });
  }

  return (state: State) => {
    if (!waiting) requestAnimationFrame(draw);
    waiting = state;
  };
}
