/** Words of the panel of meaning, in English. */

export default {
  "meaning.open":
    "Meaning: senses, axes, the edge of the cloud, regions, paths, probes, attacks, compression",
  "meaning.title": "Meaning",
  "meaning.sections": "What is measured",
  "meaning.tab.senses": "Senses",
  "meaning.tab.axes": "Axes",
  "meaning.tab.ood": "Edge",
  "meaning.tab.regions": "Regions",
  "meaning.tab.path": "Paths",
  "meaning.tab.probe": "Probes",
  "meaning.tab.attack": "Attacks",
  "meaning.tab.compress": "Compression",
  "meaning.measure": "Measure at this step",
  "meaning.all": "At all {count} steps",
  "meaning.progress": "{done} of {of} steps",
  "meaning.working": "Measuring … {share}",
  "meaning.stop": "Stop",
  "meaning.missing": "Not measured at this step yet.",
  "meaning.csv": "Save as CSV",
  "meaning.over.sites": "Through the layers, at step {step}",
  "meaning.over.points": "From one end of the path to the other, at step {step}",
  "meaning.over.sizes":
    "Loss of the prediction (nats) by the length of the move (1: as long as the state), at step " +
    "{step}",
  "meaning.over.changes": "Extra loss (nats) by what is changed, at step {step}",
  "meaning.over.steps": "Through training",
  "meaning.over.steps.at": "Through training, at {name}",
  "meaning.point": "point {at}",
  "meaning.size": "length {size}",
  "meaning.unembed": "unemb",
  "meaning.own": "my own …",
  "meaning.word": "Word",
  "meaning.language.en": "English",
  "meaning.language.zh": "Chinese",
  "meaning.sentences": "({count} sentences)",

  "meaning.senses.question": "Does context part the senses of a word?",
  "meaning.senses.limits":
    "It says how far two groups of sentences lie apart at the word, against a neutral word " +
    "in the " +
    "same places. It does not say that the model uses the difference.",
  "meaning.senses.word": "Word",
  "meaning.senses.control.word": "Control",
  "meaning.senses.control.default": "a neutral word: thing, 东西",
  "meaning.senses.column": "Sentences",
  "meaning.senses.typed": "typed below",
  "meaning.senses.by": "found in the reference, by {name}",
  "meaning.senses.frequent": "most frequent",
  "meaning.senses.class.0": "First sense",
  "meaning.senses.class.1": "Second sense",
  "meaning.senses.first": "Sentences of the first sense, one a line (at least 5)",
  "meaning.senses.second": "Sentences of the second sense",
  "meaning.senses.placeholder": "She paid the *money* into the {}",
  "meaning.senses.ratio": "the word",
  "meaning.senses.ratio.tip":
    "Distance of the two senses’ centroids over the mean distance from the own centroid, " +
    "with its " +
    "95 % interval over sentences.",
  "meaning.senses.control": "its control",
  "meaning.senses.control.tip":
    "The same of a neutral word in the same places: what the topic of the sentences does " +
    "to any " +
    "word.",
  "meaning.senses.permuted": "senses dealt at random",
  "meaning.senses.permuted.tip": "The 95th percentile of the word’s ratio with shuffled senses.",
  "meaning.senses.more":
    "“{word}” is parted {quotient} times as much as “{control}” here: more than its topic " +
    "explains.",
  "meaning.senses.same":
    "“{word}” is parted {quotient} times as much as “{control}” here: no more than any " +
    "word would " +
    "be.",
  "meaning.senses.less":
    "“{word}” is parted {quotient} times as much as “{control}” here: less than its control.",
  "meaning.senses.none": "There is no number here: every occurrence has one and the same state.",
  "meaning.senses.parts": "It parts from {site} on.",
  "meaning.senses.never": "It parts at no site of this step.",
  "meaning.scene.senses":
    "Show the sentences in the scene: beads of two hues, the control as rings",

  "meaning.axes.question": "Do pairs of words share one direction?",
  "meaning.axes.limits":
    "It says how well each pair’s difference points along that of the others. Only what " +
    "exceeds " +
    "re-paired words is a parallelogram; what exceeds random pairs alone is a difference " +
    "of classes.",
  "meaning.axes.list": "Pairs",
  "meaning.axes.pairs": "Pairs, one a line (at least 5)",
  "meaning.axes.placeholder": "man woman\nking queen",
  "meaning.axes.analogy": "Try",
  "meaning.axes.analogy.placeholder": "man king woman queen",
  "meaning.axes.analogy.how": "Write three words, a b c, or four with the expected one.",
  "meaning.product": "Product",
  "meaning.product.plain": "plain inner product",
  "meaning.product.causal": "causal inner product",
  "meaning.axes.loo": "the pairs",
  "meaning.axes.loo.tip":
    "The mean cosine of a pair’s difference with the sum of the others’ (leave one out).",
  "meaning.axes.repaired": "the same words re-paired",
  "meaning.axes.repaired.tip":
    "Each first word with another’s second: the difference of the classes is still there, the " +
    "parallelogram is not. Mean and 95 % range.",
  "meaning.axes.random": "random pairs",
  "meaning.axes.random.tip": "The words dealt into pairs at random: no direction at all.",
  "meaning.axes.both":
    "The {count} pairs of {name} share a direction: cosine {loo}, re-paired {repaired}, at " +
    "random " +
    "{random}.",
  "meaning.axes.class":
    "The two classes of {name} lie apart, but these pairs fit no better than re-paired " +
    "ones: cosine " +
    "{loo}, re-paired {repaired}, at random {random}.",
  "meaning.axes.none":
    "The {count} pairs of {name} share no direction here: cosine {loo}, at random {random}.",
  "meaning.axes.project": "Show the scene on axes",
  "meaning.axes.second": "Second axis",
  "meaning.axes.third": "Third axis",
  "meaning.axes.left": "what is left",
  "meaning.axes.project.go": "Project on these axes",
  "meaning.axes.project.back": "Back to the layout",
  "meaning.axes.project.how":
    "Each coordinate is what an axis reads off a state, less the mean of the cloud; axes without" +
    " a list are the main directions of what is left.",
  "meaning.axes.auroc": "Pairs told from re-paired (AUROC)",
  "meaning.axes.auroc.tip": "0.5: not at all; 1: always.",
  "meaning.axes.hit": "b − a + a′ lands",
  "meaning.axes.hit.tip":
    "For all two pairs of the list: how often it is nearest to b′ with nobody left out, " +
    "with the " +
    "query words left out, and how often a query word is nearest.",
  "meaning.axes.hits": "on b′ {hit}, queries left out {left}; on a query {query}",
  "meaning.axes.landing": "{b} − {a} + {c} lands nearest to (nobody left out):",
  "meaning.axes.rank": "“{word}” is number {rank}.",
  "meaning.axes.used": "The {count} pairs that were used",
  "meaning.scene.axes": "Colour the cloud along this axis, with the words of the pairs",
  "meaning.list.gender": "gender",
  "meaning.list.number": "number",
  "meaning.list.tense": "tense",
  "meaning.list.comparative": "comparative",
  "meaning.list.capital": "capital – country",

  "meaning.ood.question": "Does it show when text is not of the kind the model knows?",
  "meaning.ood.limits":
    "It says how well distance from the cloud tells other text from natural text, token by " +
    "token, " +
    "beside plain loss. It does not say that a token off the cloud is wrong.",
  "meaning.ood.kind": "Other text",
  "meaning.ood.text": "Text of your own to tell apart (optional, a page or so)",
  "meaning.ood.placeholder": "Another genre, another language …",
  "meaning.kind.held-out": "natural, held out",
  "meaning.kind.shuffled": "natural text shuffled",
  "meaning.kind.dealt": "tokens dealt between texts",
  "meaning.kind.english": "everyday English sentences",
  "meaning.kind.chinese": "everyday Chinese sentences",
  "meaning.kind.random": "random tokens",
  "meaning.ood.nearest": "distance to the cloud",
  "meaning.ood.nearest.tip": "Distance to the nearest reference state, of which the percentile is.",
  "meaning.ood.mahalanobis": "Mahalanobis",
  "meaning.ood.mahalanobis.tip": "Distance from the cloud’s mean in the metric of its covariance.",
  "meaning.ood.loss": "plain loss",
  "meaning.ood.loss.tip": "How surprising the token is to the model: the alarm to beat.",
  "meaning.ood.held": "control: held-out text",
  "meaning.ood.held.tip": "Natural text that is not in the cloud, told from natural text: 0.5.",
  "meaning.ood.supported":
    "Here distance tells “{kind}” from natural text: AUROC {nearest} (loss: {loss}). The " +
    "off-cloud " +
    "percentile may be read as an alarm.",
  "meaning.ood.weak":
    "Here distance barely tells “{kind}” from natural text: AUROC {nearest}, where 0.5 is chance " +
    "(loss: {loss}). The off-cloud percentile of one token is weak evidence.",
  "meaning.ood.no_evidence":
    "Here distance does not tell “{kind}” from natural text: AUROC {nearest} (loss: " +
    "{loss}). The " +
    "off-cloud percentile is no alarm.",
  "meaning.ood.inverted":
    "Here “{kind}” lies nearer to the cloud than natural text does: AUROC {nearest} (loss: " +
    "{loss}). " +
    "The off-cloud percentile is inverted and not to be read as an alarm.",
  "meaning.ood.score": "AUROC of",
  "meaning.ood.token": "a token",
  "meaning.ood.whole": "a text",
  "meaning.score.nearest": "distance",
  "meaning.score.nearest.tip": "Distance to the nearest reference state.",
  "meaning.score.mahalanobis": "Mahalanobis",
  "meaning.score.mahalanobis.tip": "From the mean, in the metric of the covariance.",
  "meaning.score.relative": "relative",
  "meaning.score.relative.tip":
    "Mahalanobis less that from dealt text. It has seen what shuffled text looks like.",
  "meaning.score.cosine": "cosine",
  "meaning.score.cosine.tip": "Cosine distance from the mean.",
  "meaning.score.norm": "norm",
  "meaning.score.norm.tip": "Length of the raw state.",
  "meaning.score.loss": "loss",
  "meaning.score.loss.tip": "How surprising the token is, in nats.",

  "meaning.regions.question": "Which regions has the cloud, and what lives in them?",
  "meaning.regions.limits":
    "Regions are found in the true states (HDBSCAN), not in the picture, and named by what is " +
    "over-represented. A name is a description of the corpus, not of what the model does there.",
  "meaning.regions.least": "Smallest",
  "meaning.regions.least.value": "{count} tokens",
  "meaning.regions.purity": "purity",
  "meaning.regions.purity.tip":
    "The share of a region’s most frequent token, mean over regions with its 95 % interval.",
  "meaning.regions.shuffled": "as many tokens at random",
  "meaning.regions.shuffled.tip": "The same of tokens drawn at random.",
  "meaning.regions.found":
    "{count} regions at {site} hold {share} % of the tokens: mean purity {purity}, at random " +
    "{shuffled}.",
  "meaning.regions.none": "No region stands out at {site} here.",
  "meaning.regions.rest": "and {count} smaller ones",
  "meaning.regions.list.name": "named by",
  "meaning.regions.list.size": "tokens",
  "meaning.regions.list.fate": "came by",
  "meaning.regions.line": "purity {purity}, at random {shuffled}, q = {q}",
  "meaning.regions.lens": "most would say next: {words}",
  "meaning.regions.ribbon": "How regions came to be: bands lead where members are shared",
  "meaning.fate.born": "new",
  "meaning.fate.kept": "kept",
  "meaning.fate.split": "split",
  "meaning.fate.merged": "merged",
  "meaning.scene.regions": "Colour and name the regions in the scene",

  "meaning.path.question": "Does a path lead from one word to another?",
  "meaning.path.limits":
    "Each point is put into the pass at this site and decoded. A smooth path says that the " +
    "model " +
    "reads what lies between; it does not say that a text ever goes there.",
  "meaning.path.start": "From",
  "meaning.path.end": "To",
  "meaning.path.way": "Path",
  "meaning.way.chord": "straight line",
  "meaning.way.sphere": "great circle",
  "meaning.way.geodesic": "geodesic of the cloud",
  "meaning.way.output": "output-weighted geodesic",
  "meaning.path.beyond": "probability outside both ends",
  "meaning.path.beyond.tip":
    "What a point gives to words beyond the larger of what the two ends give them.",
  "meaning.path.chord": "straight line",
  "meaning.path.chord.tip": "The same on the straight line.",
  "meaning.path.random": "random words",
  "meaning.path.random.tip": "Mean of the same path between random words, with its 95 % range.",
  "meaning.path.plain":
    "From “{start}” to “{end}” ({way}): {beyond} of the probability outside both.",
  "meaning.path.smoother":
    "From “{start}” to “{end}” ({way}), {beyond} of the probability lies outside both: " +
    "less than " +
    "between random words, {random}.",
  "meaning.path.alike":
    "From “{start}” to “{end}” ({way}), {beyond} of the probability lies outside both: as " +
    "between " +
    "random words, {random}.",
  "meaning.path.rougher":
    "From “{start}” to “{end}” ({way}), {beyond} of the probability lies outside both: " +
    "more than " +
    "between random words, {random}.",
  "meaning.path.points": "Points",
  "meaning.path.robust":
    "The geodesic with other numbers of neighbours and a tenth of the cloud left out: length " +
    "{length}, outside {beyond}. Pieces that the picture shows too short are drawn faintly.",
  "meaning.path.none": "The cloud’s graph has no path from “{start}” to “{end}” here.",
  "meaning.path.decoded": "What the points say, put in at {site}:",
  "meaning.path.way.short": "path",
  "meaning.path.way.tip": "The four ways from one state to the other.",
  "meaning.path.ratio.short": "length",
  "meaning.path.ratio.tip":
    "Length of the path in what it says (Hellinger) over the distance of its ends: 1 is " +
    "straight.",
  "meaning.path.largest.short": "jump",
  "meaning.path.largest.tip": "The largest step between neighbours in what they say (Hellinger).",
  "meaning.path.beyond.short": "outside",
  "meaning.path.outside.short": "off",
  "meaning.path.outside.tip": "Mean off-cloud percentile of the points.",
  "meaning.scene.path": "Draw the path in the scene with what its points say",

  "meaning.probe.question": "What can a linear map read off the states?",
  "meaning.probe.limits":
    "It says what a linear probe finds beyond labels drawn at random for each token type. " +
    "It does " +
    "not say that the model reads it too.",
  "meaning.probe.label": "Label",
  "meaning.probe.label.value": "{name} ({count} classes)",
  "meaning.probe.source": "source text",
  "meaning.probe.shown": "Colour by",
  "meaning.probe.shown.hit": "right or wrong",
  "meaning.probe.shown.said": "what the probe says",
  "meaning.probe.shown.true": "the true class",
  "meaning.probe.own": "my own tagged words …",
  "meaning.probe.tagged": "A word, a tab and its tag a line; an empty line ends a sentence",
  "meaning.probe.placeholder": "the\tDET\nriver\tNOUN\n\n…",
  "meaning.probe.accuracy": "accuracy",
  "meaning.probe.accuracy.tip": "On documents held out, with its 95 % interval over documents.",
  "meaning.probe.control": "control task",
  "meaning.probe.control.tip": "The same on a label drawn at random for each token type.",
  "meaning.probe.first": "at the first step",
  "meaning.probe.first.tip": "What the same probe reads before training.",
  "meaning.probe.baseline": "most frequent of the type",
  "meaning.probe.baseline.tip":
    "Always the most frequent label of the token’s type: no state needed.",
  "meaning.probe.more":
    "A probe reads {label} here: accuracy {accuracy}, more than the token itself gives " +
    "({baseline}); control task {control}.",
  "meaning.probe.nomore":
    "A probe reads no more of {label} here than the token itself gives: accuracy {accuracy}, " +
    "baseline {baseline}; control task {control}.",
  "meaning.probe.selectivity": "Selectivity",
  "meaning.probe.selectivity.tip": "Accuracy less that of the control task.",
  "meaning.probe.compression": "Online code, times shorter",
  "meaning.probe.compression.tip": "How many times shorter the labels are sent than evenly (MDL).",
  "meaning.probe.control_compression": "… of the control task",
  "meaning.probe.control_compression.tip": "The same of the random labels.",
  "meaning.probe.majority": "Most frequent label",
  "meaning.probe.majority.tip": "Its share of the tested tokens.",
  "meaning.probe.noise": "Accuracy under noise",
  "meaning.probe.noise.tip": "Each direction of a state moved by so many of its deviations.",
  "meaning.probe.count": "{tokens} tokens, {classes} classes, split by document.",
  "meaning.scene.probe": "Colour the tokens held out; those it learned from are grey",

  "meaning.scene.attack": "Draw the moves of the state in the scene",

  "meaning.key.who": "Coloured by Meaning, {tab}",
  "meaning.key.rings": "Rings: “{word}” in the same places",
  "meaning.key.axis": "cosine with the axis",
  "meaning.key.right": "right",
  "meaning.key.wrong": "wrong",
  "meaning.key.learned": "learned from",
  "meaning.key.regions": "Each region in a hue; what is in none is faint.",

  "meaning.note.last_piece":
    "“{word}” is {pieces} tokens here: the state of its last one is taken.",
  "meaning.note.cue_after":
    "{count} of {of} sentences for “{word}” have their cue after it: a causal model has " +
    "not read it " +
    "yet, so it cannot matter.",
  "meaning.note.unknown_symbols":
    "{count} of {of} sentences for “{word}” hold a symbol that the model does not know, and are " +
    "left out.",
  "meaning.note.unknown_pairs":
    "{count} of {of} pairs hold a symbol that the model does not know, and are left out.",
  "meaning.note.same_token": "{count} of {of} pairs end in the same token here and are left out.",
  "meaning.note.split_left_out":
    "{count} pairs with a word of several tokens are left out; {used} are used.",
  "meaning.note.split_used":
    "{count} of {of} pairs have a word of several tokens: its last one is taken.",
  "meaning.note.gaps": "{count} of {of} tokens have no “{name}” and are left out.",
  "meaning.note.rare_classes":
    "{count} classes of “{name}” with fewer than {least} tokens are left out.",
  "meaning.note.not_read": "The text “{name}” cannot be read by this model: {why}",
  "meaning.note.not_used": "The list “{name}” cannot be used here: {why}",
  "meaning.note.reference_text": "The model reads no English: loss is of the run’s own reference.",
  "meaning.note.fewer_windows":
    "The model is large: {count} windows of each text are read, where a small model’s answer " +
    "is made of {most}, so the intervals are wider.",
  "meaning.note.no_control":
    "No random words can stand where “{start}” and “{end}” stand: no control.",
  "meaning.note.no_cue":
    "{count} of {of} sentences for “{word}” do not mark a cue with *asterisks*, so it is " +
    "not checked.",
};
