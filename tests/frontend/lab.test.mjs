import assert from "node:assert/strict";
import test from "node:test";
import {
  again,
  bytesOf,
  draftOf,
  hindrance,
  labShown,
  mayOf,
  newJob,
  partners,
  placeOn,
  readNumber,
  valueOn,
  writeNumber,
  wrong,
} from "../../frontend/src/state/lab.ts";
import { TABLES, brief } from "../../frontend/src/i18n/language.ts";
import {
  clock,
  firstAt,
  percent,
  progressOf,
  remaining,
  seriesOf,
  valueAt,
} from "../../frontend/src/charts/progress.ts";
import { claimsShown } from "../../frontend/src/state/shown.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { viewOfState } from "../../frontend/src/state/view.ts";
import { textOf } from "../../frontend/src/charts/svg.ts";
import {
  CHART,
  lossScale,
  spark,
  stepAxis,
  thinned,
  trainingChart,
} from "../../frontend/src/charts/training.ts";
import { linkOf, viewOf } from "../../frontend/src/state/url.ts";
import { after, placed } from "./made.mjs";
import { OFFER, job, numbers, opened, rows, task } from "./made-lab.mjs";

test("numbers are read as people write them, and written so that they read the same", () => {
  assert.deepEqual(
    ["0.001", "1e-3", "0,001", " 5 ", "\u22121", "", "a", "1e", "1,000"].map(readNumber),
    [0.001, 0.001, 0.001, 5, -1, null, null, null, 1],
  );
  for (const value of [0, 1, 0.001, 3e-5, 1e-5, 2048, 0.00123, 40000, 1e9])
    assert.equal(readNumber(writeNumber(value)), value);
  const [rate, batch] = numbers;
  assert.deepEqual(
    [
      wrong(rate, "2"),
      wrong(rate, "x"),
      wrong(rate, "0.1"),
      wrong(batch, "1.5"),
      wrong(batch, "64"),
    ],
    ["range", "number", "", "whole", ""],
  );
});

test("a slider goes by factors where they count, and comes back to where it was", () => {
  const [rate, batch] = numbers;
  assert.equal(placeOn(rate, 1e-5), 0);
  assert.equal(placeOn(rate, 1), 1);
  assert.ok(Math.abs(placeOn(rate, Math.sqrt(1e-5)) - 0.5) < 1e-9);
  assert.equal(valueOn(batch, 1), 4096);
  assert.ok(Number.isInteger(valueOn(batch, 0.37)));
  assert.ok(valueOn(rate, 0) >= rate.low && valueOn(rate, 1) <= rate.high);
  assert.equal(placeOn({ ...rate, low: 2, high: 2 }, 2), 0);
});

test("the draft begins as suits the task; another task keeps the seed", () => {
  const state = opened();
  assert.equal(state.lab.draft.task, "modular-addition");
  assert.deepEqual(newJob(state.lab), {
    task: "modular-addition",
    optimizer: "adamw",
    numbers: { learning_rate: 0.001, batch: 512, seed: 0 },
  });
  const other = after(
    [
      { type: "lab.number", name: "seed", text: "7" },
      { type: "lab.number", name: "batch", text: "9" },
      { type: "lab.task", task: "text" },
    ],
    state,
  );
  assert.deepEqual(newJob(other.lab).numbers, { learning_rate: 0.001, batch: 512, seed: 7 });
  assert.equal(after([{ type: "lab.task", task: "nothing" }], state), state);
});

test("what keeps a training from beginning is known before it is asked", () => {
  const state = opened();
  assert.equal(hindrance(state.lab), "");
  assert.equal(hindrance(initialState({}).lab), "closed");
  assert.equal(
    hindrance(
      opened({ type: "lab.offer", offer: { ...OFFER, closed: { code: "closed", message: "No." } } })
        .lab,
    ),
    "closed",
  );
  assert.equal(
    hindrance(after([{ type: "lab.number", name: "batch", text: "0" }], state).lab),
    "numbers",
  );
  const text = after([{ type: "lab.task", task: "text" }], state);
  assert.equal(hindrance(text.lab), "text");
  assert.equal(
    hindrance(after([{ type: "lab.text", text: "字".repeat(7) }], text).lab),
    "text.long",
  );
  assert.equal(bytesOf("字"), 3);
  const ready = after([{ type: "lab.text", text: "a text", title: "notes" }], text);
  assert.deepEqual(
    [hindrance(ready.lab), newJob(ready.lab).text, newJob(ready.lab).title],
    ["", "a text", "notes"],
  );
});

