"""What changes with the length of a text: rotary positions, of which a module keeps one set of
frequencies and rewrites it as it is called, so that one thread at a time may; and sparse attention.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from torch import nn

SPARSE: Final = "block_sparse"


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
    """The most tokens that a text's config reads at the same places in the same way; None where
    that is any number.

    A longer text LongRoPE reads with other frequencies from its first token on, and BigBird with
    another attention (a shorter one, for good, with all of it): no token of it has the states that
    it has where the text ends with it, as half of what is looked at supposes.
    """
    return min((*_original(text), *_fully_attended(text)), default=None)


def stretched(text: Any, most: int) -> str:
    """What is to be said of a model that would read longer texts than its ``most`` tokens; nothing
    where it is not for its positions or its attention.
    """
    if unstretched(text) != most:
        return ""
    said = f"It is given texts of at most {most:,} tokens: longer ones it reads with other"
    if most in _original(text):
        return f"{said} positions from their first token on (longrope)."
    return f"{said} attention from their first token on ({SPARSE})."


def _original(text: Any) -> list[int]:
    """How many tokens LongRoPE reads with its first frequencies."""
    said = getattr(text, "rope_parameters", None) or {}
    each = [said, *(one for one in said.values() if isinstance(one, Mapping))]
    return [
        bound
        for one in each
        if one.get("rope_type") == "longrope"
        and isinstance(bound := one.get("original_max_position_embeddings"), int)
    ]


def _fully_attended(text: Any) -> list[int]:
    """How many tokens BigBird reads with all of its attention: two blocks at the ends and three
    around a token, and its random ones twice.
    """
    if getattr(text, "attention_type", None) != SPARSE:
        return []
    return [(5 + 2 * int(text.num_random_blocks)) * int(text.block_size)]


def _kinds(module: nn.Module) -> tuple[str, ...]:
    kind = getattr(module, "rope_type", None) or ()
    return tuple(map(str, kind.values())) if isinstance(kind, Mapping) else (str(kind),)


def _taken(lock: threading.Lock) -> None:
    lock.acquire()
