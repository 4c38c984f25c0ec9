/** Words of the map's discontinuities, in English. */

export default {
  "colour.perturbation": "Perturbation score",
  "colour.singularity": "Singularity score",
  "colour.perturbation.unit": "spreads",
  "colour.singularity.unit": "1 / stiffness",
  "colour.perturbation.note":
    "How far a point’s place moves, in spreads of the picture, when its state moves by a " +
    "tenth of the states’ spread. Dark: steady. Bright: it jumps at least as in a picture" +
    " whose places are dealt at random.",
  "colour.singularity.note":
    "How loosely a point’s place is held: one over the least stiffness of the layout’s " +
    "loss there, in spreads. Dark: firm. Bright: as loose as in a picture whose places " +
    "are dealt at random.",
  "score.layout": "These scores speak of the aligned layout’s map: choose it above.",
  "score.measuring": "The map is being measured at this layer and step: a few seconds …",
  "score.measure": "Measure the map here",
  "score.measure.tip":
    "Whether this place would jump if the state were a little different. A few seconds; " +
    "beside places dealt at random.",
  "score.steady": "steady",
  "score.loose": "loose: a small change of the state moves it",
  "score.random": "hangs on chance: as in a picture dealt at random",
  "score.beside": "above {percent} of the cloud; dealt at random: {control} (median)",
  "number.perturbation": "Perturbation score",
  "number.perturbation.tip":
    "How far the place moves, in spreads of the picture, when the state moves by a tenth " +
    "of the states’ spread along their widest directions.",
  "number.singularity": "Singularity score",
  "number.singularity.tip":
    "How loosely the place is held: one over the least stiffness of the layout’s loss " +
    "there, in spreads; ∞: no strict minimum.",
};
