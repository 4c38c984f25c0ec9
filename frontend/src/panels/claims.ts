/** The card of claims: a published result each, and the same number here, moving as one scrubs. */

import { chartOf, isOurs, said, sourceOf, valueAt } from "../charts/claims.ts";
import { byId, fill, h, icon, iconButton, relabel } from "../ui/dom.ts";
import { number } from "../i18n/language.ts";
import { sticky } from "../state/sites.ts";
import { claimsShown } from "../state/shown.ts";
import { stepNumber } from "../state/state.ts";
import { patch } from "../charts/svg.ts";
import type { Dispatch } from "../state/messages.ts";
import type { Claim, State, Words } from "../state/types.ts";

/** The claims that say what is seen in the picture: one of them is open at first. */
const CENTRAL = ["sparse", "belief-leading", "induction-head"];
const CHART = { width: 304, height: 76 };
const SPARK = { width: 60, height: 22, small: true };

export function claimsPanel(dispatch: Dispatch) {
  const root = byId("claims");
  const title = h("h2", {});
  const close = iconButton("close", "", () => dispatch({ type: "claims.toggle" }), {
    id: "close-claims",
  });
  const body = h("div", { class: "body scroll", tabindex: 0 });
  fill(root, h("header", {}, title, close), body);
  let rows: { id: string; update(state: State, t: Words): void }[] = [];
  let open: string | null = null;
  let built = "";

  function build(state: State, t: Words) {
    if (open !== "" && !state.claims.some((one) => one.id === open))
      open = (state.claims.find((one) => CENTRAL.includes(one.id)) ?? state.claims[0])?.id ?? null;
    const made = state.claims.map((claim) =>
      row(claim, claim.id === open, state, t, dispatch, () => {
        open = open === claim.id ? "" : claim.id;
        build(state, t);
        now();
      }),
    );
    rows = made;
    fill(body, ...made.map((one) => one.element), h("p", { class: "quiet" }, t("claims.note")));
  }
  let now = () => {};

  return {
    update(state: State, t: Words, previous: State | null) {
      const shown = claimsShown(state);
      root.hidden = !shown;
      if (!shown) return;
      title.textContent = t("claims.title");
      root.setAttribute("aria-label", t("claims.title"));
      relabel(close, "close", t("panel.close"));
      const led = state.claim !== previous?.claim && state.claim !== null;
      if (led) open = state.claim;
      now = () => rows.forEach((one) => one.update(state, t));
      const key = JSON.stringify([state.run, state.language, state.claims.length]);
      if (led || key !== built || state.claims !== previous?.claims) build(state, t);
      built = key;
      now();
    },
  };
}

/** A claim: a line of its name and number; opened, with its chart and its papers. */
function row(
  claim: Claim,
  open: boolean,
  state: State,
  t: Words,
  dispatch: Dispatch,
  toggle: () => void,
) {
  const { language } = state;
  const value = h("span", { class: "value" });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const holds = h(
    "span",
    { class: claim.holds ? "verdict" : "verdict bad" },
    icon(claim.holds ? "check" : "close"),
    h("span", { class: open ? "" : "unseen" }, t(claim.holds ? "claims.holds" : "claims.fails")),
  );
  const name = said(claim, "title_en", language);
  const head = h(
    "button",
    { type: "button", class: "claim-head", "aria-expanded": String(open), onclick: toggle },
    h("span", { class: "name" }, name),
    open ? holds : svg,
    open ? null : value,
    open ? null : holds,
  );
  const where = h("dt", {});
  const unit = said(claim, "unit", language);
  const chart = h("div", { class: "chart", title: t("claims.chart", { title: name }) });
  if (open) {
    chart.append(svg);
    scrub(chart, dispatch, state.card?.steps.length ?? 1);
  }
  const opened = () => [
    h(
      "dl",
      { class: "figures" },
      h("div", { class: "ours" }, where, h("dd", {}, value)),
      h(
        "div",
        {},
        h("dt", {}, t("claims.published")),
        h("dd", {}, said(claim, "published", language)),
      ),
    ),
    chart,
    unit ? h("p", { class: "unit quiet" }, unit) : null,
    controlsOf(claim, language),
    h("p", {}, said(claim, "says_en", language)),
    factsOf(claim, t, language),
    caveatOf(claim, language),
  ];
  const element = h(
    "section",
    { class: open ? "claim open" : "claim", "data-claim": claim.id },
    head,
    ...(open ? opened() : []),
  );

  return {
    id: claim.id,
    element,
    update(now: State, words: Words) {
      const step = stepNumber(now);
      const here = valueAt(claim, step);
      value.textContent =
        here === null
          ? "–"
          : number(here, now.language, {
              minimumSignificantDigits: 3,
              maximumSignificantDigits: 3,
            });
      value.title = here === null ? words("claims.undefined") : unit;
      where.textContent =
        here === null ? words("claims.undefined") : words("claims.here", { step });
      patch(svg, chartOf(claim, now.card?.steps ?? [], now.step, open ? CHART : SPARK));
    },
  };
}

/** What the thin lines are. */
function controlsOf(claim: Claim, language: string) {
  if (!claim.controls.length) return null;
  const items = claim.controls.map((one) => {
    const last = one.values.at(-1);
    return h(
      "li",
      {},
      h("i", {}),
      h("span", {}, said(one, "name_en", language)),
      typeof last === "number" ? h("b", {}, number(last, language === "zh" ? "zh" : "en")) : null,
    );
  });
  return h("ul", { class: "controls-key" }, ...items);
}

function factsOf(claim: Claim, t: Words, language: string) {
  const fact = (name: string, text: string) =>
    h("div", {}, h("dt", {}, t(name)), h("dd", {}, text));
  const here = t("claims.decided", { step: claim.at_step, here: said(claim, "here", language) });
  const ours = isOurs(claim) ? `${t("claims.ours")} · ` : "";
  const threshold = `${ours}${said(claim, "threshold", language)} · ${here}`;
  return h(
    "dl",
    { class: "claim-facts" },
    fact("claims.threshold", threshold),
    fact("claims.source", sourceOf(claim, t)),
  );
}

function caveatOf(claim: Claim, language: string) {
  const words = said(claim, "caveat_en", language);
  return words ? h("p", { class: "quiet" }, words) : null;
}

/** Dragging along the chart moves through training. */
function scrub(chart: HTMLElement, dispatch: Dispatch, count: number) {
  const at = (event: PointerEvent) => {
    const box = chart.getBoundingClientRect();
    return (
      Math.max(0, Math.min(1, (event.clientX - box.left - 5) / (box.width - 10))) * (count - 1)
    );
  };
  chart.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    chart.setPointerCapture(event.pointerId);
    dispatch({ type: "pause" });
    dispatch({ type: "go", step: Math.round(at(event)), glide: 300 });
  });
  chart.addEventListener(
    "pointermove",
    (event) =>
      chart.hasPointerCapture(event.pointerId) &&
      dispatch({ type: "go", step: sticky(at(event)), glide: 0 }),
  );
  chart.addEventListener("pointerup", (event) =>
    dispatch({ type: "go", step: Math.round(at(event)), glide: 180 }),
  );
}
