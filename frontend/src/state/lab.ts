/** The lab: what may be asked of it, what was asked, and what became of it. Pure. */

import { closed, opened, sectionShown } from "./drawer.ts";
import type { Lab, LabDraft, State } from "./types.ts";
import type { JobCard, LabNumber, LabOffer, LabTask, NewJob } from "../protocol/wire.ts";
import type { Handlers, Kind } from "./messages.ts";

export const EMPTY: Lab = {
  folded: false,
  page: "jobs",
  offer: null,
  failure: null,
  jobs: [],
  listed: false,
  draft: { task: "", optimizer: "", numbers: {}, text: "", title: "", like: null },
  asking: false,
  refusal: null,
  selected: null,
  awaited: "",
  busy: {},
  troubles: {},
  sure: null,
  logs: {},
};

/** What a person may do with a job in each state. */
const MAY: Record<JobCard["status"], ("pause" | "resume" | "stop" | "remove")[]> = {
  waiting: ["stop", "remove"],
  running: ["pause", "stop"],
  paused: ["resume", "stop", "remove"],
  stopped: ["resume", "remove"],
  finished: ["remove"],
  failed: ["resume", "remove"],
};

export function mayOf(job: JobCard) {
  return MAY[job.status] ?? ["remove"];
}

/** Whether more is to come without anybody doing anything. */
export function goesOn(job: JobCard) {
  return job.status === "running" || job.status === "waiting";
}

/** Whether the lab is on the page: another panel takes its place for a while. */
export function labShown(state: State) {
  return sectionShown(state) === "lab";
}

/** Whether it covers the right edge, rather than a line of it. */
export function labCovers(state: State) {
  return labShown(state) && !state.lab.folded;
}

export function selectedJob(state: State) {
  return state.lab.jobs.find((one) => one.id === state.lab.selected) ?? null;
}

export function taskOffered(lab: Lab, name: string) {
  return lab.offer?.tasks.find((one) => one.name === name) ?? null;
}

/**
 * Jobs worth watching beside this one, the likest first: the same task, then also the same seed.
 * @param runs those in the catalogue
 */
export function partners(jobs: JobCard[], job: JobCard, runs: { name: string }[]) {
  const there = jobs.filter(
    (one) =>
      one.id !== job.id && one.task === job.task && runs.some(({ name }) => name === one.run),
  );
  const same = (one: JobCard) =>
    Number(one.numbers.seed === job.numbers.seed) + Number(one.optimizer !== job.optimizer);
  return there.sort((a, b) => same(b) - same(a));
}

/**
 * Whether two jobs differ in nothing but the optimizer and its rates, and began from the same
 * weights.
 */
export function sameSeed(a: JobCard, b: JobCard) {
  return a.task === b.task && a.numbers.seed !== undefined && a.numbers.seed === b.numbers.seed;
}

// ---- what is asked ----------------------------------------------------------------------------

/** A number as a person writes it: 0.001, 1e-3, 0,001; null when it is none. */
export function readNumber(text: string) {
  const plain = text
    .trim()
    .replace(/\u2212/g, "-")
    .replace(/^(\d*),(\d+)$/, "$1.$2");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : null;
}

/** A number as it stands in its field: short, and read back as the same. */
export function writeNumber(value: number) {
  const short = Number(value.toPrecision(6));
  return short !== 0 && Math.abs(short) < 1e-3
    ? short.toExponential().replace("e-0", "e-")
    : String(short);
}

/** What is wrong with what stands in a field: "" when nothing is. */
export function wrong(number: LabNumber, text: string): "" | "number" | "whole" | "range" {
  const value = readNumber(text);
  if (value === null) return "number";
  if (number.whole && !Number.isInteger(value)) return "whole";
  return value < number.low || value > number.high ? "range" : "";
}

/** Where a value stands on its slider, 0..1. */
export function placeOn({ low, high, log }: LabNumber, value: number) {
  const bounded = Math.min(high, Math.max(low, value));
  if (!(high > low)) return 0;
  return log && low > 0
    ? Math.log(bounded / low) / Math.log(high / low)
    : (bounded - low) / (high - low);
}

/**
 * The value at a place of the slider, in two digits, or three of a whole number.
 * @param place 0..1
 */
