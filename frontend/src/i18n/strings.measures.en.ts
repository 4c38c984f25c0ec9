/** The measures in English: name, unit, meaning in a line. */

export const GROUPS: Record<string, string> = {
  fidelity: "Fidelity of the picture",
  dimension: "Dimension",
  spectrum: "Spectrum",
  sites: "From site to site",
  steps: "From step to step",
  topology: "Topology",
  map: "Map of a layer",
  training: "Training",
};

export const MEASURES: Record<string, [string, string, string]> = {
  trust: [
    "Mean trust",
    "0–1",
    "How true the neighbourhoods you see are: 0.5 is chance, 1 is faithful",
  ],
  continuity: [
    "Mean continuity",
    "0–1",
    "How much of the true neighbourhoods the picture keeps: 0.5 is chance",
  ],
  recall: [
    "Neighbours kept",
    "0–1",
    "Share of a point’s 15 true neighbours among its 15 nearest here",
  ],
  shepard: [
    "Shepard correlation",
    "−1–1",
    "Do far pairs look far? Rank correlation of true and shown distances",
  ],
  stability: [
    "Drift since the step before",
    "spreads",
    "How far the picture moved since the last checkpoint",
  ],
  move_spearman: [
    "Moves shown in order",
    "−1–1",
    "Rank correlation of true and shown moves to the next site",
  ],

  twonn: [
    "Intrinsic dimension",
    "dimensions",
    "How many ways a state can vary around its neighbours (TwoNN)",
  ],
  twonn_2: [
    "Intrinsic dimension, half the points",
    "dimensions",
    "TwoNN on every second point: the dimension a step coarser",
  ],
  twonn_4: [
    "Intrinsic dimension, a quarter",
    "dimensions",
    "TwoNN on every fourth point: coarser still",
  ],
  twonn_8: [
    "Intrinsic dimension, an eighth",
    "dimensions",
    "TwoNN on every eighth point: the coarsest scale",
  ],
  mle: [
    "Intrinsic dimension, likelihood",
    "dimensions",
    "The same question, answered by maximum likelihood over neighbours",
  ],
  components_90: [
    "Directions for 90 %",
    "directions",
    "Principal components that hold nine tenths of the variance",
  ],

  participation_ratio: [
    "Participation ratio",
    "directions",
    "How many directions the states really use",
  ],
  rankme: [
    "RankMe",
    "directions",
    "Effective rank: how evenly the variance spreads over directions",
  ],
  alpha_req: [
    "Spectral decay α",
    "exponent",
    "How fast the variance falls from direction to direction; larger is steeper",
  ],
  anisotropy: [
    "Anisotropy",
    "cosine",
    "Mean cosine of random pairs: 0 is every way, 1 is all one way",
  ],
  norm: ["State norm", "length", "Mean length of the states before they are normalised"],
  rank_q: ["Rank of the query weights", "directions", "Effective rank of W_Q in this layer"],
  rank_k: ["Rank of the key weights", "directions", "Effective rank of W_K in this layer"],
  rank_v: ["Rank of the value weights", "directions", "Effective rank of W_V in this layer"],
  rank_o: ["Rank of the output weights", "directions", "Effective rank of W_O in this layer"],
  rank_in: [
    "Rank into the MLP",
    "directions",
    "Effective rank of the MLP’s first weights in this layer",
  ],
  rank_out: [
    "Rank out of the MLP",
    "directions",
    "Effective rank of the MLP’s second weights in this layer",
  ],

  cka_site: [
    "Likeness to the next site",
    "0–1",
    "Linear CKA: 1 is the same geometry but for turn and scale",
  ],
  overlap_site: [
    "Neighbours kept to the next site",
    "0–1",
    "Share of nearest neighbours that stay so at the next site",
  ],
  procrustes_site: [
    "Misfit to the next site",
    "0–1",
    "What the best turn, shift and scale onto the next site leave over",
  ],
  move_site: [
    "Move to the next site",
    "spreads",
    "How far states go to the next site, against their spread",
  ],
  turn_site: [
    "Turn at this site",
    "radians",
    "Angle between a state’s move to this site and its move on",
  ],
  curvature: [
    "Curvature of the path",
    "radians per length",
    "How sharply states turn on their way through the layers",
  ],

  cka_step: [
    "Likeness to the step before",
    "0–1",
    "Linear CKA with the last checkpoint: 1 is the same geometry",
  ],
  overlap_step: [
    "Neighbours kept since the step before",
    "0–1",
    "Share of nearest neighbours already so a checkpoint ago",
  ],
  procrustes_step: [
    "Misfit to the step before",
    "0–1",
    "What the best turn, shift and scale from the last checkpoint leave over",
  ],
  move_step: [
    "Move since the step before",
    "spreads",
    "How far states went since the last checkpoint, against their spread",
  ],
  turn_step: [
    "Turn since the step before",
    "radians",
    "Angle between a state’s last two moves in training",
  ],

  h0_total: [
    "Clusters, total",
    "median distances",
    "H0: all merging lengths together; large when the cloud falls into pieces",
  ],
  h1_total: ["Loops, total", "median distances", "H1: lifetimes of all loops together"],
  h0_longest: [
    "Clusters, longest",
    "median distances",
    "H0: the widest gap that parts the cloud in two",
  ],
  h1_longest: [
    "Loops, longest",
    "median distances",
    "H1: the most persistent loop; one large value is a circle",
  ],

  stretch: [
    "Strongest stretch",
    "×",
    "How much the map to the next site stretches its most stretched direction",
  ],
  condition: [
    "Condition of the map",
    "×",
    "Strongest stretch over weakest: large means nearly flattened",
  ],
  log_volume: [
    "Change of volume",
    "nats",
    "Log of how the map to the next site changes volume; below 0 it shrinks",
  ],
  flat_directions: [
    "Directions folded away",
    "directions",
    "Directions that the map to the next site does not tell apart",
  ],

  loss: [
    "Training loss",
    "nats/token",
    "How badly the model predicts what it trains on; one value a step",
  ],
  val_loss: [
    "Validation loss",
    "nats/token",
    "How badly the model predicts unseen text; one value a step",
  ],
  train_loss: [
    "Training loss",
    "nats",
    "How badly the model predicts what it trains on; one value a step",
  ],
  test_loss: [
    "Test loss",
    "nats",
    "How badly the model predicts what it never saw; one value a step",
  ],
  bits_per_byte: [
    "Bits per byte",
    "bits/byte",
    "Validation loss, free of the tokenizer; one value a step",
  ],
  accuracy: ["Accuracy", "0–1", "Share of right answers; one value a step"],
  train_accuracy: [
    "Training accuracy",
    "0–1",
    "Share of right answers on what it trains on; one value a step",
  ],
  test_accuracy: [
    "Test accuracy",
    "0–1",
    "Share of right answers on what it never saw; one value a step",
  ],
  excess_loss: [
    "Loss above the best possible",
    "nats/token",
    "What is left to learn: 0 is the loss of a perfect predictor",
  ],
  prefix_matching: [
    "Prefix matching",
    "0–1",
    "Attention of the best head to the token after the last occurrence of this one",
  ],
  repeat_score: [
    "Gain on repeats",
    "nats",
    "Loss on the second copy of a random text less that on the first",
  ],
  in_context_score: [
    "In-context score",
    "nats",
    "Loss late in the context less loss early in it; below 0 it learns from context",
  ],
  lr: ["Learning rate", "per step", "How large a step the optimizer takes"],
  grad_norm: ["Gradient norm", "length", "How strongly the loss pulls on the weights"],
  weight_norm: ["Weight norm", "length", "Length of all weights together"],
};

