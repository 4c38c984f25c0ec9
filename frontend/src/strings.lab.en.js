/** Words of the lab, where a person trains, in English. */

/** @type {Record<string, string>} */
export default {};
