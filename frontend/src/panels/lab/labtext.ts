/**
 * A text of one's own: typed, pasted, or a file dropped or chosen; its size is told beside its
 * bound.
 */

import { h } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { number } from "../../i18n/language.ts";
import { bytesOf, taskOffered } from "../../state/lab.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Language, State, Words } from "../../state/types.ts";
import { Button } from "../../ui/button.ts";
import { Icon } from "../../ui/icon.ts";

/** A file beyond this many bytes is not even read. */
const READABLE = 64 * 1024 * 1024;
const FILES = { type: "file", class: "unseen", accept: "text/*,.txt,.md,.csv,.json" };

export function ownText({ lab, language }: State, t: Words, dispatch: Dispatch) {
  const { text, task } = lab.draft;
  const asked = taskOffered(lab, task)?.text;
  const [over, drag] = useState(false);
  /** The size of a file that was too large to be read. */
  const [large, refuse] = useState(0);
  const file = useRef<HTMLInputElement>(null);
  const bytes = Math.max(
    useMemo(() => bytesOf(text), [text]),
    text ? 0 : large,
  );
  const most = lab.offer?.limits.text_bytes ?? 0;
  const take = async (one: File | null | undefined) => {
    if (!one) return;
    refuse(one.size > READABLE ? one.size : 0);
    const read = one.size > READABLE ? "" : await one.text();
    dispatch({ type: "lab.text", text: read, title: one.name.replace(/\.[^.]+$/, "") });
  };
  return h(
    "div",
    { class: over ? "own-text over" : "own-text", hidden: !asked, ...dropping(drag, take) },
    h(
      "div",
      { class: "head" },
      h("label", { for: "lab-text" }, t("lab.text")),
      h(
        Button,
        { id: "lab-file", onClick: () => file.current?.click() },
        h(Icon, { name: "file" }),
        t("lab.text.file"),
      ),
      h("input", {
        ...FILES,
        ref: file,
        tabindex: -1,
        "aria-hidden": "true",
        onChange: chosen(take),
      }),
    ),
    h("textarea", {
      id: "lab-text",
      rows: 4,
      spellcheck: false,
      "aria-describedby": "lab-text-size",
      placeholder: t("lab.text.placeholder"),
      value: text,
      onInput: (event: InputEvent) =>
        dispatch({ type: "lab.text", text: (event.target as HTMLTextAreaElement).value }),
    }),
    h(
      "p",
      { class: bytes > most ? "quiet bad" : "quiet", id: "lab-text-size" },
      t("lab.text.size", { size: sizeWords(bytes, language), most: sizeWords(most, language) }),
    ),
  );
}

type Take = (file: File | null | undefined) => Promise<void>;

function chosen(take: Take) {
  return async (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    await take(input.files?.[0]);
    input.value = "";
  };
}

/** What is dropped here is taken; what is held above shows where it would go. */
function dropping(drag: (over: boolean) => void, take: Take) {
  return {
    onDragOver: (event: DragEvent) => (event.preventDefault(), drag(true)),
    onDragLeave: () => drag(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      drag(false);
      take(event.dataTransfer?.files[0]);
    },
  };
}

/** Bytes as people say them. */
export function sizeWords(bytes: number, language: Language) {
  const [unit, by] =
    bytes >= 1e9 ? ["GB", 1e9] : bytes >= 1e6 ? ["MB", 1e6] : bytes >= 1e3 ? ["kB", 1e3] : ["B", 1];
  return `${number(bytes / by, language, { maximumSignificantDigits: 3 })} ${unit}`;
}
