"""An adapter of peft (LoRA and its kin): found beside a model or alone with the name of its base,
put on that and merged into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from layerfold.errors import DamagedRun, MissingExtra, ModelRefused
from layerfold.model.huggingface.files import (
    ADAPTED,
    ADAPTED_PICKLED,
    ADAPTER,
    folder_of_adapter,
    holds,
    read_json,
)
from layerfold.model.huggingface.library import library
from layerfold.model.huggingface.place import Where
from layerfold.model.huggingface.quiet import quiet, reason
from layerfold.model.huggingface.weight_files import adapter_files

NAMED: Final = 3
# how a training names what it holds of the adapter, beside what peft saves
DEFAULT: Final = re.compile(r"\.default(?=\.(?:weight|bias)$)")


def merged(network: Any, where: Where) -> Any:
    """The network with the adapter that lies at a place merged into its weights; itself where none
    lies there.

    Raises MissingExtra without peft; ModelRefused for one that cannot be merged or fits no part of
    the network; DamagedRun.
    """
    said = read_json(where, ADAPTER)
    if said is None:
        _check_settings(where)
        return network
    kind = str(said.get("peft_type"))[:40]
    try:
        peft = library("peft")  # seconds, and of few models
    except ImportError as error:
        raise MissingExtra(
            f"{where} is adapted ({kind}, {ADAPTER}): pip install layerfold[peft] merges the"
            " adapter into the model, or move it away to see the model without it"
        ) from error
    weights = _weights(where)
    try:
        with quiet():
            config = peft.PeftConfig.from_pretrained(
                str(folder_of_adapter(where)), local_files_only=True
            )
            config.inference_mode = True
            if config.is_prompt_learning:
                raise ModelRefused(
                    f"the adapter of {where} is {kind}, which adds tokens and no weights: open the"
                    " model without it"
                )
            adapted = peft.get_peft_model(network, config)
            told = peft.set_peft_model_state_dict(adapted, weights)
            _check_told(
                list(told.unexpected_keys),
                set(peft.get_peft_model_state_dict(adapted)) - set(weights),
                str(where),
            )
            found = adapted.merge_and_unload(safe_merge=True)
    except ModelRefused:
        raise
    except Exception as error:  # each kind of adapter has its own demands
        why = f"the adapter of {where} ({kind}) cannot be merged into its model ({reason(error)})"
        raise ModelRefused(f"{why}: merge it by hand (merge_and_unload)") from error
    return found.eval().requires_grad_(False)


def _check_settings(where: Where) -> None:
    """Raises ModelRefused for weights of an adapter in a folder that does not say how they go."""
    names = () if where.folder is None else (ADAPTED, ADAPTED_PICKLED)
    if lone := next((name for name in names if holds(where, name)), ""):
        raise ModelRefused(
            f"{where} holds {lone} and no {ADAPTER}, which says how the adapter goes onto its"
            f" model: fetch it too, or move {lone} away to see the model without it"
        )


def _check_told(strange: list[str], lost: set[str], name: str) -> None:
    """Raises ModelRefused for weights of an adapter that fit no part of the model, and for such as
    its settings speak of and it has not.
    """
    if strange:
        raise ModelRefused(
            f"the adapter of {name} is another model's: {_listed([*strange, *lost])} fit no part"
            " of it"
        )
    if lost:
        raise ModelRefused(
            f"the adapter of {name} lacks weights that its settings speak of ({_listed(lost)}):"
            f" fetch it again, or name in {ADAPTER} only the modules and layers that it has"
            " (target_modules, layers_to_transform)"
        )


def _weights(where: Where) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for path in adapter_files(where):
        try:
            found |= load_file(path)
        except (OSError, SafetensorError) as error:
            raise DamagedRun(
                f"{path.name} of {where} cannot be read ({reason(error)}): fetch the adapter again"
            ) from error
    found = {DEFAULT.sub("", name): weight for name, weight in found.items()}
    if bad := [name for name, weight in found.items() if not bool(torch.isfinite(weight).all())]:
        raise DamagedRun(
            f"the adapter of {where} holds numbers that are not finite ({_listed(bad)}): restore it"
        )
    return found


def _listed(names: Iterable[str]) -> str:
    names = sorted(names)
    return ", ".join(names[:NAMED]) + (
        f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    )
