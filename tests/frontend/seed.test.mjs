import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { renderToString } from "preact-render-to-string";
import {
  boundsOf,
  measuredNear,
  rowOf,
  seedChart,
  shareAt,
} from "../../frontend/src/charts/seed.ts";
import { textOf } from "../../frontend/src/charts/svg.ts";
import { TABLES, wordsOf } from "../../frontend/src/i18n/language.ts";
import { seedCard as cardPanel } from "../../frontend/src/panels/seed/card.ts";
import { seedText } from "../../frontend/src/panels/seed/text.ts";
import { formulaOf } from "../../frontend/src/seed/formula.ts";
import { blocksOf, claimsOf, piecesOf, plain } from "../../frontend/src/seed/markup.ts";
import { CLAIMS, TEXT } from "../../frontend/src/seed/text.ts";
import en from "../../frontend/src/seed/text.en.ts";
import { leavesReading } from "../../frontend/src/state/seed/keys.ts";
import { cardOf, runsWith, seedOf } from "../../frontend/src/state/seed/seed.ts";
import { seedCardShown } from "../../frontend/src/state/seed/shown.ts";
import { viewOfFields } from "../../frontend/src/state/seed/viewing.ts";
import { claimsShown } from "../../frontend/src/state/shown.ts";
import { linkOf, viewOf } from "../../frontend/src/state/url.ts";
import { viewOfState } from "../../frontend/src/state/view.ts";
import { STEPS, after, card, placed } from "./made.mjs";
import { seedCard, seedCards } from "./made-seed.mjs";

const t = wordsOf("en");
const acts = { readRun() {} };
const choose = (id) => ({ type: "seed.choose", card: id });
const close = { type: "seed.read", reading: null };
const known = (...cards) =>
  after([seedCards("tiny", cards.length ? cards : [seedCard("1.1a")])], placed());

// ---- the text -----------------------------------------------------------------------------------

