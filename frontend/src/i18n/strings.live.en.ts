/** Words of runs that are being made or trained, in English. */

export default {
  "live.mark": "live",
  "live.tip":
    "This run is growing: each new step joins the training slider by itself. Steps that " +
    "are there stay as they are.",
  "live.work": "at work",
  "live.building": "being built: {percent} % · {stage}",
  "live.veil": "The clouds of {title} are being made. They will appear here by themselves.",
  "live.veil.waiting": "{title} is recording. Its first step will appear here by itself.",
  "live.veil.line": "{title} will be built as soon as others are done.",
  "live.stage.line": "waiting in line",
  "live.stage.starting": "starting",
  "live.stage.waiting": "waiting for the first step",
  "live.stage.reference": "choosing the reference",
  "live.stage.neighbours": "neighbours",
  "live.stage.layout": "layout",
  "live.stage.trust": "trustworthiness",
  "live.stage.step": "step {step}",
  "live.stage.pictures": "linear projections",
  "live.stage.measures": "metrics",
  "live.tour.end": "Drag a slider, turn the cloud, or pick a point to see what is near it.",
  "live.untyped":
    "This run was recorded without its weights: it can be watched, but no sentence can " +
    "be read by it. Record with weights=True to type here.",
};
