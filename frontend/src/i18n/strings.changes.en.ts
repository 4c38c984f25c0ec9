/** Words of what is changed in the panel of meaning, attacks and compression, in English. */

export default {
  "meaning.attack.question": "How little turns a prediction, and does it leave the cloud?",
  "meaning.attack.limits":
    "It shows what a change does and how far off the cloud it leads, side by side. Changes " +
    "on the " +
    "cloud can turn predictions too: off the cloud is a finding, not a definition.",
  "meaning.attack.text": "Text",
  "meaning.attack.gradient": "along the gradient",
  "meaning.attack.gradient.tip": "The direction in which the loss grows fastest.",
  "meaning.attack.tangent": "its tangent part",
  "meaning.attack.tangent.tip": "The gradient’s part along the nearest states’ leading directions.",
  "meaning.attack.normal": "its normal part",
  "meaning.attack.normal.tip": "The gradient’s part across them.",
  "meaning.attack.random": "random directions",
  "meaning.attack.random.tip": "Mean of 16 directions of the same length, with their 95 % range.",
  "meaning.attack.flips":
    "One token turns “{predicted}”: {old} → {new} takes {effect} nats from it; random " +
    "changes take " +
    "{random}.",
  "meaning.attack.holds":
    "No change of one token turns “{predicted}”; the best, {old} → {new}, takes {effect} nats; " +
    "random changes take {random}.",
  "meaning.attack.exact": "All {tried} changes were tried, and {drawn} at random.",
  "meaning.attack.ranked":
    "All changes would take too long: the {tried} most promising by gradient were tried, and " +
    "{drawn} at random.",
  "meaning.attack.outside": "Off-cloud percentile of the moved state, by the same lengths",
  "meaning.attack.change": "change",
  "meaning.attack.change.tip": "A token, and what it becomes.",
  "meaning.attack.effect": "nats",
  "meaning.attack.effect.tip": "By how much the prediction’s log-probability falls.",
  "meaning.attack.turns": "turns",
  "meaning.attack.turns.tip": "Whether another token is predicted then.",
  "meaning.attack.off": "off",
  "meaning.attack.off.tip": "Off-cloud percentile of the last token’s state after the change.",
  "meaning.attack.yes": "yes",
  "meaning.attack.no": "no",
  "meaning.attack.shortest": "The shortest move that turns it (1: as long as the state):",
  "meaning.attack.never": "none",
  "meaning.compress.question": "What does the model lose when it is made smaller?",
  "meaning.compress.limits":
    "Damage is extra loss on held-out text. Noise of the same size is the control: what " +
    "exceeds it " +
    "is of the change’s own direction. The number holds for this text and this step.",
  "meaning.compress.bits": "Bits",
  "meaning.compress.bits.value": "{amount} bits",
  "meaning.compress.rank": "Rank",
  "meaning.compress.rank.value": "rank {amount}",
  "meaning.compress.sparsity": "Sparsity",
  "meaning.compress.sparsity.value": "{amount} at zero",
  "meaning.compress.directions": "Directions",
  "meaning.compress.directions.value": "{amount} kept",
  "meaning.compress.bits.name": "{amount} bits",
  "meaning.compress.rank.name": "rank {amount}",
  "meaning.compress.sparsity.name": "{amount} at zero",
  "meaning.compress.directions.name": "{amount} directions",
  "meaning.compress.layer": "Layer left out",
  "meaning.compress.layer.value": "layer {amount}",
  "meaning.compress.layer.name": "no layer {amount}",
  "meaning.compress.head": "Head off",
  "meaning.compress.head.value": "head {amount}",
  "meaning.compress.head.name": "no head {amount}",
  "meaning.compress.untouched": "whole",
  "meaning.compress.said": "How each goes on, word by likeliest word",
  "meaning.compress.alike": "(the same)",
  "meaning.compress.changes": "As a list",
  "meaning.compress.how":
    "bits=3 · rank=32 · sparsity=0.5 · directions=16 · layer=2 · head=2.1 (layers and heads " +
    "counted from 0), parted by commas; each is measured by itself.",
  "meaning.compress.sentence": "Go on with",
  "meaning.compress.whole": "whole",
  "meaning.compress.damage": "extra loss",
  "meaning.compress.noise": "noise of the same size",
  "meaning.compress.worst":
    "With {change} a token costs {damage} nats more (whole: {loss}); with noise of the same size " +
    "{noise}.",
  "meaning.compress.grows":
    "With {change} it is {early} nats at step {first} and {late} at step {last}: damage grows " +
    "with training, as arXiv 2411.17691 says (most at step {peak}: {most}).",
  "meaning.compress.flat":
    "With {change} it is {early} nats at step {first} and {late} at step {last}: no growth with " +
    "training is seen in these steps (most at step {peak}: {most}).",
  "meaning.compress.falls":
    "With {change} it is {early} nats at step {first} and only {late} at step {last}: the law of " +
    "arXiv 2411.17691, that damage grows with training, does not hold here.",
  "meaning.compress.change.short": "change",
  "meaning.compress.change.tip": "What is rounded, cut or left out.",
  "meaning.compress.damage.short": "+ loss",
  "meaning.compress.damage.tip": "Extra nats a token, with a 95 % interval over windows.",
  "meaning.compress.noise.short": "noise",
  "meaning.compress.noise.tip": "The same of normal noise as large as the change of each matrix.",
  "meaning.compress.divergence.short": "KL",
  "meaning.compress.divergence.tip": "KL(whole ‖ smaller), nats a token.",
  "meaning.compress.kept.short": "kept",
  "meaning.compress.kept.tip": "The share of each token’s 15 nearest states that stay.",
  "meaning.compress.residual.short": "map",
  "meaning.compress.residual.tip": "Procrustes residual of the last site’s states: 0 is the same.",
};
