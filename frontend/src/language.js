/** Words of the page in the language chosen. Pure. */

import en from "./strings.en.js";
import zh from "./strings.zh.js";
import compareEn from "./strings.compare.en.js";
import compareZh from "./strings.compare.zh.js";
import insideEn from "./strings.inside.en.js";
import insideZh from "./strings.inside.zh.js";
import labEn from "./strings.lab.en.js";
import labZh from "./strings.lab.zh.js";
import liveEn from "./strings.live.en.js";
import liveZh from "./strings.live.zh.js";
import * as measuresEn from "./strings.measures.en.js";
import * as measuresZh from "./strings.measures.zh.js";
import shapesEn from "./strings.shapes.en.js";
import shapesZh from "./strings.shapes.zh.js";

/** @type {Record<import("./types.d.ts").Language, Record<string, string>>} */
export const TABLES = {
  en: { ...en, ...shapesEn, ...labEn, ...insideEn, ...compareEn, ...liveEn, ...measureStrings(measuresEn) },
  zh: { ...zh, ...shapesZh, ...labZh, ...insideZh, ...compareZh, ...liveZh, ...measureStrings(measuresZh) },
};

/** The words of measures as strings of the page: `measure.NAME`, `.unit`, `.tip`, `group.NAME`. @param {typeof measuresEn} words @returns {Record<string, string>} */
function measureStrings({ GROUPS, MEASURES, WORDS }) {
  const groups = Object.entries(GROUPS).map(([key, name]) => [`group.${key}`, name]);
  const measures = Object.entries(MEASURES).flatMap(([key, [name, unit, tip]]) => [
    [`measure.${key}`, name],
    [`measure.${key}.unit`, unit],
    [`measure.${key}.tip`, tip],
  ]);
  return { ...WORDS, ...Object.fromEntries([...groups, ...measures]) };
}

/**
 * A function key, values -> words; `{name}` in a string is replaced by the value of that name. An unknown key says itself.
 * @param {import("./types.d.ts").Language} language
 * @returns {import("./types.d.ts").Words}
 */
export function wordsOf(language) {
  const table = TABLES[language];
  return (key, values = {}) =>
    (table[key] ?? TABLES.en[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? shown(values[name], language) : whole));
}

/** @param {string | number} value @param {import("./types.d.ts").Language} language */
function shown(value, language) {
  return typeof value === "number" ? number(value, language) : value;
}

/**
 * A number as people of that language write it; three significant digits below a thousand, U+2212 for minus.
 * @param {number} value @param {import("./types.d.ts").Language} language @param {Intl.NumberFormatOptions} [options]
 */
export function number(value, language, options) {
  const chosen = options ?? (Number.isInteger(value) ? {} : { maximumSignificantDigits: 3 });
  return new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en-GB", chosen).format(value).replace(/^-/, "\u2212");
}

/**
 * An error in words: ours for the codes we know, else the server's.
 * @param {import("./types.d.ts").Words} t @param {import("./types.d.ts").Failure} failure @param {Record<string, string | number>} [values]
 */
export function failureWords(t, failure, values = {}) {
  const key = `error.${failure.code}`;
  const words = t(key, values);
  return words === key ? failure.message || t("error.unknown") : words;
}

/** A loss or a length in three digits, a tiny one in two with its power of ten. @param {number} value @param {import("./types.d.ts").Language} language */
export function brief(value, language) {
  const tiny = value !== 0 && Math.abs(value) < 1e-4;
  return tiny ? value.toExponential(1).replaceAll("-", "\u2212") : number(value, language, { maximumSignificantDigits: 3 });
}
