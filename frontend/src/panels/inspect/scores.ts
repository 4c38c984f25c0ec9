/** Of the picked token: how far its place hangs on chance, beside places dealt at random. */

import { h } from "preact";
import { failureWords, number } from "../../i18n/language.ts";
import { SCORES, isLayout, scoreWord, toldOf, troubleHere } from "../../state/discontinuity.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Score, State, Words } from "../../state/types.ts";
import { Button } from "../../ui/button.ts";
import type { Tree } from "../../ui/host.ts";

/** The lines of the two scores; a button that measures them where they are not known. */
export function scoreLines(state: State, t: Words, dispatch: Dispatch): Tree[] {
  if (!isLayout(state) || state.written) return [];
  const told = SCORES.map((kind) => scoreLine(state, t, kind));
  if (told.some(Boolean)) return [h("dl", { class: "numbers scores" }, ...told)];
  return [h("div", { class: "scores" }, unmeasured(state, t, dispatch))];
}

function unmeasured(state: State, t: Words, dispatch: Dispatch) {
  const failure = troubleHere(state);
  if (failure) return h("p", { class: "bad" }, failureWords(t, failure));
  if (state.discontinuity.asking)
    return h("p", { class: "quiet", role: "status" }, t("score.measuring"));
  const onClick = () => dispatch({ type: "discontinuity.measure" });
  return [
    h(Button, { id: "measure-map", title: t("score.measure.tip"), onClick }, t("score.measure")),
    h("p", { class: "quiet" }, t("score.measure.tip")),
  ];
}

function scoreLine(state: State, t: Words, kind: Score) {
  const told = toldOf(state, kind);
  if (!told) return null;
  const said = (value: number) =>
    Number.isFinite(value) ? number(value, state.language, { maximumSignificantDigits: 2 }) : "∞";
  const percent = number(told.below, state.language, {
    style: "percent",
    maximumFractionDigits: 1,
  });
  const beside = t("score.beside", { percent, control: said(told.control.median) });
  return h(
    "div",
    { title: t(`number.${kind}.tip`) },
    h("dt", {}, t(`number.${kind}`)),
    h(
      "dd",
      {},
      h("b", {}, said(told.value)),
      h("span", {}, `${t(scoreWord(told))} · ${beside}`),
      h("span", { class: "bar", style: { "--part": told.below } }),
    ),
    h("dd", { class: "quiet" }, t(`number.${kind}.tip`)),
  );
}
