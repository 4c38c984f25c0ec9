/** Words of the lab, where a person trains, in Chinese. */

/** @type {Record<string, string>} */
export default {};
