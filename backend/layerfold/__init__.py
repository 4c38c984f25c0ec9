"""Layerfold: sentence × layer × training step in one scene.

``run = layerfold.open("models/storyteller"); run.place(["…"]).figure().show()`` ``recorder =
layerfold.Recorder("runs/mine", texts=…)``, then ``recorder.log(model, step)`` in a training loop.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerfold.api.notebook import open
    from layerfold.recording.recorder import Recorder

__all__ = ["Recorder", "open"]
PLACES = {"Recorder": "layerfold.recording.recorder", "open": "layerfold.api.notebook"}


def __getattr__(name: str) -> Any:
    """``layerfold.open`` and ``Recorder``, imported when they are asked for: ``import layerfold``
    takes no time.
    """
    if name not in PLACES:
        raise AttributeError(f"module 'layerfold' has no attribute {name!r}")
    return getattr(import_module(PLACES[name]), name)
