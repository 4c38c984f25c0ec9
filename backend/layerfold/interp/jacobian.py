"""The layer Jacobian: how one token's state at a site becomes its state at the next, the other
tokens held.

A few singular values of a wide model take products with the Jacobian J alone, never J: a block
Krylov space is grown until they stand still (Musco and Musco 2015). Products are those of a block's
factors where these are written out (block_jacobian.py); of any other map in forward mode (Jv) and
backward mode (Jᵀu).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch.func import jvp, vjp, vmap

from layerfold.errors import NotSupported, SiteNotFound, TokenNotFound
from layerfold.interp.block_jacobian import BlockMap, block_maps
from layerfold.model.forward import Model, network_of
from layerfold.model.gpt import GPT
from layerfold.model.gpt_network import GPTNetwork
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.model.huggingface.network import HuggingFaceNetwork
from layerfold.model.huggingface.token_maps import TokenMap, token_maps
from layerfold.records import Floats

Map = Callable[[Tensor], Tensor]
Each = Callable[..., Iterable[Any]]

CHUNK: Final = 256  # products at once: 256 x 4 x d numbers inside the MLP
SPARE: Final = 4  # columns of a block beyond what is asked
WIDE: Final = 0.5  # a Krylov space of this share of d costs more than all of J
STILL: Final = 3e-4  # relative change of the singular values at which they stand still


def singular_values(
    model: Model, ids: Sequence[int], token: int, site: int, count: int | None = None
) -> Floats:
    """The ``count`` largest singular values, largest first, of the map of one token's raw state
    from ``site`` to the next (all: None).

    Raises SiteNotFound for a site without a next one, TokenNotFound.
    """
    maps = site_maps(model, ids, token)
    if not 0 <= site < len(maps):
        raise SiteNotFound(
            f"There is no map from site {site}: a map leads from each of the sites 0 to "
            f"{len(maps) - 1} to the next."
        )
    return map_values(*maps[site], count)


def site_maps(model: Model, ids: Sequence[int], token: int) -> Sequence[tuple[Map, Tensor]]:
    """The map from each site but the last to the next, for one token's state [d], and that state.

    Raises TokenNotFound, NotSupported where the model's blocks cannot be run for one token alone.
    """
    if not 0 <= token < len(ids):
        raise TokenNotFound(
            f"The sentence has {len(ids)} tokens, so there is no token {token}. Count from 0."
        )
    if isinstance(model, HuggingFaceAdapter) and (own := own_gpt(model)) is not None:
        return block_maps(own, ids, token)
    network = network_of(model)
    if isinstance(network, GPTNetwork):
        return block_maps(network.gpt, ids, token)
    if isinstance(network, HuggingFaceNetwork):
        return token_maps(network, ids, token)
    raise NotSupported(f"It is not known how a {type(network).__name__} moves one token alone.")


def own_gpt(adapter: HuggingFaceAdapter) -> GPT | None:
    """A GPT-2 as our own GPT where that is the very same weights and numbers, so that its Jacobians
    are written out; None for another."""
    plain = adapter.network.dtype == torch.float32 and adapter.network.device.type == "cpu"
    return adapter.gpt if plain else None


def spectra(
    model: Model,
    tokens: Sequence[tuple[Sequence[int], int]],
    count: int | None = None,
    each: Each = map,
) -> Floats:
    """The singular values of many tokens' maps, ``tokens`` being contexts with a place in each:
    [site-1, token, count]; all by default. ``each`` is ``map``, or that of a pool, whose threads
    then share the tokens.
    """

    def values(one: tuple[Sequence[int], int]) -> list[Floats]:
        ids, token = one
        return [map_values(*pair, count) for pair in site_maps(model, ids[: token + 1], token)]

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the products are small: more threads would wait for each other
    try:
        rows = list(each(values, tokens))
    finally:
        torch.set_num_threads(threads)
    return np.stack(rows, axis=1).astype(np.float32)


def map_values(forward: Map, at: Tensor, count: int | None = None) -> Floats:
    """The ``count`` largest singular values of the Jacobian of ``forward`` [d] -> [e] at a point,
    largest first; all with None."""
    if count is not None and _narrow(count, len(at)) and not isinstance(forward, TokenMap):
        values = _krylov(forward, at, count)
    else:
        matrix = jacobian(forward, at)
        values = _values(matrix, min(*matrix.shape, *(() if count is None else (count,))))
    return values.to(torch.float32).numpy()


def jacobian(forward: Map, at: Tensor) -> Tensor:
    """J [e, d] at a point: a block's own; else differentiated, all rows at once and the map itself
    computed once."""
    if isinstance(forward, BlockMap):
        return forward.jacobian(at)
    start = at.detach().requires_grad_()
    with torch.enable_grad():
        after = forward(start)
    rows = torch.eye(len(after), dtype=at.dtype)
    parts = [rows[first : first + CHUNK] for first in range(0, len(rows), CHUNK)]
    found = [
        torch.autograd.grad(after, start, part, retain_graph=True, is_grads_batched=True)[0]
        for part in parts
    ]
    return torch.cat(found).detach()


def pull_back(forward: Map, at: Tensor) -> Tensor:
    """The metric JᵀJ [d, d] that the next site's lengths give to steps at this one: |J v|² = v ·
    JᵀJ v."""
    matrix = jacobian(forward, at)
    return matrix.T @ matrix


def jvps(forward: Map, at: Tensor, directions: Tensor) -> Tensor:
    """Jv for each row v of ``directions`` [m, d]: [m, e], in forward mode."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # torch scripts its own rules at first use, and warns of it
        product: Tensor = vmap(lambda v: jvp(forward, (at,), (v,))[1], chunk_size=CHUNK)(directions)
    return product


