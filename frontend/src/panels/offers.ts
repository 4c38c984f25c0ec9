/** Cards of models that can be fetched: a line, and once it is unfolded what it takes and a yes. */

import { h } from "preact";
import { failureWords } from "../i18n/language.ts";
import { offerLine, offered } from "../state/offers.ts";
import type { Dispatch } from "../state/messages.ts";
import type { State, Words } from "../state/types.ts";
import type { ModelOffer } from "../protocol/wire.ts";
import type { Tree } from "../ui/host.ts";

/** What needs the server. */
export interface OfferActs {
  fetch(name: string): void;
  stop(name: string): void;
}

export function offerCards(state: State, t: Words, dispatch: Dispatch, acts: OfferActs): Tree {
  return h(
    "ul",
    { class: "offers" },
    offered(state).map((one) =>
      h("li", { key: one.name }, offerCard(one, state, t, dispatch, acts)),
    ),
  );
}

function offerCard(
  offer: ModelOffer,
  state: State,
  t: Words,
  dispatch: Dispatch,
  acts: OfferActs,
): Tree {
  const { name, title, status, share = 0, message } = offer;
  const open = state.offers.unfolded === name;
  const unfold = () => dispatch({ type: "offers.unfold", name: open ? null : name });
  return h(
    "section",
    { class: `offer ${status}`, style: { "--share": String(share) } },
    h(
      "button",
      { type: "button", class: "offer-head", "aria-expanded": open, onClick: unfold },
      h("b", {}, title),
      h(
        "span",
        { class: message && status === "absent" ? "line bad" : "line" },
        offerLine(t, offer),
      ),
    ),
    status === "fetching" &&
      h("progress", { max: 1, value: share, "aria-label": offerLine(t, offer) }),
    open && details(offer, state, t, dispatch, acts),
  );
}

function details(
  offer: ModelOffer,
  state: State,
  t: Words,
  dispatch: Dispatch,
  acts: OfferActs,
): Tree {
  const { name, title, megabytes, source, licence, better, status } = offer;
  const { failure } = state.offers;
  const values = { title, megabytes, source, licence, disk: offer.disk_megabytes };
  const act = (words: string, does: () => void) =>
    h("button", { type: "button", class: "plain", onClick: does }, words);
  const yes =
    status === "fetching"
      ? act(t("offer.stop"), () => acts.stop(name))
      : act(t(status === "here" ? "offer.open" : "offer.fetch", { megabytes }), () =>
          acts.fetch(name),
        );
  return h(
    "div",
    { class: "offer-more" },
    h("p", {}, t("offer.about", values)),
    h("p", { class: "quiet" }, t("offer.rounded"), t("offer.better", { better })),
    failure && h("p", { class: "bad" }, failureWords(t, failure)),
    h(
      "p",
      { class: "offer-acts" },
      yes,
      act(t(status === "absent" ? "offer.no" : "offer.fold"), () =>
        dispatch({ type: "offers.unfold", name: null }),
      ),
    ),
  );
}
