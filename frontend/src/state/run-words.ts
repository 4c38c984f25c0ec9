/** How a run is called and described in the page's language. Pure. */

import type { RunEntry, Words } from "./types.ts";

type NamedRun = Pick<RunEntry, "name"> & Partial<RunEntry>;

/** A known shape in our words, another run in its own. */
export function wordsOfRun(run: NamedRun, t: Words) {
  const [title, line] = [t(`shape.${run.name}.title`), t(`shape.${run.name}.line`)];
  const known = !title.startsWith("shape.");
  return {
    title: known
      ? title
      : t("said", { en: run.title || run.name, zh: run.title_zh || run.title || run.name }),
    line: known ? line : descriptionOf(run, t),
  };
}

/** What a run says of itself, else in Chinese the line by which it is known. */
export function descriptionOf(run: NamedRun, t: Words) {
  const line = t(`shape.${run.name}.line`);
  const en = run.description ?? "";
  return t("said", { en, zh: run.description_zh || (line.startsWith("shape.") ? en : line) });
}
