/** A control under its name: what it is called, and then the list, slider or tick itself. */

import { h } from "preact";
import type { ComponentChildren, HTMLAttributes } from "preact";
import { Slider } from "./slider.ts";
import type { SliderProps } from "./slider.ts";

interface FieldProps {
  words: string;
  tip?: string;
  hidden?: boolean;
  children?: ComponentChildren;
}

export function Field({ words, tip, hidden, children }: FieldProps) {
  return h("label", { hidden }, h("span", { title: tip }, words), children);
}

interface RangeProps extends SliderProps {
  id: string;
  /** the number as it is written beside the slider */
  written: string;
  /** whether it is another than what it is by itself */
  changed?: boolean;
}

/** A number on a line with what it is. */
export function Range({ written, changed, ...rest }: RangeProps) {
  const output = { for: rest.id, class: changed ? "changed" : "" };
  return [h(Slider, rest), h("output", output, written)];
}

interface TickProps extends Omit<HTMLAttributes<HTMLLabelElement>, "onChange"> {
  id: string;
  words: string;
  checked: boolean;
  onTick: (checked: boolean) => void;
  /** what stands between the box and its words */
  children?: ComponentChildren;
}

export function Tick({ id, words, checked, onTick, children, ...rest }: TickProps) {
  const onChange = (event: Event) => onTick((event.target as HTMLInputElement).checked);
  return h(
    "label",
    rest,
    h("input", { type: "checkbox", id, checked, onChange }),
    children,
    h("span", {}, words),
  );
}
