import assert from "node:assert/strict";
import test from "node:test";
import { around, measureAt, stepNumber } from "../../frontend/src/state/state.ts";
import { guardedAxes, meanTrust } from "../../frontend/src/state/fidelity.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { viewOfState } from "../../frontend/src/state/view.ts";
import { isOlder } from "../../frontend/src/state/sentences.ts";
import { figure } from "../../frontend/src/state/picture/figure.ts";
import { update } from "../../frontend/src/state/update.ts";
import { STEPS, after, atlasSlice, card, placed, placedSlice, tokens } from "./made.mjs";

test("an unknown message changes nothing, and nothing is changed in place", () => {
  const state = Object.freeze(placed());
  assert.equal(update(state, { type: "nonsense" }), state);
  assert.equal(update(state, { type: "toString" }), state);
  update(state, { type: "go", step: 1 });
  update(state, { type: "sentence.edit", id: "s1", text: "x" });
  assert.equal(state.sentences[0].text, "the bank");
});

test("a card opens at the last step, past the middle; a link says otherwise", () => {
  const plain = after([{ type: "run.card", card: card() }]);
  assert.equal(stepNumber(plain), 512);
  assert.equal(plain.site, 2);
  const state = after(
    [{ type: "run.card", card: card() }],
    initialState({
      view: {
        step: 8,
        site: "L1.mid",
        sentences: [
          { text: "a", hue: 3, hidden: true },
          { text: "b", hue: 1, hidden: false },
        ],
        active: 0,
      },
    }),
  );
  assert.deepEqual([stepNumber(state), state.site, state.active], [8, 3, "s1"]);
  assert.deepEqual(
    state.sentences.map(({ text, hue, hidden }) => [text, hue, hidden]),
    [
      ["a", 3, true],
      ["b", 1, false],
    ],
  );
});

test("a step that the run lacks leads to the nearest, and it is said", () => {
  const state = after([{ type: "run.card", card: card() }], initialState({ view: { step: 70 } }));
  assert.equal(stepNumber(state), 64);
  assert.deepEqual(state.notice, { key: "notice.step", values: { wanted: 70, step: 64 } });
});

test("go stays on the grid", () => {
  const state = placed();
  assert.equal(update(state, { type: "go", step: 99 }).step, 3);
  assert.equal(update(state, { type: "go", site: -4 }).site, 0);
  assert.equal(update(state, { type: "go", site: NaN, step: undefined }), state);
  assert.equal(update(state, { type: "go", site: 1.25, glide: 0 }).glide, 0);
});

test("typing keeps the old picture until the first slice of the new text", () => {
  let state = after(
    [
      { type: "sentence.edit", id: "s1", text: "the bank of" },
      { type: "asked", sentence: "s1", id: 2, text: "the bank of" },
    ],
    placed(),
  );
  const three = tokens(["the", " bank", " of"]);
  state = update(state, { type: "tokens", id: 2, sentence: "s1", cut: 0, tokens: three });
  assert.equal(state.sentences[0].tokens.length, 2);
  assert.equal(Object.keys(state.sentences[0].slices).length, 4);
  state = update(state, {
    type: "slice",
    id: 2,
    run: "tiny",
    sentence: "s1",
    slice: placedSlice(64, 3),
  });
  assert.equal(state.sentences[0].tokens.length, 3);
  assert.deepEqual(Object.keys(state.sentences[0].slices), ["64"]);
});

test("answers to older requests, other runs and removed sentences are dropped", () => {
  const state = placed();
  for (const wrong of [{ id: 9 }, { run: "other" }, { sentence: "s9" }]) {
    const next = update(state, {
      type: "slice",
      id: 1,
      run: "tiny",
      sentence: "s1",
      slice: placedSlice(8, 5),
      ...wrong,
    });
    assert.deepEqual(next.sentences, state.sentences);
  }
  assert.equal(update(state, { type: "tokens", id: 9, sentence: "s1", cut: 0, tokens: [] }), state);
});

test("the same tokens again keep every slice", () => {
  const again = after(
    [
      { type: "asked", sentence: "s1", id: 5, text: "the bank" },
      { type: "tokens", id: 5, sentence: "s1", cut: 0, tokens: tokens(["the", " bank"]) },
    ],
    placed(),
  );
  assert.equal(Object.keys(again.sentences[0].slices).length, 4);
  assert.equal(again.sentences[0].coming, null);
});

