/** The two sheets: keys, and what the picture can and cannot say. */

import { byId, fill, h, iconButton } from "../ui/dom.ts";
import { KEYS } from "../state/keys.ts";
import { number, said } from "../i18n/language.ts";
import { kindShown } from "../state/projections.ts";
import { meanTrust, recallShown } from "../state/fidelity.ts";
import { trustWord } from "../state/trust.ts";
import { wordsOfRun } from "../state/run-words.ts";
import type { Dispatch } from "../state/messages.ts";
import type { State, Words } from "../state/types.ts";

export function sheets(dispatch: Dispatch) {
  const help = byId("help") as HTMLDialogElement;
  const about = byId("about") as HTMLDialogElement;
  const all = { help, about };
  for (const name of ["help", "about"] as const) {
    const dialog = all[name];
    dialog.addEventListener("close", () => dispatch({ type: "sheet.close", sheet: name }));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  return {
    update(state: State, t: Words, previous: State | null) {
      for (const name of ["help", "about"] as ("help" | "about")[]) {
        const dialog = all[name];
        const open = state.sheet === name;
        const fresh = state.language !== previous?.language || state.card !== previous?.card;
        if (open && (!dialog.open || fresh)) {
          const close = iconButton("close", t("panel.close"), () => dialog.close());
          dialog.setAttribute("aria-label", t(`${name}.title`));
          fill(
            dialog,
            h("header", {}, h("h2", {}, t(`${name}.title`)), close),
            ...(name === "help" ? keysOf(t) : aboutOf(state, t, dispatch)),
          );
        }
        if (open && !dialog.open) dialog.showModal();
        if (!open && dialog.open) dialog.close();
      }
    },
  };
}

function keysOf(t: Words) {
  const lines = KEYS.map(({ shown, words }) =>
    h(
      "div",
      {},
      h(
        "dt",
        {},
        ...shown.map((key) =>
          h("kbd", {}, t(`key.${key}`) === `key.${key}` ? key : t(`key.${key}`)),
        ),
      ),
      h("dd", {}, t(words)),
    ),
  );
  return [h("dl", { class: "keys" }, ...lines), h("p", { class: "quiet" }, t("help.pointer"))];
}

/** The claims of the seed that what is said here rests on. */
const CARDS: Record<string, string> = { markov: "1.3c", diffeomorphism: "2.5a" };

function aboutOf(state: State, t: Words, dispatch: Dispatch) {
  const lead = (id: string) =>
    h(
      "button",
      {
        type: "button",
        class: "proof",
        onclick: () => dispatch({ type: "seed.choose", card: id }),
      },
      t("seed.card", { id }),
    );
  const value = meanTrust(state);
  const parts: HTMLElement[] = [h("p", {}, t("about.what", { count: state.card?.reference ?? 0 }))];
  if (value !== null) {
    const recall = recallShown(state);
    const words = t("about.trust", {
      value: number(value, state.language, { maximumFractionDigits: 2 }),
      words: t(trustWord(value)),
    });
    parts.push(
      h("h3", {}, t("about.trust.title")),
      h(
        "p",
        {},
        words,
        recall === null ? "" : ` ${t("trust.recall", { percent: Math.round(100 * recall) })}`,
      ),
    );
  }
  const kind = kindShown(state);
  const points = [
    kind === "umap" ? "neighbourhoods" : kind,
    "view",
    "distance",
    "outside",
    "markov",
    "diffeomorphism",
  ];
  parts.push(
    h("h3", {}, t("about.say.title")),
    h(
      "ul",
      {},
      ...points.map((point) =>
        h("li", {}, t(`about.${point}`), " ", CARDS[point] ? lead(CARDS[point]) : null),
      ),
    ),
  );
  if (state.card) {
    const { title, line } = wordsOfRun(state.card, t);
    parts.push(h("h3", {}, title), h("p", { class: "quiet" }, line));
  }
  for (const problem of state.card?.problems ?? [])
    parts.push(h("p", { class: "bad" }, said(t, problem)));
  if (state.version) parts.push(h("p", { class: "quiet" }, `Layerfold ${state.version}`));
  return parts;
}
