/** The lesson in English: ten chapters of two minutes. */

import type { Chapter } from "./chapter.ts";

const CHAPTERS: Chapter[] = [
  {
    title: "Tokens become points",
    lead: "A model does not read letters. It reads points in a space of many dimensions.",
    text: [
      "A sentence is cut into **tokens**: words, parts of words, signs. Each token is looked " +
        "up in " +
        "a table \\( W_{embed} \\) and becomes a list of \\( d \\) numbers, its **state**. A " +
        "list " +
        "of \\( d \\) numbers is a point in a space of \\( d \\) dimensions.",
      "The cloud beside this text holds a few thousand such points from a corpus. A picture has " +
        "three dimensions and the space has many more, so the picture is a **projection**: it " +
        "keeps who is near whom as well as it can. How well it does is measured, and stands at " +
        "the top of the page as trustworthiness. Every number about closeness comes from the " +
        "model’s own space, never from the picture.",
    ],
    points: [
      "Text → tokens → one state each",
      "A state is a point in d dimensions",
      "The picture is a projection; trustworthiness says how true it is",
    ],
    act: "Put a sentence at the embedding",
    look:
      "Each word of the sentence lies where its token and its position put it, whatever words " +
      "stand " +
      "around it: the embedding knows no context yet. Click a point to see its true neighbors.",
    notes:
      "Ask what a point’s coordinates mean (nothing alone: only directions and distances " +
      "do). Switch UMAP to PCA: the same states, another shadow.",
  },
  {
    title: "A layer attends",
    lead: "Attention lets a token take something from the tokens before it.",
    text: [
      "Each layer asks, for every token, which earlier tokens matter to it. A **query** of the " +
        "one " +
        "meets a **key** of the other; the better they agree, the larger the share that the one " +
        "takes from the other’s **value**:",
      "\\( \\text{softmax}\\left( \\frac{QK^T}{\\sqrt{d_k}} \\right)V \\)",
      "The shares of a token sum to one, so attention is an average with learned weights. It is " +
        "done by several **heads** at once, each with its own queries, keys and values. After " +
        "it a " +
        "token’s point has moved, and two equal words in different sentences no longer coincide.",
    ],
    points: [
      "Query meets key: a share for every earlier token",
      "A weighted average of values is added to the state",
      "Several heads at once",
    ],
    act: "Show the attention of the first layer",
    look:
      "Lines join each token to those it attends to; the stronger, the larger the share. Choose " +
      "single heads in Model internals. Is there one that rests on the first token, or on the " +
      "one " +
      "before?",
    notes:
      "The seed calls attention an association such as that of subject and verb. The card asks " +
      "whether a verb attends to its subject more than to another noun at the same distance: " +
      "what distance alone explains is no association.",
  },
  {
    title: "The MLP bends",
    lead: "Attention mixes what is there. The MLP makes something new of each point by itself.",
    text: [
      "After attention each token passes, alone, through two matrices with a non-linear function " +
        "between them:",
      "\\( x \\mapsto x + \\text{act}(xW_1 + b_1)W_2 + b_2 \\)",
      "Without the function in the middle, two matrices would be one matrix, and a flat sheet " +
        "would " +
        "stay flat. With it, different regions of the space are moved differently: " +
        "[[2.1c|the sheet **bends**]]. How much of this no straight map could do is a number " +
        "that can be measured.",
    ],
    points: [
      "Each token for itself",
      "Two matrices and a bend between them",
      "Measured: what no linear map explains",
    ],
    act: "Play the sentence through the layers",
    look:
      "Every layer moves the points twice: after attention, then after the MLP. The slider " +
      "“Layer” " +
      "names the half. Which half moves a token farther?",
    notes:
      "A neuron is a row of one matrix and a column of the other: when it fires, it adds a fixed " +
      "direction. Contributions in Model internals say which words that direction speaks for.",
  },
  {
    title: "Residual and norm hold",
    lead: "Nothing is replaced. Everything is added, and the length is kept in bounds.",
    text: [
      "A layer does not hand on its result instead of the state: it **adds** to it, " +
        "\\( x_{out} = x_{in} + \\text{Sublayer}(x_{in}) \\). So " +
        "[[2.1e|what was known before can stay]], and the gradient has a straight way back to " +
        "the first layer.",
      "Before each half a **normalization** brings the state to a standard length; " +
        "[[2.1f|curvature, says the seed, is evened out too]]. What a layer reads is normalized, " +
        "and so the picture shows normalized states.",
      "Whether the residual really keeps neighbors together can be tried: scale it to a half, or " +
        "to nothing, and look at what remains.",
    ],
    points: [
      "x + Sublayer(x): add, never replace",
      "Normalization keeps the length in bounds",
      "Try it: switch the residual off",
    ],
    act: "Open the ablation of the residual",
    look:
      "Pull the residual of one layer toward 0. Where does the sentence go, and what becomes " +
      "of the " +
      "prediction? Put it back to 1.",
    notes:
      "The seed says that normalization makes curvature uniform. Ask the class what would have " +
      "to " +
      "be measured to refute that before opening the card.",
  },
  {
    title: "The loss pushes",
    lead:
      "Training asks one thing: was the next token likely? Its answer is an arrow at every " +
      "point.",
    text: [
      "The model gives each possible next token a probability. The **loss** is \\( -\\log \\) of " +
        "the one that really came. From it the backward pass computes, for every state, in which " +
        "direction a small move would raise the loss: \\( \\frac{\\partial " +
        "\\mathcal{L}}{\\partial h} \\). " +
        "Its opposite is where the state is pushed.",
      "No state can move by itself: only weights change, and one weight serves all sentences. " +
        "The " +
        "arrows show what is asked for, not what will happen.",
      "The seed makes this concrete: [[2.2c|a word far from its kin is pushed to their center]]; " +
        "[[2.2b|classes are pushed apart]]. Each of these can fail, and each has its control.",
    ],
    points: [
      "Loss = −log p(next token)",
      "−∂L/∂h: where the loss wants a state to go",
      "Weights move; states follow",
    ],
    act: "Show the gradients of a sentence",
    look:
      "Each arrow is the way down for one token. Which token’s arrow is longest, and which next " +
      "token was the model most surprised by?",
    notes:
      "A frequent mistake: to read arrows as a path. They are slopes at one step of training; " +
      "the " +
      "next step has others.",
  },
  {
    title: "The optimizer steps",
    lead: "The gradient says where. The optimizer decides how far.",
    text: [
      "AdamW keeps two running averages for each parameter: of the gradient (**momentum**) and " +
        "of " +
        "its square. The step is the first over the root of the second, times the learning rate; " +
        "apart from that each weight shrinks a little (**weight decay**).",
      "So a parameter that is pushed one way for long takes full steps, one that is pushed to " +
        "and " +
        "fro hardly moves. The step is not the gradient’s direction. Is it that of " +
        "[[1.4b|a gradient flow on a Riemannian manifold]]? How nearly they agree is on the card.",
    ],
    points: [
      "Momentum: average of gradients",
      "Divide by the root of the average square",
      "Decay: every weight shrinks a little",
    ],
    act: "Take one step of the optimizer",
    look:
      "The sentence before and after one real step, magnified so that it can be seen. Compare " +
      "AdamW " +
      "with plain gradient descent of the same length.",
    notes:
      "The claim that frequent words take smaller steps is about the embedding rows and Adam’s " +
      "real " +
      "moments. A word that does not occur gets no gradient, yet momentum still moves it.",
  },
  {
    title: "A manifold forms",
    lead: "A manifold is a shape that is curved as a whole and flat from near by.",
    text: [
      "If text obeys rules, then states need not fill their space: " +
        "[[1.1a|they may lie on a surface of far fewer dimensions]]. Two kinds of number tell. " +
        "The **participation ratio** counts the directions that hold the variance of the " +
        "whole cloud. The **intrinsic dimension** " +
        "(TwoNN " +
        "and others) looks at near neighbors: in how many directions can one walk from here?",
      "Both must be held against a control: shuffled text, a Gaussian of the same covariance, " +
        "and " +
        "step 0. And both are followed through the training, from the first step to the last.",
      "What these numbers cannot say is that the shape is smooth. That is tested token by " +
        "token, and the same card says for how many it is rejected.",
    ],
    points: [
      "Participation ratio: directions of the whole cloud",
      "Intrinsic dimension: directions near one point",
      "Always beside shuffled text and step 0",
    ],
    act: "Play the training with its dimension",
    look:
      "The curve is the participation ratio at this layer. Watch when the cloud is narrowest, " +
      "and " +
      "what comes afterwards.",
    notes:
      "Let the class guess the number at the end before it is reached; then ask what a Gaussian " +
      "cloud would give.",
  },
  {
    title: "Meaning",
    lead: "Near in the space ought to mean alike in use. Whether it does is a question of fact.",
    text: [
      "Three tests of meaning. **Clusters**: [[1.2b|are a word’s neighbors of its topic]], more " +
        "than its frequency explains? **Axes**: [[1.2c|is king − queen the same direction as " +
        "man − woman]], and more so than when the same words are paired anew? **Senses**: " +
        "[[1.3a|does “bank” by a river part from “bank” with money]]?",
      "The third has a trap. Context moves every word, so “place” in the same two sentences " +
        "parts as " +
        "well. Only what the word does **beyond** a neutral word in its slot is a sense. Each " +
        "model " +
        "on this page has its own verdict.",
    ],
    points: [
      "Clusters: beyond frequency?",
      "Axes: beyond re-paired words?",
      "Senses: beyond a neutral word in the same slot?",
    ],
    act: "Send one word through two contexts",
    look:
      "At the embedding the shared word knows only its position; then each layer adds context. " +
      "Before you call the way that it goes meaning, open card 1.3a: it holds it against that of " +
      "a neutral word.",
    notes:
      "This is where pictures mislead most. Have someone argue from the picture, then open the " +
      "card, then change the model in the card.",
  },
  {
    title: "Its edge",
    lead: "If there is a shape, there is an outside. What happens there?",
    text: [
      "The seed draws three consequences. [[1.5a|Text near the training data should be handled " +
        "well]]. [[1.5b|A small harmful change should lead off the shape]]. And what is spread " +
        "over few dimensions should [[1.5c|allow pruning and coarser numbers]].",
      "Each can be measured. How far outside a token lies is its **off-cloud percentile**: the " +
        "share " +
        "of corpus tokens that are closer to their nearest neighbor. But the loss itself may " +
        "be a " +
        "better alarm than any distance, so both stand on the card. And a change of the same " +
        "size " +
        "in a random direction is the control for every attack.",
    ],
    points: [
      "Off-cloud percentile: how far outside",
      "Is distance a better alarm than the loss?",
      "Every attack beside a random change of the same size",
    ],
    act: "Put a shuffled sentence beside a natural one",
    look:
      "Faint points lie far outside: their place in the picture is a guess. Are the shuffled " +
      "words " +
      "really outside, or does the cloud hold them too?",
    notes:
      "Should the answer be “not outside”, it is a good moment to say what a negative result is " +
      "worth.",
  },
  {
    title: "What is not true",
    lead: "A picture that explains everything explains nothing. Here is what did not hold.",
    text: [
      "Some sentences of the seed are wrong as they are worded. " +
        "“[[1.3c|Generation is a Markov walk]]”: no, the next token depends on the whole " +
        "context, not on one state. “[[2.5a|Each layer is a diffeomorphism]]”: not of the whole " +
        "space, for nothing keeps a normalization, which forgets lengths, from merging states. " +
        "“[[1.4b|Training is a Riemannian gradient flow]]”: not with Adam. These are matters of " +
        "mathematics; where a weaker sentence remains, its card says which.",
      "Others are questions of fact, and a model answers them. Below is every claim that does " +
        "not " +
        "hold as it is worded in the model on screen. Change the model and the list changes: " +
        "that " +
        "is the point of measuring.",
    ],
    points: [
      "Not Markov: the whole context counts",
      "Not a diffeomorphism: norms forget lengths",
      "Adam is not a Riemannian flow",
      "The rest is a matter of fact: see the list",
    ],
    act: "Return to where we began",
    look: "The same cloud, the same sentence. What would you now say that it shows, and what not?",
    notes:
      "Close with the table of verdicts: failures are part of the result. Ask which control " +
      "convinced the class most.",
  },
];

export default CHAPTERS;
