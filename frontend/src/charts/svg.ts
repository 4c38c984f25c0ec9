/** Drawings as trees: made by pure functions, written as text or drawn into the page. */

export type Drawn = {
  tag: string;
  attrs: Record<string, string | number>;
  children: (Drawn | string)[];
};

const SPACE = "http://www.w3.org/2000/svg";

/** An element of a drawing; what is null, undefined or false is left out. */
export function draw(
  tag: string,
  attrs: Record<string, string | number | null | undefined | false> = {},
  ...children: (Drawn | string | null | undefined | false)[]
): Drawn {
  const given = Object.entries(attrs).filter(
    ([, value]) => value !== null && value !== undefined && value !== false,
  ) as [string, string | number][];
  const there = children.filter((one) => one !== null && one !== undefined && one !== false) as (
    Drawn | string
  )[];
  return { tag, attrs: Object.fromEntries(given), children: there };
}

/** Characters that XML cannot hold at all: they are shown as U+FFFD. */
const UNSOUND = new RegExp(
  "[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff]" +
    "|[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]",
  "g",
);

export function escaped(text: string | number) {
  const sound = String(text).replace(UNSOUND, "\ufffd");
  return sound.replace(
    /[&<>"]/g,
    (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[one] ?? one,
  );
}

/** A drawing as text. */
export function textOf(drawn: Drawn | string): string {
  if (typeof drawn === "string") return escaped(drawn);
  const attrs = Object.entries(drawn.attrs).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  const inner = drawn.children.map(textOf).join("");
  return inner
    ? `<${drawn.tag}${attrs.join("")}>${inner}</${drawn.tag}>`
    : `<${drawn.tag}${attrs.join("")}/>`;
}

/**
 * Makes an element of the page equal to a drawing; elements that stay are kept, so that what
 * changes can glide.
 */
export function patch(element: Element, drawn: Drawn) {
  for (const name of element.getAttributeNames())
    if (!(name in drawn.attrs)) element.removeAttribute(name);
  for (const [name, value] of Object.entries(drawn.attrs))
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
  drawn.children.forEach((child, i) => {
    const now = element.childNodes[i];
    if (typeof child === "string") {
      if (now instanceof Text) now.data = child;
      else if (now) now.replaceWith(child);
      else element.append(child);
    } else if (now instanceof Element && now.localName === child.tag) patch(now, child);
    else {
      const made = document.createElementNS(SPACE, child.tag);
      patch(made, child);
      if (now) now.replaceWith(made);
      else element.append(made);
    }
  });
  while (element.childNodes.length > drawn.children.length) element.lastChild?.remove();
}
