/** The menu of what can be taken away. */

import { h } from "preact";
import type { Words } from "../state/types.ts";
import { Menu } from "../ui/menu.ts";

const ALL = ["png", "png@2", "png@4", "svg", "pdf", "webm", "html", "cite"] as const;
export type Taken = (typeof ALL)[number];

interface Props {
  t: Words;
  /** whether the page itself is one that was taken away */
  written: boolean;
  take: (kind: Taken) => void;
}

export function TakeMenu({ t, written, take }: Props) {
  const items = ALL.filter((kind) => kind !== "html" || !written).map((kind) => ({
    key: kind,
    "data-kind": kind,
    words: t(`take.${kind}`),
    onChoose: () => take(kind),
  }));
  return h(Menu, { id: "take", icon: "save", label: t("take.title"), items });
}
