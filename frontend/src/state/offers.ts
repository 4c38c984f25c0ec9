/**
 * The models that can be fetched: what is offered, what is asked of a person, how far it is. Pure.
 */

import { saidBoth } from "../protocol/failure.ts";
import type { Handlers } from "./messages.ts";
import type { Offers, State, Words } from "./types.ts";
import type { ModelOffer } from "../protocol/wire.ts";

export const NO_OFFERS: Offers = { models: [], closed: null, unfolded: null, failure: null };

export const OFFERS: Handlers<"offers" | "offers.unfold" | "offers.failed"> = {
  offers: (state, { offers }) =>
    withOffers(state, {
      models: offers.models,
      closed: offers.closed ?? null,
      failure: null,
    }),
  "offers.unfold": (state, { name }) => withOffers(state, { unfolded: name, failure: null }),
  "offers.failed": (state, { failure }) => withOffers(state, { failure }),
};

function withOffers(state: State, change: Partial<Offers>): State {
  return { ...state, offers: { ...state.offers, ...change } };
}

/** The models that have a card of their own: those that are not among the runs. */
export function offered({ offers, runs }: Pick<State, "offers" | "runs">): ModelOffer[] {
  if (offers.closed) return [];
  return offers.models.filter(({ run }) => !run || !runs.some(({ name }) => name === run));
}

/** Whether a model is being fetched. */
export function isFetching({ models }: Offers) {
  return models.some(({ status }) => status === "fetching");
}

/** One line of a model: how far it is, why it failed, or what it would take. */
export function offerLine(t: Words, offer: ModelOffer): string {
  const { megabytes, status, message, message_zh } = offer;
  if (status === "fetching") return fetchingLine(t, offer);
  if (message) return t("offer.failed", { message: t("said", saidBoth({ message, message_zh })) });
  return t(status === "here" ? "offer.here" : "offer.line", { megabytes });
}

function fetchingLine(t: Words, { stage, share = 0 }: ModelOffer) {
  const key = { fetching: "fetching", "making the model": "making", "": "starting" }[stage ?? ""];
  return t(`offer.${key ?? "atlas"}`, { percent: Math.round(100 * share) });
}
