import assert from "node:assert/strict";
import test from "node:test";
import { renderToString } from "preact-render-to-string";
import { wordsOf } from "../../frontend/src/i18n/language.ts";
import { inspector } from "../../frontend/src/panels/inspect/inspector.ts";
import { stepNumber } from "../../frontend/src/state/state.ts";
import { watch } from "../../frontend/src/ui/host.ts";
import { after, placed } from "./made.mjs";

const t = wordsOf("en");
const drawn = (state) => renderToString(inspector(state, t, () => {}));
const pickToken = (token) => ({ type: "pick", pick: { kind: "sentence", id: "s1", token } });

/** A state whose picked token has been answered for. */
function inspected() {
  const state = after([pickToken(1), { type: "inspect.asked", id: 5 }], placed());
  const answer = {
    type: "inspection",
    id: 5,
    run: "tiny",
    step: stepNumber(state),
    site: Math.round(state.site),
    token: { text: " bank", norm: 7.25, outside: 40 },
    neighbors: [
      { index: 1, distance: 0.5 },
      { index: 3, distance: 1 },
    ],
    lens: [{ site: 0, kl: 3.14, entropy: 1, top: [{ text: " of", probability: 0.75 }] }],
  };
  return after([answer], state);
}

test("nothing is told while nothing is picked, or the inside stands in its place", () => {
  assert.match(drawn(placed()), /^<aside id="inspector"[^>]* hidden[^>]*><\/aside>$/);
  assert.match(drawn(after([{ type: "inside.toggle" }], inspected())), / hidden/);
});

test("a picked token is told in its sentence, with its true neighbours in their contexts", () => {
  const text = drawn(inspected());
  assert.match(text, /<h2 [^>]*>bank<\/h2>/);
  assert.match(text, /the <mark>bank<\/mark>/);
  assert.match(text, /aria-selected="true"[^>]*>[^<]*<\/button><button[^>]*aria-selected="false"/);
  assert.deepEqual(
    [...text.matchAll(/class="distance"[^>]*>([^<]*)</g)].map(([, one]) => one),
    ["0.50", "1.00"],
  );
  assert.deepEqual(
    [...text.matchAll(/--part:\s*([\d.]+)/g)].map(([, one]) => Number(one)),
    [0.5, 1],
  );
});

test("the other tabs tell the lens at each site and the numbers with their scales", () => {
  const lens = drawn(after([{ type: "set", tab: "lens" }], inspected()));
  assert.match(lens, /<th scope="row"><button type="button">[^<]+<\/button>/);
  assert.match(lens, /<td[^>]*title="75%"[^>]*>␣of<\/td>/);
  const numbers = drawn(after([{ type: "set", tab: "numbers" }], inspected()));
  assert.match(numbers, /<b>7\.25<\/b>/);
  assert.match(numbers, /<b>40%<\/b>/);
});

test("an answer about another place is shown as stale, a failure in words", () => {
  assert.doesNotMatch(drawn(inspected()), /stale/);
  assert.match(drawn(after([{ type: "go", step: 0 }], inspected())), /class="body scroll stale"/);
  const asked = after([pickToken(0), { type: "inspect.asked", id: 9 }], inspected());
  const failed = after(
    [{ type: "error", id: 9, code: "strange", message: "It <b>failed</b>." }],
    asked,
  );
  assert.match(drawn(failed), /<p class="bad">It &lt;b>failed&lt;\/b>\.<\/p>/);
});

test("a panel is drawn again when a field that it has read is another, whenever it read it", () => {
  const watched = watch();
  const first = placed();
  assert.ok(watched.changed(first), "the first state is always drawn");
  assert.equal(watched.state.step, first.step);
  const searched = after([{ type: "search", text: "bank" }], first);
  assert.equal(watched.changed(searched), false, "nobody has read what is searched");
  assert.equal(watched.state.search, "bank", "what is read later is the newest");
  assert.ok(watched.changed(after([{ type: "search", text: "river" }], searched)));
  assert.deepEqual(Object.keys({ ...watched.state }).sort(), Object.keys(first).sort());
});
