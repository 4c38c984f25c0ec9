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
  "inside.tab.walk": "walk",
  "walk.about":
    "The text goes on token by token. What comes next depends on the whole context, not " +
    "on the last token alone: in its own space it is a walk of the whole context.",
  "walk.go": "Go on",
  "walk.more": "Go on from here",
  "walk.stop": "Stop",
  "walk.clear": "Back to the sentence",
  "walk.next": "What could come next",
  "walk.rest": "all other words together",
  "walk.token": "had {share} %; press to go back to before it",
  "walk.how": "How it is drawn",
  "walk.count": "Tokens",
  "walk.count.tip": "How many tokens are drawn at most",
  "walk.temperature": "Temperature",
  "walk.temperature.tip": "0 always takes the likeliest; above 1 unlikely words come more often",
  "walk.top_k": "Only the likeliest",
  "walk.top_k.tip": "Draws from so many likeliest words",
  "walk.top_p": "Up to a share of",
  "walk.top_p.tip": "Draws from the fewest likeliest words that reach this share",
  "walk.all": "all",
  "inside.tab.push": "push",
  "push.about":
    "Arrows show −∂L/∂h: where each state would have to go, at this layer, for the loss " +
    "to fall; drawn as a step of that part of the state’s length. Training moves " +
    "weights, and these move the states.",
  "push.aim": "The loss of",
  "push.aim.all": "every next token",
  "push.aim.next": "what follows “{token}”",
  "push.aim.target": "a word after “{token}”",
  "push.target": "Word",
  "push.reach": "Drawn as a step of",
  "push.loss": "Loss {loss} nats",
  "push.check": "Check: small random steps change the loss as these arrows say (R² = {agreement}).",
  "push.tokens": "Tokens at this layer",
  "push.scale.low": "bead: loss 0",
  "push.scale.high": "{loss} nats, as by chance",
  "push.groups": "Length of the gradient of each group of weights",
  "push.token": "token",
  "push.token.tip": "token of the sentence",
  "push.own": "loss",
  "push.own.tip": "of its next token, nats",
  "push.length": "|∂L/∂h|",
  "push.length.tip": "length of the gradient at this token and layer",
  "push.drawn": "drawn",
  "push.drawn.tip":
    "shown length over true length, against what is typical between layers: 1 is typical",
  "push.layer": "layer",
  "push.outer": "{name} {value}",
  "push.outer.embedding": "embedding",
  "push.outer.positions": "positions",
  "push.outer.unembedding": "unembedding",
  "push.outer.norm": "last norm",
  "inside.tab.parts": "parts",
  "parts.about.attention":
    "Layer {layer}, attention: what it adds to “{token}”, head by head. The arrows begin " +
    "at the token.",
  "parts.about.both":
    "Layer {layer}: what attention, head by head, and the MLP add to “{token}”. Both read the " +
    "same state. The arrows begin at the token.",
  "parts.about.mlp":
    "Layer {layer}, MLP: what it adds to “{token}”. The arrow begins at the token.",
  "parts.last":
    "This is the last site, nothing is added after it: the parts are those that led here.",
  "parts.first": "The first token sees only itself.",
  "parts.every": "Arrows of all layers",
  "parts.ink.attention": "attention",
  "parts.ink.head": "one head",
  "parts.ink.mlp": "MLP",
  "parts.attention": "attention",
  "parts.head": "head {head}",
  "parts.bias": "bias",
  "parts.mlp": "MLP",
  "parts.part": "part",
  "parts.part.tip": "What is added",
  "parts.length": "length",
  "parts.length.tip": "Its length in the model's own space",
  "parts.angle": "angle",
  "parts.angle.tip": "Its angle to the whole move: 0° along it, 90° across, 180° against",
  "parts.along": "along",
  "parts.along.tip":
    "Its share of the whole move, along it; the shares below the first sum to 100 %",
  "parts.drawn": "drawn",
  "parts.drawn.tip": "Length in the picture over true length; ×1 is typical of this picture",
  "parts.up": "Adds {value} to the word's logit",
  "parts.down": "Takes {value} from the word's logit",
  "parts.up.short": "promotes",
  "parts.down.short": "demotes",
  "parts.words": "Words that {part} promotes and demotes",
  "parts.sum":
    "The heads sum to the move of attention: their shares make 100 %. Words: ↑ promoted, " +
    "↓ demoted directly, the final norm's scale held.",
  "parts.sum.bias":
    "The heads and the bias sum to the move of attention: the shares make 100 %. Words: " +
    "↑ promoted, ↓ demoted directly, the final norm's scale held.",
  "parts.sum.both":
    "Attention and the MLP sum to the move; the shares are of each by itself. Words: ↑ promoted, " +
    "↓ demoted directly, the final norm's scale held.",
  "parts.sum.mlp":
    "The MLP with its bias is the whole move. Words: ↑ promoted, ↓ demoted directly, the " +
    "final norm's scale held.",
  "parts.longer": "Arrows are drawn {times} times as long as they are placed.",
  "parts.true": "Arrows are drawn as long as they are placed.",
  "bend.longer": "drawn {times} times as long",
  "whatif.less": "<{share}",
  "bend.title": "Bending: stretch and turn, site by site",
  "bend.chart": "Stretch of the token's neighbourhood, and the turn of its way, by site",
  "bend.here": "Here: stretched ×{largest} at most, ×{median} in the middle, ×{smallest} at least.",
  "bend.turn": "The way turns by {angle}°.",
  "bend.shown": "the three most stretched directions, and rings through their ends",
  "bend.meter": "How far from a diffeomorphism",
  "bend.mild": "Condition {condition}: near this token the map is mild, it can be undone.",
  "bend.narrow":
    "Condition {condition}: near this token it can be undone, but some directions are " +
    "squeezed to ×{smallest}.",
  "bend.lost":
    "Condition {condition}: near this token some directions are all but lost (×{smallest}).",
  "bend.none": "There is no finite stretch here.",
  "bend.honest":
    "Only near this token, the other tokens held. It does not make the layer one-to-one: " +
    "LayerNorm, where there is one, forgets mean and length, and a narrow MLP maps many " +
    "states to one. What the residual carries past them keeps states apart.",
  "inside.tab.whatif": "what if",
  "whatif.seen": "Residual stream",
  "whatif.seen.picture": "as in the picture",
  "whatif.seen.normalised": "normalised",
  "whatif.seen.raw": "raw",
  "whatif.seen.added": "attention + MLP only",
  "whatif.keeps.picture": "Change the view to see what the norm and the residual hide or hold.",
  "whatif.keeps.waiting": "Looking at the stream …",
  "whatif.keeps.normalised":
    "Every state brought to one length, one plane for all layers: moves between layers " +
    "are drawn as they are.",
  "whatif.keeps.raw":
    "States as they are, lengths included: what grows from layer to layer is seen growing.",
  "whatif.keeps.added":
    "The stream without the embedding it began as: only what attention and MLPs have " +
    "written so far.",
  "whatif.keeps.share": "These three directions hold {share} of the variance.",
  "whatif.keeps.trust": "Trust here {trust} among {sample} tokens.",
  "whatif.keeps.nothing": "Here nothing has been written yet: all tokens lie in one point.",
  "whatif.keeps.norm":
    "Axis {axis} follows the length of the state (r = {r}) and shows little else.",
  "whatif.about":
    "Parts made weaker or stronger: ×0 is not there, ×1 as it is. The grey way is the " +
    "changed one, beside the untouched.",
  "whatif.layer": "Layer",
  "whatif.layer.number": "layer {layer}",
  "whatif.residual": "residual",
  "whatif.attention": "attention",
  "whatif.mlp": "MLP",
  "whatif.head": "head {head}",
  "whatif.zero": "not there",
  "whatif.one": "as it is",
  "whatif.times": "{factor} times",
  "whatif.scaled": "Scaled",
  "whatif.nothing": "Nothing: this is the pass as it is, to the bit.",
  "whatif.row": "layer {layer} · {part}",
  "whatif.drop": "Leave {what} as it is",
  "whatif.reset": "Reset all",
  "whatif.far.same": "The next word is as it was.",
  "whatif.far.hardly": "The next word is hardly another: {nats} nats apart.",
  "whatif.far.little": "The next word changes a little: {nats} nats apart.",
  "whatif.far.clear": "The next word changes clearly: {nats} nats apart.",
  "whatif.far.other": "Another prediction: {nats} nats apart.",
  "whatif.next": "next",
  "whatif.before": "untouched",
  "whatif.after": "what if",
  "whatif.table": "Probability of the next words, untouched and with the parts scaled",
  "whatif.kept":
    "The residual is the stream that passes attention by. A head's factor acts before " +
    "attention's; biases stay with attention's factor.",
  "inside.tab.step": "step",
  "step.about":
    "One step of the optimizer from this very checkpoint, taken apart. The pale sentence " +
    "is where the step would bring yours; arrows lead there.",
  "step.motion": "Motion",
  "step.factor": "Magnified",
  "step.backwards": "backwards",
  "step.cloud": "the corpus tokens move too",
  "step.own": "Its parts",
  "step.rivals": "Other rules from the same point",
  "step.motion.step": "AdamW's whole step",
  "step.motion.gradient": "gradient",
  "step.motion.momentum": "momentum",
  "step.motion.adaptive": "adaptive scaling",
  "step.motion.decay": "weight decay",
  "step.motion.sgd": "SGD",
  "step.motion.sgd_momentum": "SGD with momentum",
  "step.motion.adam": "Adam",
  "step.loss": "Loss of the batch: {before} nats; {after} after ×{factor}.",
  "step.reach": "At this site the median token moves by {length}, drawn ×{drawn} (1 is typical).",
  "step.lengths": "Length of each part, not magnified",
  "step.sum":
    "The four parts add up to AdamW's own step. Lengths do not add up: the parts point " +
    "different ways.",
  "step.lesson": "The adaptive part is {ratio} times as long as the gradient's own.",
  "step.groups": "Where it acts: {motion}",
  "step.group.embed": "embedding",
  "step.group.norm": "last norm",
  "step.group.mid": "layer {layer} attention",
  "step.group.post": "layer {layer} MLP",
  "step.batch": "On what it is taken",
  "step.batch.own":
    "The very batch of this step ({sequences} sequences); momentum and scaling from the " +
    "{earlier} batches before it.",
  "step.batch.stored":
    "The training text does not come with the run: {sequences} passages behind the " +
    "corpus tokens stand for the batch, {earlier} more batches of them for momentum and " +
    "scaling, all at these weights.",
  "step.settings":
    "Learning rate {rate}, betas {beta1} and {beta2}, weight decay {decay}: the run's " +
    "own at this step.",
  "inside.tab.way": "path",
  "way.about":
    "The path of all weights through training, seen in the plane of its two widest " +
    "directions; colours are the loss there.",
  "way.one": "The run has one checkpoint: its weights go nowhere yet.",
  "way.survey": "Compute the map",
  "way.progress": "Map computed: {share} %",
  "way.stop": "Stop ({share} %)",
  "way.map": "Path of the weights over the loss: arrow keys go along it",
  "way.scale": "Loss in nats",
  "way.scale.log": "Loss in nats, by its logarithm",
  "way.here": "Step {step}: loss {loss} nats; it lies {off} off this plane.",
  "way.shares":
    "The two directions hold {first} % and {second} % of the path's variance over " +
    "{count} checkpoints. From first to last the path spans {across} in the plane; the " +
    "farthest checkpoint lies {off} off it.",
  "way.batch.own": "Every loss is of one batch of the last step ({sequences} sequences).",
  "way.batch.stored":
    "Every loss is of the same {sequences} passages behind the corpus tokens, not of the " +
    "training text.",
  "way.limits":
    "It is one plane of a path in very many dimensions, one for each weight. The colours " +
    "are the loss in the plane: checkpoints off it have another. Arcs and spirals mean " +
    "little: random walks draw them too.",
  "way.line": "Straight line between two steps",
  "way.line.about": "The loss at weights mixed from both.",
  "way.line.start": "From",
  "way.line.end": "To",
  "way.line.go": "Measure the line",
  "way.line.barrier":
    "Barrier {barrier} nats: so far the loss rises above the dashed line between step " +
    "{start} and step {end}.",
  "way.line.none":
    "No barrier between step {start} and step {end}: the loss stays under the dashed " +
    "line between them.",
  "way.line.chart": "Loss from step {start} to step {end}: {losses}",
};
