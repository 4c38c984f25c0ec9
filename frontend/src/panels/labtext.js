/** A text of one's own: typed, pasted, or a file dropped or chosen; its size is told beside its bound. */

import { fill, h, icon } from "../dom.js";
import { bytesOf } from "../lab.js";
import { number } from "../language.js";

/** @typedef {import("../types.d.ts").State} State */
/** @typedef {import("../types.d.ts").Words} Words */

/** @param {import("../types.d.ts").Dispatch} dispatch */
export function textField(dispatch) {
  const label = h("label", { for: "lab-text" });
  const area = h("textarea", { id: "lab-text", rows: 4, spellcheck: "false", "aria-describedby": "lab-text-size" });
  area.addEventListener("input", () => dispatch({ type: "lab.text", text: area.value }));
  const file = h("input", { type: "file", class: "unseen", accept: "text/*,.txt,.md,.csv,.json", tabindex: -1, "aria-hidden": "true" });
  const choose = h("button", { type: "button", class: "plain", id: "lab-file", onclick: () => file.click() });
  const size = h("p", { class: "quiet", id: "lab-text-size" });
  const element = h("div", { class: "own-text" }, h("div", { class: "head" }, label, choose, file), area, size);
  let large = 0;

  /** Takes a file; one far beyond the bound is not even read. @param {File | null | undefined} one */
  async function take(one) {
    if (!one) return;
    large = one.size > 64 * 1024 * 1024 ? one.size : 0;
    const text = large ? "" : await one.text();
    dispatch({ type: "lab.text", text, title: one.name.replace(/\.[^.]+$/, "") });
  }
  file.addEventListener("change", async () => (await take(file.files?.[0]), (file.value = "")));
  element.addEventListener("dragover", (event) => (event.preventDefault(), element.classList.add("over")));
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    take(event.dataTransfer?.files[0]);
  });
  let [measured, bytes] = ["", 0];

  return {
    element,
    /** @param {State} state @param {Words} t @param {boolean} shown */
    update({ lab, language }, t, shown) {
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
      size.textContent = t("lab.text.size", { size: sizeWords(Math.max(bytes, large), language), most: sizeWords(most, language) });
    },
  };
}

/** Bytes as people say them. @param {number} bytes @param {import("../types.d.ts").Language} language */
export function sizeWords(bytes, language) {
  const [unit, by] = bytes >= 1e9 ? ["GB", 1e9] : bytes >= 1e6 ? ["MB", 1e6] : bytes >= 1e3 ? ["kB", 1e3] : ["B", 1];
  return `${number(bytes / by, language, { maximumSignificantDigits: 3 })} ${unit}`;
}
