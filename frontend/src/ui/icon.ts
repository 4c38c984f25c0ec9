/** A line icon; it says nothing to screen readers. */

import { h } from "preact";
import { PATHS } from "./paths.ts";

export function Icon({ name }: { name: string }) {
  return h(
    "svg",
    { viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true" },
    h("path", { d: PATHS[name] ?? "" }),
  );
}
