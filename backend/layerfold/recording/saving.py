"""The weights of a live model on disk, saved so that they open again, and tried before the first
are kept."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from torch import float32

from layerfold.errors import InputError, LayerfoldError
from layerfold.model.checkpoint import load_model, save_weights
from layerfold.model.gpt import GPT
from layerfold.model.huggingface import Where, load_adapter, read_shape
from layerfold.recording.hooks import Stream
from layerfold.recording.isolation import plain_weights

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

APART: Final = (
    0.02  # of their length that states of the opened weights may lie away, saved in float16
)
APART_BRIEF: Final = 0.1  # of a model that itself computes in 16 bits


def save_network(network: Any, path: Path) -> None:
    """``path`` holds the weights by their plain names: a file of our GPT's, a folder of a
    Hugging Face model's."""
    weights = plain_weights(network)
    if isinstance(network, GPT):
        save_weights(path, weights)
    else:
        network.save_pretrained(path, state_dict=weights)


def check_opens(stream: Stream, window: Sequence[int], beside: Path) -> None:
    """Raises InputError unless the weights, saved into a folder of a moment, open as the same
    model by what it makes of a window."""
    beside.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=beside, prefix=".") as made:
            save_network(stream.model, Path(made) / "weights")
            found = _opened(stream, Path(made) / "weights").states(list(window)).values
    except (LayerfoldError, RuntimeError, ValueError, TypeError, OSError) as error:
        what = " ".join(str(error).split())[:200]
        raise InputError(
            f"the weights of this model do not open again ({what}): leave out weights=True"
        ) from error
    live = stream.batch_states(np.array([window], dtype=np.int32))[:, 0]
    brief = any(weight.dtype != float32 for weight in stream.model.parameters())
    away = (
        1.0
        if found.shape != live.shape
        else float(np.linalg.norm(found - live) / (np.linalg.norm(live) or 1))
    )
    if not away <= (APART_BRIEF if brief else APART):
        raise InputError(
            f"the weights of this model open as another one, whose states lie {away:.0%} of their "
            "length away: leave out weights=True"
        )


def _opened(stream: Stream, path: Path) -> Adapter:
    if isinstance(stream.model, GPT):
        return load_model(path, stream.model.config)
    where = Where(path)
    return load_adapter(where, read_shape(where))
