/** What is shown as files of a person's own: PNG, SVG, CSV. */

import { csvOf } from "../charts/csv.ts";
import { wordsOf } from "../i18n/language.ts";
import { meaningCsv, meaningFile } from "../charts/meaningcsv.ts";
import { describe, fileName, paperOf } from "../charts/paper.ts";
import { withWords } from "../charts/png.ts";
import type { Store } from "../state/store.ts";

export type Kind = "png" | "svg" | "csv";

/** The curves on screen as a file; what goes wrong is said. */
export async function saveCurves(store: Store, kind: Kind) {
  const state = store.get();
  const t = wordsOf(state.language);
  try {
    const paper = paperOf(state, t);
    const blob =
      kind === "csv"
        ? new Blob([csvOf(state)], { type: "text/csv;charset=utf-8" })
        : kind === "svg"
          ? svgBlob(paper.text)
          : await pngBlob(paper, describe(state));
    download(blob, fileName(state, kind));
  } catch (error) {
    store.dispatch({
      type: "set",
      notice: {
        key: "curves.saved.not",
        values: { why: error instanceof Error ? error.message : String(error) },
      },
    });
  }
}

/** What was measured of meaning, as a table. */
export function saveMeaning(store: Store) {
  const state = store.get();
  const blob = new Blob([meaningCsv(state)], { type: "text/csv;charset=utf-8" });
  download(blob, meaningFile(state));
}

function svgBlob(text: string) {
  return new Blob([text], { type: "image/svg+xml" });
}

/** The drawing at twice its size, with what it shows as words inside. */
async function pngBlob(
  { text, width, height }: { text: string; width: number; height: number },
  about: ReturnType<typeof describe>,
) {
  const url = URL.createObjectURL(svgBlob(text));
  try {
    const image = new Image(width, height);
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * width, 2 * height];
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!(blob instanceof Blob)) throw new Error("no PNG came of the canvas");
    return withWords(new Uint8Array(await blob.arrayBuffer()), {
      Software: `Layerfold ${about.layerfold}`,
      Description: JSON.stringify(about),
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A file is put among what a browser has downloaded. */
export function download(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  Object.assign(anchor, { href: url, download: name });
  anchor.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
