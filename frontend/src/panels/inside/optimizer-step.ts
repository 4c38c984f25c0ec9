/**
 * One step of the optimizer: which component, how large, the lengths of its parts and where in the
 * model it acts, in words.
 */

import { fill, h } from "../../ui/dom.ts";
import { sentenceInside } from "../../state/inside/asked.ts";
import {
  FACTORS,
  PARTS,
  ALTERNATIVES,
  adaptiveOver,
  factorOf,
  reachAt,
  optimizerStepLook,
} from "../../state/inside/optimizer-step.ts";
import { brief, number } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";

type Short = (value: number) => string;

export function optimizerStepTab(dispatch: Dispatch) {
  const set = (fields: Record<string, any>) => dispatch({ type: "optimizer-step.set", ...fields });
  const about = h("p", { class: "quiet" });
  const motion = h("select", {
    id: "optimizer-step-component",
    onchange: () => set({ motion: motion.value }),
  });
  const factor = h("input", {
    type: "range",
    id: "optimizer-step-factor",
    min: 0,
    max: FACTORS.length - 1,
    step: 1,
    oninput: () => set({ factor: FACTORS[Number(factor.value)] }),
  });
  const value = h("output", { for: "optimizer-step-factor" });
  const backwards = h("input", {
    type: "checkbox",
    id: "optimizer-step-backwards",
    onchange: () => set({ backwards: backwards.checked }),
  });
  const cloud = h("input", {
    type: "checkbox",
    id: "optimizer-step-cloud",
    onchange: () => set({ cloud: cloud.checked }),
  });
  const [motionWords, factorWords, backwardsWords, cloudWords] = Array.from({ length: 4 }, () =>
    h("span", {}),
  );
  const ticks = h(
    "div",
    { class: "ticks" },
    h("label", {}, backwards, backwardsWords),
    h("label", {}, cloud, cloudWords),
  );
  const fields = h(
    "div",
    { class: "fields" },
    h("label", {}, motionWords, motion),
    h("label", {}, factorWords, factor, value),
    ticks,
  );
  const told = h("p", { class: "told", role: "status" });
  const more = h("div", {});
  const root = h("div", { class: "optimizer-step" }, about, fields, told, more);
  let key = "";

  return {
    root,
    update(state: State, t: Words) {
      const { look } = optimizerStepLook(state);
      const { optimizerStep } = state.inside;
      const next = JSON.stringify([
        look?.id,
        optimizerStep,
        Math.round(state.site),
        state.language,
        sentenceInside(state)?.id,
      ]);
      if (next === key) return;
      key = next;
      const short = (one: number) => brief(one, state.language);
      about.textContent = t("optimizer-step.about");
      [
        motionWords.textContent,
        factorWords.textContent,
        backwardsWords.textContent,
        cloudWords.textContent,
      ] = [
        "optimizer-step.component",
        "optimizer-step.factor",
        "optimizer-step.backwards",
        "optimizer-step.cloud",
      ].map((name) => t(name));
      fillMotions(motion, optimizerStep.motion, t);
      factor.value = String(FACTORS.indexOf(optimizerStep.factor));
      value.textContent = `×${short(factorOf(state))}`;
      factor.setAttribute("aria-valuetext", value.textContent);
      [backwards.checked, cloud.checked] = [optimizerStep.backwards, optimizerStep.cloud];
      told.textContent = look
        ? t("optimizer-step.loss", {
            before: short(look.answer.before),
            after: short(look.answer.after),
            factor: short(look.answer.factor),
          })
        : "";
      fill(more, ...(look ? rows(state, t, look, short) : []));
    },
  };
}

function fillMotions(select: HTMLSelectElement, chosen: string, t: Words) {
  const option = (value: string) => h("option", { value }, t(`optimizer-step.component.${value}`));
  const group = (key: string, values: string[]) =>
    h("optgroup", { label: t(key) }, ...values.map(option));
  fill(
    select,
    option("step"),
    group("optimizer-step.own", PARTS),
    group("optimizer-step.alternatives", ALTERNATIVES),
  );
  select.value = chosen;
}

function rows(state: State, t: Words, look: Look, short: Short) {
  const { answer } = look;
  const reach = reachAt(look, Math.round(state.site));
  const ratio = adaptiveOver(look);
  const whole = (one: number) =>
    number(one, state.language, { maximumSignificantDigits: one < 1000 ? 2 : 3 });
  return [
    h(
      "p",
      { class: "quiet" },
      t("optimizer-step.reach", { length: short(reach.length), drawn: short(reach.trust) }),
    ),
    h("h3", {}, t("optimizer-step.lengths")),
    bars(
      [...PARTS, "step"].map((name) => [
        t(`optimizer-step.component.${name}`),
        answer.lengths[name],
      ]),
      short,
      PARTS.length,
    ),
    h("p", { class: "quiet" }, t("optimizer-step.sum")),
    ratio !== null &&
      h("p", { class: "lesson" }, t("optimizer-step.lesson", { ratio: whole(ratio) })),
    h("h3", {}, t("optimizer-step.alternatives")),
    bars(
      ALTERNATIVES.map((name) => [t(`optimizer-step.component.${name}`), answer.lengths[name]]),
      short,
    ),
    h(
      "h3",
      {},
      t("optimizer-step.groups", { motion: t(`optimizer-step.component.${answer.component}`) }),
    ),
    bars(
      Object.entries(answer.groups[answer.component]).map(([name, length]) => [
        groupWords(t, name),
        Number(length),
      ]),
      short,
    ),
    h("h3", {}, t("optimizer-step.batch")),
    h(
      "p",
      { class: "quiet" },
      t(`optimizer-step.batch.${answer.origin}`, {
        sequences: answer.sequences,
        earlier: answer.earlier,
      }),
    ),
    h(
      "p",
      { class: "quiet" },
      t("optimizer-step.settings", {
        rate: short(answer.rate),
        beta1: answer.beta1,
        beta2: answer.beta2,
        decay: answer.decay,
      }),
    ),
  ];
}

/**
 * Lengths as bars beside each other, their numbers at the right; `own` is the row that the others
 * make up.
 */
function bars(lengths: [string, number][], short: Short, own: number = -1) {
  const most = Math.max(...lengths.map(([, length]) => length), 1e-30);
  const row = ([name, length]: [string, number], i: number) =>
    h(
      "li",
      { class: i === own ? "own" : "", style: { "--part": length / most } },
      h("span", {}, name),
      h("span", {}, short(length)),
    );
  return h("ul", { class: "branches lengths" }, ...lengths.map(row));
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
