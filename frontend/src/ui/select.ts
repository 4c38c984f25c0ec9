/** A choice out of a list, which may be in groups. */

import { h } from "preact";
import type { HTMLAttributes } from "preact";

export interface Option {
  value: string;
  words: string;
  title?: string;
  disabled?: boolean;
}

export interface Group {
  group: string;
  options: Option[];
}

interface Props extends Omit<HTMLAttributes<HTMLSelectElement>, "onChange" | "value" | "label"> {
  label?: string;
  value: string;
  options: (Option | Group)[];
  onChoose: (value: string) => void;
}

export function Select({ label, value, options, onChoose, ...rest }: Props) {
  return h(
    "select",
    {
      ...rest,
      value,
      "aria-label": label,
      onChange: (event: Event) => onChoose((event.target as HTMLSelectElement).value),
    },
    options.map((one) =>
      "group" in one
        ? h("optgroup", { key: one.group, label: one.group }, one.options.map(option))
        : option(one),
    ),
  );
}

function option({ value, words, title, disabled }: Option) {
  return h("option", { key: value, value, title, disabled }, words);
}
