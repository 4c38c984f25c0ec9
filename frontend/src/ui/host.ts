/** Where a panel written as a tree stands on the page, and when it is drawn again. */

import { h, render } from "preact";
import type { VNode } from "preact";
import { byId } from "./dom.ts";
import type { Dispatch } from "../state/messages.ts";
import type { State, Words } from "../state/types.ts";

/** A piece of the page: an element with what it holds. */
export type Tree = VNode<any>;

/** A panel: what it shows of a state; `acts` are what needs more than a message. */
export type View<Acts = void> = (
  state: State,
  t: Words,
  dispatch: Dispatch,
  acts: Acts,
) => Tree | null;

/**
 * A panel for the list in main.ts. The element of index.html with this id gives its place to the
 * tree, whose root brings the id along. The tree is drawn again when a field of the state that the
 * panel has ever read, or the language, has changed.
 */
export function hosted<Acts = void>(id: string, view: View<Acts>) {
  /** One component a panel, so that hooks in the view belong to it. */
  const Panel = ({ state, t, dispatch, acts }: Shown<Acts>) => view(state, t, dispatch, acts);
  return (dispatch: Dispatch, acts: Acts) => {
    const host = document.createElement("div");
    host.className = "host";
    byId(id).replaceWith(host);
    const watched = watch();
    let words: Words | null = null;
    return {
      update(state: State, t: Words) {
        if (!watched.changed(state) && t === words) return;
        words = t;
        render(h<Shown<Acts>>(Panel, { state: watched.state, t, dispatch, acts }), host);
      },
    };
  };
}

interface Shown<Acts> {
  state: State;
  t: Words;
  dispatch: Dispatch;
  acts: Acts;
}

/**
 * A state that is always the newest and remembers which of its fields are read: by the drawing or,
 * later, by what a person does there.
 */
export function watch() {
  const read = new Set<keyof State>();
  let now: State | null = null;
  const state = new Proxy({} as State, {
    get(_, name) {
      read.add(name as keyof State);
      return now?.[name as keyof State];
    },
    ownKeys: () => Reflect.ownKeys(now ?? {}),
    getOwnPropertyDescriptor: (_, name) => ({
      value: now?.[name as keyof State],
      enumerable: true,
      configurable: true,
    }),
  });
  return {
    state,
    /** Takes the next state; whether a field that was read is another than before. */
    changed(next: State) {
      const before = now;
      now = next;
      return before === null || [...read].some((name) => before[name] !== next[name]);
    },
  };
}
