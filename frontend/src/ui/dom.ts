/** Elements made in one line; text is always text, never markup. */

import { PATHS } from "./paths.ts";

type Child = Node | string | null | undefined | false;

/** An element with properties, listeners (`onclick` …), attributes and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Record<string, any> = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "style")
      Object.entries(value).forEach(([property, one]) =>
        element.style.setProperty(property, String(one)),
      );
    else if (typeof value === "boolean" && !name.startsWith("aria-"))
      element.toggleAttribute(name, value);
    else element.setAttribute(name, String(value));
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Replaces what an element holds. */
export function fill(element: Element, ...children: Child[]) {
  element.replaceChildren(
    ...children.filter((child) => child !== null && child !== undefined && child !== false),
  );
}

/** A line icon of 24 units; it says nothing to screen readers. */
export function icon(name: string) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  return svg;
}

/** A button with an icon; its name is its label and its tip. */
export function iconButton(
  name: string,
  label: string,
  onclick: () => void,
  props: Record<string, any> = {},
) {
  return h(
    "button",
    { type: "button", class: "button", "aria-label": label, title: label, onclick, ...props },
    icon(name),
  );
}

/** Names an icon button anew, with another icon. */
export function relabel(button: HTMLElement, name: string, label: string) {
  if (button.dataset.icon !== name) {
    button.replaceChildren(icon(name));
    button.dataset.icon = name;
  }
  if (button.title !== label) {
    button.title = label;
    button.setAttribute("aria-label", label);
  }
}

/** What a token looks like in running text: line ends shown as ↵, blanks kept. */
export function visible(text: string) {
  return text.replace(/\r?\n/g, "↵").replace(/[\u0000-\u001f\u007f-\u009f]/g, "·");
}

/** A token as a name: without the blanks around it; ␣ where it is nothing else. */
export function tokenName(text: string) {
  return visible(text).trim() || "␣";
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found;
}

/** Running text with one part marked; blanks around the part stay outside the mark. */
export function marked({
  before,
  token,
  after,
}: {
  before: string;
  token: string;
  after: string;
}): (string | HTMLElement)[] {
  const text = visible(token);
  const word = text.trim();
  if (!word) return [visible(before), h("mark", {}, text || "␣"), visible(after)];
  const start = text.indexOf(word);
  return [
    visible(before) + text.slice(0, start),
    h("mark", {}, word),
    text.slice(start + word.length) + visible(after),
  ];
}

/** Arrows walk along the tabs. */
export function turnTabs(event: KeyboardEvent, tabs: HTMLButtonElement[]) {
  const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  const at = tabs.findIndex((one) => one.getAttribute("aria-selected") === "true");
  const next = tabs[(at + by + tabs.length) % tabs.length];
  next.click();
  next.focus();
}
