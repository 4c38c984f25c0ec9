"""The rest of a pass, from a state put in the last token's place at a site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from layerfold.errors import InputError
from layerfold.interp.changes import layers_of
from layerfold.model.adapter import GPTAdapter
from layerfold.model.gpt import GPT, Block
from layerfold.records import Floats

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter


class Continuation:
    """A sentence whose last token's state can be another; ``states`` [site, d] is as it was.

    Raises InputError for a model that reads both ways or predicts nothing.
    """

    def __init__(self, adapter: Adapter, ids: Sequence[int]) -> None:
        if not (adapter.causal and adapter.unembeds):
            raise InputError("This model predicts no next token, so no state of it can be decoded.")
        self._adapter = adapter
        self._ids = list(ids)
        self._values = adapter.states(self._ids).values
        self.states: Floats = self._values[:, -1]

    def plain(self) -> Floats:
        """The logits [vocab] of the plain pass."""
        found: Floats = self._adapter.unembed(self._values[-1, -1:])[0]
        return found

    def logits(self, site: int, states: Floats, at_once: int = 1) -> Floats:
        """The logits [n, vocab] that follow states [n, d] put in at a site.

        One at a time a state fed back unchanged is the plain pass, bit for bit; more are faster and
        right to rounding. Raises InputError at a site between attention and MLP of another's model.
        """
        run = self._ours if isinstance(self._adapter, GPTAdapter) else self._others
        parts = [run(site, states[n : n + at_once]) for n in range(0, len(states), at_once)]
        return np.concatenate(parts)

    @torch.inference_mode()
    def _ours(self, site: int, states: Floats) -> Floats:
        model = self._adapter.model  # type: ignore[attr-defined]
        assert isinstance(model, GPT)
        x = torch.from_numpy(np.repeat(self._values[site][None], len(states), axis=0))
        x[:, -1] = torch.from_numpy(np.ascontiguousarray(states))
        return self._adapter.unembed(_onward(model, x, site)[:, -1].numpy())

    def _others(self, site: int, states: Floats) -> Floats:
        part = self._adapter.sites[site].part
        if part == "mid":
            raise InputError(
                "In this model a state can be put in between layers only: choose a post."
            )
        new = torch.from_numpy(np.ascontiguousarray(states))
        windows = np.repeat(np.array([self._ids], dtype=np.int32), len(states), axis=0)
        with _put_in(self._adapter, site, new):
            last = self._adapter.batch_states(windows)[-1][:, -1]
        return self._adapter.unembed(last)


def _onward(model: GPT, x: Tensor, site: int) -> Tensor:
    """The stream (b, t, d) from a site to the end, as the layers themselves go."""
    places = model.places(0, x.shape[1])
    for at in range(site, 2 * len(model.blocks)):
        block = model.blocks[at // 2]
        assert isinstance(block, Block)
        if at % 2:
            x = x + block.mlp(block.norm_post(x))
        else:
            x = x + block.attention(block.norm_mid(x), None, places)[0]
    return x


@contextmanager
def _put_in(adapter: Any, site: int, new: Tensor) -> Iterator[None]:
    """Within, the last token of each row has a new state after a layer, or before the first."""
    where = adapter.sites[site]

    def put(state: Tensor) -> Tensor:
        state = state.clone()
        state[:, -1] = new.to(state.device, state.dtype)
        return state

    def before(module: Any, args: Any, kwargs: Any) -> Any:
        if args:
            return (put(args[0]), *args[1:]), kwargs
        return args, {**kwargs, "hidden_states": put(kwargs["hidden_states"])}

    def after(module: Any, args: Any, output: Any) -> Any:
        return put(output) if isinstance(output, Tensor) else (put(output[0]), *output[1:])

    layers = layers_of(adapter)
    if where.part == "embed":
        handle = layers[0].register_forward_pre_hook(before, prepend=True, with_kwargs=True)
    else:
        handle = layers[where.layer].register_forward_hook(after, prepend=True)
    try:
        yield
    finally:
        handle.remove()