test("the same again: another optimizer, all numbers as they were", () => {
  const state = opened(
    { type: "lab.jobs", jobs: [job("a"), job("b")] },
    { type: "lab.again", id: "b" },
  );
  assert.equal(state.lab.page, "new");
  assert.equal(state.lab.draft.like, "b");
  assert.deepEqual(newJob(state.lab), {
    task: "modular-addition",
    optimizer: "adam",
    numbers: { learning_rate: 0.002, batch: 64, seed: 3 },
  });
  assert.equal(again(state.lab, job("x", { task: "gone" })), null);
  assert.equal(draftOf(task("t")).optimizer, "adamw");
});

test("partners to watch beside are of the same task and there, those of the same seed first", () => {
  const jobs = [
    job("a"),
    job("b", { numbers: { seed: 9 } }),
    job("c", { optimizer: "sgd" }),
    job("d", { task: "text" }),
    job("e"),
  ];
  const runs = ["a", "b", "c", "d"].map((id) => ({ name: `run-${id}` }));
  assert.deepEqual(
    partners(jobs, jobs[0], runs).map(({ id }) => id),
    ["c", "b"],
  );
});

test("the lab takes the place of what is picked, and gives way to it and to claims", () => {
  const state = after(
    [{ type: "pick", pick: { kind: "cloud", index: 1 } }, { type: "lab.toggle" }],
    placed(),
  );
  assert.ok(labShown(state) && state.picked === null);
  assert.equal(
    labShown(after([{ type: "pick", pick: { kind: "cloud", index: 1 } }], state)),
    false,
  );
  const claims = { ...state, claims: [{}], folded: { ...state.folded, claims: false } };
  assert.equal(claimsShown(claims), false);
  const shown = after([{ type: "claims.toggle" }], claims);
  assert.deepEqual([claimsShown(shown), labShown(shown)], [true, false]);
  assert.equal(labShown(after([{ type: "lab.toggle" }], state)), false);
});

test("whether the lab is open is in the link", () => {
  const hash = linkOf(viewOfState(opened()));
  assert.match(hash, /lab=1/);
  assert.equal(viewOf(hash).view.lab, true);
  assert.equal(initialState({ view: { lab: true } }).panel, "lab");
  assert.equal(viewOf("#v=1&lab=7").view.lab, undefined);
});

test("an empty list opens the form; a list selects the job whose run is on screen", () => {
  assert.equal(opened({ type: "lab.jobs", jobs: [] }).lab.page, "new");
  const state = opened({ type: "lab.jobs", jobs: [job("a"), job("b", { run: "tiny" })] });
  assert.deepEqual([state.lab.page, state.lab.selected], ["jobs", "b"]);
  const other = after(
    [
      { type: "lab.select", id: "a" },
      { type: "lab.jobs", jobs: [job("a")] },
    ],
    state,
  );
  assert.equal(other.lab.selected, "a");
  assert.equal(after([{ type: "lab.jobs", jobs: [] }], other).lab.selected, null);
});

test("what may be done follows the state of a job", () => {
  assert.deepEqual(mayOf(job("a")), ["pause", "stop"]);
  assert.deepEqual(mayOf(job("a", { status: "paused" })), ["resume", "stop", "remove"]);
  assert.deepEqual(mayOf(job("a", { status: "finished" })), ["remove"]);
});

test("words about a training follow from its numbers alone", () => {
  const says = (log) => progressOf(log, "en");
  assert.equal(says([]).key, "lab.says.nothing");
  assert.deepEqual(says(rows([0, 0.01, 0.01])), {
    key: "lab.says.learning",
    values: { shown: "1\u00a0%", unseen: "1\u00a0%", memorised: 0, understood: 0 },
  });
  assert.equal(says(rows([0, 0.01, 0.01], [180, 0.995, 0.06])).values.memorised, 180);
  assert.equal(says(rows([0, 0.01, 0.01], [180, 0.995, 0.06])).key, "lab.says.memorised");
  const both = rows([0, 0, 0], [180, 1, 0.06], [900, 1, 0.95]);
  assert.equal(says(both).key, "lab.says.understood");
  assert.equal(says(rows([0, 0, 0], [50, 1, 0.95])).key, "lab.says.at.once");
  assert.equal(says([...both, ...rows([1000, 1, 0.5])]).key, "lab.says.lost");
  assert.equal(says([{ step: 4, loss: 2.5 }]).key, "lab.says.loss");
  assert.equal(says([{ step: 4, val_loss: 0.9, excess_loss: 0.1 }]).key, "lab.says.excess");
  const text = [3, 2, 2.5].map((val_loss, i) => ({ step: 10 * i, val_loss }));
  assert.deepEqual(says(text), {
    key: "lab.says.worse",
    values: { value: "2.5", best: "2", step: 10 },
  });
  assert.equal(says(text.slice(0, 2)).key, "lab.says.unseen");
  for (const key of ["learning", "memorised", "understood", "lost", "worse"])
    assert.ok(`lab.says.${key}` in TABLES.zh);
});

