"""Layerfold: sentence × layer × training step in one scene.

``run = layerfold.open("models/storyteller"); run.place(["…"]).figure().show()``
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerfold.notebook import open

__all__ = ["open"]


def __getattr__(name: str) -> Any:
    """``layerfold.open``, imported when it is asked for: ``import layerfold`` takes no time."""
    if name != "open":
        raise AttributeError(f"module 'layerfold' has no attribute {name!r}")
    from layerfold.notebook import open

    return open
