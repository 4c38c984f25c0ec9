/** The models to choose from, their projections, claims and openings, in English. */

/** @type {Record<string, string>} */
export default {
  "projection.label": "Projection",
  "projection.umap": "UMAP",
  "projection.pca": "PCA",
  "projection.umap.note": "Who is near means something; how far apart groups lie does not.",
  "projection.pca.note": "Linear: distances mean something, though three axes cannot hold all of them.",
  "projection.basis.note": "One fixed linear view at every step: what forms in it forms in the model.",

  "colour.cyclic.note": "Comes round: {last} is next to 0.",
  "colour.mixture.note": "Each colour mixes its corners by their shares.",

};
