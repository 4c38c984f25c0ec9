/** Words of runs that are being made or trained, in Chinese. */

/** @type {Record<string, string>} */
export default {};
