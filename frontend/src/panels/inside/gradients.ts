/**
 * Gradients: what the loss aims at, each token's own loss, the gradient of each group of weights by
 * layer, and the check.
 */

import { css, gradient } from "../../state/colour/colours.ts";
import { fill, h, visible } from "../../ui/dom.ts";
import { answerTo, sentenceInside, tokenInside } from "../../state/inside/asked.ts";
import { arrowsAt, lossColour, mostLoss, gradients } from "../../state/inside/gradients.ts";
import { number } from "../../i18n/language.ts";
import type { Dispatch } from "../../state/messages.ts";
import type { Inside, Look, State, Words } from "../../state/types.ts";

const AIMS = ["all", "next", "target"];

export function gradientsTab(dispatch: Dispatch) {
  const about = h("p", { class: "quiet" });
  const set = (fields: Partial<Inside["gradients"]>) =>
    dispatch({ type: "gradients.set", ...fields });
  const aim = h("select", {
    id: "gradients-aim",
    onchange: () => set({ aim: aim.value as Inside["gradients"]["aim"] }),
  });
  const target = h("input", {
    type: "text",
    id: "gradients-target",
    maxlength: 64,
    onchange: () => set({ target: target.value }),
  });
  const [aimWords, targetWords] = [h("span", {}), h("span", {})];
  const row = h("label", {}, targetWords, target);
  const [reachWords, reachValue] = [h("span", {}), h("output", { for: "gradients-reach" })];
  const reach = h("input", {
    type: "range",
    id: "gradients-reach",
    min: 5,
    max: 150,
    step: 5,
    onchange: () => set({ reach: Number(reach.value) / 100 }),
    oninput: () => (reachValue.textContent = `${reach.value} %`),
  });
  const loss = h("p", { class: "told", role: "status" });
  const [tokensTitle, groupsTitle] = [h("h3", {}), h("h3", {})];
  const ramp = h("div", { class: "ramp" });
  const [ends, least, most] = [h("div", { class: "ends" }), h("span", {}), h("span", {})];
  ends.append(least, most);
  const tokens = h("table", { class: "ledger", id: "gradients-tokens" });
  const groups = h("table", { class: "ledger heat", id: "gradients-groups" });
  const check = h("p", { class: "quiet" });
  const root = h(
    "div",
    { class: "gradients" },
    about,
    h(
      "div",
      { class: "fields" },
      h("label", {}, aimWords, aim),
      row,
      h("label", {}, reachWords, reach, reachValue),
    ),
    loss,
    check,
    tokensTitle,
    ramp,
    ends,
    tokens,
    groupsTitle,
    groups,
  );
  let key = "";

  return {
    root,
    update(state: State, t: Words) {
      const { look } = answerTo(state, "gradients", gradients.questions(state)[0]);
      const next = JSON.stringify([
        look?.id,
        state.inside.gradients,
        Math.round(state.site),
        state.picked,
        state.language,
        state.theme,
        sentenceInside(state)?.id,
      ]);
      if (next === key) return;
      key = next;
      about.textContent = t("gradients.about");
      aimWords.textContent = t("gradients.aim");
      targetWords.textContent = t("gradients.target");
      const token =
        visible(sentenceInside(state)?.tokens[tokenInside(state) ?? 0]?.text ?? "").trim() || "␣";
      fill(
        aim,
        ...AIMS.map((value) => h("option", { value }, t(`gradients.aim.${value}`, { token }))),
      );
      aim.value = state.inside.gradients.aim;
      reachWords.textContent = t("gradients.reach");
      reach.value = String(Math.round(100 * state.inside.gradients.reach));
      reachValue.textContent = `${reach.value} %`;
      row.hidden = state.inside.gradients.aim !== "target";
      if (document.activeElement !== target) target.value = state.inside.gradients.target;
      for (const part of [loss, check, tokensTitle, ramp, ends, groupsTitle, tokens, groups])
        part.hidden = !look;
      if (look) tell(state, t, look);
    },
  };

  function tell(state: State, t: Words, look: Look) {
    const short = (value: number) => number(value, state.language, { maximumSignificantDigits: 3 });
    loss.textContent = t("gradients.loss", { loss: short(look.answer.loss) });
    check.textContent = t("gradients.check", {
      agreement: number(look.answer.agreement, state.language, { maximumFractionDigits: 4 }),
    });
    tokensTitle.textContent = t("gradients.tokens");
    ramp.style.background = gradient(state.theme);
    least.textContent = t("gradients.scale.low");
    most.textContent = t("gradients.scale.high", {
      loss: number(mostLoss(state), state.language, { maximumFractionDigits: 1 }),
    });
    groupsTitle.textContent = t("gradients.groups");
    fill(tokens, ...tokenRows(state, t, look, short));
    fill(groups, ...groupRows(t, look, short));
  }
}

function tokenRows(state: State, t: Words, look: Look, short: (value: number) => string) {
  const sentence = sentenceInside(state);
  const site = Math.round(state.site);
  const { losses, trust } = look.tensors;
  const head = h(
    "tr",
    {},
    ...["gradients.token", "gradients.own", "gradients.length", "gradients.drawn"].map((key) =>
      h("th", { scope: "col", title: t(`${key}.tip`) }, t(key)),
    ),
  );
  const rows = arrowsAt(look, site).map(({ token, length, share }) => {
    const own = losses.data[token];
    const drawn = trust.data[site * trust.shape[1] + token];
    const name = visible(sentence?.tokens[token]?.text ?? "").trim() || "␣";
    const picked =
      state.picked?.kind === "sentence" &&
      state.picked.id === sentence?.id &&
      state.picked.token === token;
    return h(
      "tr",
      { class: picked ? "own" : "" },
      h("th", { scope: "row", dir: "auto" }, name),
      h(
        "td",
        {},
        h("i", { class: "swatch", style: { background: css(lossColour(state, own)) } }),
        Number.isFinite(own) ? short(own) : "–",
      ),
      h("td", { style: { "--part": share } }, short(length)),
      h("td", {}, `×${short(drawn)}`),
    );
  });
  return [h("thead", {}, head), h("tbody", {}, ...rows)];
}

function groupRows(t: Words, look: Look, short: (value: number) => string) {
  const { layers: groups } = look.tensors;
  const [layers, count] = groups.shape;
  const most = Math.max(...groups.data, 1e-30);
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, t("gradients.layer")),
    ...look.answer.groups.map((name: string) => h("th", { scope: "col" }, name)),
  );
  const rows = Array.from({ length: layers }, (_, layer) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, String(layer + 1)),
      ...Array.from({ length: count }, (_, group) => {
        const value = groups.data[layer * count + group];
        return h(
          "td",
          { style: { "--part": Math.sqrt(value / most) }, title: short(value) },
          short(value),
        );
      }),
    ),
  );
  const outer = Object.entries(look.answer.outer).map(([name, value]) =>
    t("gradients.outer", { name: t(`gradients.outer.${name}`), value: short(Number(value)) }),
  );
  return [
    h("caption", { class: "quiet" }, outer.join(" · ")),
    h("thead", {}, head),
    h("tbody", {}, ...rows),
  ];
}
