/** A number of the lab: its name and what it does, a field, and a slider where one helps. */

import { h } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { said } from "../../charts/claims.ts";
import type { LabNumber } from "../../protocol/wire.ts";
import { placeOn, readNumber, valueOn, writeNumber, wrong } from "../../state/lab.ts";
import type { Language, Words } from "../../state/types.ts";
import { Slider } from "../../ui/slider.ts";

const STOPS = 200;

interface Props {
  one: LabNumber;
  /** what stands in its field */
  text: string;
  language: Language;
  t: Words;
  tell: (text: string) => void;
}

export function NumberField({ one, text, language, t, tell }: Props) {
  const id = `lab-${one.name}`;
  const title = said(one, "title_en", language);
  const bare = one.name === "seed";
  return h(
    "div",
    { class: bare ? "number bare" : "number" },
    h(
      "div",
      { class: "words" },
      h("label", { for: id }, title),
      h("span", { class: "quiet", id: `${id}-does`, title: doesOf(one, t) }, doesOf(one, t)),
    ),
    !bare && h(Track, { one, text, title, tell }),
    h("input", {
      type: "text",
      inputmode: one.whole ? "numeric" : "decimal",
      id,
      autocomplete: "off",
      spellcheck: false,
      "aria-describedby": `${id}-does ${id}-wrong`,
      "aria-invalid": wrong(one, text) !== "",
      value: text,
      onInput: (event: Event) => tell((event.target as HTMLInputElement).value),
    }),
    problem(one, text, t),
  );
}

function doesOf({ name }: LabNumber, t: Words) {
  const key = `lab.number.${name}`;
  return t(key) === key ? "" : t(key);
}

function problem(one: LabNumber, text: string, t: Words) {
  const found = wrong(one, text);
  const bounds = { low: writeNumber(one.low), high: writeNumber(one.high) };
  return h(
    "p",
    { class: "bad", id: `lab-${one.name}-wrong`, hidden: !found },
    found ? t(`lab.wrong.${found}`, bounds) : "",
  );
}

interface TrackProps {
  one: LabNumber;
  text: string;
  title: string;
  tell: (text: string) => void;
}

/** Its slider; a thumb that is held stays under the finger, though the number is a round one. */
function Track({ one, text, title, tell }: TrackProps) {
  const track = useRef<HTMLDivElement>(null);
  const place = placeOn(one, readNumber(text) ?? one.low);
  useLayoutEffect(() => {
    const slider = track.current?.querySelector("input");
    if (slider && document.activeElement !== slider)
      slider.value = String(Math.round(place * STOPS));
  });
  return h(
    "div",
    { class: "track", ref: track, style: { "--at": place } },
    h(Slider, {
      ...{ min: 0, max: STOPS, step: 1 },
      label: title,
      words: text,
      onSlide: (stop) => tell(writeNumber(valueOn(one, stop / STOPS))),
    }),
  );
}
