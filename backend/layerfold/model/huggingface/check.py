"""What is seen of a model when it is opened: a probe text goes through the captured pass and
through transformers' plain one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np
import torch

from layerfold.errors import Diverged, LayerfoldError, ModelRefused
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.model.huggingface.quiet import reason
from layerfold.model.huggingface.structure import inputs_of, probe_ids
from layerfold.records import Floats

PROBED: Final = 12  # tokens of the probe
CLOSE: Final = {torch.float32: 1e-5, torch.bfloat16: 2e-2, torch.float16: 2e-3}


@dataclass(frozen=True)
class Line:
    """One thing that was compared: a site or the logits, and the largest difference over the
    largest number.
    """

    what: str
    difference: float
    most: float

    @property
    def right(self) -> bool:
        """Whether the two agree."""
        return self.difference <= self.most


def check_adapter(adapter: HuggingFaceAdapter, name: str) -> tuple[Line, ...]:
    """What was compared, all of it in agreement; raises ModelRefused, naming the first that is not
    and by how much.
    """
    # narrow numbers round away what a tiny model sees of later tokens
    exact = adapter.network.dtype == torch.float32
    try:
        lines = (*compared(adapter), *(order(adapter) if exact else ()))
        alike = same_for_all(adapter)
    except LayerfoldError:
        raise
    except Exception as error:  # whatever a network does that nobody has opened before
        raise ModelRefused(
            f"{name} cannot be opened: its pass cannot be followed ({reason(error)})"
        ) from error
    wrong = next((line for line in lines if not line.right), None)
    if wrong is not None and not isfinite(wrong.difference):
        raise Diverged(
            f"{wrong.what} of {name} is not finite for a few tokens: open it with --dtype float32,"
            " or leave it out"
        )
    if wrong is not None:
        raise ModelRefused(
            f"{name} cannot be opened: {wrong.what} of its captured pass differs from transformers'"
            f" own by {wrong.difference:.1e} of its size, more than {wrong.most:.0e}"
        )
    if alike:
        raise ModelRefused(
            f"{name} cannot be opened: it gives every token the same state at every site, so its"
            " weights were never filled: fetch the model again"
        )
    return lines


def same_for_all(adapter: HuggingFaceAdapter) -> bool:
    """Whether different tokens have the same states, to the bit, at every site."""
    states = adapter.states(probe_ids(adapter.network.config, min(PROBED, adapter.max_tokens)))
    return states.values.shape[1] > 1 and bool((states.values == states.values[:, :1]).all())


@torch.inference_mode()
def compared(adapter: HuggingFaceAdapter) -> Iterator[Line]:
    """Each site of the captured pass against ``hidden_states``, then logits."""
    ids = probe_ids(adapter.network.config, min(PROBED, adapter.max_tokens))
    most = CLOSE[adapter.network.dtype]
    given = torch.tensor([ids], device=adapter.network.device)
    told = adapter.network(
        **inputs_of(adapter.network, given), output_hidden_states=True, return_dict=True
    )
    stream = adapter.structure.stream
    hidden = getattr(told, f"{stream}_hidden_states" if stream else "hidden_states")
    states = dict(
        zip((site.name for site in adapter.sites), adapter.states(ids).values, strict=True)
    )
    last = states[adapter.sites[-1].name]
    for name, right in zip(adapter.structure.hidden, hidden, strict=True):
        found = _after_tail(adapter, last) if name == "final" else states[name]
        yield Line(name, off(found, _array(right)), most)
    if adapter.unembeds:
        yield Line("logits", off(adapter.unembed(last), _array(told.logits)), most)


def order(adapter: HuggingFaceAdapter) -> Iterator[Line]:
    """Whether what stands after a token changes its states, as ``causal`` says it does or does
    not.
    """
    moved, most = ahead(adapter), CLOSE[adapter.network.dtype]
    if adapter.causal:
        yield Line("a token's states, when one after it is another,", moved, most)
    elif moved <= most:
        yield Line("the sight of later tokens, which its config says it has,", 1.0, 0.0)


def ahead(adapter: HuggingFaceAdapter) -> float:
    """How much the states before the last token change when that becomes another, of their size; 0
    where nothing can be seen.
    """
    ids = probe_ids(adapter.network.config, min(PROBED, adapter.max_tokens))
    if len(ids) < 3:
        return 0.0
    one, two = (adapter.states(row).values[:, :-1] for row in (ids, [*ids[:-1], ids[0]]))
    return max(off(now, before) for now, before in zip(two, one, strict=True))


def _after_tail(adapter: HuggingFaceAdapter, states: Floats) -> Floats:
    rows = torch.from_numpy(states)[None].to(adapter.network.device, adapter.network.dtype)
    for module in adapter.structure.tail:
        rows = module(rows)
    return _array(rows)


def _array(tensor: torch.Tensor) -> Floats:
    found: Floats = tensor[0].to("cpu", torch.float32).numpy()
    return found


def off(found: Floats, right: Floats) -> float:
    """The largest difference over the largest number; infinite where the shapes differ."""
    if found.shape != right.shape:
        return float("inf")
    size = float(np.abs(right).max(initial=0.0))
    return (
        float(np.abs(found - right).max(initial=0.0)) / size
        if size
        else float(np.abs(found).max(initial=0.0))
    )
