/** A tab that still builds its elements by hand, in its place among those that are trees. */

import { h } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import type { Shown } from "../../ui/host.ts";

type Maker = (dispatch: Dispatch) => { root: HTMLElement; update(state: State, t: Words): void };

/** It is made once, and shown again as it was. */
export function handmade(make: Maker) {
  let made: ReturnType<Maker> | null = null;
  return function Handmade({ state, t, dispatch }: Shown<any>) {
    const place = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => {
      made ??= make(dispatch);
      if (made.root.parentElement !== place.current) place.current?.replaceChildren(made.root);
      made.update(state, t);
    });
    return h("div", { class: "host", ref: place });
  };
}
