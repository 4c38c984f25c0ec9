/** Talking to the lab: trainings asked for, refused, deleted, and a server without one. */
import assert from "node:assert/strict";
import test from "node:test";
import { labbing } from "../../frontend/src/effects/labbing.ts";
import { initialState } from "../../frontend/src/state/initial.ts";
import { createStore } from "../../frontend/src/state/store.ts";
import { after, placed } from "./made.mjs";
import { OFFER, job, rows } from "./made-lab.mjs";

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A server of a lab with one training; every question it was asked. */
function fakeServer(t, answers) {
  const asked = [];
  globalThis.document = { baseURI: "http://here/" };
  globalThis.window = globalThis;
  t.mock.method(globalThis, "fetch", async (url, { method = "GET", body } = {}) => {
    const path = url.pathname.slice(1);
    asked.push([`${method} ${path}`, body && JSON.parse(body)]);
    const answer = answers[`${method} ${path}`];
    const { status = 200, json } =
      typeof answer === "function" ? answer() : { json: answer, status: answer ? 200 : 404 };
    return { ok: status < 400, status, statusText: "No", json: async () => json };
  });
  return asked;
}

test("a training is asked for, listed, and its run opened as soon as it is there", async (t) => {
  let runs = [{ name: "tiny" }];
  const asked = fakeServer(t, {
    "GET api/lab": OFFER,
    "GET api/jobs": () => ({ json: { jobs: [job("new")] } }),
    "POST api/jobs": () => ({ status: 201, json: job("new", { step: 0 }) }),
    "GET api/runs": () => ({ json: { runs } }),
    "GET api/runs/run-new/metrics": { rows: rows([0, 0, 0]) },
  });
  const store = createStore(placed());
  const shown = [];
  const lab = labbing(store, { openRun: (name) => shown.push(name), leaveRun: () => {} });
  store.dispatch({ type: "lab.toggle" });
  await settle();
  assert.equal(store.get().lab.draft.task, "modular-addition");
  await lab.start();
  await settle();
  assert.deepEqual(asked.find(([what]) => what === "POST api/jobs")[1].optimizer, "adamw");
  assert.deepEqual(
    [store.get().lab.page, store.get().lab.selected, store.get().lab.awaited],
    ["jobs", "new", "run-new"],
  );
  assert.deepEqual(shown, []);
  runs = [...runs, { name: "run-new" }];
  lab.hear({ type: "changed", runs: [], jobs: true });
  await settle();
  assert.deepEqual(shown, ["run-new"]);
  assert.equal(store.get().lab.awaited, "");
  assert.equal(store.get().lab.logs["run-new"].length, 1);
  store.dispatch({ type: "lab.toggle" });
});

test("a refusal stands in the server's own words, and nothing is lost", async (t) => {
  const answer = {
    status: 503,
    json: {
      error: {
        code: "busy",
        message: "Two trainings are running; two at most.",
        message_zh: "已有两次训练在运行；最多两次。",
      },
    },
  };
  fakeServer(t, {
    "GET api/lab": OFFER,
    "GET api/jobs": { jobs: [job("a", { status: "paused" })] },
    "POST api/jobs": () => answer,
    "POST api/jobs/a/resume": () => answer,
  });
  const store = createStore(placed());
  const lab = labbing(store, { openRun: () => {}, leaveRun: () => {} });
  store.dispatch({ type: "lab.toggle" });
  await settle();
  await lab.start();
  assert.deepEqual(store.get().lab.refusal, answer.json.error);
  assert.equal(store.get().lab.asking, false);
  await lab.act("a", "resume");
  assert.equal(store.get().lab.troubles.a.code, "busy");
  assert.deepEqual(store.get().lab.busy, {});
  store.dispatch({ type: "lab.toggle" });
});

test("a deleted training takes its run from the screen", async (t) => {
  const asked = fakeServer(t, { "GET api/jobs": { jobs: [] }, "DELETE api/jobs/a": { jobs: [] } });
  const store = createStore(
    after([{ type: "lab.jobs", jobs: [job("a", { run: "tiny" })] }], placed()),
  );
  const left = [];
  await labbing(store, { openRun: () => {}, leaveRun: (name) => left.push(name) }).remove(
    store.get().lab.jobs[0],
  );
  assert.deepEqual([left, store.get().lab.jobs, asked[0][0]], [["tiny"], [], "DELETE api/jobs/a"]);
});

test("a server without a lab is no trouble until the lab is opened", async (t) => {
  fakeServer(t, {});
  const store = createStore(initialState({}));
  labbing(store, { openRun: () => {}, leaveRun: () => {} });
  store.dispatch({ type: "hello", version: "0", limits: {} });
  await settle();
  assert.equal(store.get().lab.failure, null);
  store.dispatch({ type: "lab.toggle" });
  await settle();
  assert.equal(store.get().lab.failure.code, "http_404");
});
