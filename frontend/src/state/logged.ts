/**
 * What a training's own log says: at the step on screen, and as measures beside the others, so that
 * they are drawn while the training goes on. Pure.
 */

import type { Measure, Measures, State } from "./types.ts";

type Row = Record<string, any>;

/** What is counted, and no figure of a training. */
const COUNTS = ["step", "tokens", "seconds", "epoch"];
const UNITS: Record<string, string> = { loss: "nats", val_loss: "nats", train_loss: "nats" };

/** The log of the run on screen. */
export function logOf(state: State): Row[] {
  return state.lab.logs[state.run] ?? NONE;
}

const NONE: Row[] = [];

/** The figures that a log has, in the order in which they came, loss and rate first. */
export function figuresIn(rows: Row[]): string[] {
  const names = new Set(
    rows.flatMap((row) =>
      Object.keys(row).filter((name) => typeof row[name] === "number" && !COUNTS.includes(name)),
    ),
  );
  const first = ["loss", "val_loss", "lr", "grad_norm"].filter((name) => names.has(name));
  return [...first, ...[...names].filter((name) => !first.includes(name))];
}

/** The newest value of a figure at or before a step; null before the first. */
export function loggedAt(rows: Row[], name: string, step: number): number | null {
  const found = rows.findLast((row) => row.step <= step && Number.isFinite(row[name]));
  return found ? found[name] : null;
}

/** The measures of a run with those that only its log has. */
export function withLog(measures: Measures, rows: Row[]): Measures {
  if (!rows.length) return measures;
  const known = new Set(measures.measures.filter(({ logged }: Logged) => !logged).map(nameOf));
  const own = measures.measures.filter(({ logged }: Logged) => !logged);
  const found = figuresIn(rows).filter((name) => !known.has(name));
  const more = found.map((name) => series(measures, rows, name));
  const norms = known.has("grad_norms") ? [] : byLayer(measures, rows);
  return { ...measures, measures: [...own, ...more, ...norms] };
}

type Logged = Measure & { logged?: boolean };
const nameOf = ({ name }: Measure) => name;

/** A figure of the whole training, the same at every site. */
function series({ steps, sites }: Measures, rows: Row[], name: string): Logged {
  const values = steps.map((step, i) => {
    const value = within(rows, steps, i, (row) => row[name]);
    return sites.map(() => (Number.isFinite(value) ? (value as number) : null));
  });
  return { name, unit: UNITS[name] ?? "", group: "training", values, logged: true };
}

/** The norm of the gradient of the weights that lead to each site. */
function byLayer({ steps, sites }: Measures, rows: Row[]): Logged[] {
  if (!rows.some((row) => row.grad_norms && typeof row.grad_norms === "object")) return [];
  const values = steps.map((step, i) => {
    const norms = within(rows, steps, i, (row) => row.grad_norms) as Record<string, number>;
    return sites.map((site) => (Number.isFinite(norms?.[site]) ? norms[site] : null));
  });
  return [{ name: "grad_norms", unit: "", group: "training", values, logged: true }];
}

/** What the newest line says that is of a step's own stretch: after the step before it. */
function within<T>(rows: Row[], steps: number[], i: number, of: (row: Row) => T): T | undefined {
  const after = i ? steps[i - 1] : -Infinity;
  const row = rows.findLast(
    (one) => one.step <= steps[i] && one.step > after && of(one) !== undefined && of(one) !== null,
  );
  return row && of(row);
}
