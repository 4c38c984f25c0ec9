/** A slider with notches, a play button and its value in words. */

import { h } from "preact";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Dispatch } from "../../state/messages.ts";
import { sticky } from "../../state/sites.ts";
import { IconButton } from "../../ui/button.ts";
import { placeByKey } from "../../ui/keys.ts";

/** How far PageUp and PageDown go. */
const PAGE = 3;

interface Props {
  axis: "layers" | "steps";
  label: string;
  /** the place, may lie between two */
  value: number;
  last: number;
  /** the place in words, and what is to be said beside it */
  words: string;
  tip: string;
  quiet: string;
  playing: boolean;
  playWords: string;
  /** whether there is a run to go along */
  there: boolean;
  live?: boolean;
  dispatch: Dispatch;
  /** what lies on its track */
  children?: ComponentChildren;
}

export function PlaySlider({ axis, value, last, children, dispatch, ...view }: Props) {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => follow(input.current, value));
  const still = last < 1;
  const only = view.there && still ? " only" : "";
  const play = {
    id: `play-${axis}`,
    class: "button play",
    icon: view.playing ? "pause" : "play",
    "data-icon": view.playing ? "pause" : "play",
    label: view.playWords,
    disabled: view.there && still,
    onClick: () => dispatch({ type: "play", axis }),
  };
  return h(
    "div",
    {
      class: `slider ${axis}${only}${view.live ? " live" : ""}`,
      style: { "--notches": Math.max(1, last), "--at": last ? value / last : 0 },
    },
    h(IconButton, play),
    h(
      "div",
      { class: "line" },
      h(
        "div",
        { class: "words" },
        h("label", { for: axis }, view.label),
        h("output", { for: axis, id: `${axis}-value`, title: view.tip }, view.words),
        h("span", { class: "quiet" }, view.quiet),
      ),
      h(
        "div",
        { class: "track" },
        h("input", {
          ref: input,
          type: "range",
          id: axis,
          ...{ min: 0, max: Math.max(1, last), step: "any" },
          disabled: !view.there || still,
          "aria-valuetext": [view.words, view.quiet].filter(Boolean).join(", "),
          ...slides(axis, dispatch),
        }),
        children,
      ),
    ),
  );
}

/** The slider where the page is; a thumb that is held stays under the finger. */
function follow(input: HTMLInputElement | null, value: number) {
  if (!input) return;
  const held = document.activeElement === input && !Number.isInteger(value);
  if (!held || Math.abs(Number(input.value) - value) > 0.5) input.value = String(value);
}

function slides(axis: Props["axis"], dispatch: Dispatch) {
  const field = axis === "layers" ? "site" : "along";
  const go = (to: number, glide: number) => dispatch({ type: "go", [field]: to, glide });
  const valueOf = (event: Event) => Number((event.currentTarget as HTMLInputElement).value);
  return {
    onInput: (event: Event) => {
      const value = valueOf(event);
      dispatch({ type: "pause" });
      go(sticky(value), 0);
    },
    onChange: (event: Event) => go(Math.round(valueOf(event)), 180),
    onKeyDown: (event: KeyboardEvent) => {
      const { value, max } = event.currentTarget as HTMLInputElement;
      const to = placeByKey(event, Number(value), Number(max), PAGE);
      if (to === null) return;
      dispatch({ type: "pause" });
      go(to, 300);
    },
  };
}
