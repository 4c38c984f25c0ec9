/** The page in English. */

export default {
  "tool.nav": "Tools",
  "tool.search": "Search the cloud",
  "tool.centre": "Reset the view",
  "tool.link": "Copy a link to this picture",
  "tool.light": "Light theme",
  "tool.dark": "Dark theme",
  "tool.language": "切换为中文",
  "tool.about": "What this picture can say",
  "tool.help": "Keys",
  "panel.fold": "Fold",
  "panel.unfold": "Unfold",
  "panel.close": "Close",

  "site.embed": "embedding",
  "site.mid": "layer {layer} of {of} · after attention",
  "site.post": "layer {layer} of {of} · after the MLP",
  "site.embed.short": "emb",
  "site.mid.short": "{layer} att",
  "site.post.short": "{layer} mlp",

  "sentences.title": "Sentences",
  "sentences.add": "New sentence",
  "sentences.placeholder": "Type a sentence…",
  "sentences.text": "Text of the sentence",
  "sentences.hue": "Change the colour",
  "sentences.show": "Show",
  "sentences.hide": "Hide",
  "sentences.remove": "Remove",
  "sentences.tokens": "Tokens",
  "sentences.samples": "Examples",
  "sentences.try": "Try one of these, or type your own:",
  "sentences.blank": "Every token you type becomes a point in the cloud.",
  "sentences.waiting": "Kept here until the connection is back.",
  "sentences.busy": "The server is busy. Trying again shortly.",
  "sentences.cut": "The model reads {limit} tokens; {cut} more are left out.",

  "colour.label": "Colour by",
  "colour.source": "Source of the text",
  "colour.trust": "Trustworthiness",
  "colour.position": "Position in context",
  "colour.frequency": "Frequency",
  "colour.sentence": "Words of my sentences",
  "colour.none": "Nothing",
  "colour.source.note": "Where each corpus token comes from.",
  "colour.trust.note": "How true a point’s neighbourhood is: 0.5 is chance, 1 is faithful.",
  "colour.position.note": "How far into its context a token stands.",
  "colour.frequency.note": "How common a token is, on a log scale.",
  "colour.sentence.note": "Cloud tokens that read like a word you typed.",
  "colour.none.note": "The cloud in one grey.",
  "colour.trust.unit": "trustworthiness",
  "colour.position.unit": "tokens",
  "colour.frequency.unit": "per million",
  "legend.count": "{count} tokens",
  "axes.label": "Axes",

  "strip.label": "Layers and training",
  "strip.layer": "Layer",
  "strip.step": "Training",
  "strip.step.value": "step {step}",
  "strip.step.tip": "One notch is one checkpoint",
  "strip.untrained": "untrained",
  "strip.only": "one checkpoint",
  "strip.coming": "loading, showing step {step}",
  "strip.broken": "not readable, showing step {step}",
  "strip.play.layers": "Play through the layers",
  "strip.play.steps": "Play through training",
  "strip.pause": "Pause",
  "strip.speed": "Speed",
  "strip.loop": "Loop",
  "strip.replay": "Replay the opening",
  "strip.pad.show": "Show the map",
  "strip.pad.hide": "Hide the map",
  "pad.label": "Place on the map: layers to the right, training upward",
  "pad.measure": "Metric on the map",

  "variable.norm": "the norm of the state",
  "variable.position": "position in the context",
  "variable.frequency": "token frequency",
  "variable.log_frequency": "token frequency",
  "variable.site": "the layer",

  "guard.words": "Axis {axis} mostly shows {variable} (r = {r}).",

  "trust.badge": "Trustworthiness {value}",
  "trust.very": "neighbourhoods are faithful",
  "trust.mostly": "neighbourhoods are mostly faithful",
  "trust.partly": "neighbourhoods are partly faithful",
  "trust.little": "read closeness with care",
  "trust.tip":
    "Trustworthiness of this cloud, the mean over its points: 1 means every neighbour " +
    "you see is a true one, 0.5 is what chance would give.",
  "trust.recall":
    "Neighbor recall@15: {percent} % of a point’s 15 true neighbours are among its 15 " +
    "nearest here.",

  "outside.inside": "nearer than half of the corpus",
  "outside.usual": "farther than half of the corpus, nearer than 5 % of it",
  "outside.edge": "farther than 95 % of the corpus",
  "outside.far": "farther than nearly all of the corpus",

  "inspector.label": "Token",
  "inspector.tabs": "What to inspect of the token",
  "inspector.loading": "Measuring…",
  "inspector.offline": "Waiting for the connection…",
  "tab.neighbours": "Neighbours",
  "tab.lens": "Logit lens",
  "tab.numbers": "Numbers",
  "neighbours.note":
    "The {count} nearest corpus tokens in the model’s own space, not in the picture.",
  "neighbours.distance": "Distance between normalised states in the model’s own space",
  "lens.note": "What the model would say next if it stopped at this site.",
  "lens.note.encoder":
    "What the model would put in this token’s place if it stopped at this layer.",
  "lens.none":
    "This model has no output layer over words, so there is no logit lens: its states " +
    "are not guesses at a token.",
  "lens.kl": "KL(lens ‖ final)",
  "lens.kl.short": "KL",
  "lens.kl.tip":
    "KL divergence from the final prediction to the lens’s, KL(lens ‖ final), in nats: " +
    "how far it still is from the final answer; 0 is the same prediction",
  "lens.entropy": "Entropy",
  "lens.entropy.tip":
    "Entropy of the lens’s prediction, in nats: how undecided it is; 0 is certain",
  "lens.nats": "{value} nats",
  "lens.site": "Site",
  "lens.rank": "{rank}",
  "lens.table": "Most likely next tokens at every site",
  "number.norm": "Norm of the raw state",
  "number.norm.tip":
    "Length of the state before it is normalised. The cloud shows states normalised to " +
    "one length.",
  "number.trust": "Trustworthiness",
  "number.trust.tip": "How true the surroundings you see are: 0.5 is chance, 1 is faithful.",
  "number.continuity": "Continuity",
  "number.continuity.tip":
    "How much of its true surroundings stays near it: 0.5 is chance, 1 is all.",
  "number.outside": "Off-cloud percentile",
  "number.outside.tip":
    "Share of corpus tokens that lie closer to their nearest neighbour than this one " +
    "does, between normalised states. It is a distance, no verdict: text that the model " +
    "cannot read may lie near the cloud.",
  "number.segment": "Displacement ratio",
  "number.segment.tip":
    "How long the move into this site is drawn, over its true length between normalised " +
    "states; ×1 is typical, ×3 is three times too long.",

  "hover.frequency": "{value} per million",
  "hover.trust": "trustworthiness {value}",
  "hover.outside": "off-cloud percentile {value}",
  "hover.segment": "displacement ratio ×{value}",

  "search.placeholder": "A token, or a few words",
  "search.count": "{count} of {total} tokens",
  "search.hint": "Search {total} corpus tokens",

  "loading.run": "Opening…",
  "loading.cloud": "Opening {title}…",
  "failure.retry": "Try again",
  "line.lost": "Connection lost. What you typed is kept; trying again in {seconds} s.",
  "line.now": "Try now",
  "scene.flat":
    "This browser has no WebGL, so the picture is flat: the same positions seen from one side.",
  "notice.plain": "{en}",
  said: "{en}",
  "notice.sentences": "At most {limit} sentences at a time.",
  "notice.step": "This run has no step {wanted}; step {step} is the nearest.",
  "camera.reset": "The view is as at the start.",
  "link.copied": "Link copied. It opens this very picture.",
  "link.address": "The link is in the address bar.",
  "link.toolong": "These sentences are too long for a link (8 KiB at most).",
  "link.long":
    "The link was longer than 8 KiB and was not followed. " +
    "Ask for one with fewer or shorter sentences.",
  "link.version":
    "The link was made by another version and was not followed. " +
    "Open it with that version, or make it again.",

  "error.text_too_long": "Too long: {length} characters; {limit} at most. Shorten it.",
  "error.empty_text": "Nothing to place yet.",
  "error.run_not_found": "There is no run called “{run}” here. Choose another one.",
  "error.atlas_missing": "This run has no atlas yet. Build it with: layerfold atlas {run}",
  "error.no_runs": "There is no run to show. Train one with: layerfold train",
  "error.no_scene":
    "The picture cannot be drawn in this browser. Use a current Firefox, Chrome or Safari.",
  "error.no_answer": "The server does not answer. See whether it still runs, then try again.",
  "error.unknown":
    "Something went wrong. Reload the page; if it comes again, the server’s log says why.",

  "help.title": "Keys",
  "help.pointer": "Drag to turn, scroll to come closer, click a point to inspect it.",
  "key.space": "Space",
  "key.shift": "Shift",
  "key.esc": "Esc",
  "keys.layers": "Layer back, forward",
  "keys.steps": "Later, earlier in training",
  "keys.play.layers": "Play the layers, pause",
  "keys.play.steps": "Play training",
  "keys.speed": "Slower, faster",
  "keys.loop": "Loop",
  "keys.sentence": "New sentence",
  "keys.search": "Search the cloud",
  "keys.colour": "Next colouring",
  "keys.trails": "Trails",
  "keys.axes": "Axes",
  "keys.tabs": "Tabs of the token",
  "keys.theme": "Light or dark",
  "keys.language": "中文 or English",
  "keys.replay": "Replay the opening",
  "keys.help": "This sheet",
  "keys.escape": "Close, pause",

  "about.title": "What this picture can say",
  "about.what":
    "Each point is a token in its context, seen inside the model at one layer and one " +
    "step of its training. Sentences you type are placed among {count} tokens of the " +
    "corpus.",
  "about.trust.title": "Here and now",
  "about.trust": "Trustworthiness {value}: {words}.",
  "about.say.title": "What it cannot",
  "about.neighbourhoods":
    "UMAP shows neighbourhoods, not distances: who is near means something, how far " +
    "apart two groups lie does not.",
  "about.view":
    "The clouds show normalised states: each centred and scaled to one length. Raw ones " +
    "mostly show the length of the state and the first token. Norms and direct logit " +
    "attribution are of raw states; neighbours, off-cloud percentile and trustworthiness " +
    "of normalised ones.",
  "about.distance":
    "Every number about closeness (neighbours, off-cloud percentile, trustworthiness) is " +
    "measured in the model’s own space, never in the picture.",
  "about.outside": "A token far off the cloud is drawn faintly: its place is a guess.",
  "about.markov":
    "Each next token depends on the full context; a single point does not determine " +
    "where the path goes.",
  "about.diffeomorphism":
    "A layer folds, but is not strictly a smooth one-to-one map: LayerNorm and narrow " +
    "MLPs can merge states.",
  "sentences.older": "still of “{text}”",
  "number.loss": "loss of this token {loss} nats (uniform guessing {chance})",
  "number.loss.chance":
    "loss of this token {loss} nats, no better than uniform guessing ({chance}): the " +
    "model cannot read it, however near it lies",
};
