/** Where a panel written as a tree stands on the page, and when it is drawn again. */

import { h, render } from "preact";
import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
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
 * @param whole it knows the places at rest alone: between two, nothing is drawn
 */
export function hosted<Acts = void>(id: string, view: View<Acts>, whole = false) {
  /** One component a panel, so that hooks in the view belong to it. */
  const Panel = ({ state, t, dispatch, acts }: Shown<Acts>) => view(state, t, dispatch, acts);
  return (dispatch: Dispatch, acts: Acts) => {
    const root = document.createElement("div");
    root.className = "host";
    byId(id).replaceWith(root);
    const watched = watch(whole);
    let words: Words | null = null;
    return {
      update(state: State, t: Words) {
        if (!watched.changed(state) && t === words) return;
        words = t;
        render(h<Shown<Acts>>(Panel, { state: watched.state, t, dispatch, acts }), root);
      },
    };
  };
}

/** What a piece of a panel is given. */
export interface Shown<Acts = void> {
  state: State;
  t: Words;
  dispatch: Dispatch;
  acts: Acts;
}

/**
 * A piece of a panel that is drawn again only when a field that it has itself read is another.
 * @param whole it knows the places at rest alone: between two, nothing is drawn
 */
export function part<Acts = void>(view: View<Acts>, whole = false) {
  const Piece = ({ state, t, dispatch, acts }: Shown<Acts>) => view(state, t, dispatch, acts);
  return function Part({ state, t, dispatch, acts }: Shown<Acts>) {
    const [watched] = useState(() => watch(whole));
    const drawn = useRef<{ t: Words; acts: Acts; tree: Tree } | null>(null);
    const { current } = drawn;
    const same = !watched.changed(state) && current?.t === t && current.acts === acts;
    const tree = same
      ? current.tree
      : h<Shown<Acts>>(Piece, { state: watched.state, t, dispatch, acts });
    drawn.current = { t, acts, tree };
    return tree;
  };
}

const PLACES: Set<PropertyKey> = new Set(["site", "step"]);

/**
 * A state that is always the newest and remembers which of its fields are read: by the drawing or,
 * later, by what a person does there.
 * @param whole site and step are the nearest whole ones
 */
export function watch(whole = false) {
  const read: Map<keyof State, unknown> = new Map();
  let now: State | null = null;
  const valueOf = (name: keyof State) =>
    whole && PLACES.has(name) ? Math.round(Number(now?.[name])) : now?.[name];
  const state = new Proxy({} as State, {
    get(_, name) {
      const value = valueOf(name as keyof State);
      if (!read.has(name as keyof State)) read.set(name as keyof State, value);
      return value;
    },
    ownKeys: () => Reflect.ownKeys(now ?? {}),
    getOwnPropertyDescriptor: (_, name) => ({
      value: valueOf(name as keyof State),
      enumerable: true,
      configurable: true,
    }),
  });
  return {
    state,
    /** Takes the next state; whether a field that was read is another than before. */
    changed(next: State) {
      let other = now === null;
      now = next;
      for (const [name, before] of read) {
        const value = valueOf(name);
        other ||= value !== before;
        read.set(name, value);
      }
      return other;
    },
  };
}
