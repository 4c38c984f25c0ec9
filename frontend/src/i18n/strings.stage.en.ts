/** The scene and what is taken away from it, in English. */

export default {
  "lens.written":
    "The lens is computed by Layerfold itself: it is not in this page, which was written down to be taken along.",
  "error.written_down":
    "This page was written down to be taken along. What has to be computed needs Layerfold itself.",

  "trails.comet": "Trails: near",
  "trails.whole": "Trails: whole",
  "trails.off": "Trails: off",
  "trails.tip":
    "Near: two layers back and ahead; the whole path of a token you point at or pick, with its " +
    "true neighbours beside it. Whole: every path from the embedding to the last layer.",
};
