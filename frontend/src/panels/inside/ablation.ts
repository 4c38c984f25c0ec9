/**
 * Ablation: sliders for the parts of a layer, what is scaled, and the next words before and after.
 */

import { css, HUES } from "../../state/colour/colours.ts";
import { fill, h, iconButton, visible } from "../../ui/dom.ts";
import { sentenceInside } from "../../state/inside/asked.ts";
import {
  factorOf,
  farWords,
  ghostly,
  headsOf,
  ablated,
  layerScaled,
  layersOf,
  nextWords,
  streamView,
  ablationOf,
} from "../../state/inside/ablation.ts";
import { number, said as told } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Inside, Language, Look, Scaled, State, Words } from "../../state/types.ts";

const PARTS: Scaled["part"][] = ["residual", "attention", "mlp", "head"];

const VIEWS: Inside["seen"][] = ["picture", "normalised", "raw", "added"];
/** An axis that follows the length of the state more closely than this shows little else. */
const GUARD = 0.9;

export function ablationTab(dispatch: Dispatch) {
  const about = h("p", { class: "quiet" });
  const choice = (name: string) =>
    h("select", {
      id: `ablation-${name}`,
      onchange: (event: Event) =>
        dispatch({
          type: "ablation.choose",
          [name]: Number((event.target as HTMLSelectElement).value),
        }),
    });
  const [layers, heads] = [choice("layer"), choice("head")];
  const layerWords = h("span", {});
  let [layer, head] = [0, 0];
  const sliders = PARTS.map((part) =>
    slider(part, (factor) => dispatch({ type: "ablation.set", part, layer, head, factor })),
  );
  const fields = h(
    "fieldset",
    { class: "fields" },
    h("label", {}, layerWords, layers),
    ...sliders.slice(0, 3).map((one) => one.root),
    h("div", { class: "head-row" }, heads, ...sliders[3].root.childNodes),
  );
  const seen = h("select", {
    id: "ablation-seen",
    onchange: () => dispatch({ type: "inside.set", seen: seen.value as Inside["seen"] }),
  });
  const seenWords = h("span", {});
  const keeps = h("p", { class: "quiet keeps", role: "status" });
  const title = h("span", {});
  const list = h("ul", { class: "scaled" });
  const reset = h("button", {
    type: "button",
    class: "text-button",
    id: "ablation-reset",
    onclick: () => dispatch({ type: "ablation.reset" }),
  });
  const told = h("p", { class: "told", role: "status" });
  const table = h("table", { class: "before-after" });
  const kept = h("p", { class: "quiet" });
  const root = h(
    "div",
    { class: "ablation" },
    h("div", { class: "fields" }, h("label", {}, seenWords, seen)),
    keeps,
    about,
    fields,
    h("h3", {}, title, reset),
    list,
    told,
    table,
    kept,
  );
  let key = "";

  return {
    root,
    update(state: State, t: Words) {
      const scales = ablationOf(state);
      [layer, head] = [layerScaled(state), Math.max(0, Math.min(headsOf(state) - 1, scales.head))];
      const { look } = ablated(state);
      const view = streamView(state);
      fields.disabled = !sentenceInside(state) || Boolean(state.inside.troubles.ablation && !look);
      const next = JSON.stringify([
        look?.id,
        view?.id,
        state.inside.seen,
        state.inside.troubles.stream_view,
        Math.round(state.site),
        scales,
        layer,
        headsOf(state),
        layersOf(state),
        state.language,
        state.theme,
        sentenceInside(state)?.hue,
      ]);
      if (next === key) return;
      key = next;
      about.textContent = t("ablation.about");
      seenWords.textContent = t("ablation.seen");
      fill(seen, ...VIEWS.map((value) => h("option", { value }, t(`ablation.seen.${value}`))));
      seen.value = state.inside.seen;
      keeps.textContent = keepsWords(state, t, view);
      options(layers, layersOf(state), layer, (n) => t("ablation.layer.number", { layer: n }));
      options(heads, headsOf(state), head, (n) => t("attention.number", { head: n }));
      layerWords.textContent = t("ablation.layer");
      heads.setAttribute("aria-label", t("attention.head"));
      PARTS.forEach((part, i) =>
        sliders[i].show(
          factorOf(scales, part === "head" ? { part, layer, head } : { part, layer }),
          t(`ablation.${part}`, { head: head + 1 }),
          t,
          state.language,
        ),
      );
      title.textContent = t("ablation.scaled");
      fill(list, ...scaledRows(scales.factors, t, state.language, dispatch));
      reset.textContent = t("ablation.reset");
      reset.hidden = !scales.factors.length;
      showWords(state, t, { told, table, kept }, look);
    },
  };
}

