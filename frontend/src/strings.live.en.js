/** Words of runs that are being made or trained, in English. */

/** @type {Record<string, string>} */
export default {};
