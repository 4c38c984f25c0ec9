"""One forward pass of any model: named tensors taken from it, and named tensors changed on the way.

    found = run(model, ids, taps=["L*.attn.pattern", "blocks.0.hook_resid_mid"],
    edits=[Edit("L1.mlp.out", Scale(0.0))]) found["L0.mid"], found.logits

The names stand in taps.py, the changes in edits.py. Without edits every number is that of the plain
pass, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerfold.errors import InputError, NotSupported
from layerfold.model.adapter import Adapter
from layerfold.model.edits import Edit, TapHook
from layerfold.model.gpt import GPT
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.model.gpt_network import GPTNetwork
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.model.huggingface.network import HuggingFaceNetwork
from layerfold.model.network import Network
from layerfold.model.taps import own_name, resolved
from layerfold.records import Floats

Model: TypeAlias = "GPT | Adapter | Network"
Ids = Sequence[int] | NDArray[Any]


@dataclass(frozen=True)
class Pass:
    """What a pass gave: ``tensors`` by name, shapes as in taps.py; ``logits`` (b, t, v), None where
    the model has no unembedding."""

    tensors: Mapping[str, Tensor]
    logits: Tensor | None

    def __getitem__(self, name: str) -> Tensor:
        """A tensor by its name here or in TransformerLens."""
        return self.tensors[own_name(name)]

    def layers(self, part: str) -> Tensor:
        """A part of every layer (layer, b, …), such as ``attn.pattern``."""
        found = [
            value
            for name, value in self.tensors.items()
            if name.partition(".")[2] == part and name.startswith("L")
        ]
        return torch.stack(found)


def run(
    model: Model,
    ids: Ids,
    taps: Iterable[str] = (),
    edits: Iterable[Edit] = (),
    *,
    gradients: bool = False,
    cache: Any = None,
    last: int | None = None,
) -> Pass:
    """One pass over a sentence ``ids`` [t] or windows [b, t].

    ``gradients`` keeps what autograd needs, from ``embed`` on; what ``cache``, one of the network's
    own, holds came before the ids; logits are of the ``last`` tokens only where that is given, and
    none for 0. Raises InputError for a tap, head or token that there is none of, NotSupported for a
    tap that this model cannot give.
    """
    network = network_of(model)
    asked = _checked(network, taps)
    hook = TapHook(
        asked, [_checked_edit(network, edit) for edit in edits], "embed" if gradients else ""
    )
    window = torch.from_numpy(np.atleast_2d(np.array(ids, dtype=np.int64))).to(network.device)
    with torch.enable_grad() if gradients else torch.inference_mode():
        logits = network(window, hook, cache, last)
    return Pass({name: hook.kept[name] for name in asked if name in hook.kept}, logits)


def network_of(model: Model) -> Network:
    """The network behind a model; raises NotSupported where it holds no weights."""
    if isinstance(model, GPTNetwork | HuggingFaceNetwork):
        return model
    if isinstance(model, GPT):
        return GPTNetwork(model)
    if isinstance(model, GPTAdapter):
        return GPTNetwork(model.model)
    if isinstance(model, HuggingFaceAdapter):
        return model.inside
    raise NotSupported(
        "Of this run only states can be read: it holds no weights. Record it with weights=True "
        "to look inside."
    )


def gpt_of(model: Model) -> GPT:
    """Our own network behind a model; raises NotSupported where it is another's."""
    if isinstance(model, HuggingFaceAdapter) and model.gpt is not None:
        return model.gpt
    network = network_of(model)
    if not isinstance(network, GPTNetwork):
        raise NotSupported(
            "This is computed of models that Layerfold trains, and of GPT-2: this is another's."
        )
    return network.gpt


def array(values: Tensor) -> Floats:
    """A tensor as an array of its own, in single precision."""
    return np.asarray(values.detach().to("cpu", torch.float32).numpy(), dtype=np.float32)


def _checked(network: Network, names: Iterable[str]) -> tuple[str, ...]:
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        if name != "*" and (why := network.missing(own_name(name))):
            raise NotSupported(why)
    return resolved(names, network.taps)


def _checked_edit(network: Network, edit: Edit) -> Edit:
    (at,) = _checked(network, [edit.at]) if "*" not in edit.at else ("",)
    if not at:
        raise InputError(f"An edit names one tap, not {edit.at!r}.")
    return Edit(at, edit.change, edit.heads, edit.tokens)
