/** Words of the page in the language chosen. Pure. */

import en from "./strings.en.ts";
import zh from "./strings.zh.ts";
import classesEn from "./strings.classes.en.ts";
import classesZh from "./strings.classes.zh.ts";
import compareEn from "./strings.compare.en.ts";
import compareZh from "./strings.compare.zh.ts";
import drawerEn from "./strings.drawer.en.ts";
import drawerZh from "./strings.drawer.zh.ts";
import discontinuityEn from "./strings.discontinuity.en.ts";
import discontinuityZh from "./strings.discontinuity.zh.ts";
import insideEn from "./strings.inside.en.ts";
import insideZh from "./strings.inside.zh.ts";
import labEn from "./strings.lab.en.ts";
import labZh from "./strings.lab.zh.ts";
import lessonEn from "./strings.lesson.en.ts";
import lessonZh from "./strings.lesson.zh.ts";
import liveEn from "./strings.live.en.ts";
import liveZh from "./strings.live.zh.ts";
import edgeEn from "./strings.edge.en.ts";
import edgeZh from "./strings.edge.zh.ts";
import changesEn from "./strings.changes.en.ts";
import changesZh from "./strings.changes.zh.ts";
import meaningEn from "./strings.meaning.en.ts";
import meaningZh from "./strings.meaning.zh.ts";
import * as measuresEn from "./strings.measures.en.ts";
import * as measuresZh from "./strings.measures.zh.ts";
import offersEn from "./strings.offers.en.ts";
import offersZh from "./strings.offers.zh.ts";
import openingEn from "./strings.opening.en.ts";
import openingZh from "./strings.opening.zh.ts";
import seedEn from "./strings.seed.en.ts";
import seedZh from "./strings.seed.zh.ts";
import shapesEn from "./strings.shapes.en.ts";
import shapesZh from "./strings.shapes.zh.ts";
import stageEn from "./strings.stage.en.ts";
import stageZh from "./strings.stage.zh.ts";
import { saidBoth } from "../protocol/failure.ts";
import type { Failure, Said } from "../protocol/failure.ts";
import type { Language, Words } from "../state/types.ts";

export const TABLES: Record<Language, Record<string, string>> = {
  en: {
    ...en,
    ...shapesEn,
    ...labEn,
    ...insideEn,
    ...edgeEn,
    ...discontinuityEn,
    ...changesEn,
    ...meaningEn,
    ...drawerEn,
    ...classesEn,
    ...compareEn,
    ...liveEn,
    ...stageEn,
    ...offersEn,
    ...openingEn,
    ...seedEn,
    ...lessonEn,
    ...measureStrings(measuresEn),
  },
  zh: {
    ...zh,
    ...shapesZh,
    ...labZh,
    ...insideZh,
    ...edgeZh,
    ...discontinuityZh,
    ...changesZh,
    ...meaningZh,
    ...drawerZh,
    ...classesZh,
    ...compareZh,
    ...liveZh,
    ...stageZh,
    ...offersZh,
    ...openingZh,
    ...seedZh,
    ...lessonZh,
    ...measureStrings(measuresZh),
  },
};

/**
 * The words of measures as strings of the page: `measure.NAME`, `.plain`, `.unit`, `.tip`,
 * `group.NAME`.
 */
function measureStrings({ GROUPS, MEASURES, WORDS }: typeof measuresEn): Record<string, string> {
  const groups = Object.entries(GROUPS).map(([key, name]) => [`group.${key}`, name]);
  const measures = Object.entries(MEASURES).flatMap(([key, [name, plain, unit, tip]]) => [
    [`measure.${key}`, name],
    [`measure.${key}.plain`, plain],
    [`measure.${key}.unit`, unit],
    [`measure.${key}.tip`, tip],
  ]);
  return { ...WORDS, ...Object.fromEntries([...groups, ...measures]) };
}

/**
 * A function key, values -> words; `{name}` in a string is replaced by the value of that name. An
 * unknown key says itself.
 */
export function wordsOf(language: Language): Words {
  const table = TABLES[language];
  return (key, values = {}) =>
    (table[key] ?? TABLES.en[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) =>
      name in values ? shown(values[name], language) : whole,
    );
}

/** The name of a class of tokens, or of a source, in the page's language, where it is known. */
export const className = (name: string, t: Words) => known(`class.${name}`, name, t);

/** The name of a label of tokens in the page's language, where it is known. */
export const labelName = (name: string, t: Words) => known(`label.${name}`, name, t);

function known(key: string, name: string, t: Words) {
  const words = t(key);
  return words === key ? name : words;
}

function shown(value: string | number, language: Language) {
  return typeof value === "number" ? number(value, language) : value;
}

/**
 * A number as people of that language write it; three significant digits below a thousand, U+2212
 * for minus.
 */
export function number(value: number, language: Language, options?: Intl.NumberFormatOptions) {
  const chosen = options ?? (Number.isInteger(value) ? {} : { maximumSignificantDigits: 3 });
  return new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en-GB", chosen)
    .format(value)
    .replace(/^-/, "\u2212");
}

/**
 * An error in words: ours for the codes we know, where every value that they name is given, else
 * the server's.
 */
export function failureWords(
  t: Words,
  failure: Failure,
  values: Record<string, string | number> = {},
) {
  const key = `error.${failure.code}`;
  const ours = t(key);
  const named = [...ours.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return ours !== key && named.every((name) => name in values)
    ? t(key, values)
    : said(t, failure) || t("error.unknown");
}

/** What the server says, in the language of `t`. */
export function said(t: Words, words: Said) {
  return t("said", saidBoth(words));
}

/** A loss or a length in three digits, a tiny one in two with its power of ten. */
export function brief(value: number, language: Language) {
  const tiny = value !== 0 && Math.abs(value) < 1e-4;
  return tiny
    ? value.toExponential(1).replaceAll("-", "\u2212")
    : number(value, language, { maximumSignificantDigits: 3 });
}
