"""A look at a model in the middle of its training that leaves no trace: modes, buffers and random
numbers are as they were.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

SHARDED = ("FullyShardedDataParallel", "FSDPModule")


def unwrapped(model: Any) -> Any:
    """The model itself, out of ``torch.compile``, DDP and other wrappers that hold nothing but
    it.
    """
    while isinstance(model, nn.Module) and (held := _held(model)) is not None:
        model = getattr(model, held)
    return model


def plain_weights(model: nn.Module) -> dict[str, Tensor]:
    """The model's weights by the names they have without ``torch.compile``, DDP and other wrappers
    round its parts.
    """
    wrappers = {
        name: held
        for name, part in model.named_modules(remove_duplicate=False)
        if (held := _held(part)) is not None
    }
    return {_without(name, wrappers): weight for name, weight in model.state_dict().items()}


def _without(name: str, wrappers: Mapping[str, str]) -> str:
    """A weight's name without the steps from wrappers to what they hold."""
    parts = name.split(".")
    kept = [part for at, part in enumerate(parts) if wrappers.get(".".join(parts[:at])) != part]
    return ".".join(kept)


def _held(module: nn.Module) -> str | None:
    """The name by which a wrapper holds the one module that it wraps; None for anything else."""
    if isinstance(getattr(module, "_orig_mod", None), nn.Module):
        return "_orig_mod"
    return "module" if list(module._modules) == ["module"] and not module._parameters else None


def sharded(model: nn.Module) -> bool:
    """Whether no process alone holds the weights (FSDP, ZeRO-3, tensor parallel): one that ran the
    model alone would wait for ever.
    """
    if any(kind.__name__ in SHARDED for module in model.modules() for kind in type(module).__mro__):
        return True
    return any(
        type(weight).__name__ == "DTensor" or hasattr(weight, "ds_id")
        for weight in model.parameters()
    )


def device_of(model: nn.Module) -> torch.device:
    """Where the model's first weight is."""
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Inside, the model evaluates eagerly, without gradients, in the precision of its own weights;
    afterwards all is as it was.

    Modes are set as attributes: a module's own ``eval`` may change weights (LoRA merges there).
    Gradients are off by ``no_grad``: what a module caches under ``inference_mode`` would break the
    next backward pass.
    """
    device = device_of(model)
    modes = [(module, module.training) for module in model.modules()]
    buffers = [
        (module, name, held, _kept(held))
        for module in model.modules()
        for name, held in module._buffers.items()
    ]
    with ExitStack() as stack:
        stack.enter_context(_same_chance(device))
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.autocast(device.type, enabled=False))
        try:
            for module, _ in modes:
                module.training = False
            yield
        finally:
            for module, training in modes:
                module.training = training
            _put_back(buffers)


def _kept(held: Tensor | None) -> tuple[int, Tensor | None]:
    return (0, None) if held is None else (held._version, held.detach().clone())


def _put_back(
    buffers: list[tuple[nn.Module, str, Tensor | None, tuple[int, Tensor | None]]],
) -> None:
    for module, name, held, (version, values) in buffers:
        module._buffers[name] = held
        if held is not None and values is not None and held._version != version:
            held.copy_(values)


@contextmanager
def _same_chance(device: torch.device) -> Iterator[None]:
    """Python's, numpy's and torch's random numbers go on afterwards as if nothing had been
    drawn.
    """
    plain, arrays = random.getstate(), np.random.get_state()
    there = [device] if device.type == "cuda" else []
    mps = torch.mps.get_rng_state() if device.type == "mps" else None
    try:
        with torch.random.fork_rng(devices=there):
            yield
    finally:
        random.setstate(plain)
        np.random.set_state(arrays)
        if mps is not None:
            torch.mps.set_rng_state(mps)