export const WORDS: Record<string, string> = {
  "pad.value": "{measure}: {value}",
  "measure.undefined": "not defined here",
  "measure.undefined.why": "Not defined here: {reason}",
  "measure.undefined.plain": "Not defined here.",
  "measure.range": "{low} to {high}",

  "curves.label": "Curves",
  "curves.show": "Show the curves",
  "curves.hide": "Hide the curves",
  "curves.first": "Measure of the map and the curves",
  "curves.second": "Second measure",
  "curves.none": "Compare with…",
  "curves.only": "No second measure",
  "curves.layers": "Over the layers",
  "curves.steps": "Over training",
  "curves.log": "log scale",
  "curves.layers.at": "at step {step}",
  "curves.steps.at": "at {site}",
  "curves.chart": "{measure}, {axis}",
  "curves.fit": "Fit the scale to these two curves",
  "curves.whole": "One scale for all layers and steps",
  "curves.save": "Save what is shown",
  "curves.save.png": "PNG picture",
  "curves.save.svg": "SVG drawing",
  "curves.save.csv": "CSV numbers",
  "curves.band": "Band: error bar. Faint: all other steps and layers.",
  "curves.saved.not": "The picture could not be made in this browser: {why}",

  "event.words": "{measure} {before} → {after}",
  "event.at": "{words}, {site}",
  "event.more": "{count} more",
  "event.step": "Step {step}",
  "event.list": "Steps where something happens",

  "keys.curves": "Curves of a measure",
  "keys.events": "To the event before, after",
};
