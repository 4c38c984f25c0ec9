import assert from "node:assert/strict";
import test from "node:test";
import { boxesOf, ribbonOver } from "../../frontend/src/charts/ribbons.ts";
import { linesChart, thingsAlong } from "../../frontend/src/charts/lines.ts";
import { meaningCsv } from "../../frontend/src/charts/meaningcsv.ts";
import { TABLES, wordsOf } from "../../frontend/src/i18n/language.ts";
import { boundedWords } from "../../frontend/src/panels/meaning/numbers.ts";
import { columnsOver } from "../../frontend/src/state/meaning/regions.ts";
import { keyOf, partHere, wantedMeaning } from "../../frontend/src/state/meaning/meaning.ts";
import { pairsOf, termsOf } from "../../frontend/src/state/meaning/questions.ts";
import {
  KINDS,
  amountsOf,
  movedTo,
  stopOf,
  stopsOf,
} from "../../frontend/src/state/meaning/changes.ts";
import { standingHere } from "../../frontend/src/state/meaning/edge.ts";
import { axisNames } from "../../frontend/src/state/projections.ts";
import { SECTIONS } from "../../frontend/src/state/meaning/types.ts";
import { centersOf } from "../../frontend/src/state/picture/meant.ts";
import { figure } from "../../frontend/src/state/picture/figure.ts";
import { stepNumber } from "../../frontend/src/state/state.ts";
import { linkOf, viewOf } from "../../frontend/src/state/url.ts";
import { viewOfState } from "../../frontend/src/state/view.ts";
import { REF, SITES, STEPS, after, placed } from "./made.mjs";
import { SETS, common, drawn, open, section, t, tensor, triple } from "./meant.mjs";

function sensesLook(id, step, { quotient = 1.2, low = 1.1 } = {}) {
  const bounds = (value) => tensor([1, SITES.length, 3], (i) => value[i % 3]);
  return {
    kind: "senses",
    id,
    run: "tiny",
    step,
    answer: {
      ...common,
      step,
      words: [{ word: "bank", control: "place", names: ["money", "river"], parts_at: "L0.post" }],
      shown: "bank",
      senses: [0, 1, 1],
    },
    tensors: {
      ratio: bounds([0.9, 0.8, 1]),
      control: bounds([0.75, 0.7, 0.8]),
      quotient: bounds([quotient, low, 1.4]),
      permuted: tensor([1, SITES.length], () => 0.5),
      p: tensor([1, SITES.length], () => 0.01),
      positions: tensor([SITES.length, 3, 3], (i) => i),
      control_positions: tensor([SITES.length, 3, 3], (i) => -i),
    },
  };
}

/** The panel with what was asked of a section answered at the step on screen. */
function answered(name, look, state = open(name)) {
  const key = keyOf(state);
  const step = stepNumber(state);
  return after(
    [
      { type: "meaning.asked", section: name, id: 7, key, steps: [step] },
      { type: "look", look: { ...look, id: 7 } },
    ],
    state,
  );
}

test("how far an answer is stands beside its bar, of the question that is under way", () => {
  const state = open("path");
  const asked = { type: "meaning.asked", section: "path", id: 7, key: keyOf(state) };
  const under = after([{ ...asked, steps: [stepNumber(state)] }], state);
  assert.match(drawn(under), /Measuring … 0%/);
  const share = (id) => after([{ type: "measuring", id, share: 0.375 }], under);
  assert.match(drawn(share(7)), /<progress max="1" value="0.375".*Measuring … 38%/);
  assert.equal(share(8), under);
});

test("what is bundled is asked for at once, one's own and what takes long when it is wanted", () => {
  const wanted = wantedMeaning(open("senses"));
  assert.deepEqual([wanted.section, wanted.steps], ["senses", [stepNumber(placed())]]);
  assert.equal(JSON.parse(wanted.key).words[0], "bank");
  assert.equal(wantedMeaning(open("regions")), null);
  const wished = after([{ type: "meaning.measure", all: true }], open("regions"));
  assert.deepEqual(new Set(wantedMeaning(wished).steps), new Set(STEPS));
  const own = after(
    [{ type: "meaning.form", word: "", ownWord: "bank", ownFirst: "a {}", ownSecond: "b {}" }],
    open("senses"),
  );
  assert.equal(wantedMeaning(own), null);
  const asked = wantedMeaning(after([{ type: "meaning.measure", all: false }], own));
  assert.deepEqual(JSON.parse(asked.key).own, {
    word: "bank",
    control: null,
    senses: { A: ["a {}"], B: ["b {}"] },
  });
});

