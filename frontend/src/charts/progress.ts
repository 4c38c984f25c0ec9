/**
 * What the lines of a training log say: how far it is, in numbers and in words that follow from
 * them. Pure.
 */

import { brief, number } from "../i18n/language.ts";
import type { Language } from "../state/types.ts";

/** A line of the log. */
type Row = Record<string, any>;
export type Series = { steps: number[]; values: number[] };

/**
 * Shares of right answers at which we say "memorised" of what was shown and "understood" of what
 * was not.
 */
export const MEMORISED = 0.99;
export const UNDERSTOOD = 0.9;
/** A loss on unseen text this much above its least is worse, not noise. */
const WORSE = 1.02;

/** A figure over training, where the log has it. */
export function seriesOf(rows: Row[], name: string): Series {
  const there = rows.filter((row) => Number.isFinite(row.step) && Number.isFinite(row[name]));
  return { steps: there.map((row) => row.step), values: there.map((row) => row[name]) };
}

/** The first figure of these that a log has. */
export function firstOf(rows: Row[], names: string[]): Series & { name: string } {
  const name = names.find((one) => rows.some((row) => Number.isFinite(row[one]))) ?? names[0];
  return { name, ...seriesOf(rows, name) };
}

/** The value at a step: that of the last line at or before it; null before the first. */
export function valueAt({ steps, values }: Series, step: number) {
  const after = steps.findIndex((one) => one > step);
  return values[(after < 0 ? steps.length : after) - 1] ?? null;
}

/** The first step from which a figure is at least so large; null when it never was. */
export function firstAt({ steps, values }: Series, bound: number) {
  const at = values.findIndex((value) => value >= bound);
  return at < 0 ? null : steps[at];
}

/** What a log can be drawn of: right answers and losses, on what was shown and what was not. */
export function figuresOf(rows: Row[]) {
  return {
    shown: seriesOf(rows, "train_accuracy"),
    unseen: seriesOf(rows, "test_accuracy"),
    shownLoss: firstOf(rows, ["train_loss", "loss"]),
    unseenLoss: firstOf(rows, ["test_loss", "val_loss"]),
    excess: seriesOf(rows, "excess_loss"),
  };
}

/** The least loss that anybody could reach, where the log tells of it. */
export function floorOf(rows: Row[]) {
  const row = rows.findLast(
    (one) => Number.isFinite(one.excess_loss) && Number.isFinite(one.val_loss),
  );
  return row ? row.val_loss - row.excess_loss : null;
}

/** What can be said of a training so far: a key of our words and what fills its blanks. */
export function progressOf(
  rows: Row[],
  language: Language,
): { key: string; values: Record<string, string | number> } {
  const { shown, unseen, shownLoss, unseenLoss, excess } = figuresOf(rows);
  if (unseen.values.length) return answering(shown, unseen, language);
  const least = (value: number) => brief(value, language);
  if (excess.values.length)
    return {
      key: "lab.says.excess",
      values: { value: least(excess.values[excess.values.length - 1]) },
    };
  if (unseenLoss.values.length > 1) return reading(unseenLoss, least);
  const now = unseenLoss.values.length ? unseenLoss : shownLoss;
  if (!now.values.length) return { key: "lab.says.nothing", values: {} };
  return { key: "lab.says.loss", values: { value: least(now.values[now.values.length - 1]) } };
}

function answering(shown: Series, unseen: Series, language: Language) {
  const share = (value: number | undefined) =>
    value === undefined ? "–" : percent(value, language);
  const [of, other] = [share(shown.values.at(-1)), share(unseen.values.at(-1))];
  const memorised = firstAt(shown, MEMORISED);
  const understood = firstAt(unseen, UNDERSTOOD);
  const holds = (unseen.values.at(-1) ?? 0) >= UNDERSTOOD;
  const values = {
    shown: of,
    unseen: other,
    memorised: memorised ?? 0,
    understood: understood ?? 0,
  };
  if (understood !== null && !holds) return { key: "lab.says.lost", values };
  if (understood !== null)
    return {
      key:
        memorised !== null && memorised < understood ? "lab.says.understood" : "lab.says.at.once",
      values,
    };
  return { key: memorised === null ? "lab.says.learning" : "lab.says.memorised", values };
}

function reading({ steps, values }: Series, text: (value: number) => string) {
  const now = values[values.length - 1];
  const best = values.indexOf(Math.min(...values));
  const key = now > WORSE * values[best] ? "lab.says.worse" : "lab.says.unseen";
  return { key, values: { value: text(now), best: text(values[best]), step: steps[best] } };
}

/** A share in percent; never 100 % or 0 % when it is not quite. */
export function percent(share: number, language: Language) {
  const whole = Math.round(100 * share);
  const short =
    share < 1 && whole === 100
      ? Math.floor(1000 * share) / 10
      : share > 0 && whole === 0
        ? Math.ceil(1000 * share) / 10
        : whole;
  return `${number(short, language)}\u00a0%`;
}

/** Seconds as 0:42, 12:05, 1:02:05. */
export function clock(seconds: number) {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Seconds that the rest takes at the pace so far; null while there is no pace. */
export function remaining({
  step,
  steps,
  seconds = 0,
}: {
  step: number;
  steps: number;
  seconds?: number;
}) {
  return step > 0 && seconds > 1 && steps > step ? ((steps - step) * seconds) / step : null;
}
