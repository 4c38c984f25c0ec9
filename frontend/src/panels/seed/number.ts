/** A claim's number over training and over the layers, moving as one scrubs. */

import { h } from "preact";
import { measuredNear, rowOf, seedChart, shareAt } from "../../charts/seed.ts";
import { said } from "../../charts/claims.ts";
import { number } from "../../i18n/language.ts";
import { siteShort, sticky } from "../../state/sites.ts";
import { Drawing } from "../../ui/drawing.ts";
import { indexed } from "../../ui/indexed.ts";
import type { Row } from "../../charts/seed.ts";
import type { Card, Language, SeedCard } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";
import type { Context } from "./pieces.ts";

const SIZE = { width: 320, height: 132 };
const LOW = { width: 320, height: 104 };

/** A value in three digits; large ones in thousands. */
export function figure(value: number, language: Language) {
  if (Math.abs(value) >= 10_000)
    return number(value, language, { notation: "compact", maximumSignificantDigits: 3 });
  return number(value, language, { maximumSignificantDigits: 3 });
}

/** The number at the step in hand, its interval, its control beside it, and its curve. */
export function overTraining(claim: SeedCard, context: Context): Tree | null {
  const { state } = context;
  const { card } = state;
  if (!card) return null;
  const own = rowOf(claim.series, card.steps);
  const at = measuredNear(own, state.step);
  if (at === null) return null;
  return h(
    "div",
    { class: "seed-number" },
    reading(claim, own, at, context),
    curve(claim, own, card, context),
    key(claim, card, at, context),
  );
}

/** The value in large type, and where it was measured. */
function reading(claim: SeedCard, own: Row, at: number, { state, t }: Context): Tree {
  const { language } = state;
  const exact = Math.abs(at - state.step) < 0.5;
  const step = state.card?.steps[at] ?? 0;
  const [low, high] = [own.lows[at], own.highs[at]];
  const words = (value: number) => figure(value, language);
  const interval =
    typeof low === "number" && typeof high === "number"
      ? t("seed.card.interval", { low: words(low), high: words(high) })
      : "";
  return h(
    "p",
    { class: "seed-value" },
    h("output", {}, words(own.values[at] ?? 0)),
    h(
      "span",
      { class: "quiet" },
      t(exact ? "seed.card.here" : "seed.card.nearest", { step }),
      interval ? h("br", {}) : null,
      interval,
    ),
  );
}

function curve(claim: SeedCard, own: Row, card: Card, { state, t, dispatch }: Context): Tree {
  const { language } = state;
  const count = card.steps.length;
  const go = (share: number, glide: number, rest: boolean) => {
    const at = share * (count - 1);
    dispatch({ type: "go", step: rest ? Math.round(at) : sticky(at), glide });
  };
  return h(
    "div",
    {
      class: "seed-curve",
      title: t("seed.card.chart", { title: said(claim, "title_en", language) }),
      ...scrubbed(go, () => dispatch({ type: "pause" })),
    },
    h(
      Drawing,
      seedChart({
        key: "steps",
        own,
        controls: claim.controls.map((one) => rowOf(one, card.steps)),
        ticks: spread(count).map((at) => ({ at, text: number(card.steps[at], language) })),
        at: state.step,
        decided: indexOf(card.steps, claim.at_step),
        text: (value) => figure(value, language),
        size: SIZE,
      }),
    ),
    said(claim, "unit", language) &&
      h("p", { class: "quiet seed-unit" }, said(claim, "unit", language)),
  );
}

const indexOf = (steps: number[], step: number) => {
  const at = steps.indexOf(step);
  return at < 0 ? null : at;
};

/** At most four places, evenly spread. */
function spread(count: number) {
  const most = Math.min(4, count);
  return [
    ...new Set(
      Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / Math.max(1, most - 1))),
    ),
  ];
}

/** What each line is, and its value at the step in hand. */
function key(claim: SeedCard, card: Card, at: number, { state, t }: Context): Tree | null {
  if (!claim.controls.length) return null;
  const { language } = state;
  const line = (dash: string, name: string, value: number | null) =>
    h(
      "li",
      { key: dash, class: dash },
      h(
        "svg",
        { viewBox: "0 0 22 6", width: 22, height: 6, "aria-hidden": "true" },
        h("path", { d: "M1 3h20" }),
      ),
      h("span", {}, indexed(name)),
      h("b", {}, value === null ? "–" : figure(value, language)),
    );
  const own = rowOf(claim.series, card.steps).values[at];
  return h(
    "ul",
    { class: "seed-lines" },
    line("own", said(claim.series, "name_en", language) || t("seed.card.claim"), own),
    claim.controls.map((one, i) => {
      const row = rowOf(one, card.steps);
      const near = measuredNear(row, at);
      const value = near === null ? null : row.values[near];
      return line(`dash-${i % 4}`, said(one, "name_en", language), value);
    }),
  );
}

/** The number at every site of the step that decides. */
export function overLayers(claim: SeedCard, { state, t, dispatch }: Context): Tree | null {
  const { card, language } = state;
  const sites = claim.by_site;
  if (!card || !sites?.sites.length) return null;
  const at = (list: (number | null)[]) =>
    card.sites.map((name) => list[sites.sites.indexOf(name)] ?? null);
  const own = { values: at(sites.values), lows: at(sites.lows), highs: at(sites.highs) };
  if (measuredNear(own, 0) === null) return null;
  const count = card.sites.length;
  const go = (share: number, glide: number, rest: boolean) => {
    const place = share * (count - 1);
    dispatch({ type: "go", site: rest ? Math.round(place) : sticky(place), glide });
  };
  return h(
    "div",
    { class: "seed-number" },
    h("h3", {}, t("seed.card.sites", { step: claim.at_step })),
    h(
      "div",
      {
        class: "seed-curve",
        title: t("seed.card.sites.chart", { title: said(claim, "title_en", language) }),
        ...scrubbed(go, () => dispatch({ type: "pause" })),
      },
      h(
        Drawing,
        seedChart({
          key: "sites",
          own,
          controls: [],
          ticks: spread(count).map((i) => ({ at: i, text: siteShort(t, card.sites[i]) })),
          at: state.site,
          decided: null,
          text: (value) => figure(value, language),
          size: LOW,
        }),
      ),
    ),
  );
}

/** Dragging along a chart moves through what is on its axis. */
function scrubbed(go: (share: number, glide: number, rest: boolean) => void, begin: () => void) {
  const share = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return shareAt(((event.clientX - box.left) / box.width) * SIZE.width, SIZE.width);
  };
  const held = (event: PointerEvent) =>
    (event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId);
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      begin();
      go(share(event), 300, true);
    },
    onPointerMove: (event: PointerEvent) => held(event) && go(share(event), 0, false),
    onPointerUp: (event: PointerEvent) => go(share(event), 180, true),
  };
}
