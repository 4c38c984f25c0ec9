/** The card of a claim at the right edge: sentence, verdict, number, limits, method, papers. */

import { h } from "preact";
import { said } from "../../charts/claims.ts";
import { number } from "../../i18n/language.ts";
import { CLAIMS } from "../../seed/text.ts";
import { cardOf, offeredWith, runsWith } from "../../state/seed/seed.ts";
import { seedCardShown } from "../../state/seed/shown.ts";
import { Button, IconButton } from "../../ui/button.ts";
import { hosted } from "../../ui/host.ts";
import { indexed } from "../../ui/indexed.ts";
import { SidePanel } from "../../ui/panel.ts";
import { wordsOfRun } from "../../state/run-words.ts";
import { overLayers, overTraining } from "./number.ts";
import { verdictMark, verdictOf } from "./verdict.ts";
import type { ModelOffer } from "../../protocol/wire.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { SeedCard, State, Words } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";
import type { Context } from "./pieces.ts";

/** What needs more than a message. */
export interface SeedActs {
  readRun(name: string): void;
}

export const seedCardPanel = hosted<SeedActs>("seedcard", seedCard);

export function seedCard(state: State, t: Words, dispatch: Dispatch, acts: SeedActs): Tree {
  const shown = seedCardShown(state);
  const id = state.seed.card ?? "";
  const claim = shown ? cardOf(state, id) : null;
  const context = { state, t, dispatch };
  const title = claim ? said(claim, "title_en", state.language) : t("seed.card", { id });
  return h(
    SidePanel,
    {
      id: "seedcard",
      label: t("seed.card", { id }),
      class: "seedcard",
      hidden: !shown,
      head: [
        h("span", { class: "seed-id", title: t("seed.card", { id }) }, id),
        h("h2", { tabindex: -1 }, indexed(title)),
        walk(id, context),
      ],
      close: { label: t("seed.card.close"), onClick: () => leave(id, dispatch) },
    },
    shown &&
      h(
        "div",
        { key: id, class: "body scroll", tabindex: 0 },
        claim ? opened(claim, context) : missing(context),
        others(id, context, acts),
        claim ? further(claim, context) : null,
      ),
  );
}

/** The card is closed; the focus goes back to its sentence. */
function leave(id: string, dispatch: Dispatch) {
  dispatch({ type: "seed.choose", card: null });
  document.querySelector<HTMLElement>(`[data-claim="${id}"]`)?.focus({ preventScroll: true });
}

/** To the claims before and after, in the order of the text. */
function walk(id: string, { t, dispatch }: Context): Tree {
  const at = CLAIMS.indexOf(id);
  const to = (by: number) => () =>
    dispatch({ type: "seed.choose", card: CLAIMS[(at + by + CLAIMS.length) % CLAIMS.length] });
  return h("span", { class: "seed-walk" }, [
    h(IconButton, {
      id: "seed-before",
      icon: "back",
      label: t("seed.card.before"),
      class: "button small",
      onClick: to(-1),
    }),
    h(IconButton, {
      id: "seed-after",
      icon: "forward",
      label: t("seed.card.after"),
      class: "button small",
      onClick: to(1),
    }),
  ]);
}

function missing({ state, t }: Context): Tree {
  const { title } = wordsOfRun(state.card ?? { name: state.run }, t);
  const known = state.run in state.seed.cards;
  return h("p", { class: "quiet" }, t(known ? "seed.card.missing" : "seed.loading", { title }));
}

/** What is seen at once: the sentence, the verdict with its reason, the number. */
function opened(claim: SeedCard, context: Context): Tree[] {
  const { state, t } = context;
  const { language } = state;
  return [
    h(
      "blockquote",
      { lang: language },
      indexed(language === "zh" ? claim.quote_zh : claim.quote_en),
    ),
    h(
      "div",
      { class: `seed-judged ${claim.verdict}` },
      verdictMark(t, claim.verdict),
      h("p", {}, indexed(said(claim, "verdict_en", language))),
    ),
    overTraining(claim, context) ?? still(claim, context),
  ].filter((one): one is Tree => one !== null);
}

