/** Elements made in one line; text is always text, never markup. */

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

const PATHS: Record<string, string> = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M7 5h3.6v14H7zM13.4 5H17v14h-3.6z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z",
  hidden: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM4 20 20 4",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.4 15.4 20.5 20.5",
  link: "M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7L12 17.7",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2.2M12 19.3v2.2M2.5 12h2.2M19.3 12h2.2M5.3 5.3l1.5 1.5M17.2 17.2l1.5 1.5M18.7 5.3l-1.5 1.5M6.8 17.2l-1.5 1.5",
  moon: "M20 14.5A8.2 8.2 0 0 1 9.5 4 8.2 8.2 0 1 0 20 14.5z",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.5M12 7.4v.2",
  keys: "M3 7h18v11H3zM6.5 10.5h.1M10 10.5h.1M13.5 10.5h.1M17 10.5h.1M8 14.5h8",
  loop: "M17 3.5 20 6.5 17 9.5M20 6.5H8a4 4 0 0 0-4 4v1M7 20.5 4 17.5l3-3M4 17.5h12a4 4 0 0 0 4-4v-1",
  replay: "M4.5 12a7.5 7.5 0 1 0 2.4-5.5M4.5 4v4.2h4.2",
  trails: "M4 18c5 0 4-11 9-11 3.500 0 3 6 7 6M4 18h.1M13 7h.1M20 13h.1",
  list: "M4 6.500h16M4 12h16M4 17.500h10",
  fold: "M6 15l6-6 6 6",
  unfold: "M6 9l6 6 6-6",
  map: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  centre: "M12 8.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM12 3v3M12 18v3M3 12h3M18 12h3",
  curves: "M4 4v16h16M7.500 15.500l4-6 3.500 3.500 5-7.500",
  save: "M12 4v10.500M7.500 10.500 12 15l4.500-4.500M5 19.500h14",
  fit: "M12 3.500v17M8.500 7 12 3.500 15.500 7M8.500 17l3.500 3.500 3.500-3.500M4 12h3M17 12h3",
  compare: "M9 5a7 7 0 1 0 0 14A7 7 0 0 0 9 5zM15 5a7 7 0 1 1 0 14 7 7 0 0 1 0-14z",
  check: "M5 12.500 10 17.500 19.500 7",
  scroll:
    "M7 3.500h10.500a2 2 0 0 1 2 2V20H9a2 2 0 0 1-2-2zM7 18H4.500V6.500H7M11 8h5M11 12h5M11 16h3",
  inside:
    "M12 3.500 19.500 7.500v9L12 20.500l-7.500-4v-9zM12 12l7.500-4.500M12 12 4.500 7.500M12 12v8.500",
  flask:
    "M9.500 3.500h5M10.500 3.500v6L5 18.500a1.400 1.400 0 0 0 1.200 2h11.600a1.400 1.400 0 0 0 1.200-2L13.500 9.500v-6M7.800 14.500h8.400",
  back: "M14.500 6l-6 6 6 6",
  stop: "M6.500 6.500h11v11h-11z",
  file: "M13.500 3.500H7a1.500 1.500 0 0 0-1.500 1.500v14A1.500 1.500 0 0 0 7 20.500h10a1.500 1.500 0 0 0 1.500-1.500V8.500zM13.500 3.500v5h5",
  warn: "M12 4 2.800 20h18.400zM12 10v5M12 17.300v.2",
};

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
