/** A number of the lab: its name and what it does, a field, and a slider where one helps. */

import { said } from "../../charts/claims.ts";
import { h } from "../../ui/dom.ts";
import { placeOn, readNumber, valueOn, writeNumber, wrong } from "../../state/lab.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import type { LabNumber } from "../../protocol/wire.ts";

const STOPS = 200;

export function numberField(one: LabNumber, dispatch: Dispatch) {
  const id = `lab-${one.name}`;
  const tell = (text: string) => dispatch({ type: "lab.number", name: one.name, text });
  const label = h("label", { for: id });
  const does = h("span", { class: "quiet", id: `${id}-does` });
  const input = h("input", {
    type: "text",
    inputmode: one.whole ? "numeric" : "decimal",
    id,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": `${id}-does ${id}-wrong`,
  });
  input.addEventListener("input", () => tell(input.value));
  const slider =
    one.name === "seed" ? null : h("input", { type: "range", min: 0, max: STOPS, step: 1 });
  slider?.addEventListener("input", () =>
    tell(writeNumber(valueOn(one, Number(slider.value) / STOPS))),
  );
  const track = slider && h("div", { class: "track" }, slider);
  const problem = h("p", { class: "bad", id: `${id}-wrong` });
  const element = h(
    "div",
    { class: slider ? "number" : "number bare" },
    h("div", { class: "words" }, label, does),
    track,
    input,
    problem,
  );

  return {
    element,
    update({ lab, language }: State, t: Words) {
      const text = lab.draft.numbers[one.name] ?? "";
      const title = said(one, "title_en", language);
      const found = wrong(one, text);
      const value = readNumber(text) ?? one.low;
      const key = `lab.number.${one.name}`;
      label.textContent = title;
      does.textContent = t(key) === key ? "" : t(key);
      does.title = does.textContent;
      if (input.value !== text) input.value = text;
      input.setAttribute("aria-invalid", String(found !== ""));
      problem.hidden = found === "";
      problem.textContent = found
        ? t(`lab.wrong.${found}`, { low: writeNumber(one.low), high: writeNumber(one.high) })
        : "";
      if (!slider || !track) return;
      const place = placeOn(one, value);
      if (document.activeElement !== slider) slider.value = String(Math.round(place * STOPS));
      track.style.setProperty("--at", String(place));
      slider.setAttribute("aria-label", title);
      slider.setAttribute("aria-valuetext", text);
    },
  };
}