export function valueOn({ low, high, log, whole }: LabNumber, place: number) {
  const raw = log && low > 0 ? low * (high / low) ** place : low + place * (high - low);
  const round = Number(raw.toPrecision(whole ? 3 : 2));
  return Math.min(high, Math.max(low, whole ? Math.round(round) : round));
}

/** The draft for a task as suits it; what is fixed in numbers, such as a seed, stays. */
export function draftOf(task: LabTask, kept: Partial<LabDraft> = {}): LabDraft {
  const numbers = Object.fromEntries(
    task.numbers.map((one) => [one.name, writeNumber(one.default)]),
  );
  const optimizer = kept.optimizer || task.optimizer;
  return {
    ...EMPTY.draft,
    ...kept,
    task: task.name,
    optimizer,
    numbers: { ...asSuits(task, numbers, task.optimizer, optimizer), ...kept.numbers },
  };
}

/**
 * The numbers of a draft for another optimizer: those that nobody changed become the ones that suit
 * it.
 */
export function asSuits(
  task: LabTask | null,
  numbers: Record<string, string>,
  from: string,
  to: string,
) {
  const [before, after] = [task?.suited?.[from] ?? {}, task?.suited?.[to] ?? {}];
  const kept = Object.entries(after).filter(
    ([name]) => before[name] !== undefined && readNumber(numbers[name] ?? "") === before[name],
  );
  return {
    ...numbers,
    ...Object.fromEntries(kept.map(([name, value]) => [name, writeNumber(value)])),
  };
}

/**
 * The first thing that keeps a draft from being asked, "" when nothing does; bounds of the text
 * count in bytes.
 */
export function hindrance(lab: Lab): string {
  const task = taskOffered(lab, lab.draft.task);
  if (!lab.offer || lab.offer.closed || !task) return "closed";
  if (task.text && !lab.draft.text.trim()) return "text";
  if (task.text && bytesOf(lab.draft.text) > lab.offer.limits.text_bytes) return "text.long";
  return task.numbers.some((one) => wrong(one, lab.draft.numbers[one.name] ?? "")) ? "numbers" : "";
}

/** What is sent for a draft. */
export function newJob(lab: Lab): NewJob {
  const { task, optimizer, numbers, text, title } = lab.draft;
  const offered = taskOffered(lab, task);
  const named = (offered?.numbers ?? []).map(({ name }) => [
    name,
    readNumber(numbers[name] ?? "") ?? 0,
  ]);
  const own = offered?.text ? { text, title: title.trim().slice(0, 80) } : {};
  return { task, optimizer, numbers: Object.fromEntries(named), ...own };
}

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string) {
  return new TextEncoder().encode(text).length;
}

/** The same training with another optimizer: the one before in the list, from the same seed. */
export function again(lab: Lab, job: JobCard): LabDraft | null {
  const task = taskOffered(lab, job.task);
  const all = lab.offer?.optimizers ?? [];
  if (!task || !all.length) return null;
  const optimizer =
    all[(all.indexOf(job.optimizer) + all.length - 1) % all.length] ?? task.optimizer;
  const kept = task.numbers
    .filter(({ name }) => job.numbers[name] !== undefined)
    .map(({ name }) => [name, writeNumber(job.numbers[name])]);
  const text = lab.draft.task === job.task ? lab.draft.text : "";
  const numbers = asSuits(task, Object.fromEntries(kept), job.optimizer, optimizer);
  return draftOf(task, {
    optimizer,
    numbers,
    text,
    title: task.text ? job.title : "",
    like: job.id,
  });
}

// ---- what happens -----------------------------------------------------------------------------

/** The state with another lab. */
const withLab = (state: State, changes: Partial<Lab>): State => ({
  ...state,
  lab: { ...state.lab, ...changes },
});

function without(record: Record<string, any>, key: string) {
  const { [key]: _, ...rest } = record;
  return rest;
}

/** The lab comes, in the place of what is picked or searched, or goes. */
function toggled(state: State): State {
  if (labShown(state)) return closed(state);
  const page = state.lab.listed && !state.lab.jobs.length ? "new" : state.lab.page;
  return opened(withLab(state, { folded: false, page }), "lab");
}