def vjps(forward: Map, at: Tensor, directions: Tensor) -> Tensor:
    """Jᵀu for each row u of ``directions`` [m, e]: [m, d], in backward mode."""
    with torch.no_grad():
        back = vjp(forward, at)[1]
        product: Tensor = vmap(lambda u: back(u)[0], chunk_size=CHUNK)(directions)
    return product


def _narrow(count: int, width: int) -> bool:
    """Whether a Krylov space of a few blocks is much narrower than the whole."""
    return 20 * (count + SPARE) < width


def _values(matrix: Tensor, count: int) -> Tensor:
    """The largest singular values of a matrix [e, d], NaN where it is not finite.

    They come from its smaller product with itself, which is faster, and right for the large ones.
    All of them are found in float64: one that is 1e-5 of the largest is right to 1e-6 of itself,
    and a zero may come out as 1e-8 of the largest, less than what rounding left in the matrix.
    """
    if not bool(torch.isfinite(matrix).all()):
        return torch.full((count,), torch.nan, dtype=torch.float64)
    if count == min(matrix.shape):
        matrix = matrix.double()
    squares = torch.linalg.eigvalsh(
        matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    )
    largest: Tensor = squares.flip(0)[:count].clamp(min=0).sqrt()
    return largest


def _krylov(forward: Map, at: Tensor, count: int) -> Tensor:
    """The largest singular values within the space of V, JᵀJ V, (JᵀJ)² V …, grown until they stand
    still or it is half of all."""
    block = torch.randn(
        count + SPARE, len(at), dtype=at.dtype, generator=torch.Generator().manual_seed(0)
    )
    space = torch.empty(0, len(at), dtype=at.dtype)
    onward, back = _products(forward, at)
    images, values = None, torch.zeros(count, dtype=at.dtype)
    while len(space) < WIDE * len(at):
        block = _orthogonal(block, space)
        space, moved = torch.cat((space, block)), onward(block)
        images = moved if images is None else torch.cat((images, moved))
        before, values = values, _values(images, count)
        if not bool(
            ((values - before).abs() > STILL * values).any()
        ):  # so that it ends for NaN too
            return values
        block = back(moved)
    return _values(jacobian(forward, at), count)


def _products(forward: Map, at: Tensor) -> tuple[Map, Map]:
    """Jv and Jᵀu for rows of directions: by the factors of a block, else in forward and backward
    mode."""
    if not isinstance(forward, BlockMap):
        return (lambda rows: jvps(forward, at, rows)), (lambda rows: vjps(forward, at, rows))
    left, right = (factor.detach() for factor in forward.factors(at))
    return (lambda rows: rows + rows @ right.T @ left.T), (lambda rows: rows + rows @ left @ right)


def _orthogonal(block: Tensor, space: Tensor) -> Tensor:
    """The rows of ``block`` made orthonormal, and orthogonal to those of ``space`` (twice, since
    once loses digits)."""
    for _ in range(2):
        columns: Tensor = torch.linalg.qr((block - (block @ space.T) @ space).T)[0]
        block = columns.T
    return block


def stretched(forward: Map, state: Tensor) -> tuple[Floats, Floats]:
    """All singular values [d] of a map at a state, largest first, and the three most stretched
    directions [3, d], each as long as its value is to the largest; NaN, and no directions, where
    the Jacobian is not finite.
    """
    matrix = jacobian(forward, state).detach().double()
    if not bool(matrix.isfinite().all()):
        return np.full(len(state), np.nan, dtype=np.float32), np.zeros(
            (3, len(state)), dtype=np.float32
        )
    _, values, directions = torch.linalg.svd(matrix)
    few = directions[:3] * (values[:3] / values[0].clamp_min(1e-30))[:, None]
    rows = np.zeros((3, len(state)), dtype=np.float32)
    rows[: len(few)] = few.numpy()
    return np.asarray(values.numpy(), dtype=np.float32), rows