test("a blank text takes its picture away, a long one is refused, neither loses what was typed", () => {
  const blank = update(placed(), { type: "sentence.edit", id: "s1", text: "  \n" });
  assert.deepEqual(
    [blank.sentences[0].status, blank.sentences[0].text, blank.sentences[0].tokens.length],
    ["blank", "  \n", 0],
  );
  const long = update(placed(), { type: "sentence.edit", id: "s1", text: "x".repeat(201) });
  assert.deepEqual(
    [long.sentences[0].status, long.sentences[0].failure.code, long.sentences[0].text.length],
    ["failed", "text_too_long", 201],
  );
  const mended = update(long, { type: "sentence.edit", id: "s1", text: "x" });
  assert.deepEqual([mended.sentences[0].status, mended.sentences[0].failure], ["new", null]);
});

test("a failure of one step leaves the rest, a failure of the sentence is said", () => {
  const one = update(placed(), {
    type: "error",
    id: 1,
    sentence: "s1",
    step: 8,
    code: "damaged_run",
    message: "step 8",
  });
  assert.equal(one.sentences[0].tokens.length, 2);
  const all = update(placed(), {
    type: "error",
    id: 1,
    sentence: "s1",
    code: "busy",
    message: "later",
  });
  assert.deepEqual(
    [all.sentences[0].status, all.sentences[0].failure.code, all.sentences[0].text],
    ["failed", "busy", "the bank"],
  );
  const old = update(placed(), {
    type: "error",
    id: 7,
    sentence: "s1",
    code: "busy",
    message: "later",
  });
  assert.equal(old.sentences[0].status, "placed");
});

test("a connection that comes back asks again for what was unfinished, and keeps the texts", () => {
  const typing = after(
    [
      { type: "sentence.edit", id: "s1", text: "the bank is" },
      { type: "connection", status: "lost", retryIn: 3 },
    ],
    placed(),
  );
  const back = update(typing, { type: "hello", version: "0", limits: card().limits });
  assert.deepEqual(
    [back.connection, back.sentences[0].text, back.sentences[0].asked],
    ["open", "the bank is", null],
  );
});

test("sentences are bounded, coloured apart, and removed with what hangs on them", () => {
  let state = placed();
  for (let i = 0; i < 6; i++) state = update(state, { type: "sentence.add", text: `n${i}` });
  assert.equal(state.sentences.length, 4);
  assert.equal(new Set(state.sentences.map((one) => one.hue)).size, 4);
  assert.equal(state.notice.key, "notice.sentences");
  state = after(
    [
      { type: "pick", pick: { kind: "sentence", id: "s1", token: 0 } },
      { type: "sentence.remove", id: "s1" },
    ],
    state,
  );
  assert.equal(state.picked, null);
  assert.notEqual(state.active, "s1");
});

test("another run keeps the sentences and nothing of the old picture", () => {
  const state = update(placed(), { type: "run.choose", run: "other" });
  assert.deepEqual([state.card, state.atlas, state.reference], [null, {}, null]);
  assert.deepEqual(
    [state.sentences[0].text, state.sentences[0].asked, state.sentences[0].tokens.length],
    ["the bank", null, 0],
  );
});

test("play starts over at the end; the same button pauses", () => {
  const state = update(placed(), { type: "play", axis: "steps" });
  assert.deepEqual([state.playing, state.step], ["steps", 0]);
  assert.equal(update(state, { type: "play", axis: "steps" }).playing, null);
  assert.equal(update(state, { type: "play", axis: "layers" }).playing, "layers");
});

test("only what may be set is set", () => {
  const state = update(placed(), { type: "set", theme: "light", card: null, sentences: [] });
  assert.deepEqual([state.theme, state.card.name, state.sentences.length], ["light", "tiny", 1]);
});

test("an inspection answers only the newest question", () => {
  let state = after(
    [
      { type: "pick", pick: { kind: "cloud", index: 2 } },
      { type: "inspect.asked", id: 4 },
      { type: "inspect.asked", id: 5 },
    ],
    placed(),
  );
  assert.equal(update(state, { type: "inspection", id: 4 }).inspection, null);
  state = update(state, { type: "inspection", id: 5, neighbors: [] });
  assert.equal(state.inspection.id, 5);
  assert.equal(update(state, { type: "pick", pick: { kind: "cloud", index: 2 } }), state);
  assert.equal(update(state, { type: "pick", pick: null }).inspection, null);
});