test("a share is never rounded to all or nothing; times read as a clock", () => {
  assert.deepEqual(
    [1, 0.9996, 0.001, 0, 0.5].map((one) => percent(one, "en").replace("\u00a0", " ")),
    ["100 %", "99.9 %", "0.1 %", "0 %", "50 %"],
  );
  assert.deepEqual([0, 42, 725, 3725].map(clock), ["0:00", "0:42", "12:05", "1:02:05"]);
  assert.equal(remaining({ step: 50, steps: 100, seconds: 30 }), 30);
  assert.deepEqual(
    [0.00181, 0, 1.7e-7, 13.24].map((one) => brief(one, "en")),
    ["0.00181", "0", "1.7e\u22127", "13.2"],
  );
  assert.equal(remaining({ step: 0, steps: 100 }), null);
});

test("a series skips lines without it; its value holds until the next line", () => {
  const series = seriesOf(
    [{ step: 0, loss: 3 }, { step: 5 }, { step: 9, loss: 1 }, { step: 12, loss: NaN }],
    "loss",
  );
  assert.deepEqual(series, { steps: [0, 9], values: [3, 1] });
  assert.deepEqual([valueAt(series, -1), valueAt(series, 5), valueAt(series, 99)], [null, 3, 1]);
  assert.equal(firstAt(series, 4), null);
});

test("the axis of steps shows early and late; ticks lie within", () => {
  for (const last of [1, 7, 200, 10000, 40000]) {
    const axis = stepAxis(last);
    assert.ok(Math.abs(axis.at(last) - 1) < 1e-9 && axis.at(0) === 0);
    assert.ok(
      axis.ticks.every(({ at }) => at >= 0 && at <= 1 + 1e-9),
      String(last),
    );
  }
  assert.ok(stepAxis(10000).at(180) > 0.2);
});

test("curves keep their extremes when thinned, break nowhere, and mark the step on screen", () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({ x: i / 50, y: i === 2500 ? 99 : i % 2 }));
  const few = thinned(many);
  assert.ok(few.length < 500 && few.some(({ y }) => y === 99));
  const series = { steps: [0, 10, 100], values: [0, 1, 0.5] };
  const common = {
    axis: stepAxis(100),
    steps: [0, 10, 100],
    floor: null,
    named: true,
    growing: true,
  };
  const drawn = textOf(
    trainingChart({ ...common, lines: [{ series, kind: "unseen" }], scale: "share", at: 1 }),
  );
  assert.match(drawn, /class="here"/);
  assert.match(drawn, /class="tip"/);
  assert.doesNotMatch(drawn, /NaN|undefined/);
  assert.doesNotMatch(
    textOf(
      trainingChart({
        ...common,
        lines: [{ series, kind: "unseen" }],
        scale: "loss",
        at: null,
        steps: [],
      }),
    ),
    /here|NaN/,
  );
  assert.doesNotMatch(textOf(spark({ steps: [], values: [] }, "loss", 0)), /NaN/);
  for (const values of [[], [0, 0], [2, 2], [1e-9, 5], [0.8, 0.9]])
    assert.ok(Number.isFinite(lossScale(values).at(0)) && lossScale(values).ticks.length < 5);
  assert.ok(CHART.width > 0);
});

test("another optimizer brings the rates that suit it, where nobody chose others", () => {
  const suited = { sgd: { learning_rate: 0.3 }, adamw: { learning_rate: 0.001 } };
  const offer = {
    ...OFFER,
    tasks: [task("modular-addition", { suited }), ...OFFER.tasks.slice(1)],
  };
  const chosen = (...more) =>
    after(
      [
        { type: "lab.toggle" },
        { type: "lab.offer", offer },
        ...more,
        { type: "lab.optimizer", optimizer: "sgd" },
      ],
      placed(),
    ).lab.draft;
  assert.deepEqual(
    [chosen().optimizer, chosen().numbers.learning_rate, chosen().numbers.batch],
    ["sgd", "0.3", "512"],
  );
  assert.equal(
    chosen({ type: "lab.number", name: "learning_rate", text: "0.02" }).numbers.learning_rate,
    "0.02",
  );
  assert.equal(
    chosen(
      { type: "lab.optimizer", optimizer: "sgd" },
      { type: "lab.optimizer", optimizer: "adamw" },
    ).numbers.learning_rate,
    "0.3",
  );
  const lab = { ...opened().lab, offer };
  assert.equal(
    again(
      lab,
      job("a", { optimizer: "adamw", numbers: { learning_rate: 0.001, batch: 64, seed: 3 } }),
    ).numbers.learning_rate,
    "0.001",
    "Adam has none of its own here",
  );
  assert.equal(
    again(
      { ...lab, offer: { ...offer, optimizers: ["sgd", "adamw"] } },
      job("a", { numbers: { learning_rate: 0.001, batch: 64, seed: 3 } }),
    ).numbers.learning_rate,
    "0.3",
  );
});
