/**
 * What is said in the middle: the caption of the tour, notices, the state of the line, and the veil
 * before the first picture.
 */

import { byId, fill, h, icon, iconButton } from "../ui/dom.ts";
import { buildingOf } from "../state/following.ts";
import { failureWords, said } from "../i18n/language.ts";
import { shownAtlas } from "../state/state.ts";
import { figureWords } from "./strip/logged.ts";
import { buildingLine } from "./building.ts";
import { wordsOfRun } from "../state/run-words.ts";
import { provenWords } from "../state/opening.ts";
import type { Dispatch } from "../state/messages.ts";
import type { Caption, State, Words } from "../state/types.ts";
import type { Building } from "../protocol/wire.ts";

export function captions(
  dispatch: Dispatch,
  acts: { again(): void; retry(): void; openCard(card: Caption["card"]): void },
) {
  const caption = byId("caption");
  const notices = byId("notices");
  const veil = byId("veil");
  const view = byId("view");
  const building = buildingLine();
  const figures = h("span", { class: "logged" });
  let shown = "";
  let said = "";

  return {
    update(state: State, t: Words) {
      const words = state.caption ? captionWords(state, state.caption, t) : "";
      if (words !== said) {
        caption.classList.toggle("on", Boolean(words));
        caption.inert = !words;
        if (words) fill(caption, words, proofOf(state.caption, t, acts.openCard));
        said = words;
      }
      const making = shownAtlas(state) ? null : buildingOf(state);
      const veiled = making ? makingWords(state, t, making) : veilWords(state, t);
      veil.hidden = !veiled;
      view.classList.toggle("behind", Boolean(veiled));
      if (veil.dataset.words !== veiled) {
        veil.dataset.words = veiled;
        fill(
          veil,
          h("span", {}, veiled),
          ...(making ? [building.element, figures] : []),
          making
            ? null
            : state.runFailure
              ? h(
                  "button",
                  { type: "button", class: "plain", onclick: acts.retry },
                  t("failure.retry"),
                )
              : null,
        );
      }
      if (making) building.update(making, t);
      figures.textContent = making ? figureWords(state, t, Infinity).join(" · ") : "";
      veil.classList.toggle("bad", Boolean(state.runFailure) && !making);
      const key = JSON.stringify([
        state.connection,
        state.connection === "lost" && state.retryIn,
        state.refusal,
        state.notice,
        state.flat,
        state.language,
        state.card?.problems,
      ]);
      if (key !== shown) fill(notices, ...noticesOf(state, t, dispatch, acts));
      shown = key;
    },
  };
}

function captionWords(state: State, { key, values, card }: Caption, t: Words) {
  return t(key, { ...values, ...provenWords(state, card) });
}

/** The way to the card that what is said rests on. */
function proofOf(caption: Caption | null, t: Words, open: (card: Caption["card"]) => void) {
  const card = caption?.card;
  if (!card) return null;
  return h(
    "button",
    { type: "button", class: "proof", onclick: () => open(card) },
    t("caption.card"),
  );
}

/** What will be seen here, while it is made. */
function makingWords(state: State, t: Words, { stage }: Building) {
  const { title } = wordsOfRun(
    state.runs.find((one) => one.name === state.run) ?? { name: state.run },
    t,
  );
  return t(stage === "waiting" || stage === "line" ? `live.veil.${stage}` : "live.veil", { title });
}

function veilWords(state: State, t: Words) {
  if (state.runFailure) return failureWords(t, state.runFailure, { run: state.run });
  if (shownAtlas(state)) return "";
  const failures = Object.values(state.atlasFailures);
  if (state.card && failures.length >= state.card.steps.length)
    return failureWords(t, failures[0], { run: state.run });
  return state.card
    ? t("loading.cloud", { title: wordsOfRun(state.card, t).title })
    : t("loading.run");
}

function noticesOf(state: State, t: Words, dispatch: Dispatch, acts: { again(): void }) {
  const found = [];
  if (state.connection === "lost") {
    const now = h("button", { type: "button", class: "plain", onclick: acts.again }, t("line.now"));
    found.push(
      h(
        "p",
        { class: "notice panel warn", id: "line" },
        icon("warn"),
        h(
          "span",
          {},
          state.refusal
            ? t("line.refused", { message: said(t, state.refusal) })
            : t("line.lost", { seconds: state.retryIn }),
        ),
        now,
      ),
    );
  }
  if (state.flat)
    found.push(
      h("p", { class: "notice panel", id: "flat" }, icon("info"), h("span", {}, t("scene.flat"))),
    );
  if (state.notice) {
    const close = iconButton(
      "close",
      t("panel.close"),
      () => dispatch({ type: "set", notice: null }),
      { class: "button small" },
    );
    found.push(
      h(
        "p",
        { class: "notice panel", id: "notice" },
        h("span", {}, t(state.notice.key, state.notice.values)),
        close,
      ),
    );
  }
  return found;
}