/** What a view of the stream shows and how far it can be trusted. */
function keepsWords(state: State, t: Words, view: Look | null) {
  const { seen, troubles } = state.inside;
  if (seen === "picture") return t("ablation.keeps.picture");
  const trouble = troubles.stream_view;
  if (!view) return trouble ? told(t, trouble) : t("ablation.keeps.waiting");
  const { shares, norm, trust, sample } = view.answer;
  const digits = (value: number) => number(value, state.language, { maximumFractionDigits: 2 });
  const share = number(
    shares.reduce((sum: number, one: number) => sum + one, 0),
    state.language,
    { style: "percent", maximumFractionDigits: 0 },
  );
  const here = trust[Math.round(state.site)];
  const axis = norm.findIndex((r: number) => Math.abs(r) > GUARD);
  const said = [t(`ablation.keeps.${seen}`), t("ablation.keeps.share", { share })];
  said.push(
    here === null
      ? t("ablation.keeps.nothing")
      : t("ablation.keeps.trust", { trust: digits(here), sample }),
  );
  if (axis >= 0) said.push(t("ablation.keeps.norm", { axis: axis + 1, r: digits(norm[axis]) }));
  return said.join(" ");
}

/** A slider from 0 to 2 with its number. */
function slider(part: string, set: (factor: number) => void) {
  const input = h("input", {
    type: "range",
    id: `ablation-${part}`,
    min: 0,
    max: 2,
    step: 0.05,
    value: 1,
    oninput: () => set(Number(input.value)),
  });
  input.addEventListener("dblclick", () => set(1));
  const [name, value] = [
    h("span", { class: part === "head" ? "unseen" : "" }),
    h("output", { for: `ablation-${part}` }),
  ];
  return {
    root: h("label", {}, name, input, value),
    show(factor: number, words: string, t: Words, language: Language) {
      name.textContent = words;
      if (part === "head") input.setAttribute("aria-label", words);
      if (Number(input.value) !== factor) input.value = String(factor);
      value.textContent = times(factor, language);
      value.classList.toggle("changed", factor !== 1);
      input.setAttribute(
        "aria-valuetext",
        t(factor === 0 ? "ablation.zero" : factor === 1 ? "ablation.one" : "ablation.times", {
          factor,
        }),
      );
    },
  };
}

function times(factor: number, language: Language) {
  return `×${number(factor, language, { maximumFractionDigits: 2 })}`;
}

/** @param words counted from 1 */
function options(
  select: HTMLSelectElement,
  count: number,
  chosen: number,
  words: (n: number) => string,
) {
  fill(select, ...Array.from({ length: count }, (_, n) => h("option", { value: n }, words(n + 1))));
  select.value = String(chosen);
}

function scaledRows(factors: Scaled[], t: Words, language: Language, dispatch: Dispatch) {
  if (!factors.length) return [h("li", { class: "quiet" }, t("ablation.nothing"))];
  return factors.map((one) => {
    const words = t("ablation.row", {
      layer: one.layer + 1,
      part: t(`ablation.${one.part}`, { head: (one.head ?? 0) + 1 }),
    });
    const choose = h(
      "button",
      {
        type: "button",
        class: "name",
        onclick: () =>
          dispatch({
            type: "ablation.choose",
            layer: one.layer,
            ...(one.head === undefined ? {} : { head: one.head }),
          }),
      },
      words,
    );
    return h(
      "li",
      {},
      choose,
      h("b", {}, times(one.factor, language)),
      iconButton("close", t("ablation.drop", { what: words }), () =>
        dispatch({ type: "ablation.set", ...one, factor: 1 }),
      ),
    );
  });
}

function showWords(
  state: State,
  t: Words,
  { told, table, kept }: { told: HTMLElement; table: HTMLElement; kept: HTMLElement },
  look: Look | null,
) {
  const sentence = sentenceInside(state);
  table.hidden = told.hidden = kept.hidden = !look || !sentence;
  if (!look || !sentence) return;
  const own = HUES[state.theme][sentence.hue];
  const nats = look.answer.divergence;
  told.textContent = t(farWords(nats), {
    nats: number(nats, state.language, { maximumSignificantDigits: 2 }),
  });
  kept.textContent = t("ablation.kept");
  const percent = (value: number) =>
    number(value, state.language, { style: "percent", maximumFractionDigits: 1 });
  const share = (value: number) =>
    value < 0.001 ? t("ablation.less", { share: percent(0.001) }) : percent(value);
  const cell = (value: number, color: string) =>
    h("td", { style: { "--part": value, "--ink": color } }, share(value));
  const rows = nextWords(look).map(({ text, before, after }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row", dir: "auto" }, visible(text).replace(/^ /, "␣") || "∅"),
      cell(before, css(own)),
      cell(after, css(ghostly(own, state.theme))),
    ),
  );
  const head = h(
    "tr",
    {},
    ...["next", "before", "after"].map((name) => h("th", { scope: "col" }, t(`ablation.${name}`))),
  );
  fill(
    table,
    h("caption", { class: "unseen" }, t("ablation.table")),
    h("thead", {}, head),
    h("tbody", {}, ...rows),
  );
}
