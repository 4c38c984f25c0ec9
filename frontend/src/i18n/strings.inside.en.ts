/** Words of the inside of a pass, in English. */

export default {
  "keys.inside": "look inside the pass",
  "inside.title": "Inside the pass",
  "inside.open": "Look inside: attention, parts, what if, generation, gradients, an optimizer step",
  "inside.tabs": "Views of the inside",
  "inside.none": "Type a sentence, or pick one: then its pass can be looked into.",
  "inside.asking": "Asking …",
  "inside.playing": "Pause to look inside.",
  "inside.exact": "Exact: computed in the model's own space. The picture keeps part of it.",
  "inside.tab.attention": "attention",
  "attention.about":
    "Each edge leads from the token that is looked at (thin) to the one that looks " +
    "(thick): layer {layer}, the part of a token's attention that is at least " +
    "{threshold} %.",
  "attention.one": "Only edges of “{token}”. Pick another token in the scene, or none for all.",
  "attention.head": "Head",
  "attention.mean": "mean of heads",
  "attention.max": "largest of heads",
  "attention.number": "head {head}",
  "attention.threshold": "From a share of",
  "attention.matrix": "Attention of layer {layer}: a row looks, a column is looked at",
  "attention.cell": "“{to}” looks at “{from}”: {share} %",
  "attention.roles": "What heads do, tested on the corpus tokens",
  "attention.noroles":
    "No head of this model passes a test at this step (a share of 0.4, and four times an " +
    "even look).",
  "attention.role.previous": "looks at the token before",
  "attention.role.first": "rests on the first token",
  "attention.role.same": "looks at the same word earlier",
  "attention.role.induction": "looks at what followed this word the last time",
  "attention.role": "layer {layer}, head {head}: {role} ({score})",
  "inside.tab.generation": "walk",
  "generation.about":
    "The text goes on token by token. What comes next depends on the whole context, not " +
    "on the last token alone: in its own space it is a walk of the whole context.",
  "generation.go": "Go on",
  "generation.more": "Go on from here",
  "generation.stop": "Stop",
  "generation.clear": "Back to the sentence",
  "generation.next": "What could come next",
  "generation.rest": "all other words together",
  "generation.token": "had {share} %; press to go back to before it",
  "generation.how": "How it is drawn",
  "generation.count": "Tokens",
  "generation.count.tip": "How many tokens are drawn at most",
  "generation.temperature": "Temperature",
  "generation.temperature.tip":
    "0 always takes the likeliest; above 1 unlikely words come more often",
  "generation.top_k": "Only the likeliest",
  "generation.top_k.tip": "Draws from so many likeliest words",
  "generation.top_p": "Up to a share of",
  "generation.top_p.tip": "Draws from the fewest likeliest words that reach this share",
  "generation.all": "all",
  "inside.tab.gradients": "push",
  "gradients.about":
    "Arrows show −∂L/∂h: where each state would have to go, at this layer, for the loss " +
    "to fall; drawn as a step of that part of the state’s length. Training moves " +
    "weights, and these move the states.",
  "gradients.aim": "The loss of",
  "gradients.aim.all": "every next token",
  "gradients.aim.next": "what follows “{token}”",
  "gradients.aim.target": "a word after “{token}”",
  "gradients.target": "Word",
  "gradients.reach": "Drawn as a step of",
  "gradients.loss": "Loss {loss} nats",
  "gradients.check":
    "Check: small random steps change the loss as these arrows say (R² = {agreement}).",
  "gradients.tokens": "Tokens at this layer",
  "gradients.scale.low": "bead: loss 0",
  "gradients.scale.high": "{loss} nats, as by chance",
  "gradients.groups": "Length of the gradient of each group of weights",
  "gradients.token": "token",
  "gradients.token.tip": "token of the sentence",
  "gradients.own": "loss",
  "gradients.own.tip": "of its next token, nats",
  "gradients.length": "|∂L/∂h|",
  "gradients.length.tip": "length of the gradient at this token and layer",
  "gradients.drawn": "drawn",
  "gradients.drawn.tip":
    "shown length over true length, against what is typical between layers: 1 is typical",
  "gradients.layer": "layer",
  "gradients.outer": "{name} {value}",
  "gradients.outer.embedding": "embedding",
  "gradients.outer.positions": "positions",
  "gradients.outer.unembedding": "unembedding",
  "gradients.outer.norm": "last norm",
  "inside.tab.decomposition": "parts",
  "decomposition.about.attention":
    "Layer {layer}, attention: what it adds to “{token}”, head by head. The arrows begin " +
    "at the token.",
  "decomposition.about.both":
    "Layer {layer}: what attention, head by head, and the MLP add to “{token}”. Both read the " +
    "same state. The arrows begin at the token.",
  "decomposition.about.mlp":
    "Layer {layer}, MLP: what it adds to “{token}”. The arrow begins at the token.",
  "decomposition.last":
    "This is the last site, nothing is added after it: the parts are those that led here.",
  "decomposition.first": "The first token sees only itself.",
  "decomposition.every": "Arrows of all layers",
  "decomposition.ink.attention": "attention",
  "decomposition.ink.head": "one head",
  "decomposition.ink.mlp": "MLP",
  "decomposition.attention": "attention",
  "decomposition.head": "head {head}",
  "decomposition.bias": "bias",
  "decomposition.mlp": "MLP",
  "decomposition.part": "part",
  "decomposition.part.tip": "What is added",
  "decomposition.length": "length",
  "decomposition.length.tip": "Its length in the model's own space",
  "decomposition.angle": "angle",
  "decomposition.angle.tip": "Its angle to the whole move: 0° along it, 90° across, 180° against",
  "decomposition.along": "along",
  "decomposition.along.tip":
    "Its share of the whole move, along it; the shares below the first sum to 100 %",
  "decomposition.drawn": "drawn",
  "decomposition.drawn.tip":
    "Length in the picture over true length; ×1 is typical of this picture",
  "decomposition.up": "Adds {value} to the word's logit",
  "decomposition.down": "Takes {value} from the word's logit",
  "decomposition.up.short": "promotes",
  "decomposition.down.short": "demotes",
  "decomposition.words": "Words that {part} promotes and demotes",
  "decomposition.sum":
    "The heads sum to the move of attention: their shares make 100 %. Words: ↑ promoted, " +
    "↓ demoted directly, the final norm's scale held.",
  "decomposition.sum.bias":
    "The heads and the bias sum to the move of attention: the shares make 100 %. Words: " +
    "↑ promoted, ↓ demoted directly, the final norm's scale held.",
  "decomposition.sum.both":
    "Attention and the MLP sum to the move; the shares are of each by itself. Words: ↑ promoted, " +
    "↓ demoted directly, the final norm's scale held.",
  "decomposition.sum.mlp":
    "The MLP with its bias is the whole move. Words: ↑ promoted, ↓ demoted directly, the " +
    "final norm's scale held.",
  "decomposition.longer": "Arrows are drawn {times} times as long as they are placed.",
  "decomposition.true": "Arrows are drawn as long as they are placed.",
  "jacobian.longer": "drawn {times} times as long",
  "ablation.less": "<{share}",
  "jacobian.title": "Bending: stretch and turn, site by site",
  "jacobian.chart": "Stretch of the token's neighbourhood, and the turn of its way, by site",
  "jacobian.here":
    "Here: stretched ×{largest} at most, ×{median} in the middle, ×{smallest} at least.",
  "jacobian.turn": "The way turns by {angle}°.",
  "jacobian.shown": "the three most stretched directions, and rings through their ends",
  "jacobian.meter": "How far from a diffeomorphism",
  "jacobian.mild": "Condition {condition}: near this token the map is mild, it can be undone.",
  "jacobian.narrow":
    "Condition {condition}: near this token it can be undone, but some directions are " +
    "squeezed to ×{smallest}.",
  "jacobian.lost":
    "Condition {condition}: near this token some directions are all but lost (×{smallest}).",
  "jacobian.none": "There is no finite stretch here.",
  "jacobian.honest":
    "Only near this token, the other tokens held. It does not make the layer one-to-one: " +
    "LayerNorm, where there is one, forgets mean and length, and a narrow MLP maps many " +
    "states to one. What the residual carries past them keeps states apart.",
  "inside.tab.ablation": "what if",
  "ablation.seen": "Residual stream",
  "ablation.seen.picture": "as in the picture",
  "ablation.seen.normalised": "normalised",
  "ablation.seen.raw": "raw",
  "ablation.seen.added": "attention + MLP only",
  "ablation.keeps.picture": "Change the view to see what the norm and the residual hide or hold.",
  "ablation.keeps.waiting": "Looking at the stream …",
  "ablation.keeps.normalised":
    "Every state brought to one length, one plane for all layers: moves between layers " +
    "are drawn as they are.",
  "ablation.keeps.raw":
    "States as they are, lengths included: what grows from layer to layer is seen growing.",
  "ablation.keeps.added":
    "The stream without the embedding it began as: only what attention and MLPs have " +
    "written so far.",
  "ablation.keeps.share": "These three directions hold {share} of the variance.",
  "ablation.keeps.trust": "Trust here {trust} among {sample} tokens.",
  "ablation.keeps.nothing": "Here nothing has been written yet: all tokens lie in one point.",
  "ablation.keeps.norm":
    "Axis {axis} follows the length of the state (r = {r}) and shows little else.",
  "ablation.about":
    "Parts made weaker or stronger: ×0 is not there, ×1 as it is. The grey way is the " +
    "changed one, beside the untouched.",
  "ablation.layer": "Layer",
  "ablation.layer.number": "layer {layer}",
  "ablation.residual": "residual",
  "ablation.attention": "attention",
  "ablation.mlp": "MLP",
  "ablation.head": "head {head}",
  "ablation.zero": "not there",
  "ablation.one": "as it is",
  "ablation.times": "{factor} times",
  "ablation.scaled": "Scaled",
  "ablation.nothing": "Nothing: this is the pass as it is, to the bit.",
  "ablation.row": "layer {layer} · {part}",
  "ablation.drop": "Leave {what} as it is",
  "ablation.reset": "Reset all",
  "ablation.far.same": "The next word is as it was.",
  "ablation.far.hardly": "The next word is hardly another: {nats} nats apart.",
  "ablation.far.little": "The next word changes a little: {nats} nats apart.",
  "ablation.far.clear": "The next word changes clearly: {nats} nats apart.",
  "ablation.far.other": "Another prediction: {nats} nats apart.",
  "ablation.next": "next",
  "ablation.before": "untouched",
  "ablation.after": "what if",
  "ablation.table": "Probability of the next words, untouched and with the parts scaled",
  "ablation.kept":
    "The residual is the stream that passes attention by. A head's factor acts before " +
    "attention's; biases stay with attention's factor.",
  "inside.tab.optimizer-step": "step",
  "optimizer-step.about":
    "One step of the optimizer from this very checkpoint, taken apart. The pale sentence " +
    "is where the step would bring yours; arrows lead there.",
  "optimizer-step.component": "Motion",
  "optimizer-step.factor": "Magnified",
  "optimizer-step.backwards": "backwards",
  "optimizer-step.cloud": "the corpus tokens move too",
  "optimizer-step.own": "Its parts",
  "optimizer-step.alternatives": "Other rules from the same point",
  "optimizer-step.component.step": "AdamW's whole step",
  "optimizer-step.component.gradient": "gradient",
  "optimizer-step.component.momentum": "momentum",
  "optimizer-step.component.adaptive": "adaptive scaling",
  "optimizer-step.component.decay": "weight decay",
  "optimizer-step.component.sgd": "SGD",
  "optimizer-step.component.sgd_momentum": "SGD with momentum",
  "optimizer-step.component.adam": "Adam",
  "optimizer-step.loss": "Loss of the batch: {before} nats; {after} after ×{factor}.",
  "optimizer-step.reach":
    "At this site the median token moves by {length}, drawn ×{drawn} (1 is typical).",
  "optimizer-step.lengths": "Length of each part, not magnified",
  "optimizer-step.sum":
    "The four parts add up to AdamW's own step. Lengths do not add up: the parts point " +
    "different ways.",
  "optimizer-step.lesson": "The adaptive part is {ratio} times as long as the gradient's own.",
  "optimizer-step.groups": "Where it acts: {motion}",
  "optimizer-step.group.embed": "embedding",
  "optimizer-step.group.norm": "last norm",
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
  "inside.tab.landscape": "path",
  "landscape.about":
    "The path of all weights through training, seen in the plane of its two widest " +
    "directions; colours are the loss there.",
  "landscape.one": "The run has one checkpoint: its weights go nowhere yet.",
  "landscape.compute": "Compute the map",
  "landscape.progress": "Map computed: {share} %",
  "landscape.stop": "Stop ({share} %)",
  "landscape.map": "Path of the weights over the loss: arrow keys go along it",
  "landscape.scale": "Loss in nats",
  "landscape.scale.log": "Loss in nats, by its logarithm",
  "landscape.here": "Step {step}: loss {loss} nats; it lies {off} off this plane.",
  "landscape.shares":
    "The two directions hold {first} % and {second} % of the path's variance over " +
    "{count} checkpoints. From first to last the path spans {across} in the plane; the " +
    "farthest checkpoint lies {off} off it.",
  "landscape.batch.own": "Every loss is of one batch of the last step ({sequences} sequences).",
  "landscape.batch.stored":
    "Every loss is of the same {sequences} passages behind the corpus tokens, not of the " +
    "training text.",
  "landscape.limits":
    "It is one plane of a path in very many dimensions, one for each weight. The colours " +
    "are the loss in the plane: checkpoints off it have another. Arcs and spirals mean " +
    "little: random walks draw them too.",
  "landscape.line": "Straight line between two steps",
  "landscape.line.about": "The loss at weights mixed from both.",
  "landscape.line.start": "From",
  "landscape.line.end": "To",
  "landscape.line.go": "Measure the line",
  "landscape.line.barrier":
    "Barrier {barrier} nats: so far the loss rises above the dashed line between step " +
    "{start} and step {end}.",
  "landscape.line.none":
    "No barrier between step {start} and step {end}: the loss stays under the dashed " +
    "line between them.",
  "landscape.line.chart": "Loss from step {start} to step {end}: {losses}",
};