test("around mixes two neighbours, else takes the nearest that is there", () => {
  const held = { 0: "a", 8: "b", 512: "d" };
  assert.deepEqual(around(STEPS, held, 1), { a: "b", b: null, mix: 0, exact: true });
  assert.deepEqual(around(STEPS, held, 0.25), { a: "a", b: "b", mix: 0.25, exact: true });
  assert.deepEqual(around(STEPS, held, 2), { a: "b", b: null, mix: 0, exact: false });
  assert.equal(around(STEPS, held, 2.6).a, "d");
  assert.equal(around(STEPS, {}, 1), null);
});

test("trust, measures and the axis guard read the place on screen", () => {
  const measures = {
    steps: STEPS,
    sites: [],
    measures: [
      { name: "val_loss", unit: "nats", values: STEPS.map((_, row) => [row, row, row, null, row]) },
    ],
    axes: {
      variables: ["norm", "position"],
      values: STEPS.map(() =>
        Array(5).fill([
          [0.95, 0.1],
          [0.2, -0.91],
          [null, 0.9],
        ]),
      ),
    },
  };
  const state = after(
    [
      { type: "measures", measures },
      { type: "go", step: 2, site: 3 },
    ],
    placed(),
  );
  assert.equal(state.measure, "val_loss");
  assert.equal(measureAt(state, "val_loss"), null);
  assert.equal(measureAt(state, "val_loss", 1, 0), 1);
  assert.equal(measureAt(state, "missing"), null);
  assert.ok(Math.abs(meanTrust(state) - 230 / 255) < 1e-9);
  assert.deepEqual(guardedAxes(state), [
    { axis: 0, variable: "norm", r: 0.95 },
    { axis: 1, variable: "position", r: -0.91 },
  ]);
});

test("atlas slices come and go", () => {
  const state = after(
    [
      { type: "atlas.drop", steps: [0, 8] },
      { type: "atlas.failed", step: 8, failure: { code: "damaged_run", message: "" } },
    ],
    placed(),
  );
  assert.deepEqual(Object.keys(state.atlas), ["64", "512"]);
  assert.deepEqual(update(state, { type: "atlas.retry" }).atlasFailures, {});
  assert.equal(update(state, { type: "atlas.slice", slice: atlasSlice(8) }).atlas[8].step, 8);
});

test("the view of a state holds what a link needs", () => {
  const view = viewOfState(after([{ type: "go", step: 1, site: 3 }], placed()));
  assert.deepEqual(
    [view.run, view.step, view.site, view.sentences.length, view.active],
    ["tiny", 8, "L1.mid", 1, 0],
  );
});

test("that there is no run is still said after the greeting, and asked anew after a lost line", () => {
  const none = { type: "run.failed", failure: { code: "no_runs", message: "" } };
  const hello = { type: "hello", version: "0", limits: card().limits };
  const state = [none, hello].reduce(update, initialState());
  assert.equal(state.runFailure?.code, "no_runs");
  assert.equal(update({ ...state, connection: "lost" }, hello).runFailure, null);
});

test("a finished slice of an older text is shown, and said to be older, until the newer one comes", () => {
  const told = (id, text, ids) => ({
    type: "tokens",
    id,
    run: "tiny",
    sentence: "s1",
    text,
    cut: 0,
    tokens: ids.map((one) => ({ id: one, text: `t${one}` })),
  });
  const came = (id) => ({
    type: "slice",
    id,
    run: "tiny",
    sentence: "s1",
    slice: placedSlice(512),
  });
  const typed = [
    { type: "sentence.edit", id: "s1", text: "ab" },
    { type: "asked", sentence: "s1", id: 91, text: "ab" },
    { type: "sentence.edit", id: "s1", text: "abc" },
    { type: "asked", sentence: "s1", id: 92, text: "abc" },
  ];
  let state = after([...typed, told(91, "ab", [70, 71]), came(91)], placed());
  const one = () => state.sentences.find(({ id }) => id === "s1");
  assert.deepEqual(
    one().tokens.map(({ id }) => id),
    [70, 71],
  );
  assert.ok(isOlder(one()) && one().shown.late);
  assert.equal(figure(state).sentences[0].faint[0], 1);
  state = after([told(92, "abc", [70, 72]), came(92), told(91, "ab", [70, 71]), came(91)], state);
  assert.deepEqual(
    one().tokens.map(({ id }) => id),
    [70, 72],
  );
  assert.ok(!isOlder(one()));
  assert.equal(figure(state).sentences[0].faint[0], 0);
});
