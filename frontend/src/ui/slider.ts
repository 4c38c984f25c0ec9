/** A number on a line. */

import { h } from "preact";
import type { HTMLAttributes } from "preact";

export interface SliderProps extends Omit<HTMLAttributes<HTMLInputElement>, "onInput" | "label"> {
  label?: string;
  /** the number in words, for screen readers */
  words?: string;
  min: number;
  max: number;
  step: number;
  /** left out, whoever holds the slider moves its thumb */
  value?: number;
  onSlide: (value: number) => void;
}

export function Slider({ label, words, onSlide, ...rest }: SliderProps) {
  return h("input", {
    ...rest,
    type: "range",
    "aria-label": label,
    "aria-valuetext": words,
    onInput: (event: Event) => onSlide(Number((event.target as HTMLInputElement).value)),
  });
}
