/** The scene and what is taken away from it, in English. */

export default {
  "trails.comet": "Trails: near",
  "trails.whole": "Trails: whole",
  "trails.off": "Trails: off",
  "trails.tip":
    "Near: two layers back and ahead; the whole path of a token you point at or pick, with its " +
    "true neighbours beside it. Whole: every path from the embedding to the last layer.",
};
