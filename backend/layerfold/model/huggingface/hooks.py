"""Hooks on the modules of a transformers' network, so that its pass shows every named tensor on its
way, and goes on with what it is given.

They are hung once and stay; a thread whose pass has no hook does not notice them. Where the stream
goes past a module and into it as one tensor, it is changed in place: both go on with the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from layerfold.model.huggingface.attention import Keeper, Passing
from layerfold.model.huggingface.block import Block, Tap, given_in, given_out
from layerfold.model.huggingface.structure import Structure
from layerfold.model.taps import Within


def hang(structure: Structure, passing: Passing, factors: list[tuple[float, float]]) -> None:
    """Every block shows its tensors; ``factors`` are by what each layer multiplies what attention
    and the MLP give, before it adds them."""
    hung: set[int] = set()
    for block in structure.blocks:
        if id(block.module) not in hung:
            hung.add(id(block.module))
            _hang_block(block, _Shower(passing, factors, block.n_heads, block.head_dim))


def _hang_block(block: Block, shower: _Shower) -> None:
    """The hooks of one block, in the order in which they are met."""
    normed = block.residual == "normed sum"
    _on(block.enter, shower.entering, shower.passing, entry=True)
    if block.o_proj is not None:
        _on(Tap(block.o_proj, "in"), shower.gathered, shower.passing)
    outlet = block.o_proj if normed or block.norm_attention is None else block.norm_attention
    if outlet is not None:
        _on(Tap(outlet, "out"), partial(shower.added, "attn.out", 0), shower.passing)
    if normed and block.norm_attention is not None:
        _on(Tap(block.norm_attention, "in"), shower.shifted, shower.passing)
    if block.mid is not None:
        _on(block.mid, shower.between, shower.passing, stays=True)
    if block.down_proj is not None:
        _on(Tap(block.down_proj, "in"), partial(shower.show, "mlp.act"), shower.passing)
    outlet = mlp_outlet(block) if normed or block.norm_mlp is None else block.norm_mlp
    if outlet is not None:
        _on(Tap(outlet, "out"), partial(shower.added, "mlp.out", 1), shower.passing)
    _on(Tap(block.module, "out"), shower.leaving, shower.passing)


def _on(
    tap: Tap,
    show: Callable[[Tensor], Tensor],
    passing: Passing,
    entry: bool = False,
    stays: bool = False,
) -> None:
    """What passes is shown, and goes on as what comes back. ``entry``: a block begins here;
    ``stays``: it goes on elsewhere too, so it is changed in place.

    No hook holds a module: else that would hold itself, and not go when it is let go.
    """
    place = tap.place

    def coming(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        hook = passing.hook
        if hook is None or (passing.inner is None and not entry):
            return None
        if entry and isinstance(hook, Keeper):
            hook.calls.append((args, kwargs))
        x = given_in(place, args, kwargs)
        given = show(x)
        if given is x:
            return None
        if stays:
            x.copy_(given)
            return None
        if isinstance(place, int):
            return (*args[:place], given, *args[place + 1 :]), kwargs
        return args, {**kwargs, place: given}

    def going(module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        if passing.inner is None:
            return None
        x = given_out(output)
        given = show(x)
        if given is x:
            return None
        return given if isinstance(output, Tensor) else (given, *output[1:])

    if tap.side == "in":
        tap.module.register_forward_pre_hook(coming, with_kwargs=True)
    else:
        tap.module.register_forward_hook(going)


@dataclass(frozen=True)
class _Shower:
    """Shows what passes in one block to the hook of this thread's pass."""

    passing: Passing
    factors: list[tuple[float, float]]
    n_heads: int
    head_dim: int

    def show(self, name: str, x: Tensor) -> Tensor:
        """The tensor to go on with. What is shown is by token (b, t, …) where a module is given all
        tokens in a row; and a copy of its own, since the network may go on to add to what it has,
        but in gradients on the way of what goes on."""
        inner = self.passing.inner
        if inner is None or not inner.wants(name):
            return x
        in_rows = x.dim() == 2 and len(x) == self.passing.size.numel()
        seen = x.reshape(*self.passing.size, -1) if in_rows else x
        gradients = torch.is_grad_enabled()
        if in_rows or not gradients:
            seen = seen.clone()
        given = inner(name, seen)
        if given is seen and not (gradients and in_rows):
            return x
        return given.flatten(0, 1) if in_rows else given

    def entering(self, x: Tensor) -> Tensor:
        """The state that the block reads; what goes past attention is shown too, and put right
        where it is added."""
        passing = self.passing
        assert passing.hook is not None
        passing.layer += 1
        passing.inner = inner = Within(passing.hook, f"L{passing.layer}")
        passing.size = x.shape[:2]
        if passing.layer == 0 and passing.hook.wants("embed"):
            seen = x if torch.is_grad_enabled() else x.clone()
            given = passing.hook("embed", seen)
            x = x if given is seen else given
        past = inner("skip", x)
        passing.shift = None if past is x else past - x
        return x

    def gathered(self, x: Tensor) -> Tensor:
        """What the heads give (b, t, h · k), shown by head."""
        inner = self.passing.inner
        if inner is None or not inner.wants("attn.z"):
            return x
        z = x.reshape(*self.passing.size, self.n_heads, self.head_dim).transpose(1, 2)
        given = inner("attn.z", z)
        if given is z and not torch.is_grad_enabled():
            return x
        return given.transpose(1, 2).reshape(x.shape)

    def added(self, name: str, half: int, x: Tensor) -> Tensor:
        """What a half adds, shown as it is when it is added."""
        factor = self.factors[self.passing.layer][half] if self.factors else 1.0
        if factor == 1:
            return self.show(name, x)
        scaled = x * factor
        given = self.show(name, scaled)
        return x if given is scaled and not torch.is_grad_enabled() else given / factor

    def shifted(self, x: Tensor) -> Tensor:
        """The sum with what the stream past attention was changed by."""
        shift, self.passing.shift = self.passing.shift, None
        return x if shift is None else x + shift.reshape(x.shape)

    def between(self, x: Tensor) -> Tensor:
        """The state after attention."""
        return self.show("mid", self.shifted(x))

    def leaving(self, x: Tensor) -> Tensor:
        """The state after the block; where both halves read one state, what goes past attention
        goes past both."""
        given = self.show("post", self.shifted(x))
        self.passing.inner = None
        return given


def mlp_outlet(block: Block) -> nn.Module | None:
    """The module that gives what the MLP makes: the whole of it where that is one module, as
    experts and a shared one are together."""
    return block.mlp if block.mlp is not None else block.down_proj
