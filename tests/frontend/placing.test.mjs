import assert from "node:assert/strict";
import test from "node:test";
import { placing } from "../../frontend/src/effects/placing.ts";
import { createStore } from "../../frontend/src/state/store.ts";
import { card, placed, placedSlice, tokens } from "./made.mjs";

/** A page whose sentence has been placed, its line to the server, and the clock. */
function page(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.window = globalThis;
  const store = createStore({ ...placed(), connection: "open" });
  const sent = [];
  let id = 100;
  placing(store, { send: (message) => sent.push(message) > 0 }, () => ++id);
  return { store, sent, wait: (ms) => t.mock.timers.tick(ms), one: () => store.get().sentences[0] };
}

function refused({ store, wait, one }, code, step = null) {
  store.dispatch({ type: "sentence.edit", id: "s1", text: "the bank of" });
  wait(200);
  store.dispatch({ type: "error", id: one().request, sentence: "s1", step, code, message: "No." });
}

test("a sentence that met a busy server is sent again by itself, as the page says, once", (t) => {
  const it = page(t);
  refused(it, "busy");
  assert.equal(it.one().status, "failed");
  const before = it.sent.length;
  it.wait(2900);
  assert.equal(it.sent.length, before);
  it.wait(3200);
  assert.equal(it.sent.length, before + 1);
  assert.deepEqual(
    [it.sent.at(-1).text, it.one().status, it.one().failure],
    ["the bank of", "placing", null],
  );
  it.wait(60_000);
  assert.equal(it.sent.length, before + 1);
});

test("of a sentence whose other steps met a busy server, what is missing is asked for again", (t) => {
  const it = page(t);
  refused(it, "busy", 0);
  const answer = { id: it.one().request, sentence: "s1", run: "tiny" };
  const three = tokens(["the", " bank", " of"]);
  it.store.dispatch({ type: "tokens", ...answer, text: "the bank of", cut: 0, tokens: three });
  it.store.dispatch({ type: "slice", ...answer, slice: placedSlice(64, 3) });
  it.store.dispatch({ type: "done", id: it.one().request, sentence: "s1", run: "tiny", steps: 3 });
  const before = it.sent.length;
  it.wait(6200);
  assert.equal(it.sent.length, before + 1);
  assert.deepEqual(
    [...it.sent.at(-1).steps].sort((a, b) => a - b),
    [0, 8, 512],
  );
});

test("what is refused for good is not sent again, until the run is another than it was", (t) => {
  const it = page(t);
  refused(it, "damaged_run");
  const before = it.sent.length;
  it.wait(60_000);
  assert.equal(it.sent.length, before);
  it.store.dispatch({ type: "run.grown", card: { ...it.store.get().card, description: "mended" } });
  it.wait(10);
  assert.equal(it.sent.length, before + 1);
  refused(it, "damaged_run");
  it.store.dispatch({ type: "run.grown", card: { ...it.store.get().card, lineage: "others" } });
  it.wait(10);
  assert.equal(it.sent.at(-1).text, "the bank of");
  assert.equal(it.one().status, "placing");
});

test("nothing is lost where the line opens before the card comes, after it, or anew", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.window = globalThis;
  const { version, limits } = placed();
  const hello = { type: "hello", version, limits };
  const chosen = { type: "run.choose", run: "tiny" };
  const carded = { type: "run.card", card: card() };
  const typed = { type: "sentence.edit", id: "s1", text: "another" };
  const lost = { type: "connection", status: "lost", retryIn: 1 };
  for (const order of [
    [chosen, hello, carded, typed],
    [chosen, carded, typed, hello],
    [chosen, typed, carded, hello],
    [hello, chosen, carded, typed, lost, hello],
    [hello, typed, chosen, lost, carded, hello],
  ]) {
    const store = createStore({ ...placed(), connection: "lost" });
    const sent = [];
    let [id, open] = [100, false];
    placing(store, { send: (message) => open && sent.push(message) > 0 }, () => ++id);
    for (const message of order) {
      open = message === hello ? true : message === lost ? false : open;
      store.dispatch(message);
      t.mock.timers.tick(500);
    }
    assert.equal(sent.at(-1)?.text, "another", order.map(({ type }) => type).join());
    assert.equal(store.get().sentences[0].request, sent.at(-1).id);
  }
});

test("the first sentences wait for the first cloud, and no longer than a moment", async (t) => {
  const begin = (atlas) => {
    t.mock.timers.reset();
    t.mock.timers.enable({ apis: ["setTimeout"] });
    globalThis.window = globalThis;
    const { sentences, ...state } = placed();
    const asked = sentences.map((one) => ({ ...one, asked: null, status: "placing" }));
    const store = createStore({ ...state, atlas, sentences: asked, connection: "lost" });
    const sent = [];
    let id = 0;
    placing(store, { send: (message) => sent.push(message) > 0 }, () => ++id);
    store.dispatch({ type: "hello", version: "0" });
    t.mock.timers.tick(200);
    return { store, sent };
  };
  const settled = () => new Promise(setImmediate);
  assert.equal(begin(placed().atlas).sent.length, 1);
  const one = begin({});
  assert.equal(one.sent.length, 0);
  one.store.dispatch({ type: "atlas.slice", slice: Object.values(placed().atlas)[0] });
  await settled();
  assert.equal(one.sent.length, 1);
  const other = begin({});
  t.mock.timers.tick(6000);
  await settled();
  assert.equal(other.sent.length, 1);
});
