"""Weights on disk: safetensors, float16 or int8 by row; in memory: float32 behind the adapter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from layerfold.errors import DamagedRun
from layerfold.files.atomic import write_atomically
from layerfold.model.adapter import Adapter
from layerfold.model.gpt import GPT
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.model.int8_rows import dequantized, quantized
from layerfold.model.shape import GPTConfig


def save_checkpoint(path: Path, model: GPT, stored: str = "float16") -> None:
    """``path`` holds the weights in float16, or in int8 by row, whole or not at all."""
    if stored == "int8":
        write_atomically(path, save(quantized(model.state_dict())))
    else:
        save_weights(path, model.state_dict())


def save_weights(path: Path, weights: Mapping[str, torch.Tensor]) -> None:
    """``path`` holds these weights in float16, whole or not at all."""
    write_atomically(
        path,
        save(
            {
                name: weight.detach().to(torch.float16).contiguous()
                for name, weight in weights.items()
            }
        ),
    )


def read_checkpoint(path: Path, config: GPTConfig) -> GPT:
    """The stored weights as a float32 model in evaluation mode; DamagedRun names a file that is
    absent, cut short or of another shape.
    """
    try:
        # looked at first: a card can ask for any number of layers
        if config.least_parameters > (size := path.stat().st_size):
            raise ValueError(
                f"it has {size:,} bytes, too few for {config.least_parameters:,} weights"
            )
        weights = dequantized(load(path.read_bytes()))
        with torch.device("meta"):
            model = GPT(config)
        model.load_state_dict(weights, assign=True)
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise DamagedRun(
            f"checkpoint {path.name} cannot be read ({_reason(error)}): restore it, or train this"
            " run again"
        ) from error
    return model.eval()


def load_model(path: Path, config: GPTConfig) -> Adapter:
    """The checkpoint at ``path`` behind the protocol every model stands behind; raises
    DamagedRun.
    """
    return GPTAdapter(read_checkpoint(path, config))


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is missing"
    return str(error).strip().splitlines()[0][:200]