test("an answer is of the question it was asked with, and a known step is not asked again", () => {
  const state = answered("senses", sensesLook(7, stepNumber(placed())));
  assert.equal(partHere(state).answer.words[0].word, "bank");
  assert.equal(wantedMeaning(state), null);
  const strange = after([{ type: "look", look: sensesLook(99, 8) }], state);
  assert.equal(strange, state);
  const other = after([{ type: "meaning.form", word: "spring" }], state);
  assert.deepEqual(wantedMeaning(other).steps, [stepNumber(state)]);
  assert.match(drawn(other), /class="found stale"/);
});

test("a word is said to part where its interval lies above its control, and not to where it does not", () => {
  const step = stepNumber(placed());
  assert.match(drawn(answered("senses", sensesLook(7, step))), /more than its topic explains/);
  assert.match(
    drawn(answered("senses", sensesLook(7, step, { quotient: 1, low: 0.8 }))),
    /no more than any word would be/,
  );
  const chart = drawn(answered("senses", sensesLook(7, step)));
  for (const tone of ["main", "control", "chance"])
    assert.match(chart, new RegExp(`class="line ${tone}`));
  assert.match(chart, /class="band control"/);
});

test("a refusal is told in the section that asked, and the next choice clears it", () => {
  const state = open("axes");
  const asked = after(
    [{ type: "meaning.asked", section: "axes", id: 4, key: "{}", steps: [8] }],
    state,
  );
  const refused = after(
    [{ type: "error", id: 4, code: "bad_input", message: "At least 5 <pairs>." }],
    asked,
  );
  assert.match(drawn(refused), /role="alert">[^<]*At least 5 &lt;pairs>/);
  assert.equal(wantedMeaning(refused), null, "it is not asked again by itself");
  assert.doesNotMatch(
    drawn(after([{ type: "meaning.form", list: "number" }], refused)),
    /role="alert"/,
  );
});

test("a run is first asked in the language of its own texts, whatever the page is in", () => {
  const zh = { language: "zh", names: ["鸟", "花"], counts: [20, 20], examples: ["a", "b"] };
  const offered = {
    ...SETS.answer,
    senses: [...SETS.answer.senses, { ...zh, word: "杜鹃", control: "东西" }],
    axes: [...SETS.answer.axes, { language: "zh", name: "男女", pairs: [["男人", "女人"]] }],
  };
  const heard = (language, state = open("senses")) =>
    after(
      [
        { type: "meaning.sets.asked", id: 2 },
        { type: "look", look: { ...SETS, id: 2, answer: { ...offered, language } } },
      ],
      state,
    );
  const form = (state) => state.meaning.form;
  const poet = heard("zh");
  assert.deepEqual([form(poet).word, form(poet).list, form(poet).start], ["杜鹃", "男女", "春"]);
  const back = heard("en", poet);
  assert.deepEqual([form(back).word, form(back).list, form(back).end], ["bank", "gender", "dog"]);
  const own = after([{ type: "meaning.form", word: "", start: "sea" }], open("senses"));
  assert.deepEqual([form(heard("zh", own)).word, form(heard("zh", own)).start], ["", "sea"]);
  const chinese = heard("", { ...open("senses"), language: "zh" });
  assert.equal(form(chinese).word, "杜鹃", "of a run in neither it is the page's");
});

test("every section has its question, its limits and its words in both languages", () => {
  for (const name of SECTIONS) {
    const text = drawn(open(name));
    assert.match(text, new RegExp(t(`meaning.${name}.question`).slice(0, 20)));
    assert.doesNotMatch(text, />meaning\./, "no key without words");
    const zh = drawn(open(name), wordsOf("zh"));
    assert.match(zh, new RegExp(TABLES.zh[`meaning.${name}.question`].slice(0, 6)));
  }
  const keys = (table) => Object.keys(table).filter((key) => key.startsWith("meaning."));
  assert.deepEqual(keys(TABLES.zh).sort(), keys(TABLES.en).sort());
});

