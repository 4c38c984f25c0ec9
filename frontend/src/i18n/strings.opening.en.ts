/** What is said in the first ten seconds: facts of the picture, and what a card bears out. */

export default {
  "tour.start": "Step {step}: an untrained model. Each point is a token of its corpus.",
  "tour.train": "Step by step, training moves every point.",
  "tour.sentences": "Two sentences enter. Both hold the word “{word}”.",
  "tour.sentences.plain": "Two inputs enter, each token a point.",
  "tour.layers": "Layer by layer, each token takes in the words before it.",
  "tour.end": "Drag a slider, turn the cloud, or type a sentence of your own.",
  "tour.end.inputs": "Drag a slider, turn the cloud, or type an input of your own.",

  "tour.fold": "Training folds the cloud: {first} directions become {least} by step {at}.",
  "tour.unfold": "Then it unfolds again, to {last} directions.",
  "tour.card": "{title}: {here}.",
  "tour.circle": "It learns its sums by heart; much later, the numbers lie on circles: {here}.",
  "tour.belief": "To predict is to guess a hidden state: its beliefs unfold as a triangle. {here}.",
  "tour.induction": "Within a few hundred steps a head learns to look back: {here}.",
  "tour.verse.lines": "It learns where a line of verse ends: {here}.",
  "tour.verse.tones": "At the end of a line it holds the tones of the next: {here}.",
  "tour.verse.rhyme": "And the rhyme that the poem began: {here}.",
};
