/** What the forms of meaning are made of: a label with its control, a text that is typed. */

import { h } from "preact";
import { labelName } from "../../i18n/language.ts";
import type { Words } from "../../state/types.ts";
import type { Tree } from "../../ui/host.ts";

export function field(label: string, id: string, control: Tree): Tree {
  return h("label", { key: id, for: id }, h("span", {}, label), control);
}

export interface Typed {
  id: string;
  value: string;
  placeholder?: string;
  rows?: number;
  set(value: string): void;
}

export function typed({ id, value, placeholder, rows, set }: Typed): Tree {
  const onInput = (event: Event) => set((event.target as HTMLInputElement).value);
  const shared = { id, value, placeholder, onInput, dir: "auto", spellcheck: false };
  return rows
    ? h("textarea", { ...shared, rows })
    : h("input", { ...shared, type: "text", autocomplete: "off" });
}

export function labelWords(t: Words, name: string) {
  return name === "source" ? t("meaning.probe.source") : labelName(name, t);
}
