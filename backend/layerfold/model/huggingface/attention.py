"""Attention of transformers' models, opened: queries, keys, values and patterns pass a hook, and a
token can be read alone.

Attention modules compute through a registry of functions. A module that is opened finds ours there,
which leaves the work to the function that stood there before: the numbers are the same bit for bit
as long as nobody changes them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from inspect import unwrap
from typing import Any, Final

import torch
from torch import Tensor, nn

from layerfold.model.edits import TapHook
from layerfold.model.huggingface.library import library
from layerfold.model.taps import Hook

MARK: Final = "_layerfold_passing"
IMPLEMENTATIONS: Final = ("sdpa", "eager")


@dataclass(frozen=True)
class Held:
    """Keys and values (1, h, n, k) of a layer for all tokens, and what is added to one token's
    scores (1, 1 or h, 1, n): that ``token`` may be computed alone, its own key and value in the
    place of those held."""

    keys: Tensor
    values: Tensor
    added: Tensor
    token: int


class Keeper(TapHook):
    """A hook that also keeps each block's call, in order: its arguments, and what attention there
    is held with."""

    def __init__(self, taps: Iterable[str] = ()) -> None:
        super().__init__(taps)
        self.held: list[Held] = []
        self.calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []


class Passing(threading.local):
    """What happens in this thread's pass: the ``hook`` (None: nothing is asked), the ``layer`` that
    runs and the hook of it, the shape (b, t) of what is read, by what the stream past attention was
    changed, and what the layer has held."""

    def __init__(self) -> None:
        self.hook: Hook | None = None
        self.inner: Hook | None = None
        self.layer = -1
        self.size: torch.Size = torch.Size()
        self.shift: Tensor | None = None
        self.held: Held | None = None

    @contextmanager
    def through(self, hook: Hook | None, layer: int = -1) -> Iterator[None]:
        """A pass that shows its tensors to a hook, from the layer after ``layer`` on."""
        self.hook, self.layer = hook, layer
        try:
            yield
        finally:
            self.hook = self.inner = self.shift = self.held = None


def open_attention(module: nn.Module, passing: Passing) -> bool:
    """An attention module shows what passes in it; False where it computes by no function of the
    registry."""
    # transformers: takes seconds
    interface = library("transformers").AttentionInterface

    config = getattr(module, "config", None)
    name = str(getattr(config, "_attn_implementation", None))
    forward: Any = unwrap(type(module).forward)
    if name not in IMPLEMENTATIONS or "get_interface" not in forward.__code__.co_names:
        return False
    interface.register(f"layerfold_{name}", {"sdpa": _of_sdpa, "eager": _of_eager}[name])
    own = copy(config)  # the rest of the network is to see the name that it knows
    own._attn_implementation_internal = f"layerfold_{name}"  # type: ignore[union-attr]
    setattr(module, MARK, (passing, config))
    module.config = own  # type: ignore[assignment]
    return True


def close_attention(module: nn.Module) -> None:
    """The module is as it was."""
    module.config = getattr(module, MARK)[1]
    delattr(module, MARK)


def _of_sdpa(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Any,
    **options: Any,
) -> Any:
    plain = library("transformers.integrations.sdpa_attention").sdpa_attention_forward
    read = (query, key, value)
    return _attention(plain, True, module, read, attention_mask, options)


def _of_eager(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Any,
    **options: Any,
) -> Any:
    plain = sys.modules[type(module).__module__].eager_attention_forward
    return _attention(plain, False, module, (query, key, value), attention_mask, options)


def _attention(
    plain: Any,
    implied: bool,
    module: nn.Module,
    read: tuple[Tensor, Tensor, Tensor],
    mask: Any,
    options: dict[str, Any],
) -> Any:
    """What attention gives, (b, t, h, k) and its pattern; ``implied``: without a mask the module's
    own word says what is seen."""
    query, key, value = read
    passing: Passing | None = getattr(module, MARK, (None,))[0]
    if passing is None or passing.hook is None:
        return plain(module, query, key, value, mask, **options)
    if passing.held is not None:
        return _alone(passing.held, module, query, key, value, options)
    hook = passing.inner
    assert hook is not None
    query, key, value = hook("attn.q", query), hook("attn.k", key), hook("attn.v", value)
    if isinstance(passing.hook, Keeper):
        passing.hook.held.append(
            Held(key, value, added_of(module, query, key, mask, options, implied), -1)
        )
    if hook.wants("attn.pattern"):
        pattern = pattern_of(
            module, query, key, added_of(module, query, key, mask, options, implied), options
        )
        given = hook("attn.pattern", pattern)
        if given is not pattern:
            return (given @ widened(value, query)).transpose(1, 2), given
    return plain(module, query, key, value, mask, **options)


def _alone(
    held: Held,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: dict[str, Any],
) -> Any:
    """What one token gathers, in many versions of itself (m, h, 1, k) side by side."""
    keys, values = (
        _in_place(one, every, held.token) for one, every in ((key, held.keys), (value, held.values))
    )
    pattern = pattern_of(module, query, keys, held.added, options)
    return (pattern @ widened(values, query)).transpose(1, 2), pattern


def _in_place(own: Tensor, every: Tensor, token: int) -> Tensor:
    """Those of all tokens (1, h, n, k), one token's in many versions (m, h, 1, k) in the place of
    its own: (m, h, n, k)."""
    many = every.expand(len(own), -1, -1, -1)
    return torch.cat((many[:, :, :token], own, many[:, :, token + 1 :]), dim=2)


def added_of(
    module: nn.Module, query: Tensor, key: Tensor, mask: Any, options: dict[str, Any], implied: bool
) -> Tensor:
    """What is added to the scores (b or 1, 1 or h, t, n): positions, and −∞ where a token is not
    seen."""
    t, n = query.shape[2], key.shape[2]
    if mask is None:
        told = options.get("is_causal")
        causal = (
            implied and t > 1 and (getattr(module, "is_causal", True) if told is None else told)
        )
        mask = (
            torch.ones(t, n, dtype=torch.bool, device=query.device).tril(n - t)[None, None]
            if causal
            else None
        )
    added = torch.zeros(1, 1, t, n, device=query.device)
    if mask is not None:
        mask = mask[..., :n]
        added = (
            added.masked_fill(~mask, float("-inf"))
            if mask.dtype == torch.bool
            else added + mask.float()
        )
    bias = options.get("position_bias")
    return added if bias is None else added + bias.float()


def pattern_of(
    module: nn.Module, query: Tensor, key: Tensor, added: Tensor, options: dict[str, Any]
) -> Tensor:
    """How attention is shared (b, h, t, n); a sink (GPT-OSS) takes its part and is left out."""
    scaling = options.get("scaling")
    scores = (
        query
        @ widened(key, query).transpose(-1, -2)
        * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    )
    if (cap := options.get("softcap")) is not None:
        scores = cap * torch.tanh(scores / cap)
    scores = scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores
    scores = scores + added
    sinks = options.get("s_aux")
    if sinks is not None:
        scores = torch.cat(
            (scores, sinks.reshape(1, -1, 1, 1).expand(*scores.shape[:-1], 1)), dim=-1
        )
    shares: Tensor = scores.softmax(dim=-1)[..., : key.shape[2]]
    return shares.to(query.dtype)


def widened(heads: Tensor, query: Tensor) -> Tensor:
    """Keys or values (b, h, n, k) for as many heads as there are queries of."""
    return (
        heads.repeat_interleave(query.shape[1] // heads.shape[1], dim=1)
        if heads.shape[1] != query.shape[1]
        else heads
    )
