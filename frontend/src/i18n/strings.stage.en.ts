/** The scene and what is taken away from it, in English. */

export default {
  "projection.plane": "Tower",
  "projection.plane.note":
    "A sheet for each layer: nearness on a sheet is meaningful, heights only order them.",
  "projection.plane.steps":
    "A sheet for each checkpoint, at the layer on screen: nearness on a sheet is meaningful, " +
    "heights only order them.",
  "stack.layers": "Sheets: layers",
  "stack.steps": "Sheets: training",
  "stack.tip": "Stack the layers of one checkpoint, or the checkpoints of one layer",

  "drawn.here.pca":
    "Drawn where it reads best: the picture is linear, so directions are true and add up.",
  "drawn.here.umap": "Drawn where it reads best: the layout keeps who is near whom.",
  "drawn.best.pca":
    "Reads best in PCA, where directions are true and add up; here only nearness holds.",
  "drawn.best.umap": "Reads best in the layout (UMAP), which keeps who is near whom.",
  "drawn.lacks.pca":
    "Reads best in PCA, which this run lacks: `layerfold project` makes it. Here only " +
    "nearness holds.",
  "drawn.lacks.umap": "Reads best in the layout, which this run lacks.",
  "drawn.glide.pca": "Glide to PCA",
  "drawn.glide.umap": "Glide to UMAP",
  "drawn.true": "Arrows are as long as they are placed.",
  "drawn.longer": "All arrows are drawn {times}× as long as placed, in their own directions.",
  "drawn.short": "{short} of {count} are shorter than 6 pixels from here: turn or come nearer.",
  "drawn.short.all": "All {count} are shorter than 6 pixels from here: turn or come nearer.",

  "measure.grad_norms": "Gradient norm by layer",
  "measure.grad_norms.plain": "the loss’s pull on each",
  "measure.grad_norms.unit": "length",
  "measure.grad_norms.tip":
    "How hard the loss pulls on the weights that lead to each site, as the training log has it",
  "measure.nominal": "d = {d}, all there are",

  "cite.seed": "{name}, seed {seed}",
  "take.title": "Take this picture away",
  "take.png": "PNG",
  "take.png@2": "PNG, 2×",
  "take.png@4": "PNG, 4×",
  "take.svg": "SVG",
  "take.pdf": "PDF",
  "take.webm": "Film through the layers (WebM)",
  "take.html": "This page as one file (HTML)",
  "take.cite": "Copy the citation",
  "take.cited": "Copied: {words}",
  "take.done": "Saved. Cite as: {words}",
  "take.not": "That could not be saved: {why}.",
  "take.html.coming": "Placing the sentences at every step, then writing the page…",
  "take.webm.coming": "Recording one play through the layers…",

  "lens.written":
    "The lens is computed by Layerfold itself: it is not in this page, which was " +
    "written down to be taken along.",
  "error.written_down":
    "This page was written down to be taken along. What has to be computed needs " +
    "Layerfold itself.",

  "trails.comet": "Trails: near",
  "trails.whole": "Trails: whole",
  "trails.off": "Trails: off",
  "trails.tip":
    "Near: two layers back and ahead; the whole path of a token you point at or pick, with its " +
    "true neighbours beside it. Whole: every path from the embedding to the last layer.",
};
