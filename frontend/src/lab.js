/** The lab: what may be asked of it, what was asked, and what became of it. Pure. */

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Lab} Lab */
/** @typedef {import("./types.d.ts").LabDraft} LabDraft */
/** @typedef {import("./wire.d.ts").LabOffer} LabOffer */
/** @typedef {import("./wire.d.ts").LabTask} LabTask */
/** @typedef {import("./wire.d.ts").LabNumber} LabNumber */
/** @typedef {import("./wire.d.ts").JobCard} JobCard */
/** @typedef {import("./wire.d.ts").NewJob} NewJob */

/** @type {Lab} */
export const EMPTY = {
  open: false,
  folded: false,
  page: "jobs",
  offer: null,
  failure: null,
  jobs: [],
  listed: false,
  draft: { task: "", optimiser: "", numbers: {}, text: "", title: "", like: null },
  asking: false,
  refusal: null,
  selected: null,
  awaited: "",
  busy: {},
  troubles: {},
  sure: null,
  logs: {},
};

/** What a person may do with a job in each state. @type {Record<JobCard["status"], ("pause" | "resume" | "stop" | "remove")[]>} */
const MAY = {
  waiting: ["stop", "remove"],
  running: ["pause", "stop"],
  paused: ["resume", "stop", "remove"],
  stopped: ["resume", "remove"],
  finished: ["remove"],
  failed: ["resume", "remove"],
};

/** @param {JobCard} job */
export function mayOf(job) {
  return MAY[job.status] ?? ["remove"];
}

/** Whether more is to come without anybody doing anything. @param {JobCard} job */
export function goesOn(job) {
  return job.status === "running" || job.status === "waiting";
}

/** Whether the lab is on the page: another panel takes its place for a while. @param {State} state */
export function labShown(state) {
  return state.lab.open && state.picked === null && !["search", "sentences", "door"].includes(state.sheet ?? "");
}

/** Whether it covers the right edge, rather than a line of it. @param {State} state */
export function labCovers(state) {
  return labShown(state) && !state.lab.folded;
}

/** @param {State} state */
export function selectedJob(state) {
  return state.lab.jobs.find((one) => one.id === state.lab.selected) ?? null;
}

/** @param {Lab} lab @param {string} name */
export function taskOffered(lab, name) {
  return lab.offer?.tasks.find((one) => one.name === name) ?? null;
}

/** Jobs worth watching beside this one, the likest first: the same task, then also the same seed. @param {JobCard[]} jobs @param {JobCard} job @param {{ name: string }[]} runs those in the catalogue */
export function partners(jobs, job, runs) {
  const there = jobs.filter((one) => one.id !== job.id && one.task === job.task && runs.some(({ name }) => name === one.run));
  const same = (/** @type {JobCard} */ one) => Number(one.numbers.seed === job.numbers.seed) + Number(one.optimiser !== job.optimiser);
  return there.sort((a, b) => same(b) - same(a));
}

/** Whether two jobs differ in nothing but the optimiser and its rates, and began from the same weights. @param {JobCard} a @param {JobCard} b */
export function sameSeed(a, b) {
  return a.task === b.task && a.numbers.seed !== undefined && a.numbers.seed === b.numbers.seed;
}

// ---- what is asked -----------------------------------------------------------------------------------------------------

/** A number as a person writes it: 0.001, 1e-3, 0,001; null when it is none. @param {string} text */
export function readNumber(text) {
  const plain = text.trim().replace(/\u2212/g, "-").replace(/^(\d*),(\d+)$/, "$1.$2");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : null;
}

/** A number as it stands in its field: short, and read back as the same. @param {number} value */
export function writeNumber(value) {
  const short = Number(value.toPrecision(6));
  return short !== 0 && Math.abs(short) < 1e-3 ? short.toExponential().replace("e-0", "e-") : String(short);
}

/** What is wrong with what stands in a field: "" when nothing is. @param {LabNumber} number @param {string} text @returns {"" | "number" | "whole" | "range"} */
export function wrong(number, text) {
  const value = readNumber(text);
  if (value === null) return "number";
  if (number.whole && !Number.isInteger(value)) return "whole";
  return value < number.low || value > number.high ? "range" : "";
}

