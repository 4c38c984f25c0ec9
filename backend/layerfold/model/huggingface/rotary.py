"""Rotary positions that change with the length of a text: a module keeps one set of frequencies and
rewrites it as it is called, so one thread at a time may.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from torch import nn


def guard_rotary(network: nn.Module) -> None:
    """Threads that read texts of different lengths at once each have the frequencies of their
    own.
    """
    for module in network.modules():
        if any(kind == "longrope" or "dynamic" in kind for kind in _kinds(module)):
            lock = threading.Lock()
            module.register_forward_pre_hook(lambda *_, lock=lock: _taken(lock))
            module.register_forward_hook(lambda *_, lock=lock: lock.release(), always_call=True)


def unstretched(text: Any) -> int | None:
    """The most tokens that a text's config reads at the same places with the same positions; None
    where that is any number.

    A longer text LongRoPE reads with other frequencies from its first token on: no token of it has
    the states that it has where the text ends with it, as half of what is looked at supposes.
    """
    said = getattr(text, "rope_parameters", None) or {}
    each = [said, *(one for one in said.values() if isinstance(one, Mapping))]
    bounds = [
        bound
        for one in each
        if one.get("rope_type") == "longrope"
        and isinstance(bound := one.get("original_max_position_embeddings"), int)
    ]
    return min(bounds, default=None)


def stretched(text: Any, most: int) -> str:
    """What is to be said of a model that would read longer texts than its ``most`` tokens; nothing
    where it is not for its positions.
    """
    return (
        f"It is given texts of at most {most:,} tokens: longer ones it reads with other positions"
        " from their first token on (longrope)."
        if unstretched(text) == most
        else ""
    )


def _kinds(module: nn.Module) -> tuple[str, ...]:
    kind = getattr(module, "rope_type", None) or ()
    return tuple(map(str, kind.values())) if isinstance(kind, Mapping) else (str(kind),)


def _taken(lock: threading.Lock) -> None:
    lock.acquire()
