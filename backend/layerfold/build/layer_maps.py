"""What is measured of a model itself: its weights, and its layers' Jacobians at a few tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Final

import numpy as np

from layerfold.errors import NotSupported
from layerfold.interp.jacobian import spectra
from layerfold.model.adapter import Adapter
from layerfold.model.matrices import layer_matrices
from layerfold.records import Floats, Reference

TOKENS: Final = 16  # at which the local map is taken
WIDEST: Final = 1024  # of models whose Jacobians are measured


def tokens_of(reference: Reference) -> list[tuple[list[int], int]]:
    """The contexts and places of 16 reference tokens, evenly spread over it: those at which the
    local map is taken.
    """
    chosen = np.unique(np.linspace(0, len(reference) - 1, TOKENS).round().astype(int))
    return [(reference.context(at), int(reference.position[at])) for at in chosen]


def stretches_of(
    adapter: Adapter, tokens: Sequence[tuple[list[int], int]], pool: Executor
) -> tuple[Floats | str, ...] | str:
    """The singular values [token, d] of the map from each site but the last to the next, or why
    there are none; the threads of the ``pool`` share the tokens.
    """
    if adapter.d_model > WIDEST:
        return (
            f"the model is {adapter.d_model:,} wide: Jacobians of more than {WIDEST:,} take tens of"
            " minutes a checkpoint"
        )
    try:
        return tuple(spectra(adapter, tokens, each=pool.map))
    except NotSupported as error:
        return str(error)


def weights_at(adapter: Adapter) -> Mapping[str, Mapping[str, Floats]] | str:
    """The matrices of each layer by name, or why there are none."""
    try:
        return layer_matrices(adapter)
    except NotSupported as error:
        return str(error)
