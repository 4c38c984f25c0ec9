/** Which axes the scene is projected on: the one that is measured, and two more. */

import { h } from "preact";
import { isOnAxes, onAxes } from "../../state/meaning/on-axes.ts";
import type { MeaningForm } from "../../state/meaning/types.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Look, State, Words } from "../../state/types.ts";
import { Button } from "../../ui/button.ts";
import type { Tree } from "../../ui/host.ts";
import { Select } from "../../ui/select.ts";
import { named } from "./forms.ts";

export function axesScene(state: State, t: Words, dispatch: Dispatch, look: Look): Tree | null {
  const [first] = look.answer.axes;
  if (!first?.key) return null;
  const { second, third } = state.meaning.form;
  const keys = [...new Set([first.key, second, third].filter(Boolean))] as string[];
  const here = state.projection === onAxes(keys);
  const back = isOnAxes(state.projection);
  const set = (fields: Partial<MeaningForm>) => dispatch({ type: "meaning.form", ...fields });
  return h("fieldset", { class: "axes-scene", key: "axes-scene" }, [
    h("legend", {}, t("meaning.axes.project")),
    axis(state, t, "second", first.key, set),
    axis(state, t, "third", first.key, set),
    h("p", { class: "actions", key: "go" }, [
      h(
        Button,
        {
          id: "meaning-on-axes",
          key: "on",
          disabled: here,
          onClick: () => dispatch({ type: "meaning.project", keys }),
        },
        t("meaning.axes.project.go"),
      ),
      back &&
        h(
          Button,
          {
            id: "meaning-off-axes",
            key: "off",
            class: "plain",
            onClick: () => dispatch({ type: "projection", name: "umap" }),
          },
          t("meaning.axes.project.back"),
        ),
    ]),
    h("p", { class: "quiet", key: "how" }, t("meaning.axes.project.how")),
  ]);
}

function axis(
  state: State,
  t: Words,
  which: "second" | "third",
  first: string,
  set: (fields: Partial<MeaningForm>) => void,
): Tree {
  const offered: any[] = state.meaning.sets?.answer.axes ?? [];
  const lists = offered
    .filter(({ name }) => name !== first)
    .map(({ name }) => ({ value: name, words: named(t, name) }));
  const id = `meaning-${which}`;
  return h("label", { key: id, for: id }, [
    h("span", { key: "label" }, t(`meaning.axes.${which}`)),
    h(Select, {
      key: "select",
      id,
      value: state.meaning.form[which],
      options: [{ value: "", words: t("meaning.axes.left") }, ...lists],
      onChoose: (value) => set({ [which]: value }),
    }),
  ]);
}
