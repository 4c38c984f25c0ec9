/**
 * The text that Layerfold was built for, in English: the same lines, claims and formulas as in
 * text.zh.ts.
 */

export default String.raw`# Training builds a manifold in a space of many dimensions

## Question 1

Why is training said to be, in essence, the building of a manifold in a space of many dimensions \
(12,288 in GPT-3)?

## Answer 1

That training builds a manifold in a high-dimensional space can be understood from a few sides:

### 1. An instance of the manifold hypothesis
- Natural data (language, images) formally live in a space of many dimensions (GPT-3’s embedding \
space has 12,288), yet [[1.1a|what is really used of it tends to lie on a manifold of far fewer \
dimensions]]. Text looks high-dimensional, but [[1.1b|is governed by low-dimensional constraints: \
the rules of grammar, the logic of meaning]].
- The manifold’s structure reflects how the data hang together and join up \
([[1.1c|moving from “cat” to “dog” in meaning is a continuous path on it]]).

### 2. Training a model is learning a manifold
- **Navigation of parameter space**: by adjusting its weights (GPT-3 has 175 billion), the model \
[[1.2a|looks for a subspace (a manifold) of parameter space]] on which the mapping of inputs fits \
the distribution of outputs best.
- **Building the geometry of embeddings**: when discrete symbols are mapped into a continuous \
space, training forces [[1.2b|words alike in meaning or syntax to cluster on the manifold]] \
([[1.2c|the difference “king − queen” is the axis of gender]]).
- **The loss guides the deformation**: minimizing the loss amounts to sculpting a random initial \
parameter space; [[1.2d|gradient descent keeps adjusting the manifold’s curvature and \
dimension]] until it approaches the distribution of real data.

### 3. Properties of GPT-3’s manifold
- **A dynamic manifold, aware of context**: through self-attention, [[1.3a|each token’s \
representation moves with its context and forms sub-manifolds that suit the task (“bank” is \
embedded differently among money and among rivers)]].
- **Implicit compression**: large as the parameter count is, through shared weights and sparse \
activation [[1.3b|the semantic manifold that is built has far fewer than 12,288 dimensions]].
- **Generation walks the manifold**: [[1.3c|generating text can be seen as a Markov chain’s walk \
on the manifold; each step’s prediction is bound by the local geometry of the present place]] \
(which keeps the meaning coherent).

### 4. In mathematical terms
- The universal approximation theorem can be read so: by layered non-linear transformations, a \
network can [[1.4a|twist the input space (a diffeomorphism) into a structure that is easier to \
classify or to generate from]].
- [[1.4b|Optimizing the loss corresponds to a gradient flow on a Riemannian manifold; the \
direction of each update is set by the local metric tensor]].

### 5. What it means in practice
- Generalization: [[1.5a|test data that lie near the training manifold are handled well]].
- Adversarial examples: [[1.5b|a perturbation takes the input off the manifold of the data]].
- Compression: as the effective dimension is low, [[1.5c|there is room to prune and to quantize \
the parameters]].

In sum, to see training as the building of a manifold gives deep learning a geometric and \
topological frame: it shows how a model captures the essential structure of the data by \
optimizing parameters, instead of memorizing high-dimensional noise. It is also a theoretical \
ground for better architectures and for methods of interpretation.

## Question 2

Every layer of a Transformer transforms this manifold non-linearly and leads the input, step by \
step, to a space of predictions that agrees with the data. How do the forward pass, the backward \
pass and the optimizer achieve this?

## Answer 2

In a Transformer each layer adjusts the geometry of a high-dimensional manifold by non-linear \
transformations, until the input sequence is mapped to a space of predictions that agrees with \
the data. These mechanisms do it together:

### 1. Forward pass: the manifold is twisted layer by layer
Each Transformer layer (self-attention and feed-forward network) does two things to the manifold:

#### (1) Self-attention: dynamic alignment of the manifold
- **Query, key, value**: the linear maps \( W^Q, W^K, W^V \) project the input vectors into \
different subspaces and yield attention weights that depend on the input:
\[ \text{Attention}(Q,K,V) = \text{softmax}\left( \frac{QK^T}{\sqrt{d_k}} \right)V \]
- **In geometric terms**:
  - [[2.1a|Attention weights define the strength of geometric association between positions; \
they stretch and compress directions of the manifold locally (they strengthen, say, the tie of \
subject and verb)]].
  - [[2.1b|Multiple heads work in parallel in different subspaces]], so that the manifold is \
taken apart and put together from several views.

#### (2) Feed-forward network: the manifold bends non-linearly
- **Two full layers and an activation**:
\[ \text{FFN}(x) = \text{ReLU}(xW_1 + b_1)W_2 + b_2 \]
- **In geometric terms**:
  - [[2.1c|The non-linear activation (such as ReLU) bends the manifold locally]] and breaks the \
limits of linear structure.
  - The matrices \( W_1, W_2 \) decide where and how far it bends; \
[[2.1d|they become “extractors of semantic features”]].

#### (3) Residual connection and layer normalization: the topology stays stable
- **Residual connection**: \( x_{out} = x_{in} + \text{Sublayer}(x_{in}) \) \
[[2.1e|keeps the original structure while a new transformation is added, and avoids the \
degeneration that vanishing gradients would cause]].
- **Layer normalization**: [[2.1f|evens out the curvature of different regions of the \
manifold]] and makes training more stable.

### 2. Backward pass: gradients deform the manifold
The chain rule gives the gradient of the loss by the parameters, and with it the direction in \
which the structure is to change:

#### (1) The main paths of the gradient
- **Gradients of self-attention**:
  - \( \frac{\partial \mathcal{L}}{\partial W^Q}, \frac{\partial \mathcal{L}}{\partial W^K}, \
\frac{\partial \mathcal{L}}{\partial W^V} \) [[2.2a|reflect how the attention weights need to \
change (to strengthen a certain semantic tie, say)]].
- **Gradients of the feed-forward network**:
  - \( \frac{\partial \mathcal{L}}{\partial W_1}, \frac{\partial \mathcal{L}}{\partial W_2} \) \
[[2.2b|decide how to bend the manifold so that classes part better (the senses of “bank”, in \
money and by a river)]].

#### (2) What the gradient flow means geometrically
- The gradient’s direction shows which regions must be pushed or pulled to predict better:
  - [[2.2c|If a word’s vector lies far from the cluster of its kind, the gradient drives the \
parameters so that it moves to the cluster’s center]].
  - [[2.2d|Gradients of attention adjust how strongly distant positions are connected (they \
strengthen, say, a reference over a long distance)]].

### 3. Optimizer: the engine that carries the deformation out
Adam, for one, adapts the size of each parameter’s step:

#### (1) Momentum
- It accumulates past gradients, [[2.3a|keeps the manifold from oscillating and speeds up \
convergence to a smooth structure]].

#### (2) Adaptive learning rates
- [[2.3b|Parameters that are updated often (embeddings of frequent words) take smaller steps, so \
that no region is distorted too far; sparse parameters take larger ones, so that what is \
underfitted can deform]].

#### (3) Weight decay (L2 regularization)
- [[2.3c|It limits how far parameters go and prevents pathological bending (such as fitting the \
noise of the training data)]].

### 4. For example: how GPT-3’s manifold evolves
1. **Input layer**: discrete tokens are mapped to an initial manifold of 12,288 dimensions (the \
embedding matrix \( W_{embed} \)).
2. **Layer 1**: [[2.4a|self-attention captures local co-occurrence (phrases), the feed-forward \
network begins to extract parts of speech]].
3. **Middle layers**: long-range dependencies are integrated layer by layer; \
[[2.4b|semantic clusters form on the manifold (regions of “science”, of “politics”)]].
4. **Top layers**: [[2.4c|the manifold is brought into the space of predictions that the task \
asks for]] (the probability of the next token, \( P(x_t | x_{<t}) \)).

### 5. Key mathematical views
- **Diffeomorphism**: [[2.5a|each Transformer layer can be seen as a diffeomorphism that keeps \
the manifold’s topology and changes its local geometry]].
- **Compression of dimension**: [[2.5b|by the low rank of weight matrices \
(\( W_Q \in \mathbb{R}^{d \times d_k} \) with \( d_k \ll d \)), \
the effective dimension is far below the nominal one]].
- **The loss as an energy**: [[2.5c|minimizing \( \mathcal{L} \) is looking for the \
configuration of least energy in parameter space]].

### In sum
By non-linear transformations layer by layer, by the gradient’s signal and by the optimizer’s \
updates, a Transformer shapes the manifold of its inputs into a space of predictions that agrees \
with the data. In essence it is **a search of parameter space for the best differentiable \
structure**: one that encodes the complex rules of language and generalizes well.
`;