/** Where a value stands on its slider, 0..1. @param {LabNumber} number @param {number} value */
export function placeOn({ low, high, log }, value) {
  const bounded = Math.min(high, Math.max(low, value));
  if (!(high > low)) return 0;
  return log && low > 0 ? Math.log(bounded / low) / Math.log(high / low) : (bounded - low) / (high - low);
}

/** The value at a place of the slider, in two digits, or three of a whole number. @param {LabNumber} number @param {number} place 0..1 */
export function valueOn({ low, high, log, whole }, place) {
  const raw = log && low > 0 ? low * (high / low) ** place : low + place * (high - low);
  const round = Number(raw.toPrecision(whole ? 3 : 2));
  return Math.min(high, Math.max(low, whole ? Math.round(round) : round));
}

/** The draft for a task as suits it; what is fixed in numbers, such as a seed, stays. @param {LabTask} task @param {Partial<LabDraft>} [kept] @returns {LabDraft} */
export function draftOf(task, kept = {}) {
  const numbers = Object.fromEntries(task.numbers.map((one) => [one.name, writeNumber(one.default)]));
  const optimiser = kept.optimiser || task.optimiser;
  return { ...EMPTY.draft, ...kept, task: task.name, optimiser, numbers: { ...asSuits(task, numbers, task.optimiser, optimiser), ...kept.numbers } };
}

/** The numbers of a draft for another optimiser: those that nobody changed become the ones that suit it. @param {LabTask | null} task @param {Record<string, string>} numbers @param {string} from @param {string} to */
export function asSuits(task, numbers, from, to) {
  const [before, after] = [task?.suited?.[from] ?? {}, task?.suited?.[to] ?? {}];
  const kept = Object.entries(after).filter(([name]) => before[name] !== undefined && readNumber(numbers[name] ?? "") === before[name]);
  return { ...numbers, ...Object.fromEntries(kept.map(([name, value]) => [name, writeNumber(value)])) };
}

/** The first thing that keeps a draft from being asked, "" when nothing does; bounds of the text count in bytes. @param {Lab} lab @returns {string} */
export function hindrance(lab) {
  const task = taskOffered(lab, lab.draft.task);
  if (!lab.offer || lab.offer.closed || !task) return "closed";
  if (task.text && !lab.draft.text.trim()) return "text";
  if (task.text && bytesOf(lab.draft.text) > lab.offer.limits.text_bytes) return "text.long";
  return task.numbers.some((one) => wrong(one, lab.draft.numbers[one.name] ?? "")) ? "numbers" : "";
}

/** What is sent for a draft. @param {Lab} lab @returns {NewJob} */
export function newJob(lab) {
  const { task, optimiser, numbers, text, title } = lab.draft;
  const offered = taskOffered(lab, task);
  const named = (offered?.numbers ?? []).map(({ name }) => [name, readNumber(numbers[name] ?? "") ?? 0]);
  const own = offered?.text ? { text, title: title.trim().slice(0, 80) } : {};
  return { task, optimiser, numbers: Object.fromEntries(named), ...own };
}

/** Bytes of a text in UTF-8. @param {string} text */
export function bytesOf(text) {
  return new TextEncoder().encode(text).length;
}

/** The same training with another optimiser: the one before in the list, from the same seed. @param {Lab} lab @param {JobCard} job @returns {LabDraft | null} */
export function again(lab, job) {
  const task = taskOffered(lab, job.task);
  const all = lab.offer?.optimisers ?? [];
  if (!task || !all.length) return null;
  const optimiser = all[(all.indexOf(job.optimiser) + all.length - 1) % all.length] ?? task.optimiser;
  const kept = task.numbers.filter(({ name }) => job.numbers[name] !== undefined).map(({ name }) => [name, writeNumber(job.numbers[name])]);
  const text = lab.draft.task === job.task ? lab.draft.text : "";
  const numbers = asSuits(task, Object.fromEntries(kept), job.optimiser, optimiser);
  return draftOf(task, { optimiser, numbers, text, title: task.text ? job.title : "", like: job.id });
}

// ---- what happens ------------------------------------------------------------------------------------------------------

/** The state with another lab. @param {State} state @param {Partial<Lab>} changes @returns {State} */
const withLab = (state, changes) => ({ ...state, lab: { ...state.lab, ...changes } });

