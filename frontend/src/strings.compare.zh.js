/** Words of comparing, in Chinese. */

/** @type {Record<string, string>} */
export default {};
