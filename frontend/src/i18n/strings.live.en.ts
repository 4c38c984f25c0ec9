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
  "live.stage.density": "density",
  "live.stage.trust": "trustworthiness",
  "live.stage.step": "step {step}",
  "live.stage.pictures": "linear projections",
  "live.stage.measures": "metrics",
  "live.tour.end": "Drag a slider, turn the cloud, or pick a point to see what is near it.",
  "live.untyped":
    "This run was recorded without its weights: it can be watched, but no sentence can " +
    "be read by it. Record with weights=True to type here.",

  "logged.loss": "loss",
  "logged.val_loss": "val. loss",
  "logged.lr": "learning rate",
  "logged.grad_norm": "‖gradient‖",
  "finding.more": "{shown} and {count} more",
  "finding.broken": "The loss is no number at step {step}",
  "finding.broken.rule":
    "The log holds a loss that is not finite. Lower the learning rate, or look at the batch " +
    "of that step.",
  "finding.flat": "The loss stands still",
  "finding.flat.rule":
    "From step {from} on, the last third of the log, the median loss changed by {percent} %; " +
    "our threshold is {flat} %.",
  "finding.vanishing": "The gradient vanishes: {sites}",
  "finding.vanishing.rule":
    "In the median of the last {last} lines (from step {from}) it is less than one " +
    "{vanishing}th of the largest layer’s; our threshold.",
  "finding.burst": "The gradient burst at step {step}",
  "finding.burst.rule":
    "Its norm was {times} times the median of the {before} lines before; our threshold is " +
    "{burst} times.",
  "finding.frozen": "Does not move: {sites}",
  "finding.frozen.rule":
    "Its weights had no gradient at all in the last {last} lines (from step {from}): frozen, " +
    "or cut off from the loss.",
};
