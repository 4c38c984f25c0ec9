"""Attention patterns: how each token shares its attention among the tokens it sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from layerfold.errors import InputError
from layerfold.model.forward import Ids, Model, array, network_of, run
from layerfold.records import Floats, Framed


@dataclass(frozen=True)
class Attention(Framed):
    """One layer: ``patterns`` [head, token, token], rows sum to 1 and the first token is the one
    that attends; ``z`` [head, token, k], what each head gathers."""

    AXES: ClassVar = {
        "patterns": ("head", "query", "key"),
        "z": ("head", "token", "k"),
    }

    patterns: Floats
    z: Floats


def attention(model: Model, ids: Sequence[int], layer: int) -> Attention:
    """Where the heads of a layer attend; raises InputError for a layer that is not there,
    NotSupported."""
    n_layer = network_of(model).n_layer
    if not 0 <= layer < n_layer:
        raise InputError(f"There is no layer {layer}: the model has {n_layer}, from 0.")
    pattern, z = f"L{layer}.attn.pattern", f"L{layer}.attn.z"
    found = run(model, ids, taps=(pattern, z), last=0)
    return Attention(array(found[pattern][0]), array(found[z][0]))


def patterns(model: Model, windows: Ids) -> Floats:
    """The patterns of every layer for windows [b, t]: [layer, b, head, token, token]; raises
    NotSupported."""
    return array(run(model, windows, taps=("L*.attn.pattern",), last=0).layers("attn.pattern"))
