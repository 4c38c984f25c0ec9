/** Words of comparing, in English. */

export default {
  "keys.compare": "compare with another run or step",
  "compare.open": "Compare with another run or step",
  "compare.leave": "Stop comparing",
  "compare.close": "Close",
  "compare.title": "Compare",
  "compare.run": "The run to compare with",
  "compare.step": "Its training step",
  "compare.way": "How the two are shown",
  "compare.choose": "Choose a run …",
  "compare.same": "This run, another step",
  "compare.follow": "step of the slider",
  "compare.unready": "cannot be opened",
  "compare.beside": "Side by side",
  "compare.beside.tip": "Two scenes, each run in its own clouds; one camera, one pair of sliders",
  "compare.over": "Aligned (Procrustes)",
  "compare.over.tip":
    "The other’s states turned onto this run’s by the best rotation (Procrustes), in one " +
    "scene; the residual is said",
  "compare.invite": "See this run beside another one, or beside itself at another step.",
  "compare.about":
    "Side by side, one camera and one pair of sliders move both. Aligned, the other is " +
    "turned onto this one as well as a rotation can, and the residual is said.",
  "compare.coming": "The other run is on its way …",
  "compare.aligning": "Both read the same words; the best rotation is being found …",
  "compare.left":
    "{where}: residual {left} of this run’s length after the best rotation, {without} " +
    "without it.",
  "compare.nothing":
    "{where}: no residual after the best rotation ({left}); {without} without it. One is " +
    "the other, rotated.",
  "compare.undefined": "Not defined here: {reason}.",
  "compare.chart": "Residual after the best rotation at each layer, and without it as a dash",
  "compare.help":
    "Rings are the other run’s tokens, rotated onto this one; a link joins the two " +
    "places of one token. Bars: the residual, which no rotation explains. Dashes: " +
    "without rotating.",
  "compare.shape": "with its size free too {value}",
  "compare.cka": "linear CKA {value}",
  "compare.matched": "beside its {site}",
  "compare.widths": "{one} and {other} wide, filled up with zeros",
  "compare.drawn": "{drawn} of {tokens} tokens drawn",
};
