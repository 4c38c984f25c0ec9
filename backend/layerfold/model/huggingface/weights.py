"""Weights of a Hugging Face model from its files into transformers' own classes, in memory once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from layerfold.errors import DamagedRun, ModelRefused
from layerfold.model.huggingface.families import Family
from layerfold.model.huggingface.files import Where, weight_files
from layerfold.model.kernels import settle_kernels

DTYPES: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
AGAIN: Final = "it may still be being written, or fetch the model again"
SPARE: Final = 3
TENSORS: Final = 100_000  # beyond any model
# transformers' words on stderr are switched off meanwhile, for all threads
_loading = threading.Lock()


def load_network(
    where: Where, config: Any, family: Family, head: bool, dtype: str, device: str, pickle: bool
) -> Any:
    """The network with its weights, in evaluation mode; ``head`` says whether with its unembedding;
    raises as ``hub.load_adapter``.
    """
    settle_kernels()
    place = checked_device(device)
    if dtype not in DTYPES:
        raise ModelRefused(f"dtype {dtype!r} is not known: choose {', '.join(DTYPES)}")
    weights = read_weights(weight_files(where, pickle), DTYPES[dtype], str(where))
    kind, options = _class_of(config, family, head)
    network, told = _filled(kind, config, weights, DTYPES[dtype], options, str(where))
    _check(told, where)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.eval().to(place)


def checked_device(device: str) -> torch.device:
    """The device of a name; raises ModelRefused where this machine has it not."""
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not number.isdecimal()):
        raise ModelRefused(f"device {device!r} is not known: choose cpu, cuda, cuda:1 or mps")
    count = {"cpu": 1, "mps": int(torch.backends.mps.is_available())}.get(kind)
    count = torch.cuda.device_count() if count is None else count
    if int(number or 0) >= count:
        raise ModelRefused(
            f"there is no device {device!r} on this machine, or this build of torch cannot use it:"
            " choose cpu"
        )
    return torch.device(device)


def read_weights(files: list[Path], dtype: torch.dtype, name: str) -> dict[str, Tensor]:
    """Every tensor of the files, in memory of its own, numbers in ``dtype``; raises DamagedRun."""
    weights: dict[str, Tensor] = {}
    for path in files:
        try:
            for key, tensor in _tensors(path):
                weights[key] = (
                    tensor.to(dtype, copy=True) if tensor.is_floating_point() else tensor.clone()
                )
        except (
            OSError,
            SafetensorError,
            UnpicklingError,
            RuntimeError,
            ValueError,
            EOFError,
        ) as error:
            raise DamagedRun(
                f"{path.name} of {name} cannot be read ({_reason(error)}): {AGAIN}"
            ) from error
    return weights


def _tensors(path: Path) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a file by name, one at a time; a pickle is read by torch's reader of plain
    tensors, which runs no code.
    """
    if path.suffix != ".safetensors":
        found = torch.load(path, map_location="cpu", weights_only=True)
        yield from ((name, tensor) for name, tensor in found.items() if isinstance(tensor, Tensor))
        return
    with safe_open(path, "pt") as file:
        names = list(file.keys())
        if len(names) > TENSORS:
            raise ValueError(f"it holds {len(names):,} tensors, the most is {TENSORS:,}")
        for name in names:
            yield name, file.get_tensor(name)


def _class_of(config: Any, family: Family, head: bool) -> tuple[Any, dict[str, Any]]:
    """The class of transformers for a config, and how it is made; soft-capped attention needs
    attention written out.
    """
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_MASKED_LM_MAPPING, MODEL_MAPPING

    capped = getattr(config, "attn_logit_softcapping", None)
    options: dict[str, Any] = {"attn_implementation": "eager" if capped else "sdpa"}
    if head:
        return (MODEL_FOR_CAUSAL_LM_MAPPING if family.causal else MODEL_FOR_MASKED_LM_MAPPING)[
            type(config)
        ], options
    if not family.causal:
        options["add_pooling_layer"] = False
    return MODEL_MAPPING[type(config)], options


def _filled(
    kind: Any,
    config: Any,
    weights: dict[str, Tensor],
    dtype: torch.dtype,
    options: dict[str, Any],
    name: str,
) -> tuple[Any, Any]:
    """The network, which takes the tensors as they are, and what transformers tells of them; raises
    DamagedRun.
    """
    try:
        with _quiet():
            _check_size(
                kind,
                config,
                weights,
                {name: value for name, value in options.items() if name == "add_pooling_layer"},
            )
            found: tuple[Any, Any] = kind.from_pretrained(
                None,
                config=config,
                state_dict=weights,
                dtype=dtype,
                output_loading_info=True,
                **options,
            )
    except Exception as error:  # each network checks its own sizes, in its own way
        raise DamagedRun(
            f"the weights of {name} do not fit its config.json ({_reason(error)}): {AGAIN}"
        ) from error
    return found


def _check_size(
    kind: Any, config: Any, weights: dict[str, Tensor], options: dict[str, Any]
) -> None:
    """Raises ValueError where the config speaks of much more than the files hold: transformers
    would make the rest up, however large.
    """
    with torch.device("meta"):
        wanted = sum(parameter.numel() for parameter in kind(config, **options).parameters())
    held = sum(tensor.numel() for tensor in weights.values())
    if wanted > SPARE * held:  # a head that shares the embedding's matrix is counted twice
        raise ValueError(f"it speaks of {wanted:,} numbers, the files hold {held:,}")


def _check(told: Any, where: Where) -> None:
    """Raises DamagedRun where a weight was not in the files: transformers would have made it up."""
    missing = sorted(told["missing_keys"])
    if missing:
        raise DamagedRun(
            f"{where} lacks {len(missing)} of its weights ({', '.join(missing[:3])}): {AGAIN}"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Transformers shows no progress and reports nothing meanwhile."""
    from transformers.utils import logging as words

    logging: Any = words

    with _loading:
        level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        try:
            yield
        finally:
            logging.set_verbosity(level)
            if bars:
                logging.enable_progress_bar()


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
