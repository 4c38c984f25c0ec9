/** The scene as files of a person's own: PNG, SVG, PDF, a film of the layers, the page itself. */

import { citationOf, sceneName } from "../charts/citing.ts";
import { withWords } from "../charts/png.ts";
import { wordsOf } from "../i18n/language.ts";
import { pdfOf, svgOf } from "../scene/paper.ts";
import { markedPart, trimmed } from "../scene/trimming.ts";
import { linkOf } from "../state/url.ts";
import { viewOfState } from "../state/view.ts";
import { postBytes } from "./client.ts";
import { download } from "./saving.ts";
import type { Drawing } from "../scene/picture.ts";
import type { Taken } from "../panels/takeaway.ts";
import type { Scene, State } from "../state/types.ts";
import type { Store } from "../state/store.ts";

/** Frames a second of a film, and bits of it. */
const RATE = 30;
const BITS = 8_000_000;
/** Of a citation. */
const INK = { light: "#5a606e", dark: "#96a0b4" };

/** What a person takes away; what goes wrong is said. */
export async function take(store: Store, scene: Scene, kind: Taken) {
  const say = (key: string, values = {}) =>
    store.dispatch({ type: "set", notice: { key, values } });
  const before = store.get();
  const cited = citationOf(before, wordsOf(before.language));
  try {
    if (kind === "cite") {
      await navigator.clipboard.writeText(cited);
      return say("take.cited", { words: cited });
    }
    if (kind === "html" || kind === "webm") say(`take.${kind}.coming`);
    const blob = await MAKERS[kind](store, scene, cited);
    download(blob, sceneName(before, kind.replace(/@.*/, "")));
    say("take.done", { words: cited });
  } catch (error) {
    say("take.not", { why: error instanceof Error ? error.message : String(error) });
  }
}

type Maker = (store: Store, scene: Scene, cited: string) => Promise<Blob>;

const MAKERS: Record<Exclude<Taken, "cite">, Maker> = {
  png: (store, scene, cited) => png(store.get(), scene, cited, 1),
  "png@2": (store, scene, cited) => png(store.get(), scene, cited, 2),
  "png@4": (store, scene, cited) => png(store.get(), scene, cited, 4),
  svg: async (store, scene, cited) => {
    const ink = INK[store.get().theme];
    return new Blob([svgOf(drawn(scene), cited, ink)], { type: "image/svg+xml" });
  },
  pdf: async (_, scene, cited) =>
    new Blob([pdfOf(drawn(scene), cited) as BlobPart], { type: "application/pdf" }),
  webm: film,
  html: page,
};

function drawn(scene: Scene) {
  const found = scene.drawing();
  if (!found) throw new Error("this browser draws the scene without WebGL");
  return trimmed(found);
}

async function png(state: State, scene: Scene, cited: string, ratio: number) {
  const whole = scene.drawing();
  const url = whole ? await cut(await scene.image(ratio), whole) : await scene.image(ratio);
  const bytes = Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (one) => one.charCodeAt(0));
  return withWords(bytes, { Software: `Layerfold ${state.version}`, Description: cited });
}

/** The part of a picture that holds the marks of its drawing. */
async function cut(url: string, drawing: Drawing) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const scale = image.width / drawing.width;
  const { left, top, width, height } = markedPart(drawing);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  canvas.getContext("2d")?.drawImage(image, -Math.round(left * scale), -Math.round(top * scale));
  return canvas.toDataURL("image/png");
}

/** A film of one play through the layers. */
async function film(store: Store, scene: Scene) {
  const reel = scene.film();
  if (!reel || typeof MediaRecorder === "undefined")
    throw new Error("this browser cannot record a film");
  const { canvas } = reel;
  const next = () => {
    reel.next();
    signed(canvas, store.get());
  };
  next();
  const recorder = new MediaRecorder(canvas.captureStream(RATE), {
    mimeType: "video/webm",
    videoBitsPerSecond: BITS,
  });
  const pieces: Blob[] = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  const { site, loop, playing } = store.get();
  if (playing) store.dispatch({ type: "pause" });
  store.dispatch({ type: "set", loop: false });
  store.dispatch({ type: "go", site: 0, glide: 0 });
  recorder.start(1000);
  store.dispatch({ type: "play", axis: "layers" });
  await new Promise<void>((resolve) => {
    const frame = () => {
      next();
      if (store.get().playing === "layers") requestAnimationFrame(frame);
      else window.setTimeout(resolve, 400);
    };
    requestAnimationFrame(frame);
  });
  recorder.stop();
  await stopped;
  store.dispatch({ type: "set", loop });
  store.dispatch({ type: "go", site });
  return new Blob(pieces, { type: "video/webm" });
}

/** The citation at the foot of a film's frame, as of the site that it shows. */
function signed(canvas: HTMLCanvasElement, state: State) {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const size = Math.max(11, canvas.height / 64);
  pen.font = `${size}px system-ui, sans-serif`;
  pen.fillStyle = INK[state.theme];
  pen.fillText(citationOf(state, wordsOf(state.language)), size, canvas.height - size);
}

/** The page itself, with the sentences that are placed in it. */
async function page(store: Store) {
  const state = store.get();
  const texts = state.sentences.filter((one) => one.status === "placed").map((one) => one.text);
  const bytes = await postBytes(`api/runs/${encodeURIComponent(state.run)}/page`, {
    texts,
    fragment: linkOf(viewOfState(state)) ?? "",
    projection: state.projection,
  });
  return new Blob([bytes], { type: "text/html" });
}
