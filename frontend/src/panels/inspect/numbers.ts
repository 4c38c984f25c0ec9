/** The tab of numbers: each with its scale in words. */

import { h } from "preact";
import { number } from "../../i18n/language.ts";
import { guardedAxes } from "../../state/fidelity.ts";
import { mostLoss } from "../../state/inside/gradients.ts";
import { standingHere } from "../../state/meaning/edge.ts";
import type { Dispatch } from "../../state/messages.ts";
import { moveTrust, outsideWord, trustWord } from "../../state/trust.ts";
import { kindWords } from "../meaning/forms.ts";
import { scoreLines } from "./scores.ts";
import { guardWords } from "../top.ts";
import type { State, Words } from "../../state/types.ts";
import { Icon } from "../../ui/icon.ts";
import type { Tree } from "../../ui/host.ts";

export function numbersTab(state: State, t: Words, dispatch: Dispatch): Tree[] {
  const token = state.inspection?.token;
  if (!token) return [];
  const share = (value: number) =>
    number(value, state.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const percentile = (value: number) =>
    number(value, state.language, { style: "percent", maximumFractionDigits: 1 });
  const { outside, trust, continuity } = token;
  const lines = [line(t, "norm", number(token.norm, state.language), null, "")];
  if (typeof trust === "number")
    lines.push(line(t, "trust", share(trust), trust, t(trustWord(trust))));
  if (typeof continuity === "number")
    lines.push(line(t, "continuity", share(continuity), continuity, ""));
  const more = [];
  if (typeof outside === "number") {
    const { shown, words } = edgeWords(state, t, outside, token.loss);
    const said = [words, lossWords(state, t, token.loss)].filter(Boolean).join(" · ");
    const [value, part] = shown ? [percentile(outside / 100), outside / 100] : ["–", null];
    more.push(line(t, "outside", value, part, said));
  }
  const segment = segmentRatio(state);
  if (segment !== null) more.push(line(t, "segment", `${share(segment)}×`, moveTrust(segment), ""));
  const guards = guardedAxes(state).map(({ axis, variable, r }) =>
    h(
      "p",
      { class: "guard" },
      h(Icon, { name: "warn" }),
      h("span", {}, guardWords(state, t, axis, variable, r)),
    ),
  );
  return [
    h("dl", { class: "numbers" }, ...lines),
    ...scoreLines(state, t, dispatch),
    h("dl", { class: "numbers" }, ...more),
    ...guards,
  ];
}

function line(t: Words, name: string, value: string, part: number | null, words: string) {
  const bar = part === null ? null : h("span", { class: "bar", style: { "--part": part } });
  return h(
    "div",
    { title: t(`number.${name}.tip`) },
    h("dt", {}, t(`number.${name}`)),
    h("dd", {}, h("b", {}, value), words ? h("span", {}, words) : null, bar),
    h("dd", { class: "quiet" }, t(`number.${name}.tip`)),
  );
}

/**
 * Whether the percentile is shown, and what it says: only what the table of the edge supports at
 * this site, and nothing of text that the model cannot read.
 */
function edgeWords(state: State, t: Words, outside: number, loss: number | null | undefined) {
  const standing = standingHere(state);
  if (standing && !standing.supported.length)
    return { shown: false, words: t(standing.inverted.length ? "edge.inverted" : "edge.none") };
  if (typeof loss === "number" && loss >= mostLoss(state))
    return { shown: true, words: t("edge.unread") };
  if (!standing) return { shown: true, words: t("edge.untested") };
  const kinds = standing.supported.map((kind) => kindWords(t, kind)).join(", ");
  return { shown: true, words: `${t(outsideWord(outside))} · ${t("edge.supported", { kinds })}` };
}

/**
 * The loss of the token itself beside its percentile: near the cloud can also be what the model
 * cannot read.
 */
function lossWords(state: State, t: Words, loss: number | null | undefined) {
  if (typeof loss !== "number") return "";
  const nats = (value: number) => number(value, state.language, { maximumFractionDigits: 1 });
  const chance = mostLoss(state);
  const key = loss >= chance ? "number.loss.chance" : "number.loss";
  return t(key, { loss: nats(loss), chance: nats(chance) });
}

/** How long the move is drawn that led the picked token to this site. */
function segmentRatio(state: State) {
  const { picked, card } = state;
  if (picked?.kind !== "sentence" || !card) return null;
  const site = Math.round(state.site);
  const slice = state.sentences.find((one) => one.id === picked.id)?.slices[
    card.steps[Math.round(state.step)]
  ];
  const value = slice && site > 0 ? slice.trust[(site - 1) * slice.tokens + picked.token] : NaN;
  return Number.isFinite(value) ? value : null;
}