/** A number that was not followed over training. */
function still(claim: SeedCard, { state, t }: Context): Tree | null {
  const here = said(claim, "here", state.language);
  return here
    ? h(
        "p",
        { class: "seed-still" },
        h("b", {}, indexed(here)),
        h("span", { class: "quiet" }, t("seed.card.undefined")),
      )
    : null;
}

/** The verdicts of every model that has this card; another one is a press away. */
function others(id: string, context: Context, acts: SeedActs): Tree | null {
  const { state, t } = context;
  const runs = runsWith(state, id);
  const more = offeredWith(state, id);
  const alone = runs.length === 1 && runs[0].name === state.run;
  if (!more.length && (!runs.length || alone)) return null;
  return h(
    "section",
    { class: "seed-models" },
    h("h3", {}, t("seed.card.models")),
    h(
      "div",
      { class: "seed-runs" },
      runs.map((run) =>
        h(
          "button",
          {
            key: run.name,
            type: "button",
            "data-run": run.name,
            "aria-pressed": String(run.name === state.run),
            onClick: () => acts.readRun(run.name),
          },
          h("span", {}, wordsOfRun(run, t).title),
          verdictMark(t, verdictOf(cardOf(state, id, run.name))),
        ),
      ),
      more.map((one) => toFetch(one, id, context)),
    ),
  );
}

/** A model that is not here: its verdict came along, the rest is fetched at the door. */
function toFetch({ name, title }: ModelOffer, id: string, { state, t, dispatch }: Context): Tree {
  const fetch = () => {
    dispatch({ type: "offers.unfold", name });
    dispatch({ type: "set", sheet: "door" });
  };
  const claim = cardOf(state, id, name);
  const words = t("seed.card.offered", { here: claim ? said(claim, "here", state.language) : "" });
  return h(
    "button",
    { key: name, type: "button", "data-offer": name, title: words, onClick: fetch },
    h("span", {}, title),
    verdictMark(t, verdictOf(claim)),
  );
}

/** Limits first, then threshold, method, chance and papers. */
function further(claim: SeedCard, context: Context): Tree[] {
  const { state, t } = context;
  const { language } = state;
  const fact = (key: string, text: string) =>
    text ? [h("dt", {}, t(key)), h("dd", {}, indexed(text))] : [];
  const decided = t("seed.card.decided", { step: claim.at_step });
  const here = said(claim, "here", language);
  return [
    h(
      "section",
      { class: "seed-limits" },
      h("h3", {}, t("seed.card.limits")),
      h("p", {}, indexed(said(claim, "limits_en", language))),
    ),
    actions(claim, context),
    overLayers(claim, context),
    h(
      "dl",
      { class: "seed-facts" },
      fact("seed.card.would", said(claim, "would_en", language)),
      fact("seed.card.threshold", said(claim, "threshold_en", language)),
      here ? [h("dt", {}, decided), h("dd", {}, indexed(here))] : [],
      fact("seed.card.method", said(claim, "method_en", language)),
      fact("seed.card.chance", chance(claim, context)),
      papers(claim, t),
    ),
  ].filter((one): one is Tree => one !== null);
}

function chance({ p, q }: SeedCard, { state, t }: Context) {
  if (p === null) return "";
  const words = (value: number) =>
    value < 0.001 ? "< 0.001" : number(value, state.language, { maximumSignificantDigits: 2 });
  return q === null
    ? t("seed.card.p", { p: words(p) })
    : t("seed.card.q", { p: words(p), q: words(q) });
}

function papers({ papers }: SeedCard, t: Words) {
  if (!papers.length) return [];
  const link = ({ text, url }: { text: string; url: string }) =>
    h(
      "li",
      { key: text },
      url ? h("a", { href: url, target: "_blank", rel: "noopener" }, text) : text,
    );
  return [h("dt", {}, t("seed.card.papers")), h("dd", {}, h("ul", {}, papers.map(link)))];
}

function actions(claim: SeedCard, { t, state, dispatch }: Context): Tree {
  const again = () => dispatch({ type: "seed.await", view: "card" });
  const inside = () => dispatch({ type: "seed.inside" });
  return h("div", { class: "seed-actions" }, [
    h(Button, { id: "seed-again", onClick: again }, t("seed.card.again")),
    state.panel === "inside" || state.panel === "meaning"
      ? h(Button, { id: "seed-inside", onClick: inside }, t(`seed.card.${state.panel}`))
      : null,
  ]);
}