/** @param {Record<string, any>} record @param {string} key */
function without(record, key) {
  const { [key]: _, ...rest } = record;
  return rest;
}

/** The lab comes, in the place of what is picked or searched, or goes. @param {State} state @returns {State} */
function toggled(state) {
  if (labShown(state)) return withLab(state, { open: false });
  const page = state.lab.listed && !state.lab.jobs.length ? "new" : state.lab.page;
  const opened = withLab(state, { open: true, folded: false, page });
  return { ...opened, picked: null, inspection: null, inspecting: null, inspectionFailure: null, sheet: null, search: "" };
}

/** @param {State} state @param {{ offer: LabOffer }} message */
function offered(state, { offer }) {
  const kept = offer.tasks.some((one) => one.name === state.lab.draft.task);
  const draft = kept || !offer.tasks.length ? state.lab.draft : draftOf(offer.tasks[0]);
  return withLab(state, { offer, failure: null, draft });
}

/** The list as it is now; the job whose run is on screen is the one that is told of, until a person chooses another. @param {State} state @param {{ jobs: JobCard[] }} message */
function listed(state, { jobs }) {
  const { lab } = state;
  const kept = jobs.some((one) => one.id === lab.selected) ? lab.selected : null;
  const here = jobs.find((one) => one.run === state.run)?.id ?? null;
  const page = !lab.listed && !jobs.length ? "new" : lab.page;
  return withLab(state, { jobs, listed: true, selected: kept ?? here, page, sure: jobs.some((one) => one.id === lab.sure) ? lab.sure : null });
}

/** @param {State} state @param {{ job: JobCard }} message */
function started(state, { job }) {
  const jobs = [job, ...state.lab.jobs.filter((one) => one.id !== job.id)];
  return withLab(state, { jobs, asking: false, refusal: null, page: "jobs", selected: job.id, awaited: job.run });
}

/** @param {State} state @param {{ job: JobCard }} message */
function acted(state, { job }) {
  const jobs = state.lab.jobs.map((one) => (one.id === job.id ? job : one));
  return withLab(state, { jobs, busy: without(state.lab.busy, job.id), troubles: without(state.lab.troubles, job.id) });
}

/** @param {State} state @param {Partial<LabDraft>} changes */
function drafted(state, changes) {
  return withLab(state, { draft: { ...state.lab.draft, ...changes }, refusal: null });
}

/** @type {Record<string, (state: State, message: any) => State>} */
export const LAB = {
  "lab.toggle": toggled,
  "lab.fold": (state) => withLab(state, { folded: !state.lab.folded }),
  "lab.page": (state, { page }) => withLab(state, { page, refusal: null, sure: null, draft: { ...state.lab.draft, like: null } }),
  "lab.offer": offered,
  "lab.failed": (state, { failure }) => withLab(state, { failure }),
  "lab.jobs": listed,
  "lab.log": (state, { run, rows }) => withLab(state, { logs: { ...state.lab.logs, [run]: rows } }),
  "lab.select": (state, { id }) => withLab(state, { selected: id, sure: null }),
  "lab.task": (state, { task }) => {
    const found = taskOffered(state.lab, task);
    const { text, title, numbers } = state.lab.draft;
    return found ? withLab(state, { draft: draftOf(found, { text, title, numbers: numbers.seed ? { seed: numbers.seed } : {} }), refusal: null }) : state;
  },
  "lab.optimiser": (state, { optimiser }) => {
    const { draft } = state.lab;
    return drafted(state, { optimiser, numbers: asSuits(taskOffered(state.lab, draft.task), draft.numbers, draft.optimiser, optimiser) });
  },
  "lab.number": (state, { name, text }) => drafted(state, { numbers: { ...state.lab.draft.numbers, [name]: text } }),
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
  "lab.acting": (state, { id, act }) => withLab(state, { busy: { ...state.lab.busy, [id]: act }, troubles: without(state.lab.troubles, id), sure: null }),
  "lab.acted": acted,
  "lab.troubled": (state, { id, failure }) => withLab(state, { busy: without(state.lab.busy, id), troubles: { ...state.lab.troubles, [id]: failure } }),
  "lab.sure": (state, { id }) => withLab(state, { sure: id }),
};