test("senses stand in the scene as beads of two hues, their control as rings behind the cloud", () => {
  const state = answered("senses", sensesLook(7, stepNumber(placed())));
  const picture = figure(state);
  const [first, second, third] = picture.sentences;
  assert.deepEqual([first.id, first.tokens, second.tokens], ["meaning~sense0", 1, 1]);
  assert.notDeepEqual(first.color, second.color);
  assert.deepEqual(second.color, third.color);
  assert.deepEqual(
    [first, second, third].map(({ labels }) => labels[0]),
    ["bank · money", "bank · river", ""],
  );
  assert.deepEqual(
    [...second.paths.slice(0, 6)],
    [3, 4, 5, 12, 13, 14],
    "it glides through the sites",
  );
  assert.equal(picture.cloud.own, REF);
  assert.equal(picture.cloud.positions.length, 3 * (REF + 3));
  assert.ok([...picture.cloud.sizes.slice(REF)].every((size) => size < 0));
  const off = after([{ type: "meaning.scene", on: false }], state);
  assert.equal(figure(off).cloud.positions.length, 3 * REF);
});

test("regions colour their members and are named where most of them lie", () => {
  const members = [0, 0, 0, 1, 1, -1];
  const region = (index, text) => ({
    index,
    size: 3,
    tokens: [{ text, value: 9 }],
    labels: [],
    lens: [],
    purity: 0.7,
    shuffled: 0.1,
    q: 0.01,
    fate: "born",
  });
  const state = open("regions");
  const site = SITES[Math.round(state.site)];
  const look = {
    kind: "regions",
    run: "tiny",
    step: stepNumber(state),
    answer: {
      ...common,
      step: stepNumber(state),
      site,
      regions: [region(0, "the"), region(1, "river")],
      links: [],
      before: -1,
    },
    tensors: {
      members: tensor([6], (i) => members[i]),
      purity: tensor([3], triple),
      shuffled: tensor([1], () => 0.1),
      chance: tensor([0], () => 0),
    },
  };
  const found = answered("regions", look, state);
  const picture = figure(found);
  assert.deepEqual(
    picture.sentences.slice(0, 2).map(({ labels }) => labels[0]),
    ["the", "river"],
  );
  const rgb = (at) => [...picture.cloud.colors.slice(4 * at, 4 * at + 3)];
  assert.deepEqual(rgb(0), rgb(1));
  assert.notDeepEqual(rgb(0), rgb(3));
  assert.match(drawn(found), /2 regions at/);
  const away = after([{ type: "go", site: 0 }], found);
  assert.equal(figure(away).sentences[0].id, "s1", "a region is of its own site");
});

test("the centre of a region is the member that lies nearest to their mean", () => {
  const positions = Float32Array.from([0, 0, 0, 1, 0, 0, 5, 0, 0, 9, 9, 9]);
  assert.deepEqual([...centersOf(positions, [0, 0, 0, -1], 1)], [1, 0, 0]);
});

test("a chart breaks where there is no number, and its axis holds what means something", () => {
  const lines = [
    {
      tone: "main",
      dashed: false,
      values: [0.2, null, 0.4],
      low: [0.1, null, 0.3],
      high: [0.3, null, 0.5],
    },
  ];
  const frame = { width: 100, height: 50, left: 20, right: 5, top: 5, bottom: 10 };
  const made = linesChart({
    frame,
    along: thingsAlong(["a", "b", "c"]),
    lines,
    rule: 1,
    range: null,
    at: 1,
    text: String,
  });
  const text = JSON.stringify(made);
  assert.match(text, /"class":"rule"/);
  assert.equal(text.match(/"class":"dot main"/g).length, 2);
  assert.equal(text.match(/"class":"line main","d":"([^"]*)"/)[1].match(/M/g).length, 2);
});

test("ribbons stack regions by their size, the largest at the floor", () => {
  const regions = [
    { index: 0, size: 30 },
    { index: 1, size: 10 },
  ];
  const [boxes] = boxesOf([{ step: 0, regions, links: [], before: -1 }]);
  assert.ok(boxes.get(0).y > boxes.get(1).y);
  assert.ok(Math.abs(boxes.get(0).high / boxes.get(1).high - 3) < 1e-9);
});

