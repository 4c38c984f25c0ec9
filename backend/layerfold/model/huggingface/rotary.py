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


def stretched(config: Any, most: int) -> str:
    """From how many tokens on its positions are others, as a sentence; nothing where no text of at
    most ``most`` has so many.
    """
    said = getattr(config.get_text_config(), "rope_parameters", None) or {}
    each = [said, *(one for one in said.values() if isinstance(one, Mapping))]
    bounds = [
        bound
        for one in each
        if one.get("rope_type") == "longrope"
        and isinstance(bound := one.get("original_max_position_embeddings"), int)
        and bound < most
    ]
    return (
        f"It reads texts of more than {min(bounds):,} tokens with other positions (longrope), so a"
        " token's states there are other than at the same place of a shorter text."
        if bounds
        else ""
    )


def _kinds(module: nn.Module) -> tuple[str, ...]:
    kind = getattr(module, "rope_type", None) or ()
    return tuple(map(str, kind.values())) if isinstance(kind, Mapping) else (str(kind),)


def _taken(lock: threading.Lock) -> None:
    lock.acquire()
