"""Where a broken training is taken up: weights, optimiser, step and seconds in one safetensors file, written whole."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from layerfold.errors import DamagedRun
from layerfold.files import write_atomically
from layerfold.model.gpt import GPT

MOMENTS = ("exp_avg", "exp_avg_sq", "step")


def save_resume(path: Path, model: GPT, optimiser: torch.optim.Optimizer, step: int, seconds: float) -> None:
    """``path`` holds all that the next steps depend on."""
    tensors = {f"weight:{name}": weight.detach() for name, weight in model.named_parameters()}
    for name, weight in model.named_parameters():
        tensors |= {f"{moment}:{name}": optimiser.state[weight][moment] for moment in MOMENTS}
    write_atomically(path, save(tensors, {"step": str(step), "seconds": repr(seconds)}))


def load_resume(path: Path, model: GPT, optimiser: torch.optim.Optimizer) -> tuple[int, float]:
    """The step to begin with and the seconds spent so far, weights and optimiser put in place; (0, 0.0) where nothing was saved."""
    if not path.exists():
        return 0, 0.0
    try:
        with safe_open(path, "pt") as file, torch.no_grad():
            for name, weight in model.named_parameters():
                weight.copy_(file.get_tensor(f"weight:{name}"))
                optimiser.state[weight] = {moment: file.get_tensor(f"{moment}:{name}") for moment in MOMENTS}
            return int(file.metadata()["step"]), float(file.metadata()["seconds"])
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:
        raise DamagedRun(f"{path.name} cannot be read ({error}): delete it to train from the start") from error