function offered(state: State, { offer }: { offer: LabOffer }) {
  const kept = offer.tasks.some((one) => one.name === state.lab.draft.task);
  const draft = kept || !offer.tasks.length ? state.lab.draft : draftOf(offer.tasks[0]);
  return withLab(state, { offer, failure: null, draft });
}

/**
 * The list as it is now; the job whose run is on screen is the one that is told of, until a person
 * chooses another.
 */
function listed(state: State, { jobs }: { jobs: JobCard[] }) {
  const { lab } = state;
  const kept = jobs.some((one) => one.id === lab.selected) ? lab.selected : null;
  const here = jobs.find((one) => one.run === state.run)?.id ?? null;
  const page = !lab.listed && !jobs.length ? "new" : lab.page;
  return withLab(state, {
    jobs,
    listed: true,
    selected: kept ?? here,
    page,
    sure: jobs.some((one) => one.id === lab.sure) ? lab.sure : null,
  });
}

function started(state: State, { job }: { job: JobCard }) {
  const jobs = [job, ...state.lab.jobs.filter((one) => one.id !== job.id)];
  return withLab(state, {
    jobs,
    asking: false,
    refusal: null,
    page: "jobs",
    selected: job.id,
    awaited: job.run,
  });
}

function acted(state: State, { job }: { job: JobCard }) {
  const jobs = state.lab.jobs.map((one) => (one.id === job.id ? job : one));
  return withLab(state, {
    jobs,
    busy: without(state.lab.busy, job.id),
    troubles: without(state.lab.troubles, job.id),
  });
}

function drafted(state: State, changes: Partial<LabDraft>) {
  return withLab(state, { draft: { ...state.lab.draft, ...changes }, refusal: null });
}

export const LAB: Handlers<Extract<Kind, `lab.${string}`>> = {
  "lab.toggle": toggled,
  "lab.fold": (state) => withLab(state, { folded: !state.lab.folded }),
  "lab.page": (state, { page }) =>
    withLab(state, { page, refusal: null, sure: null, draft: { ...state.lab.draft, like: null } }),
  "lab.offer": offered,
  "lab.failed": (state, { failure }) => withLab(state, { failure }),
  "lab.jobs": listed,
  "lab.log": (state, { run, rows }) => withLab(state, { logs: { ...state.lab.logs, [run]: rows } }),
  "lab.select": (state, { id }) => withLab(state, { selected: id, sure: null }),
  "lab.task": (state, { task }) => {
    const found = taskOffered(state.lab, task);
    const { text, title, numbers } = state.lab.draft;
    return found
      ? withLab(state, {
          draft: draftOf(found, {
            text,
            title,
            numbers: numbers.seed ? { seed: numbers.seed } : {},
          }),
          refusal: null,
        })
      : state;
  },
  "lab.optimizer": (state, { optimizer }) => {
    const { draft } = state.lab;
    return drafted(state, {
      optimizer,
      numbers: asSuits(
        taskOffered(state.lab, draft.task),
        draft.numbers,
        draft.optimizer,
        optimizer,
      ),
    });
  },
  "lab.number": (state, { name, text }) =>
    drafted(state, { numbers: { ...state.lab.draft.numbers, [name]: text } }),
  "lab.text": (state, { text, title = state.lab.draft.title }) => drafted(state, { text, title }),
  "lab.again": (state, { id }) => {
    const job = state.lab.jobs.find((one) => one.id === id);
    const draft = job && again(state.lab, job);
    return draft ? withLab(state, { draft, page: "new", refusal: null }) : state;
  },
  "lab.asking": (state) => withLab(state, { asking: true, refusal: null }),
  "lab.started": started,
  "lab.refused": (state, { failure }) => withLab(state, { asking: false, refusal: failure }),
  "lab.arrived": (state) => withLab(state, { awaited: "" }),
  "lab.acting": (state, { id, act }) =>
    withLab(state, {
      busy: { ...state.lab.busy, [id]: act },
      troubles: without(state.lab.troubles, id),
      sure: null,
    }),
  "lab.acted": acted,
  "lab.troubled": (state, { id, failure }) =>
    withLab(state, {
      busy: without(state.lab.busy, id),
      troubles: { ...state.lab.troubles, [id]: failure },
    }),
  "lab.sure": (state, { id }) => withLab(state, { sure: id }),
};
