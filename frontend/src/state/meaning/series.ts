/** The numbers of each section as lines: what is measured, and what it is held against. Pure. */

import type { Look, State } from "../types.ts";
import type { MeaningForm, MeaningSection } from "./types.ts";

/** A number with its bounds; null where there is none. */
export interface Bounded {
  value: number | null;
  low: number | null;
  high: number | null;
}

/** How a line is drawn: what is measured, its control, what chance gives, a second measurement. */
export type Tone = "main" | "control" | "chance" | "second" | "third";

export interface Line {
  /** a key of the words of the page */
  key: string;
  tone: Tone;
  dashed?: boolean;
  at(look: Look, place: number): Bounded;
}

/** What stands along the chart. */
export interface Along {
  kind: "sites" | "points" | "sizes" | "changes";
  names: string[];
}

export interface Lined {
  along: Along;
  lines: Line[];
  /** those through training, where they are of the whole and not of a place */
  whole?: Line[];
  /** the place that is shown through training, where it is not the one on screen */
  place?: number;
  /** a height that means something: 1 (as much as the control), 0.5 (chance) */
  rule: number | null;
  /** the least range of the axis upward */
  range: [number, number] | null;
}

const NONE: Bounded = { value: null, low: null, high: null };

/** A number of a tensor by its indices; null where it is not finite. */
export function cell(look: Look, name: string, ...index: number[]): number | null {
  const tensor = look.tensors[name];
  if (!tensor || index.length !== tensor.shape.length) return null;
  let at = 0;
  for (const [axis, size] of tensor.shape.entries()) {
    if (!(index[axis] >= 0 && index[axis] < size)) return null;
    at = at * size + index[axis];
  }
  const value = tensor.data[at];
  return Number.isFinite(value) ? value : null;
}

/** A number with bounds, [..., 3]. */
export function bounded(look: Look, name: string, ...index: number[]): Bounded {
  const [value, low, high] = [0, 1, 2].map((n) => cell(look, name, ...index, n));
  return { value, low, high };
}

function plain(value: number | null): Bounded {
  return { ...NONE, value };
}

export const SCORE_NAMES = ["nearest", "mahalanobis", "relative", "cosine", "norm", "loss"];

/** The lines of a section's first chart; null where it has none. */
export function linesOf(section: MeaningSection, look: Look, state: State): Lined | null {
  const sites = state.card?.sites ?? [];
  return MAKERS[section]?.(look, state.meaning.form, sites) ?? null;
}

type Maker = (look: Look, form: MeaningForm, sites: string[]) => Lined;

