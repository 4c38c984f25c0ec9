/** Words of the inside of a pass, in English. */

export default {
  "keys.inside": "model internals",
  "inside.title": "Model internals",
  "inside.tabs": "Views of the model’s internals",
  "inside.none": "Type a sentence, or pick one: then its forward pass can be looked into.",
  "inside.asking": "Computing …",
  "inside.playing": "Pause to look inside.",
  "inside.exact": "Exact: computed in the model’s own space. The picture keeps part of it.",
  "inside.tab.attention": "Attention",
  "attention.about":
    "Each edge leads from the key that is attended to (thin) to the query that attends " +
    "(thick): layer {layer}, attention weights of at least {threshold} %.",
  "attention.one": "Only edges of “{token}”. Pick another token in the scene, or none for all.",
  "attention.head": "Head",
  "attention.mean": "mean over heads",
  "attention.max": "maximum over heads",
  "attention.number": "head {head}",
  "attention.threshold": "Min. attention",
  "attention.matrix": "Attention of layer {layer}: rows are queries, columns are keys",
  "attention.cell": "query “{to}” → key “{from}”: {share} %",
  "attention.roles": "Head types, tested on the corpus tokens",
  "attention.noroles":
    "No head passes a test at this step. Our threshold: a mean weight of 0.4, and four " +
    "times uniform attention.",
  "attention.role.previous": "previous-token head",
  "attention.role.first": "attention sink: attends to the first token",
  "attention.role.same": "duplicate-token head: attends to the same word earlier",
  "attention.role.induction": "induction head: attends to what followed this word the last time",
  "attention.role": "layer {layer}, head {head}: {role} ({score})",
  "inside.tab.generation": "Generation",
  "generation.about":
    "The text goes on token by token. Each next token depends on the whole context, not " +
    "on the last token alone.",
  "generation.go": "Generate",
  "generation.more": "Generate on from here",
  "generation.stop": "Stop",
  "generation.clear": "Back to the sentence",
  "generation.next": "Next-token distribution",
  "generation.rest": "all other tokens together",
  "generation.token": "had probability {share} %; press to go back to before it",
  "generation.how": "Sampling",
  "generation.count": "Tokens",
  "generation.count.tip": "How many tokens are generated at most",
  "generation.temperature": "Temperature",
  "generation.temperature.tip":
    "0 always takes the likeliest; above 1 unlikely tokens come more often",
  "generation.top_k": "Top-k",
  "generation.top_k.tip": "Samples only from the k likeliest tokens",
  "generation.top_p": "Top-p",
  "generation.top_p.tip":
    "Samples from the fewest likeliest tokens whose probabilities reach p together",
  "generation.all": "all",
  "inside.tab.gradients": "Gradients",
  "gradients.about":
    "Arrows show −∂L/∂h of the normalised states: where each would have to go, at this " +
    "site, for the loss to fall; drawn as a step of that part of the state’s length. " +
    "Training moves weights, and these move the states.",
  "gradients.aim": "Loss of",
  "gradients.aim.all": "every next token",
  "gradients.aim.next": "what follows “{token}”",
  "gradients.aim.target": "a word after “{token}”",
  "gradients.target": "Word",
  "gradients.reach": "Display step",
  "gradients.loss": "Loss {loss} nats",
  "gradients.check":
    "Check: small random steps change the loss as these gradients say (R² = {agreement}).",
  "gradients.tokens": "Tokens at this site",
  "gradients.scale.low": "marker: loss 0",
  "gradients.scale.high": "{loss} nats, as by chance",
  "gradients.groups": "Gradient norm of each group of weights",
  "gradients.token": "token",
  "gradients.token.tip": "token of the sentence",
  "gradients.own": "loss",
  "gradients.own.tip": "of its next token, nats",
  "gradients.length": "|∂L/∂h|",
  "gradients.length.tip": "norm of the gradient at this token and site",
  "gradients.drawn": "scale",
  "gradients.drawn.tip":
    "Display scale: shown length over true length, against what is typical between " +
    "layers: 1 is typical",
  "gradients.layer": "layer",
  "gradients.outer": "{name} {value}",
  "gradients.outer.embedding": "embedding",
  "gradients.outer.positions": "positions",
  "gradients.outer.unembedding": "unembedding",
  "gradients.outer.norm": "final norm",
  "inside.tab.decomposition": "Decomposition",
  "decomposition.about.attention":
    "Contributions to “{token}” in layer {layer}, attention: what each head adds to the " +
    "raw residual stream. The arrows begin at the token.",
  "decomposition.about.both":
    "Contributions to “{token}” in layer {layer}: what attention, head by head, and the " +
    "MLP add to the raw residual stream. Both read the same state. The arrows begin at " +
    "the token.",
  "decomposition.about.mlp":
    "Contribution to “{token}” in layer {layer}, MLP: what it adds to the raw residual " +
    "stream. The arrow begins at the token.",
  "decomposition.last":
    "This is the last site, nothing is added after it: the contributions are those that " +
    "led here.",
  "decomposition.first": "The first token sees only itself.",
  "decomposition.every": "Arrows of all layers",
  "decomposition.ink.attention": "attention",
  "decomposition.ink.head": "one head",
  "decomposition.ink.mlp": "MLP",
  "decomposition.attention": "attention",
  "decomposition.head": "head {head}",
  "decomposition.bias": "bias",
  "decomposition.mlp": "MLP",
  "decomposition.part": "component",
  "decomposition.part.tip": "What is added",
  "decomposition.length": "norm",
  "decomposition.length.tip": "Its norm in the raw residual stream",
  "decomposition.angle": "angle",
  "decomposition.angle.tip": "Its angle to the whole move: 0° along it, 90° across, 180° against",
  "decomposition.along": "share",
  "decomposition.along.tip":
    "Its share of the whole move, along it; the shares below the first sum to 100 %",
  "decomposition.drawn": "scale",
  "decomposition.drawn.tip":
    "Display scale: length in the picture over true length; ×1 is typical of this picture",
  "decomposition.up": "Direct logit attribution: adds {value} to the word’s logit",
  "decomposition.down": "Direct logit attribution: takes {value} from the word’s logit",
  "decomposition.up.short": "promotes",
  "decomposition.down.short": "demotes",
  "decomposition.words": "Words that {part} promotes and demotes",
  "decomposition.sum":
    "The heads sum to what attention adds: their shares make 100 %. Direct logit " +
    "attribution: ↑ promoted, ↓ demoted words, the final norm’s scale held.",
  "decomposition.sum.bias":
    "The heads and the bias sum to what attention adds: the shares make 100 %. Direct " +
    "logit attribution: ↑ promoted, ↓ demoted words, the final norm’s scale held.",
  "decomposition.sum.both":
    "Attention and the MLP sum to the move; the shares are of each by itself. Direct " +
    "logit attribution: ↑ promoted, ↓ demoted words, the final norm’s scale held.",
  "decomposition.sum.mlp":
    "The MLP with its bias is the whole move. Direct logit attribution: ↑ promoted, ↓ " +
    "demoted words, the final norm’s scale held.",
  "jacobian.longer": "display scale ×{times}",
  "ablation.less": "<{share}",
  "jacobian.title": "Layer Jacobian: singular values and angle by site",
  "jacobian.chart":
    "Singular values of the Jacobian at this token, and the angle of its path, by site",
  "jacobian.here":
    "Here: singular values ×{largest} at most, ×{median} median, ×{smallest} at least.",
  "jacobian.turn": "Angle: the path turns by {angle}°.",
  "jacobian.shown": "the three leading singular directions, and rings through their ends",
  "jacobian.meter": "Condition number: how far from a diffeomorphism",
  "jacobian.mild": "Condition {condition}: near this token the map is mild, it can be undone.",
  "jacobian.narrow":
    "Condition {condition}: near this token it can be undone, but some directions are " +
    "squeezed to ×{smallest}.",
  "jacobian.lost":
    "Condition {condition}: near this token some directions are all but lost (×{smallest}).",
  "jacobian.none": "There is no finite Jacobian here.",
  "jacobian.honest":
    "Only near this token, the other tokens held. It does not make the layer one-to-one: " +
    "LayerNorm, where there is one, forgets mean and length, and a narrow MLP maps many " +
    "states to one. What the residual carries past them keeps states apart.",
  "inside.tab.ablation": "Ablation",
  "ablation.seen": "Residual stream",
  "ablation.seen.picture": "as in the picture",
  "ablation.seen.normalised": "normalised states",
  "ablation.seen.raw": "raw states",
  "ablation.seen.added": "attention + MLP only",
  "ablation.keeps.picture": "Change the view to see what the norm and the residual hide or hold.",
  "ablation.keeps.waiting": "Reading the residual stream …",
  "ablation.keeps.normalised":
    "Every state brought to one length, one plane for all layers: moves between layers " +
    "are drawn as they are.",
  "ablation.keeps.raw":
    "States as they are, lengths included: what grows from layer to layer is seen growing.",
  "ablation.keeps.added":
    "The stream without the embedding it began as: only what attention and MLPs have " +
    "written so far.",
  "ablation.keeps.share": "These three directions hold {share} of the variance.",
  "ablation.keeps.trust": "Trustworthiness here {trust} among {sample} tokens.",
  "ablation.keeps.nothing": "Here nothing has been written yet: all tokens lie in one point.",
  "ablation.keeps.norm":
    "Axis {axis} follows the norm of the state (r = {r}) and shows little else.",
  "ablation.about":
    "Components scaled: ×0 is ablated, ×1 as it is. The grey path is the changed one, " +
    "beside the untouched.",
  "ablation.layer": "Layer",
  "ablation.layer.number": "layer {layer}",
  "ablation.residual": "residual",
  "ablation.attention": "attention",
  "ablation.mlp": "MLP",
  "ablation.head": "head {head}",
  "ablation.zero": "ablated",
  "ablation.one": "as it is",
  "ablation.times": "{factor} times",
  "ablation.scaled": "Scaled",
  "ablation.nothing": "Nothing: this is the forward pass as it is, to the bit.",
  "ablation.row": "layer {layer} · {part}",
  "ablation.drop": "Leave {what} as it is",
  "ablation.reset": "Reset all",
  "ablation.far.same": "The next-token distribution is as it was.",
  "ablation.far.hardly":
    "The next-token distribution hardly changes: KL(untouched ‖ ablated) {nats} nats.",
  "ablation.far.little":
    "The next-token distribution changes a little: KL(untouched ‖ ablated) {nats} nats.",
  "ablation.far.clear":
    "The next-token distribution changes clearly: KL(untouched ‖ ablated) {nats} nats.",
  "ablation.far.other": "Another prediction: KL(untouched ‖ ablated) {nats} nats.",
  "ablation.next": "next token",
  "ablation.before": "untouched",
  "ablation.after": "ablated",
  "ablation.table": "Probability of the next tokens, untouched and with components scaled",
  "ablation.kept":
    "The residual is the stream that passes attention by. A head’s factor acts before " +
    "attention’s; biases stay with attention’s factor.",
  "inside.tab.optimizer-step": "Optimizer step",
  "optimizer-step.about":
    "One step of the optimizer from this checkpoint, by components. The pale sentence is " +
    "where the step would bring yours; arrows lead there.",
  "optimizer-step.component": "Component",
  "optimizer-step.factor": "Scale",
  "optimizer-step.backwards": "backwards",
  "optimizer-step.cloud": "the corpus tokens move too",
  "optimizer-step.own": "Components of AdamW",
  "optimizer-step.alternatives": "Alternative optimizers from the same point",
  "optimizer-step.component.step": "AdamW’s whole step",
  "optimizer-step.component.gradient": "gradient",
  "optimizer-step.component.momentum": "momentum",
  "optimizer-step.component.adaptive": "adaptive scaling",
  "optimizer-step.component.decay": "weight decay",
  "optimizer-step.component.sgd": "SGD",
  "optimizer-step.component.sgd_momentum": "SGD with momentum",
  "optimizer-step.component.adam": "Adam",
  "optimizer-step.loss": "Loss of the batch: {before} nats; {after} after ×{factor}.",
  "optimizer-step.reach":
    "At this site the median token moves by {length} (normalised states), display scale " +
    "×{drawn} (1 is typical).",
  "optimizer-step.lengths": "Norm of each component, unscaled",
  "optimizer-step.sum":
    "The four components add up to AdamW’s own step. Norms do not add up: the components " +
    "point different ways.",
  "optimizer-step.lesson":
    "The norm of the adaptive component is {ratio} times the gradient’s own.",
  "optimizer-step.groups": "Where it acts: {motion}",
  "optimizer-step.group.embed": "embedding",
  "optimizer-step.group.norm": "final norm",
  "optimizer-step.group.mid": "layer {layer} attention",
  "optimizer-step.group.post": "layer {layer} MLP",
  "optimizer-step.batch": "On what it is taken",
  "optimizer-step.batch.own":
    "The very batch of this step ({sequences} sequences); momentum and scaling from the " +
    "{earlier} batches before it.",
  "optimizer-step.batch.stored":
    "The training text does not come with the run: {sequences} passages behind the " +
    "corpus tokens stand for the batch, {earlier} more batches of them for momentum and " +
    "scaling, all at these weights.",
  "optimizer-step.settings":
    "Learning rate {rate}, betas {beta1} and {beta2}, weight decay {decay}: the run's " +
    "own at this step.",
  "inside.tab.landscape": "Loss landscape",
  "landscape.about":
    "The weight trajectory: all weights through training, in the plane of its two " +
    "leading principal components; colours are the loss there.",
  "landscape.one": "The run has one checkpoint: there is no trajectory yet.",
  "landscape.compute": "Compute the loss landscape",
  "landscape.progress": "Loss landscape computed: {share} %",
  "landscape.stop": "Stop ({share} %)",
  "landscape.map": "Weight trajectory over the loss landscape: arrow keys go along it",
  "landscape.scale": "Loss in nats",
  "landscape.scale.log": "Loss in nats, log scale",
  "landscape.here": "Step {step}: loss {loss} nats; distance {off} from this plane.",
  "landscape.shares":
    "The two components hold {first} % and {second} % of the trajectory’s variance over " +
    "{count} checkpoints. From first to last it spans {across} in the plane; the " +
    "farthest checkpoint lies {off} off it.",
  "landscape.batch.own": "Every loss is of one batch of the last step ({sequences} sequences).",
  "landscape.batch.stored":
    "Every loss is of the same {sequences} passages behind the corpus tokens, not of the " +
    "training text.",
  "landscape.limits":
    "It is one plane of a trajectory in very many dimensions, one for each weight. The " +
    "colours are the loss in the plane: checkpoints off it have another. Arcs and " +
    "spirals mean little: random walks draw them too.",
  "landscape.line": "Linear interpolation between two steps",
  "landscape.line.about": "The loss at weights mixed from both.",
  "landscape.line.start": "From",
  "landscape.line.end": "To",
  "landscape.line.go": "Measure the barrier",
  "landscape.line.barrier":
    "Loss barrier {barrier} nats: so far the loss rises above the dashed line between " +
    "step {start} and step {end}.",
  "landscape.line.none":
    "No loss barrier between step {start} and step {end}: the loss stays under the " +
    "dashed line between them.",
  "landscape.line.chart": "Loss from step {start} to step {end}: {losses}",
  "inside.plain.attention": "from which tokens each token reads",
  "inside.plain.decomposition": "what each part adds to a token, and which words it promotes",
  "inside.plain.ablation": "what changes when a part is weakened or taken out",
  "inside.plain.generation": "the text goes on, token by token",
  "inside.plain.gradients": "where each state would have to go for the loss to fall",
  "inside.plain.optimizer-step": "what one update of the weights does to the sentence",
  "inside.plain.landscape": "the trajectory of the weights, and the loss around it",
};
