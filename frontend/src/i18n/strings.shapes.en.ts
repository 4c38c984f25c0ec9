/** The models to choose from, their projections, claims and openings, in English. */

export default {
  "door.title": "Models",
  "door.open": "Choose a model",
  "door.fold": "Fold the models away",

  "shape.storyteller.title": "Storyteller",
  "shape.storyteller.line": "Words part into their senses.",
  "shape.modular-addition.title": "Modular addition",
  "shape.modular-addition.line": "Numbers close into a circle.",
  "shape.belief-simplex.title": "Belief simplex",
  "shape.belief-simplex.line": "Beliefs unfold as a fractal.",
  "shape.induction.title": "Induction",
  "shape.induction.line": "A head learns to copy, in one jump.",

  "projection.label": "Projection",
  "keys.projection": "Next projection",
  "projection.umap": "UMAP",
  "projection.pca": "PCA",
  "projection.inside.note":
    "On screen is the residual stream as Ablation shows it: three straight directions of " +
    "its own.",
  "projection.umap.note": "Nearness is meaningful, distance is not.",
  "projection.pca.note": "Linear: distances mean something.",
  "projection.basis.note": "One linear view, fixed for all steps.",
  "about.pca":
    "PCA is linear: distances in the picture mean something, but what three axes cannot " +
    "hold is flattened.",
  "about.basis":
    "This is a fixed linear view, the same at every step. Distances along its axes mean " +
    "something; what lies outside them is not seen.",

  "colour.cyclic.note": "Comes round: {last} is next to 0.",
  "colour.mixture.state": "state {name}",
  "colour.mixture.note": "Each colour mixes its corners by their shares.",

  "inputs.title": "Inputs",
  "inputs.add": "New input",
  "inputs.text": "Symbols for the model to read",
  "inputs.samples": "Examples",
  "inputs.blank": "The model reads {reads}",
  "error.unknown_symbol": "The model does not know “{symbol}”. It reads {reads}",

  "claims.title": "Published claims",
  "claims.badge": "{holding} of {count} claims hold",
  "claims.here": "here, at step {step}",
  "claims.undefined": "not defined at this step",
  "claims.published": "Published",
  "claims.threshold": "Threshold",
  "claims.source": "Paper",
  "claims.holds": "holds",
  "claims.fails": "does not hold",
  "claims.decided": "decided at step {step}: {here}",
  "claims.chart": "{title} over training; drag to move through the steps",
  "claims.note":
    "Thresholds come from the papers, or from theory where they give no figure. “Our " +
    "threshold” marks those that neither gives. “layerfold verify” computes each number " +
    "again from the checkpoints.",

  "tour.modular-addition.start":
    "Step {step}: an untrained model. To it, numbers are points in no order.",
  "tour.modular-addition.train":
    "First it memorises sums. Much later, it generalizes: numbers close into a circle.",
  "tour.modular-addition.sentences": "A sum enters, symbol by symbol.",
  "tour.modular-addition.layers": "Attention brings both numbers to the equals sign.",
  "tour.modular-addition.end":
    "Colour follows the number. Drag Training to see the circle close, or type a sum of your own.",
  "tour.belief-simplex.start": "Step {step}: an untrained model. It has seen no symbol yet.",
  "tour.belief-simplex.train":
    "To predict, it must guess a hidden state: its beliefs unfold as a triangle.",
  "tour.belief-simplex.sentences": "A string of symbols enters. Each symbol moves the belief.",
  "tour.belief-simplex.layers": "Layer by layer, evidence gathers.",
  "tour.belief-simplex.end":
    "Colour is the true belief: red, green and blue are the three hidden states. Type " +
    "symbols of your own.",
  "tour.induction.start": "Step {step}: an untrained model. It cannot copy yet.",
  "tour.induction.train":
    "Suddenly a head learns to look back: after a token seen before, it expects what " +
    "followed.",
  "tour.induction.sentences": "A text that repeats itself enters.",
  "tour.induction.layers": "The first layer passes tokens on; the second finds where they stood.",
  "tour.induction.end": "Drag Training through the jump, or type something that repeats.",
  "claims.ours": "our threshold",
  "claims.registered": "registered before training",
};