test("pairs and analogies are read however they are parted", () => {
  assert.deepEqual(pairsOf("man woman\nking – queen\n男人，女人\nalone"), [
    ["man", "woman"],
    ["king", "queen"],
    ["男人", "女人"],
  ]);
  assert.deepEqual(termsOf("man - king + woman = queen"), ["man", "king", "woman", "queen"]);
  assert.deepEqual(termsOf("man, king"), []);
});

test("the table holds every number with its bounds and its control", () => {
  const state = answered("senses", sensesLook(7, stepNumber(placed())));
  const [asked, head, ...rows] = meaningCsv(state).trim().split("\r\n");
  assert.match(asked, /^# \{"type":"senses"/);
  assert.equal(head, "run,layerfold,section,step,place,what,value,low,high");
  assert.equal(rows.length, 3 * SITES.length);
  assert.match(
    rows.find((row) => row.includes("senses.control")),
    /,0\.75\d*,0\.69\d*|,0\.75,0\.7/,
  );
});

test("the link opens the section again", () => {
  const state = open("axes");
  const { view } = viewOf(linkOf(viewOfState(state)));
  assert.equal(view.meaning, "axes");
  assert.equal(viewOf("#v=1&meaning=strange").view.meaning, undefined);
});

test("another run takes what was measured of this one along with it", () => {
  const state = after(
    [{ type: "run.choose", run: "other" }],
    answered("senses", sensesLook(7, 512)),
  );
  assert.deepEqual([state.meaning.measured, state.meaning.sets], [{}, null]);
});

test("the scene is shown on axes that the card then offers, and the link brings them back", () => {
  const state = after([{ type: "meaning.project", keys: ["gender", "number"] }], open("axes"));
  assert.equal(state.projection, "axes~gender~number");
  assert.deepEqual(axisNames({ ...state, former: null }), ["gender", "number", "what is left"]);
  const again = after([{ type: "meaning.project", keys: ["tense"] }], state);
  assert.equal(again.card.projections.filter((one) => one.name.startsWith("axes~")).length, 1);
  assert.equal(viewOf(linkOf(viewOfState(again))).view.projection, "axes~tense");
});

test("the percentile is said to be one only where the table of the edge supports it", () => {
  const state = open("ood");
  assert.equal(standingHere(state), null);
  const alarms = [
    ["supported", "supported"],
    ["supported", "inverted"],
  ].map((row) => SITES.map((_, at) => row[Math.min(at, 1)]));
  const look = { kind: "ood", run: "tiny", step: stepNumber(state), tensors: {} };
  look.answer = {
    ...common,
    step: stepNumber(state),
    kinds: ["held-out", "shuffled"],
    levels: [],
    scores: ["nearest", "loss"],
    alarms,
  };
  look.tensors = {
    auroc: tensor([2, 2, 2, SITES.length, 3], () => 0.6),
    outside: tensor([3, SITES.length, 3], () => 50),
  };
  const known = answered("ood", look, state);
  assert.deepEqual(standingHere({ ...known, site: 0 }), { supported: ["shuffled"], inverted: [] });
  assert.deepEqual(standingHere({ ...known, site: 1 }), { supported: [], inverted: ["shuffled"] });
});

test("a number has as many decimals as its interval bears", () => {
  const state = placed();
  const words = (value, low, high) => boundedWords(state, { value, low, high });
  assert.equal(words(0.905, 0.792, 1.031), "0.91 [0.79, 1.03]");
  assert.equal(words(-0.00572, -0.236, 0.234), "\u22120.01 [\u22120.24, 0.23]");
  assert.equal(words(84.21, 61.4, 99.1), "84 [61, 99]");
  assert.equal(words(1, 1, 1), "1.00 [1.00, 1.00]");
  assert.equal(words(null, null, null), "–");
});

test("typed sentences stand back from what is measured: no words, no paths, grey", () => {
  const state = answered("senses", sensesLook(7, stepNumber(placed())));
  const typed = figure(state).sentences.find(({ id }) => !id.startsWith("meaning~"));
  assert.ok(typed.labels.every((label) => label === ""));
  assert.deepEqual([typed.trail, typed.active], [false, false]);
  assert.equal(new Set(typed.tint).size <= 3, true);
  const off = figure(after([{ type: "meaning.scene", on: false }], state));
  assert.ok(off.sentences[0].labels.some(Boolean));
});
