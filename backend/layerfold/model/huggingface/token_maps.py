"""One token's way through the blocks of a transformers' network, the other tokens held: from each
site to the next, as functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from layerfold.errors import NotSupported
from layerfold.model.edits import Edit, Replace, TapHook
from layerfold.model.huggingface.attention import Held, Keeper
from layerfold.model.huggingface.proof import near

if TYPE_CHECKING:
    from layerfold.model.huggingface.network import HuggingFaceNetwork


@dataclass(frozen=True)
class TokenMap:
    """From one site to the next within block ``layer``: a state [d] in, a state [d] out, in the
    network's own numbers.

    The block is called on the token alone: ``arguments`` are those of its call in the whole
    sentence, cut to the token; attention finds the keys and values of the others ``held``.
    ``before`` [d] is the state that the block reads where the map begins at mid.
    """

    network: HuggingFaceNetwork
    layer: int
    arguments: tuple[tuple[Any, ...], dict[str, Any]]
    held: Held
    end: str
    before: Tensor | None = None

    def __call__(self, state: Tensor) -> Tensor:
        """The state at the next site [d]."""
        network, entry = self.network, state if self.before is None else self.before
        edits = (
            [] if self.before is None else [Edit(f"L{self.layer}.mid", Replace(state[None, None]))]
        )
        hook = TapHook([self.end], edits)
        args, kwargs = _with(
            self.arguments, network.blocks[self.layer].enter.place, entry[None, None]
        )
        with network.passing.through(hook, self.layer - 1):
            network.passing.held = self.held
            network.blocks[self.layer].module(*args, **kwargs)
        return hook.kept[self.end][0, 0]


def token_maps(
    network: HuggingFaceNetwork, ids: Sequence[int], token: int
) -> list[tuple[TokenMap, Tensor]]:
    """The map from each site but the last to the next, for one token's state, and that state.

    Raises NotSupported where a block cannot be called on one token alone.
    """
    hook = Keeper(network.sites)
    with torch.no_grad():
        network(torch.tensor([list(ids)], device=network.device), hook, last=0)
    if len(hook.held) != network.n_layer or len(hook.calls) != network.n_layer:
        raise NotSupported(
            network.missing("L*.attn.q")
            or f"A token of this {network.kind} model cannot be read alone."
        )
    states = {site: hook.kept[site][0, token].detach() for site in network.sites}
    maps: list[tuple[TokenMap, Tensor]] = []
    for n, (held, call) in enumerate(zip(hook.held, hook.calls, strict=True)):
        begin, mid, end = f"L{n - 1}.post" if n else "embed", f"L{n}.mid", f"L{n}.post"
        alone = replace(held, added=held.added[:, :, token : token + 1], token=token)
        whole = TokenMap(network, n, _cut(call, len(ids), token), alone, end)
        if mid in states:
            maps.append((replace(whole, end=mid), states[begin]))
            maps.append((replace(whole, before=states[begin]), states[mid]))
        else:
            maps.append((whole, states[begin]))
    _check(network, maps, states)
    return maps


def _check(
    network: HuggingFaceNetwork, maps: list[tuple[TokenMap, Tensor]], states: dict[str, Tensor]
) -> None:
    """Each map leads from a state to the next, or a block does something with a token that cannot
    be told from its call."""
    with torch.no_grad():
        for one, state in maps:
            if not near(one(state), states[one.end]):
                raise NotSupported(
                    f"A block of this {network.kind} model gives one token alone another state "
                    "than in its sentence."
                )


def _with(
    arguments: tuple[tuple[Any, ...], dict[str, Any]], place: int | str, x: Tensor
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call with another tensor at a place."""
    args, kwargs = arguments
    if isinstance(place, int):
        return (*args[:place], x, *args[place + 1 :]), kwargs
    return args, {**kwargs, place: x}


def _cut(value: Any, count: int, token: int) -> Any:
    """Arguments for one token of ``count``: tensors with an axis of tokens are cut to it; masks,
    which are held already, are left out."""
    if isinstance(value, dict):
        return {name: _cut(one, count, token) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_cut(one, count, token) for one in value)
    if not isinstance(value, Tensor):
        return value
    if value.dim() == 4 and value.shape[-2:] == (count, count):
        return None
    axis = -2 if value.dim() > 2 else -1
    return value.narrow(axis, token, 1) if value.dim() and value.shape[axis] == count else value
