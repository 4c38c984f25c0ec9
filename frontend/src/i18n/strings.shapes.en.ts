/** The models to choose from, their projections, claims and openings, in English. */

export default {
  "door.title": "Models",
  "door.open": "Choose a model",
  "door.fold": "Fold the models away",

  "shape.storyteller.title": "Storyteller",
  "shape.storyteller.line": "Trained on prose of 1961, speeches, novels, plays and poems.",
  "shape.modular-addition.title": "Modular addition",
  "shape.modular-addition.line": "Its task: add two numbers, keep the remainder.",
  "shape.belief-simplex.title": "Belief simplex",
  "shape.belief-simplex.line": "Its task: the next symbol of a hidden process.",
  "shape.induction.title": "Induction",
  "shape.induction.line": "Its task: texts that repeat themselves.",

  "shape.poet.title": "Poet",
  "shape.poet.line": "Trained on Chinese verse of five and seven characters.",

  "projection.label": "Projection",
  "keys.projection": "Next projection",
  "projection.umap": "UMAP",
  "projection.pca": "PCA",
  "projection.inside.note":
    "On screen is the residual stream as Ablation shows it: three straight directions of " +
    "its own.",
  "projection.umap.note": "Nearness is meaningful, distance is not.",
  "projection.umap.note.dense": "Nearness and density are meaningful, distance is not.",
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
  "claims.ours": "our threshold",
  "claims.registered": "registered before training",
};
