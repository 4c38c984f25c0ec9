"""Where a broken training is taken up: weights, optimiser, step and seconds in one safetensors
file, written whole.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from layerfold.errors import DamagedRun
from layerfold.files.atomic import write_atomically
from layerfold.model.gpt import GPT
from layerfold.training.optimizer import Optimizer

WEIGHT = "weight"


def save_resume(path: Path, model: GPT, optimizer: Optimizer, step: int, seconds: float) -> None:
    """``path`` holds all that the next steps depend on."""
    weights = {f"{WEIGHT}:{name}": weight.detach() for name, weight in model.named_parameters()}
    write_atomically(
        path, save(weights | optimizer.state(), {"step": str(step), "seconds": repr(seconds)})
    )


def load_resume(path: Path, model: GPT, optimizer: Optimizer) -> tuple[int, float]:
    """The step to begin with and the seconds spent so far, weights and optimiser put in place; (0,
    0.0) where nothing was saved.
    """
    if not path.exists():
        return 0, 0.0
    try:
        with safe_open(path, "pt") as file, torch.no_grad():
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            for name, weight in model.named_parameters():
                weight.copy_(tensors.pop(f"{WEIGHT}:{name}"))
            optimizer.restore(tensors)
            return int(file.metadata()["step"]), float(file.metadata()["seconds"])
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:
        raise DamagedRun(
            f"{path.name} cannot be read ({error}): delete it to train from the start"
        ) from error
