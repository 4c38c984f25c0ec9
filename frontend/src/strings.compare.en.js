/** Words of comparing, in English. */

/** @type {Record<string, string>} */
export default {};
