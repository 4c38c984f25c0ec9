/** The line to the lab: brings what it offers, its trainings and their logs; asks for what a person wants done. */

import { askJson, failureOf, getJson } from "./client.js";
import { goesOn, hindrance, newJob } from "./lab.js";

/** @typedef {import("./types.d.ts").Message} Message */
/** @typedef {import("./wire.d.ts").JobCard} JobCard */
/** @typedef {ReturnType<typeof import("./store.js").createStore>} Store */

/** Milliseconds between two looks at the log of the same run. */
const PAUSE = 1500;

/**
 * @param {Store} store
 * @param {{ openRun(name: string): void, leaveRun(name: string): void }} acts what becomes of the scene
 */
export function labbing(store, acts) {
  const bring = queued(() => bringJobs(store));
  const look = logs(store);

  store.subscribe((state, previous) => {
    const opened = state.lab.open && !previous.lab.open;
    const back = state.connection === "open" && previous.connection !== "open";
    if (back || opened) bring();
    if (state.lab.open && (opened || back)) bringOffer(store);
    if (state.lab.open && (opened || state.lab.jobs !== previous.lab.jobs || state.lab.selected !== previous.lab.selected)) look();
    if (state.run !== previous.run) follow(state);
    if (state.lab.awaited && (state.runs !== previous.runs || state.lab.awaited !== previous.lab.awaited)) arrive(state);
  });

  /** Opens the run of a training that was just begun, as soon as the catalogue has it. @param {import("./types.d.ts").State} state */
  function arrive({ lab: { awaited }, runs }) {
    if (!runs.some(({ name }) => name === awaited)) return;
    store.dispatch({ type: "lab.arrived" });
    acts.openRun(awaited);
  }

  /** The training whose run came on screen is the one that is told of. @param {import("./types.d.ts").State} state */
  function follow({ run, lab: { jobs, selected } }) {
    const job = jobs.find((one) => one.run === run);
    if (job && job.id !== selected) store.dispatch({ type: "lab.select", id: job.id });
  }

  return {
    /** What the server says by itself. @param {Message} message */
    hear(message) {
      if (message.type === "changed" && message.jobs) bring();
    },
    ...asking(store, acts, bring),
    /** Tells of a job at length, and shows its run where there is one. @param {JobCard} job */
    open({ id, run }) {
      store.dispatch({ type: "lab.select", id });
      const { runs, run: here } = store.get();
      if (run !== here && runs.some(({ name }) => name === run)) acts.openRun(run);
    },
  };
}

/** What a person wants done: asked of the server, and what became of it. @param {Store} store @param {{ leaveRun(name: string): void }} acts @param {() => void} bring */
function asking(store, { leaveRun }, bring) {
  const { dispatch } = store;

  /** @param {string} id @param {string} act @param {() => Promise<void>} doing */
  async function acting(id, act, doing) {
    if (store.get().lab.busy[id]) return;
    dispatch({ type: "lab.acting", id, act });
    try {
      await doing();
    } catch (error) {
      dispatch({ type: "lab.troubled", id, failure: failureOf(error) });
    }
  }

  return {
    async start() {
      const { lab } = store.get();
      if (lab.asking || hindrance(lab)) return;
      dispatch({ type: "lab.asking" });
      try {
        dispatch({ type: "lab.started", job: await askJson("POST", "api/jobs", newJob(lab)) });
        bring();
      } catch (error) {
        dispatch({ type: "lab.refused", failure: failureOf(error) });
      }
    },
    /** @param {string} id @param {"pause" | "resume" | "stop"} act */
    act: (id, act) => acting(id, act, async () => dispatch({ type: "lab.acted", job: await askJson("POST", `api/jobs/${encodeURIComponent(id)}/${act}`) })),
    /** @param {JobCard} job */
    remove: ({ id, run }) =>
      acting(id, "remove", async () => {
        const { jobs } = await askJson("DELETE", `api/jobs/${encodeURIComponent(id)}`);
        dispatch({ type: "lab.jobs", jobs });
        if (store.get().run === run) leaveRun(run);
      }),
  };
}

/** Runs one at a time; what is asked meanwhile runs once more afterwards. @param {() => Promise<void>} work */
function queued(work) {
  let busy = false;
  let once = false;
  return async function run() {
    once = busy;
    if (busy) return;
    busy = true;
    await work();
    busy = false;
    if (once) await run();
  };
}

/** What the lab offers; asked again each time it is opened. @param {Store} store */
async function bringOffer({ dispatch }) {
  try {
    dispatch({ type: "lab.offer", offer: await getJson("api/lab") });
  } catch (error) {
    dispatch({ type: "lab.failed", failure: failureOf(error) });
  }
}

/** The trainings as they are, and the catalogue while a run of theirs is not in it. A server without a lab has none. @param {Store} store */
async function bringJobs(store) {
  try {
    const { jobs } = await getJson("api/jobs");
    store.dispatch({ type: "lab.jobs", jobs });
    const { lab, runs } = store.get();
    if (lab.awaited && !runs.some(({ name }) => name === lab.awaited)) store.dispatch({ type: "runs", ...(await getJson("api/runs")) });
  } catch (error) {
    if (store.get().lab.open) store.dispatch({ type: "lab.failed", failure: failureOf(error) });
  }
}

/** Brings the logs of trainings that have gone on since, the one that is told of first; not more often than can be read. @param {Store} store */
function logs(store) {
  /** @type {Map<string, { step: number, status: string, at: number }>} */
  const had = new Map();
  let timer = 0;

  /** @param {JobCard} job */
  const due = (job) => {
    const last = had.get(job.run);
    return !last || last.step !== job.step || last.status !== job.status;
  };

  const look = queued(async () => {
    const { jobs, selected, open } = store.get().lab;
    const stale = jobs.filter(due).sort((a, b) => Number(b.id === selected) - Number(a.id === selected));
    const ready = stale.filter(({ run }) => Date.now() - (had.get(run)?.at ?? -Infinity) >= PAUSE);
    if (!open || !stale.length) return;
    for (const job of ready) {
      had.set(job.run, { step: job.step, status: job.status, at: Date.now() });
      await bringLog(store, job.run);
    }
    clearTimeout(timer);
    if (stale.length > ready.length || jobs.some(goesOn)) timer = window.setTimeout(look, PAUSE);
  });
  return look;
}

/** @param {Store} store @param {string} run */
async function bringLog(store, run) {
  try {
    const { rows } = await getJson(`api/runs/${encodeURIComponent(run)}/metrics`);
    store.dispatch({ type: "lab.log", run, rows });
  } catch {
    // nothing has been written yet: asked again when the training has gone on
  }
}
