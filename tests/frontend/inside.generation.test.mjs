/** Walks in the page: what is asked, how tokens join, and what of it the scene shows. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { figure } from "../../frontend/src/state/picture/figure.ts";
import { insideFailed, wantedLooks } from "../../frontend/src/state/inside/inside.ts";
import { generationOf } from "../../frontend/src/state/inside/generation.ts";
import { SITES, after, placed } from "./made.mjs";

const S = SITES.length;

/** An answer of a generation: a token that was drawn, or null, and two branches. */
function stepped(id, token, last = true) {
  const places = (count) => ({
    dtype: "F32",
    shape: [S, count, 3],
    data: Float32Array.from({ length: 3 * S * count }, (_, i) => i),
  });
  const branches = [
    { id: 3, text: " of", value: 0.6 },
    { id: 4, text: " lent", value: 0.3 },
  ];
  const answer = {
    token: token && { id: token, text: ` word${token}`, value: 0.25 },
    ids: [],
    branches,
    rest: 0.1,
    last,
  };
  return {
    type: "look",
    look: {
      kind: "generation",
      id,
      run: "tiny",
      step: 512,
      answer,
      tensors: { positions: places(1), ends: places(2) },
    },
  };
}

/** The state after the question that is wanted now was sent under an id. */
function asked(state, id) {
  const [{ kind, key, message }] = wantedLooks(state);
  return { state: after([{ type: "inside.asked", kind, id, key }], state), message };
}

const open = () =>
  after(
    [
      { type: "inside.toggle" },
      { type: "inside.set", tab: "generation" },
      { type: "go", step: 3, site: 4 },
    ],
    placed(),
  );

test("at first only the fork at the sentence's end is asked for, and once", () => {
  const first = asked(open(), 1);
  assert.deepEqual([first.message.count, first.message.ids], [0, []]);
  const state = after([stepped(1, null)], first.state);
  assert.deepEqual(wantedLooks(state), []);
  const picture = figure(state);
  assert.deepEqual(
    picture?.sentences.slice(1).map((one) => one.labels[0]),
    ["of 60 %", "lent 30 %"],
  );
  assert.deepEqual(
    picture?.edges?.map(({ from, weight }) => [
      from.kind === "sentence" && from.token,
      Math.round(100 * weight),
    ]),
    [
      [1, 77],
      [1, 55],
    ],
  );
});

test("tokens join as they come, under one question, until the last", () => {
  let { state } = asked(open(), 1);
  state = after(
    [stepped(1, null), { type: "generation.set", count: 3 }, { type: "generation.go" }],
    state,
  );
  const going = asked(state, 2);
  assert.deepEqual([going.message.count, going.message.ids, going.message.seed], [3, [], 1]);
  state = after([stepped(2, 7, false)], going.state);
  assert.equal(
    wantedLooks(state)[0].key,
    JSON.stringify(going.message),
    "what is under way is not asked again",
  );
  assert.equal(figure(state)?.sentences.at(-1)?.tokens, 1);
  state = after([stepped(2, 8, false), stepped(2, 9)], state);
  assert.equal(generationOf(state).wish, 0);
  assert.deepEqual(
    generationOf(state).steps.map((one) => one.id),
    [7, 8, 9],
  );
  assert.deepEqual(wantedLooks(state), []);
  const again = asked(after([{ type: "generation.go" }], state), 3);
  assert.deepEqual([again.message.ids, again.message.seed], [[7, 8, 9], 2]);
});

test("a branch that is taken is a token, and asks where it leads", () => {
  let { state } = asked(open(), 1);
  state = after(
    [stepped(1, null), { type: "generation.take", id: 4, text: " lent", share: 0.3 }],
    state,
  );
  const next = asked(state, 2);
  assert.deepEqual([next.message.ids, next.message.count], [[4], 0]);
  state = after([stepped(2, null)], next.state);
  assert.deepEqual(
    generationOf(state).steps.map(({ text, share }) => [text, share]),
    [[" lent", 0.3]],
  );
  assert.equal(
    figure(state)?.edges?.[0].from.kind === "sentence" && figure(state)?.edges?.[0].from.id,
    "s1~generation",
  );
});

test("after a stop what still comes is not heard, and the fork is asked for", () => {
  let { state } = asked(open(), 1);
  state = after([stepped(1, null), { type: "generation.go" }], state);
  state = asked(state, 2).state;
  state = after([stepped(2, 7, false), { type: "generation.stop" }], state);
  const later = after([stepped(2, 8, false)], state);
  assert.equal(later, state);
  assert.equal(generationOf(state).steps.length, 1);
});

test("going back forgets what came after", () => {
  let { state } = asked(open(), 1);
  state = after([stepped(1, null), { type: "generation.go" }], state);
  state = asked(state, 2).state;
  state = after([stepped(2, 7, false), stepped(2, 8), { type: "generation.back", to: 1 }], state);
  assert.deepEqual(
    generationOf(state).steps.map((one) => one.id),
    [7],
  );
  assert.deepEqual(asked(state, 3).message.ids, [7]);
});

test("another step or sentence begins anew", () => {
  let { state } = asked(open(), 1);
  state = after(
    [stepped(1, null), { type: "generation.take", id: 4, text: " lent", share: 0.3 }],
    state,
  );
  assert.equal(generationOf(after([{ type: "go", step: 2 }], state)).steps.length, 0);
  assert.equal(
    generationOf(after([{ type: "go", site: 2 }], state)).steps.length,
    1,
    "another layer shows the same text",
  );
});

test("a refusal is told in the panel", () => {
  const { state } = asked(open(), 1);
  assert.equal(
    insideFailed(state, { id: 1, code: "text_too_long", message: "full" }).inside.troubles
      .generation.code,
    "text_too_long",
  );
});
