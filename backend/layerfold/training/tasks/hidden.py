"""Hidden Markov processes that emit a symbol a step, what an observer who knows one believes, and
the Mess3 process.

States are numbered 0 … s - 1, symbols 0 … v - 1. ``transitions`` [v, s, s] holds P(emit the symbol
and go to the second state | the first), so that they sum over symbols to a stochastic matrix.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ids = NDArray[np.int64]


def mess3(x: float, alpha: float) -> Doubles:
    """Mess3 (Marzen & Crutchfield 2017; Shai et al. 2024, arXiv 2405.15943): [3, 3, 3].

    A state goes to each other one with probability ``x`` and says its own letter, on arrival, with
    ``alpha``, else each other one alike.
    """
    if not (0 < x < 0.5 and 0 < alpha < 1):
        raise ValueError(f"x = {x} must be between 0 and 0.5, alpha = {alpha} between 0 and 1")
    moves = np.full((3, 3), x) + (1 - 3 * x) * np.eye(3)
    # [state arrived at, symbol]
    says = np.full((3, 3), (1 - alpha) / 2) + (alpha - (1 - alpha) / 2) * np.eye(3)
    return np.stack([moves * says[:, symbol] for symbol in range(3)])


def stationary(transitions: Doubles) -> Doubles:
    """How often the process is in each state in the long run [s]."""
    whole = transitions.sum(axis=0)
    size = len(whole)
    equations = np.vstack((whole.T - np.eye(size), np.ones(size)))
    return np.asarray(
        np.linalg.lstsq(equations, np.append(np.zeros(size), 1.0), rcond=None)[0], dtype=np.float64
    )


def sample(transitions: Doubles, count: int, length: int, rng: np.random.Generator) -> Ids:
    """``count`` sequences [count, length], each begun in the long run."""
    symbols, states, _ = transitions.shape
    ways = transitions.transpose(1, 0, 2).reshape(states, symbols * states).cumsum(axis=1)
    state = rng.choice(states, size=count, p=stationary(transitions))
    said = np.empty((count, length), dtype=np.int64)
    for place in range(length):
        way = (rng.random(count)[:, None] >= ways[state]).sum(axis=1).clip(max=symbols * states - 1)
        said[:, place], state = way // states, way % states
    return said


def beliefs(transitions: Doubles, said: Ids) -> Doubles:
    """P(state | the symbols up to and with each one) of an observer who begins with the long run
    [sequence, token, s].
    """
    belief = np.tile(stationary(transitions), (len(said), 1))
    found = np.empty((*said.shape, transitions.shape[1]))
    for place in range(said.shape[1]):
        belief = np.einsum("ni,nij->nj", belief, transitions[said[:, place]])
        belief /= belief.sum(axis=1, keepdims=True)
        found[:, place] = belief
    return found


def next_symbol(transitions: Doubles, belief: Doubles) -> Doubles:
    """P(next symbol | belief): [..., s] to [..., v]."""
    return np.asarray(belief @ transitions.sum(axis=2).T, dtype=np.float64)


def entropy_rate(transitions: Doubles, length: int = 9) -> Doubles:
    """H(next symbol | the ``n`` before) in nats for n = 0 … ``length`` - 1, exactly, by all
    strings: it falls to the entropy rate.
    """
    start = stationary(transitions)
    entropy = [0.0]
    weights = start[None]
    for _ in range(length):
        weights = np.concatenate([weights @ matrix for matrix in transitions])
        shares = weights.sum(axis=1)
        entropy.append(float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum()))
    return np.diff(entropy)
