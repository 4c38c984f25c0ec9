/**
 * The line to the lab: brings what it offers, its trainings and their logs; asks for what a person
 * wants done.
 */

import { askJson, failureOf, getJson } from "./client.ts";
import { loadLog } from "./loading.ts";
import { goesOn, hindrance, newJob } from "../state/lab.ts";
import type { Message } from "../state/messages.ts";
import type { State } from "../state/types.ts";
import type { JobCard } from "../protocol/wire.ts";
import type { Store } from "../state/store.ts";

/** Milliseconds between two looks at the log of the same run. */
const PAUSE = 1500;

/** @param acts what becomes of the scene */
export function labbing(
  store: Store,
  acts: { openRun(name: string): void; leaveRun(name: string): void },
) {
  const bring = queued(() => bringJobs(store));
  const look = logs(store);

  store.subscribe((state, previous) => {
    const open = state.panel === "lab";
    const opened = open && previous.panel !== "lab";
    const back = state.connection === "open" && previous.connection !== "open";
    if (back || opened) bring();
    if (open && (opened || back)) bringOffer(store);
    if (
      open &&
      (opened ||
        state.lab.jobs !== previous.lab.jobs ||
        state.lab.selected !== previous.lab.selected)
    )
      look();
    if (state.run !== previous.run) follow(state);
    if (
      state.lab.awaited &&
      (state.runs !== previous.runs || state.lab.awaited !== previous.lab.awaited)
    )
      arrive(state);
  });

  /** Opens the run of a training that was just begun, as soon as the catalogue has it. */
  function arrive({ lab: { awaited }, runs }: State) {
    if (!runs.some(({ name }) => name === awaited)) return;
    store.dispatch({ type: "lab.arrived" });
    acts.openRun(awaited);
  }

  /** The training whose run came on screen is the one that is told of. */
  function follow({ run, lab: { jobs, selected } }: State) {
    const job = jobs.find((one) => one.run === run);
    if (job && job.id !== selected) store.dispatch({ type: "lab.select", id: job.id });
  }

  return {
    /** What the server says by itself. */
    hear(message: Message) {
      if (message.type === "changed" && message.jobs) bring();
    },
    ...asking(store, acts, bring),
    /** Tells of a job at length, and shows its run where there is one. */
    open({ id, run }: JobCard) {
      store.dispatch({ type: "lab.select", id });
      const { runs, run: here } = store.get();
      if (run !== here && runs.some(({ name }) => name === run)) acts.openRun(run);
    },
  };
}

/** What a person wants done: asked of the server, and what became of it. */
function asking(store: Store, { leaveRun }: { leaveRun(name: string): void }, bring: () => void) {
  const { dispatch } = store;

  async function acting(id: string, act: string, doing: () => Promise<void>) {
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
    act: (id: string, act: "pause" | "resume" | "stop") =>
      acting(id, act, async () =>
        dispatch({
          type: "lab.acted",
          job: await askJson("POST", `api/jobs/${encodeURIComponent(id)}/${act}`),
        }),
      ),
    remove: ({ id, run }: JobCard) =>
      acting(id, "remove", async () => {
        const { jobs } = await askJson("DELETE", `api/jobs/${encodeURIComponent(id)}`);
        dispatch({ type: "lab.jobs", jobs });
        if (store.get().run === run) leaveRun(run);
      }),
  };
}

/** Runs one at a time; what is asked meanwhile runs once more afterwards. */
function queued(work: () => Promise<void>) {
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

/** What the lab offers; asked again each time it is opened. */
async function bringOffer({ dispatch }: Store) {
  try {
    dispatch({ type: "lab.offer", offer: await getJson("api/lab") });
  } catch (error) {
    dispatch({ type: "lab.failed", failure: failureOf(error) });
  }
}

/**
 * The trainings as they are, and the catalogue while a run of theirs is not in it. A server without
 * a lab has none.
 */
async function bringJobs(store: Store) {
  try {
    const { jobs } = await getJson("api/jobs");
    store.dispatch({ type: "lab.jobs", jobs });
    const { lab, runs } = store.get();
    if (lab.awaited && !runs.some(({ name }) => name === lab.awaited))
      store.dispatch({ type: "runs", ...(await getJson("api/runs")) });
  } catch (error) {
    if (store.get().panel === "lab")
      store.dispatch({ type: "lab.failed", failure: failureOf(error) });
  }
}

/**
 * Brings the logs of trainings that have gone on since, the one that is told of first; not more
 * often than can be read.
 */
function logs(store: Store) {
  const had: Map<string, { step: number; status: string; at: number }> = new Map();
  let timer = 0;

  const due = (job: JobCard) => {
    const last = had.get(job.run);
    return !last || last.step !== job.step || last.status !== job.status;
  };

  const look = queued(async () => {
    const { panel, lab } = store.get();
    const { jobs, selected } = lab;
    const stale = jobs
      .filter(due)
      .sort((a, b) => Number(b.id === selected) - Number(a.id === selected));
    const ready = stale.filter(({ run }) => Date.now() - (had.get(run)?.at ?? -Infinity) >= PAUSE);
    if (panel !== "lab" || !stale.length) return;
    for (const job of ready) {
      had.set(job.run, { step: job.step, status: job.status, at: Date.now() });
      await loadLog(store, job.run);
    }
    clearTimeout(timer);
    if (stale.length > ready.length || jobs.some(goesOn)) timer = window.setTimeout(look, PAUSE);
  });
  return look;
}
