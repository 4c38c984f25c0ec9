"""Layerfold: sentence × layer × training step in one scene.

``run = layerfold.open("models/storyteller"); run.place(["…"]).figure().show()`` ``recorder =
layerfold.Recorder("runs/mine", texts=…)``, then ``recorder.log(model, step)`` in a training loop.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerfold.api.notebook import open
    from layerfold.recording.recorder import Recorder

__all__ = ["Recorder", "open"]


def __getattr__(name: str) -> Any:
    """``layerfold.open`` and ``Recorder``, imported when they are asked for: ``import layerfold``
    takes no time.
    """
    if name == "Recorder":
        from layerfold.recording.recorder import Recorder

        return Recorder
    if name != "open":
        raise AttributeError(f"module 'layerfold' has no attribute {name!r}")
    from layerfold.api.notebook import open

    return open
