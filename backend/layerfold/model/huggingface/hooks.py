"""Hooks on the modules of a transformers' network, so that its pass shows every named tensor on its
way, and goes on with what it is given.

They are hung once and stay; a thread whose pass has no hook does not notice them. Where the stream
goes past a module and into it as one tensor, it is changed in place: both go on with the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from layerfold.model.huggingface.attention import Keeper, Passing
from layerfold.model.huggingface.structure import Block, Structure, Tap
from layerfold.model.taps import Within


def hang(structure: Structure, passing: Passing, factors: list[tuple[float, float]]) -> None:
    """Every block shows its tensors; ``factors`` are by what each layer multiplies what attention
    and the MLP give, before it adds them.
    """
    hung: set[int] = set()
    for block in structure.blocks:
        if id(block.module) not in hung:
            hung.add(id(block.module))
            _Hanger(block, passing, factors).hang()


class _Hanger:
    """Hangs the hooks of one block."""

    def __init__(self, block: Block, passing: Passing, factors: list[tuple[float, float]]) -> None:
        self.block, self.passing, self.factors = block, passing, factors

    def hang(self) -> None:
        """The hooks in the order in which they are met."""
        block, normed = self.block, self.block.residual == "normed sum"
        self._on(block.enter, self._entering)
        if block.o_proj is not None:
            self._on(Tap(block.o_proj, "in"), self._gathered)
        outlet = block.o_proj if normed or block.norm_attention is None else block.norm_attention
        if outlet is not None:
            self._on(Tap(outlet, "out"), lambda x: self._added("attn.out", x, 0))
        if normed and block.norm_attention is not None:
            self._on(Tap(block.norm_attention, "in"), self._shifted)
        if block.mid is not None:
            self._on(block.mid, lambda x: self._show("mid", self._shifted(x)), stays=True)
        if block.down_proj is not None:
            self._on(Tap(block.down_proj, "in"), lambda x: self._show("mlp.act", x))
        outlet = mlp_outlet(block) if normed or block.norm_mlp is None else block.norm_mlp
        if outlet is not None:
            self._on(Tap(outlet, "out"), lambda x: self._added("mlp.out", x, 1))
        self._on(Tap(block.module, "out"), self._leaving)

    def _on(self, tap: Tap, show: Callable[[Tensor], Tensor], stays: bool = False) -> None:
        """What passes is shown, and goes on as what comes back; ``stays``: it goes on elsewhere
        too, so it is changed in place.
        """

        def entering(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            hook = self.passing.hook
            if hook is None or (self.passing.inner is None and module is not self.block.module):
                return None
            if module is self.block.module and isinstance(hook, Keeper):
                hook.calls.append((args, kwargs))
            x = tap.of(args, kwargs)
            given = show(x)
            if given is x:
                return None
            if stays:
                x.copy_(given)
                return None
            if isinstance(tap.place, int):
                return (*args[: tap.place], given, *args[tap.place + 1 :]), kwargs
            return args, {**kwargs, tap.place: given}

        def leaving(module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
            if self.passing.inner is None:
                return None
            x = tap.of((), {}, output)
            given = show(x)
            return (
                None
                if given is x
                else given
                if isinstance(output, Tensor)
                else (given, *output[1:])
            )

        if tap.side == "in":
            tap.module.register_forward_pre_hook(entering, with_kwargs=True)
        else:
            tap.module.register_forward_hook(leaving)

    def _show(self, name: str, x: Tensor) -> Tensor:
        """The tensor to go on with. What is shown is by token (b, t, …) where a module is given all
        tokens in a row; and a copy of its own, since the network may go on to add to what it
        has, but in gradients on the way of what goes on.
        """
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

    def _entering(self, x: Tensor) -> Tensor:
        passing = self.passing
        assert passing.hook is not None
        passing.layer += 1
        passing.inner = inner = Within(passing.hook, f"L{passing.layer}")
        passing.size = x.shape[:2]
        if passing.layer == 0:
            x = passing.hook("embed", x)
        past = inner("skip", x)
        passing.shift = None if past is x else past - x
        return x

    def _gathered(self, x: Tensor) -> Tensor:
        """What the heads give (b, t, h · k), shown by head."""
        inner = self.passing.inner
        if inner is None or not inner.wants("attn.z"):
            return x
        z = x.reshape(*self.passing.size, self.block.n_heads, self.block.head_dim).transpose(1, 2)
        given = inner("attn.z", z)
        return (
            x
            if given is z and not torch.is_grad_enabled()
            else given.transpose(1, 2).reshape(x.shape)
        )

    def _added(self, name: str, x: Tensor, half: int) -> Tensor:
        """What a half adds, shown as it is when it is added."""
        factor = self.factors[self.passing.layer][half] if self.factors else 1.0
        if factor == 1:
            return self._show(name, x)
        scaled = x * factor
        given = self._show(name, scaled)
        return x if given is scaled and not torch.is_grad_enabled() else given / factor

    def _shifted(self, x: Tensor) -> Tensor:
        """The sum with what the stream past attention was changed by."""
        shift, self.passing.shift = self.passing.shift, None
        return x if shift is None else x + shift.reshape(x.shape)

    def _leaving(self, x: Tensor) -> Tensor:
        """The state after the block; where both halves read one state, what goes past attention
        goes past both.
        """
        given = self._show("post", self._shifted(x))
        self.passing.inner = None
        return given


def mlp_outlet(block: Block) -> nn.Module | None:
    """The module that gives what the MLP makes: the whole of it where that is one module, as
    experts and a shared one are together.
    """
    return block.mlp if block.mlp is not None else block.down_proj
