/** Words of the drawer and of the first visit, in English. */

export default {
  "drawer.label": "Sections of the drawer",
  "drawer.token": "Token",
  "drawer.token.tip": "Token: its neighbours, what the model would say there, its numbers",
  "drawer.inside": "Internals",
  "drawer.inside.tip":
    "Model internals: attention, decomposition, ablation, generation, gradients, optimizer step, " +
    "loss landscape",
  "drawer.meaning": "Meaning",
  "drawer.meaning.tip": "Meaning: what the states tell apart",
  "drawer.act": "Act",
  "drawer.act.tip": "Act: change what the model computes",
  "drawer.metrics": "Metrics",
  "drawer.metrics.tip": "Metrics: published claims, and numbers over layers and training",
  "drawer.compare": "Compare",
  "drawer.compare.tip": "Compare with another run or step",
  "drawer.lab": "Train",
  "drawer.lab.tip": "Train a small model here and watch it form",
  "token.none": "Click a point of the cloud, or a token of a sentence.",
  "metrics.title": "Metrics",
  "metrics.none": "No published claim is about this kind of model.",
  "first.line": "Type a sentence; drag Layer or Training and watch its words move.",
  "first.line.symbols": "Type what it reads; drag Layer or Training and watch it move.",
  "first.more": "All tools",
  "first.more.tip": "Show every tool: colours, search, sections of the drawer",
};
