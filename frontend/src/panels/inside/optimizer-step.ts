/**
 * One step of the optimizer: which component, how large, the lengths of its parts and where in the
 * model it acts, in words.
 */

import { h } from "preact";
import { brief, number } from "../../i18n/language.ts";
import {
  ALTERNATIVES,
  FACTORS,
  PARTS,
  adaptiveOver,
  factorOf,
  optimizerStepLook,
  reachAt,
} from "../../state/inside/optimizer-step.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Inside, Look, State, Words } from "../../state/types.ts";
import { Field, Range, Tick } from "../../ui/field.ts";
import { Select } from "../../ui/select.ts";
import { Bar } from "./bar.ts";

type Short = (value: number) => string;

export function optimizerStep(state: State, t: Words, dispatch: Dispatch) {
  const { look } = optimizerStepLook(state);
  const short = (one: number) => brief(one, state.language);
  return h(
    "div",
    { class: "optimizer-step" },
    h("p", { class: "quiet" }, t("optimizer-step.about")),
    fields(state, t, dispatch, short),
    h("p", { class: "told", role: "status" }, look && lossWords(t, look, short)),
    h("div", {}, look && rows(state, t, look, short)),
  );
}

function lossWords(t: Words, { answer: { before, after, factor } }: Look, short: Short) {
  const values = { before: short(before), after: short(after), factor: short(factor) };
  return t("optimizer-step.loss", values);
}

function fields(state: State, t: Words, dispatch: Dispatch, short: Short) {
  const chosen = state.inside.optimizerStep;
  const set = (fields: Partial<Inside["optimizerStep"]>) =>
    dispatch({ type: "optimizer-step.set", ...fields });
  const times = `×${short(factorOf(state))}`;
  const tick = (name: "backwards" | "cloud") => ({
    id: `optimizer-step-${name}`,
    words: t(`optimizer-step.${name}`),
    checked: chosen[name],
    onTick: (checked: boolean) => set({ [name]: checked }),
  });
  const component = {
    id: "optimizer-step-component",
    value: chosen.motion,
    options: motions(t),
    onChoose: (motion: string) => set({ motion }),
  };
  const factor = {
    id: "optimizer-step-factor",
    ...{ min: 0, max: FACTORS.length - 1, step: 1, value: FACTORS.indexOf(chosen.factor) },
    ...{ written: times, words: times },
    onSlide: (at: number) => set({ factor: FACTORS[at] }),
  };
  return h(
    "div",
    { class: "fields" },
    h(Field, { words: t("optimizer-step.component") }, h(Select, component)),
    h(Field, { words: t("optimizer-step.factor") }, h(Range, factor)),
    h("div", { class: "ticks" }, h(Tick, tick("backwards")), h(Tick, tick("cloud"))),
  );
}

function motions(t: Words) {
  const option = (value: string) => ({ value, words: t(`optimizer-step.component.${value}`) });
  const group = (key: string, values: string[]) => ({ group: t(key), options: values.map(option) });
  return [
    option("step"),
    group("optimizer-step.own", PARTS),
    group("optimizer-step.alternatives", ALTERNATIVES),
  ];
}

function rows(state: State, t: Words, { answer, ...look }: Look, short: Short) {
  const reach = reachAt({ answer, ...look }, Math.round(state.site));
  const ratio = adaptiveOver({ answer, ...look });
  const digits = { maximumSignificantDigits: ratio !== null && ratio < 1000 ? 2 : 3 };
  const motion = (name: string) => t(`optimizer-step.component.${name}`);
  const lengths = (names: string[]): [string, number][] =>
    names.map((name) => [motion(name), answer.lengths[name]]);
  const groups = Object.entries<number>(answer.groups[answer.component]);
  const { sequences, earlier, rate, beta1, beta2, decay } = answer;
  const said = (key: string, values: Parameters<Words>[1] = {}, name = "quiet") =>
    h("p", { class: name }, t(`optimizer-step.${key}`, values));
  const title = (key: string, values = {}) => h("h3", {}, t(`optimizer-step.${key}`, values));
  return [
    said("reach", { length: short(reach.length), drawn: short(reach.trust) }),
    title("lengths"),
    bars(lengths([...PARTS, "step"]), short, PARTS.length),
    said("sum"),
    ratio !== null && said("lesson", { ratio: number(ratio, state.language, digits) }, "lesson"),
    title("alternatives"),
    bars(lengths(ALTERNATIVES), short),
    title("groups", { motion: motion(answer.component) }),
    bars(
      groups.map(([name, length]) => [groupWords(t, name), length]),
      short,
    ),
    title("batch"),
    said(`batch.${answer.origin}`, { sequences, earlier }),
    said("settings", { rate: short(rate), beta1, beta2, decay }),
  ];
}

/** Lengths beside each other; `own` is the row that the others make up. */
function bars(lengths: [string, number][], short: Short, own = -1) {
  const most = Math.max(...lengths.map(([, length]) => length), 1e-30);
  const row = ([name, length]: [string, number], i: number) =>
    h(Bar, {
      class: i === own ? "own" : "",
      name: h("span", {}, name),
      part: length / most,
      value: short(length),
    });
  return h("ul", { class: "branches lengths" }, lengths.map(row));
}

/**
 * A group of weights in plain words.
 * @param name `embed`, `L0.mid`, `L0.post`, `norm`
 */
export function groupWords(t: Words, name: string) {
  const found = /^L(\d+)\.(mid|post)$/.exec(name);
  return found
    ? t(`optimizer-step.group.${found[2]}`, { layer: Number(found[1]) + 1 })
    : t(`optimizer-step.group.${name}`);
}