const MAKERS: Partial<Record<MeaningSection, Maker>> = {
  senses: (_, __, sites) => ({
    along: { kind: "sites", names: sites },
    rule: null,
    range: null,
    lines: [
      line("senses.ratio", "main", (look, at) => bounded(look, "ratio", 0, at)),
      line("senses.control", "control", (look, at) => bounded(look, "control", 0, at)),
      line("senses.permuted", "chance", (look, at) => plain(cell(look, "permuted", 0, at)), true),
    ],
  }),
  axes(look, { product }) {
    const p = look.answer.products.indexOf(product);
    return {
      along: { kind: "sites", names: look.answer.places },
      rule: 0,
      range: [-0.1, 0.5],
      lines: [
        line("axes.loo", "main", (one, at) => bounded(one, "loo", 0, p, at)),
        line("axes.repaired", "control", (one, at) => bounded(one, "repaired", 0, p, at)),
        line("axes.random", "chance", (one, at) => bounded(one, "random", 0, p, at)),
      ],
    };
  },
  ood: (look, { kind }, sites) => ({
    along: { kind: "sites", names: sites },
    rule: 0.5,
    range: [0, 1],
    lines: oodLines(look, kind),
  }),
  probe: (_, __, sites) => ({
    along: { kind: "sites", names: sites },
    rule: null,
    range: [0, 1],
    lines: [
      line("probe.accuracy", "main", (look, at) => bounded(look, "accuracy", at)),
      line("probe.control", "control", (look, at) => bounded(look, "control", at)),
      line("probe.first", "second", (look, at) => plain(cell(look, "first", at, 0)), true),
      line("probe.baseline", "chance", (look) => plain(cell(look, "baseline", 0)), true),
    ],
  }),
  path(look, { way }) {
    const w = look.answer.ways.indexOf(way);
    const points = look.tensors.beyond.shape[1];
    return {
      along: { kind: "points", names: Array.from({ length: points }, (_, at) => String(at)) },
      rule: null,
      range: [0, 0.2],
      lines: [
        line("path.beyond", "main", (one, at) => plain(cell(one, "beyond", w, at))),
        line("path.chord", "second", (one, at) => plain(cell(one, "beyond", 0, at)), true),
        line("path.random", "control", (one) => randomOf(one, w, 2)),
      ],
      whole: [
        line("path.beyond", "main", (one) => plain(cell(one, "summary", w, 2, 0))),
        line("path.chord", "second", (one) => plain(cell(one, "summary", 0, 2, 0)), true),
        line("path.random", "control", (one) => randomOf(one, w, 2)),
      ],
    };
  },
  attack: (look) => ({
    along: { kind: "sizes", names: look.answer.sizes.map((size: number) => size.toPrecision(2)) },
    rule: null,
    range: null,
    lines: attackLines("loss"),
  }),
  compress: (look) => ({
    along: { kind: "changes", names: look.answer.changes },
    place: worstChange(look),
    rule: 0,
    range: null,
    lines: [
      line("compress.damage", "main", (one, at) => bounded(one, "damage", at)),
      line("compress.noise", "control", (one, at) => bounded(one, "noise_damage", at)),
    ],
  }),
};

/** The change that costs most. */
export function worstChange(look: Look): number {
  const costs = look.answer.changes.map(
    (_: string, at: number) => cell(look, "damage", at, 0) ?? -Infinity,
  );
  return costs.indexOf(Math.max(...costs));
}

/** The percentile off the cloud of each way that a state is moved. */
export function attackLines(name: "loss" | "outside"): Line[] {
  const of =
    (at: number): Line["at"] =>
    (look, size) =>
      bounded(look, name, at, size);
  return [
    line("attack.gradient", "main", of(0)),
    line("attack.tangent", "second", of(1), true),
    line("attack.normal", "third", of(2), true),
    line("attack.random", "control", of(3)),
  ];
}

function oodLines(look: Look, kind: string) {
  const kinds: string[] = look.answer.kinds;
  const k = Math.max(0, kinds.indexOf(kind));
  const held = kinds.indexOf("held-out");
  const score = (name: string) => look.answer.scores.indexOf(name);
  const of = (which: number, name: string): Line["at"] => {
    return (one, at) => bounded(one, "auroc", which, 0, score(name), at);
  };
  return [
    line("ood.nearest", "main", of(k, "nearest")),
    line("ood.mahalanobis", "third", of(k, "mahalanobis"), true),
    line("ood.loss", "second", of(k, "loss"), true),
    line("ood.held", "control", of(held, "nearest")),
  ];
}

/** What random pairs give for a number of a way: mean with their range. */
function randomOf(look: Look, way: number, number: number): Bounded {
  const [value, low, high] = [1, 2, 3].map((n) => cell(look, "summary", way, number, n));
  return { value, low, high };
}

function line(key: string, tone: Tone, at: Line["at"], dashed = false): Line {
  return { key, tone, at, dashed };
}

/** The regions' purity, which is of a step and not of a site. */
export const PURITY: Line[] = [
  line("regions.purity", "main", (look) => bounded(look, "purity")),
  line("regions.shuffled", "control", (look) => plain(cell(look, "shuffled", 0))),
];