test("the Chinese text is the seed's own, word for word", () => {
  const words = TEXT.zh
    .map((one) => (one.kind === "formula" ? one.source : plain(one.pieces)))
    .join("\n");
  const bare = words.replace(/[#*\-\s\\[\]()]|\d+\./g, "");
  assert.equal(
    createHash("sha256").update(bare).digest("hex"),
    "702e210496dbf6f9ee6757dccad951cd71237543e185089e81627d1942855b6e",
  );
});

test("both languages have the same blocks and the same claims, each once", () => {
  assert.deepEqual(
    TEXT.en.map(({ kind, depth }) => [kind, depth]),
    TEXT.zh.map(({ kind, depth }) => [kind, depth]),
  );
  assert.deepEqual(claimsOf(en), CLAIMS);
  assert.equal(new Set(CLAIMS).size, CLAIMS.length);
  assert.equal(CLAIMS.length, 34);
  const formulas = (blocks) => JSON.stringify(blocks).match(/"source":"[^"]*"/g);
  assert.deepEqual(formulas(TEXT.en), formulas(TEXT.zh));
});

test("lines become blocks, marks become pieces", () => {
  const blocks = blocksOf("# A\n- one \\\ntwo\n  - inner\n3. third\n\n\\[ x \\]\nplain");
  assert.deepEqual(
    blocks.map(({ kind, depth, mark }) => [kind, depth, mark]),
    [
      ["heading", 1, undefined],
      ["item", 1, ""],
      ["item", 2, ""],
      ["item", 1, "3."],
      ["formula", undefined, undefined],
      ["paragraph", undefined, undefined],
    ],
  );
  assert.equal(plain(blocks[1].pieces), "one two");
  const [before, claim, end] = piecesOf("so [[2.5c|least \\( \\mathcal{L} \\) **is**]].");
  assert.deepEqual([before.text, claim.id, end.text], ["so ", "2.5c", "."]);
  assert.deepEqual(
    claim.pieces.map(({ kind }) => kind),
    ["words", "formula", "words", "strong"],
  );
});

test("the formulas of the text become MathML", () => {
  const text = (source) => textOf(formulaOf(source));
  assert.equal(text("W_1^Q"), "<math><msubsup><mi>W</mi><mn>1</mn><mi>Q</mi></msubsup></math>");
  assert.equal(
    text("\\frac{\\partial \\mathcal{L}}{d_k}"),
    "<math><mfrac><mrow><mi>∂</mi><mi>ℒ</mi></mrow><msub><mi>d</mi><mi>k</mi></msub></mfrac></math>",
  );
  assert.match(
    text("\\text{softmax}\\left( \\frac{QK^T}{\\sqrt{d_k}} \\right)V"),
    /<mtext>softmax<\/mtext><mo>\(<\/mo><mfrac>.*<msqrt>.*<mo>\)<\/mo><mi>V<\/mi>/,
  );
  for (const source of JSON.stringify(TEXT.zh).match(/"source":"([^"]*)"/g))
    assert.doesNotMatch(text(JSON.parse(`{${source}}`).source), /undefined|\\/, source);
});

// ---- the state ----------------------------------------------------------------------------------

test("choosing a claim sets the picture that shows it, and opens its card", () => {
  const state = after([choose("1.1a")], known());
  assert.equal(state.seed.reading, "text");
  assert.ok(seedCardShown(state));
  assert.deepEqual(
    [STEPS[state.step], state.card.sites[state.site], state.colour],
    [512, "L0.post", "trust"],
  );
  assert.deepEqual(
    state.sentences.map(({ text, hue }) => [text, hue]),
    [
      ["the bank of", 0],
      ["the river", 3],
    ],
  );
  assert.equal(claimsShown(state), false);
});

test("a person's sentences come back when reading ends, as they were placed when a view has them too", () => {
  const state = after([choose("1.1a"), close], known());
  assert.deepEqual(
    state.sentences.map(({ text }) => text),
    ["the bank"],
  );
  assert.equal(state.seed.card, null);
  const same = after([choose("1.1a")], known(seedCard("1.1a", { view: { s: "5vthe bank" } })));
  assert.deepEqual(
    [same.sentences[0].id, same.sentences[0].status, same.sentences[0].hue],
    ["s1", "placed", 5],
  );
});

test("a card whose claims are still on their way sets the picture when they come", () => {
  const early = after([choose("1.1a"), { type: "go", step: 0 }], placed());
  assert.equal(early.seed.awaited, "card");
  const late = after([seedCards("tiny", [seedCard("1.1a")])], early);
  assert.deepEqual([STEPS[late.step], late.seed.awaited], [512, null]);
});

test("a link that says where it is keeps its place, one with the claim alone shows the claim's", () => {
  assert.equal(seedOf({ seed: "1.1a", step: 8 }).awaited, null);
  assert.equal(seedOf({ seed: "1.1a" }).awaited, "card");
  assert.deepEqual(
    [
      seedOf({ seed: "text" }).card,
      seedOf({ lesson: 99 }).chapter,
      seedOf({ lesson: 2, seed: "1.1a" }).reading,
    ],
    [null, 10, "lesson"],
  );
});

test("what is read goes through the link and back", () => {
  const state = after([choose("1.1a")], known());
  const { view } = viewOf(linkOf(viewOfState(state)));
  assert.equal(view.seed, "1.1a");
  const away = after([close, { type: "go", step: 0, site: 0 }], state);
  assert.equal(viewOf(linkOf(viewOfState(away))).view.seed, undefined);
  const back = after([{ type: "seed.await", view }], away);
  assert.deepEqual([back.seed.card, STEPS[back.step], back.sentences.length], ["1.1a", 512, 2]);
  const forth = after([{ type: "seed.await", view: viewOfState(away) }], back);
  assert.deepEqual([forth.seed.reading, forth.step, forth.site], [null, 0, 0]);
  for (const bad of ["1.1", "x", "10.1a", "1.1a1"])
    assert.equal(viewOf(`#v=1&seed=${bad}`).view.seed, undefined, bad);
});

test("in another model the same card is open, with its own view, when it has come", () => {
  const both = after(
    [seedCards("other", [seedCard("1.1a", { view: { step: "8" }, verdict: "fails" })])],
    known(),
  );
  const leaving = after([choose("1.1a"), { type: "run.choose", run: "other" }], both);
  const there = after([{ type: "run.card", card: card({ name: "other" }) }], leaving);
  assert.deepEqual(
    [STEPS[there.step], cardOf(there, "1.1a").verdict, there.seed.awaited],
    [8, "fails", null],
  );
  const listed = { ...both, runs: [{ name: "tiny" }, { name: "bare" }, { name: "other" }] };
  assert.deepEqual(
    runsWith(listed, "1.1a").map(({ name }) => name),
    ["tiny", "other"],
  );
});

test("fields of a card's view are checked as those of a link", () => {
  const view = viewOfFields({
    step: "x",
    site: "L0.mid",
    s: "0va & b=c\n1vd",
    colour: "pink",
    inside: "attention",
  });
  assert.deepEqual(view, {
    site: "L0.mid",
    inside: "attention",
    sentences: [
      { text: "a & b=c", hue: 0, hidden: false },
      { text: "d", hue: 1, hidden: false },
    ],
  });
  const state = after([choose("1.1a")], known(seedCard("1.1a", { view: { inside: "attention" } })));
  assert.deepEqual([state.panel, state.inside.tab], ["inside", "attention"]);
  assert.deepEqual(
    [after([choose(null)], state).panel, after([{ type: "seed.inside" }], state).panel],
    [null, "inside"],
  );
});

test("what is picked lies over the card, Escape closes the card and then the text", () => {
  const state = after([choose("1.1a")], known());
  const picked = after([{ type: "pick", pick: { kind: "cloud", index: 1 } }], state);
  assert.deepEqual(
    [seedCardShown(picked), seedCardShown(after([{ type: "pick", pick: null }], picked))],
    [false, true],
  );
  const first = leavesReading(state);
  assert.deepEqual(first, choose(null));
  assert.deepEqual(leavesReading(after([first], state)), close);
  assert.equal(leavesReading(placed()), null);
});

// ---- the drawing --------------------------------------------------------------------------------

test("a series stands at the run's steps, a single value at all of them", () => {
  const { series } = seedCard("1.1a");
  assert.deepEqual(rowOf(series, STEPS).values, [35.8, 1.25, null, 18.3]);
  assert.deepEqual(
    rowOf({ steps: [], values: [2], lows: [1], highs: [3] }, STEPS).highs,
    [3, 3, 3, 3],
  );
  assert.deepEqual(
    [
      measuredNear(rowOf(series, STEPS), 1.8),
      measuredNear(rowOf(series, STEPS), 2.8),
      measuredNear({ values: [null] }, 0),
    ],
    [1, 3, null],
  );
});

test("the axis holds every value and interval between round ends", () => {
  const row = (...values) => ({ values, lows: [], highs: [] });
  assert.ok(boundsOf([row(0, 41), { values: [], lows: [], highs: [77] }]).high >= 77);
  for (const values of [
    [0, 1],
    [-3, 7],
    [0.001, 0.0012],
    [5, 5],
    [0, 0],
    [1e6, 3e6],
  ]) {
    const { low, high, ticks } = boundsOf([row(...values)]);
    assert.ok(
      low <= Math.min(...values) &&
        high >= Math.max(...values) &&
        ticks.length >= 2 &&
        ticks.length <= 8,
      String(values),
    );
  }
  assert.deepEqual(boundsOf([row(null)]).ticks, [0, 1]);
});

test("the chart has curve, band, controls in dashes of their own, and where we are", () => {
  const claim = seedCard("1.1a");
  const chart = {
    key: "x",
    own: rowOf(claim.series, STEPS),
    controls: claim.controls.map((one) => rowOf(one, STEPS)),
    ticks: [
      { at: 0, text: "0" },
      { at: 3, text: "512" },
    ],
    at: 1,
    decided: 3,
    text: String,
    size: { width: 320, height: 130 },
  };
  const text = textOf(seedChart(chart));
  for (const part of [
    'class="band"',
    'class="past"',
    "dash-0",
    "dash-1",
    'class="cursor"',
    'class="now"',
    'class="decided"',
    ">512<",
  ])
    assert.ok(text.includes(part), part);
  assert.doesNotMatch(text, /NaN|undefined/);
  const lone = {
    values: [null, null, null, 3],
    lows: [null, null, null, 2],
    highs: [null, null, null, 4],
  };
  assert.match(textOf(seedChart({ ...chart, own: lone })), /class="whisker"/);
  assert.deepEqual([shareAt(0, 320), shareAt(40, 320), shareAt(312, 320)], [0, 0, 1]);
});

test("each claim is a link in its sentence, with the word of its verdict", () => {
  const text = renderToString(
    seedText(
      after([choose("1.2b")], known(seedCard("1.1a"), seedCard("1.2b", { verdict: "fails" }))),
      t,
      () => {},
    ),
  );
  const links = [
    ...text.matchAll(/<a href="#v=1&(?:amp;)?seed=([^"]+)"[^>]*class="seed-claim (\w+)"/g),
  ];
  assert.deepEqual(
    links.map(([, id]) => id),
    CLAIMS,
  );
  assert.deepEqual([links[0][2], links[1][2], links[4][2]], ["holds", "unknown", "fails"]);
  assert.match(text, /aria-current="true"[^>]*>(?:(?!<\/a>).)*does not hold here/);
  assert.match(text, /class="seed-part holds"/);
  assert.match(
    renderToString(
      seedText(
        after([{ type: "seed.read", reading: "text" }, seedCards("tiny", [])], placed()),
        t,
        () => {},
      ),
    ),
    /layerfold verify --seed/,
  );
});

test("the card says sentence, verdict, number with interval, controls, limits, threshold and papers", () => {
  const state = after([choose("1.1a")], known());
  const text = renderToString(cardPanel(state, t, () => {}, acts));
  const claim = seedCard("1.1a");
  for (const part of [
    claim.quote_en,
    claim.verdict_en,
    claim.limits_en,
    claim.threshold_en,
    claim.method_en,
    "Facco et al. 2017",
    "<output>18.3</output>",
    "interval 17 to 19.5",
    "shuffled text",
    "q = 0.012",
  ])
    assert.ok(text.includes(part), part);
  const earlier = renderToString(
    cardPanel(after([{ type: "go", step: 1 }], state), t, () => {}, acts),
  );
  assert.match(earlier, /<output>1\.25<\/output>/);
  assert.match(
    renderToString(cardPanel(after([{ type: "go", step: 2 }], state), t, () => {}, acts)),
    /nearest measured step/,
  );
  const zh = renderToString(cardPanel({ ...state, language: "zh" }, wordsOf("zh"), () => {}, acts));
  for (const part of [claim.quote_zh, claim.verdict_zh, claim.limits_zh, "打乱的文本"])
    assert.ok(zh.includes(part), part);
});

test("a claim without a card says so and offers the models that have one", () => {
  const state = after([seedCards("other", [seedCard("1.3a")]), choose("1.3a")], {
    ...known(),
    runs: [
      { name: "tiny", title: "Tiny" },
      { name: "other", title: "Other" },
    ],
  });
  const text = renderToString(cardPanel(state, t, () => {}, acts));
  assert.match(text, /has not been computed/);
  assert.match(text, /data-run="other"/);
});

test("every verdict has a sign, a word and a short word in both languages", () => {
  for (const verdict of ["holds", "weak", "weaker", "fails", "untestable", "unknown"])
    for (const table of Object.values(TABLES))
      assert.ok(table[`seed.verdict.${verdict}`] && table[`seed.verdict.${verdict}.short`]);
});
