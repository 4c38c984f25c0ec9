/**
 * A text of one's own: typed, pasted, or a file dropped or chosen; its size is told beside its
 * bound.
 */

import { fill, h, icon } from "../../ui/dom.ts";
import { bytesOf } from "../../state/lab.ts";
import { number } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Language, State, Words } from "../../state/types.ts";

export function textField(dispatch: Dispatch) {
  const label = h("label", { for: "lab-text" });
  const area = h("textarea", {
    id: "lab-text",
    rows: 4,
    spellcheck: "false",
    "aria-describedby": "lab-text-size",
  });
  area.addEventListener("input", () => dispatch({ type: "lab.text", text: area.value }));
  const file = h("input", {
    type: "file",
    class: "unseen",
    accept: "text/*,.txt,.md,.csv,.json",
    tabindex: -1,
    "aria-hidden": "true",
  });
  const choose = h("button", {
    type: "button",
    class: "plain",
    id: "lab-file",
    onclick: () => file.click(),
  });
  const size = h("p", { class: "quiet", id: "lab-text-size" });
  const element = h(
    "div",
    { class: "own-text" },
    h("div", { class: "head" }, label, choose, file),
    area,
    size,
  );
  let large = 0;

  /** Takes a file; one far beyond the bound is not even read. */
  async function take(one: File | null | undefined) {
    if (!one) return;
    large = one.size > 64 * 1024 * 1024 ? one.size : 0;
    const text = large ? "" : await one.text();
    dispatch({ type: "lab.text", text, title: one.name.replace(/\.[^.]+$/, "") });
  }
  file.addEventListener("change", async () => (await take(file.files?.[0]), (file.value = "")));
  element.addEventListener(
    "dragover",
    (event) => (event.preventDefault(), element.classList.add("over")),
  );
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    take(event.dataTransfer?.files[0]);
  });
  let [measured, bytes] = ["", 0];

  return {
    element,
    update({ lab, language }: State, t: Words, shown: boolean) {
      element.hidden = !shown;
      if (!shown) return;
      const { text } = lab.draft;
      if (text !== measured) [measured, bytes] = [text, bytesOf(text)];
      if (text) large = 0;
      const most = lab.offer?.limits.text_bytes ?? 0;
      label.textContent = t("lab.text");
      fill(choose, icon("file"), t("lab.text.file"));
      area.placeholder = t("lab.text.placeholder");
      if (area.value !== text) area.value = text;
      const over = Math.max(bytes, large) > most;
      size.classList.toggle("bad", over);
      size.textContent = t("lab.text.size", {
        size: sizeWords(Math.max(bytes, large), language),
        most: sizeWords(most, language),
      });
    },
  };
}

/** Bytes as people say them. */
export function sizeWords(bytes: number, language: Language) {
  const [unit, by] =
    bytes >= 1e9 ? ["GB", 1e9] : bytes >= 1e6 ? ["MB", 1e6] : bytes >= 1e3 ? ["kB", 1e3] : ["B", 1];
  return `${number(bytes / by, language, { maximumSignificantDigits: 3 })} ${unit}`;
}
