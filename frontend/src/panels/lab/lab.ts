/**
 * The lab at the right edge: what is being trained, and what could be. It can be folded to a line.
 */

import { h } from "preact";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { failureWords } from "../../i18n/language.ts";
import { goesOn, labShown, selectedJob } from "../../state/lab.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { State, Words } from "../../state/types.ts";
import { Button, IconButton } from "../../ui/button.ts";
import { hosted, part } from "../../ui/host.ts";
import type { Tree } from "../../ui/host.ts";
import { Icon } from "../../ui/icon.ts";
import type { LabActs } from "./labacts.ts";
import { labForm } from "./labform.ts";
import { trainings } from "./labjobs.ts";
import { saysOf, titleOf } from "./labwords.ts";

const Trainings = part(trainings);
const Form = part(labForm);

export const labPanel = hosted("lab", lab);

export function lab(state: State, t: Words, dispatch: Dispatch, { lab: acts }: { lab: LabActs }) {
  const { page, folded } = state.lab;
  const root = useRef<HTMLElement>(null);
  /** Hidden, it keeps what it held when it was last seen. */
  const held = useRef<Tree[]>([]);
  const shown = labShown(state);
  useFocusOn(page, shown && !folded, root);
  if (shown) held.current = inside(state, t, dispatch, acts);
  const name = ["lab panel", folded && "folded", page === "new" && "asking"];
  return h(
    "section",
    {
      id: "lab",
      ref: root,
      class: name.filter(Boolean).join(" "),
      "aria-label": t("lab.title"),
      hidden: !shown,
    },
    held.current,
  );
}

/** Where another page of it has come, the focus goes there. */
function useFocusOn(page: string, shown: boolean, root: RefObject<HTMLElement | null>) {
  const before = useRef(page);
  useLayoutEffect(() => {
    const place = page === "new" ? ".lab-form input:checked" : "#lab-new";
    if (shown && page !== before.current)
      root.current?.querySelector<HTMLElement>(place)?.focus({ preventScroll: true });
    before.current = page;
  });
}

function inside(state: State, t: Words, dispatch: Dispatch, acts: LabActs) {
  const { page, folded, failure } = state.lab;
  const asking = page === "new";
  const shown = { state, t, dispatch, acts };
  return [
    head(state, t, dispatch),
    short(state, t),
    h(
      "div",
      { class: "body scroll", tabindex: 0, hidden: asking || folded },
      h(
        "p",
        { class: "bad", role: "alert", hidden: !failure },
        failure ? failureWords(t, failure) : "",
      ),
      h(Trainings, shown),
    ),
    h(Form, shown),
  ];
}

function head({ lab }: State, t: Words, dispatch: Dispatch) {
  const { folded } = lab;
  const asking = lab.page === "new";
  const turn = (page: "jobs" | "new") => () => dispatch({ type: "lab.page", page });
  const fresh = { id: "lab-new", hidden: asking || folded, onClick: turn("new") };
  return h(
    "header",
    {},
    h(IconButton, {
      id: "lab-back",
      icon: "back",
      label: t("lab.back"),
      hidden: !asking || folded || (lab.listed && !lab.jobs.length),
      onClick: turn("jobs"),
    }),
    h("h2", {}, t(asking ? "lab.new.title" : "lab.title")),
    h(
      "span",
      { class: "right" },
      h(Button, fresh, h(Icon, { name: "plus" }), t("lab.new")),
      h(IconButton, {
        id: "fold-lab",
        icon: folded ? "unfold" : "fold",
        label: t(folded ? "panel.unfold" : "panel.fold"),
        "aria-expanded": !folded,
        onClick: () => dispatch({ type: "lab.fold" }),
      }),
      h(IconButton, {
        id: "close-lab",
        icon: "close",
        label: t("panel.close"),
        onClick: () => dispatch({ type: "drawer.close" }),
      }),
    ),
  );
}

/** Folded, the lab says in a line what the training in hand has come to. */
function short(state: State, t: Words) {
  const job = selectedJob(state) ?? state.lab.jobs.find(goesOn) ?? null;
  const told = state.lab.folded && job;
  return h(
    "p",
    { class: "short quiet", hidden: !told },
    told && [h("b", {}, titleOf(state, told, t)), " ", saysOf(state, told, t)],
  );
}
