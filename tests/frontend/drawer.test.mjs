/** The drawer: one section at a time, whatever was there; and what unfolds at a first visit. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import { messageOf } from "../../frontend/src/effects/keyboard.ts";
import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { rail } from "../../frontend/src/panels/drawer/rail.ts";
import { SECTIONS } from "../../frontend/src/panels/drawer/sections.ts";
import { sectionShown } from "../../frontend/src/state/drawer.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { foldedParts } from "../../frontend/src/state/unfolding.ts";
import { update } from "../../frontend/src/state/update.ts";
import { after, placed } from "./made.mjs";

const PICK = { type: "pick", pick: { kind: "cloud", index: 1 } };
/** What can lie on the page when a button is pressed. */
const STATES = [
  [],
  [PICK],
  [{ type: "set", sheet: "search" }],
  [{ type: "set", sheet: "sentences" }],
  [{ type: "set", sheet: "door" }],
  ...SECTIONS.map((one) => [one.message ?? { type: "drawer.toggle", section: one.name }]),
  [{ type: "inside.toggle" }, PICK],
  [{ type: "lab.toggle" }, PICK],
];

test("the first press on each button brings its section, in every state", () => {
  for (const before of STATES)
    for (const one of SECTIONS) {
      const state = after(before, placed());
      const press = one.message ?? { type: "drawer.toggle", section: one.name };
      const shown = sectionShown(update(state, press));
      const right = (shown === one.name) === (sectionShown(state) !== one.name);
      assert.ok(right, `${JSON.stringify(before)} ${one.name}: ${shown}`);
    }
});

test("Esc closes what was opened last", () => {
  let state = after([{ type: "lab.toggle" }, PICK], placed());
  assert.equal(sectionShown(state), "token");
  state = update(state, messageOf(state, { key: "Escape", shiftKey: false }));
  assert.equal(sectionShown(state), "lab");
  state = update(state, messageOf(state, { key: "Escape", shiftKey: false }));
  assert.equal(sectionShown(state), null);
});

test("the button of the section on the page says so", () => {
  const t = wordsOf("en");
  const html = renderToString(rail(after([{ type: "inside.toggle" }], placed()), t, () => {}));
  assert.equal(html.match(/aria-expanded="true"/g)?.length, 1);
  assert.match(html, /id="open-inside"[^>]*aria-expanded="true"/);
});

test("a first visit shows little; what is used unfolds and stays; all tools at once", () => {
  const first = initialState({ unfolded: [] });
  assert.deepEqual(foldedParts(first), ["tools", "sentences", "strip", "scene"]);
  assert.deepEqual(foldedParts(update(first, { type: "drawer.toggle", section: "token" })), [
    "tools",
    "sentences",
    "strip",
  ]);
  assert.deepEqual(foldedParts(update(first, { type: "pick", pick: null })), foldedParts(first));
  assert.deepEqual(foldedParts(update(first, { type: "unfold" })), []);
  assert.deepEqual(foldedParts(initialState({})), [], "a link shows everything");
});
