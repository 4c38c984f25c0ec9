"""Ways to make a model smaller, each done to its weights in place and undone again.

Rounding is to the nearest of 2ᵇ - 1 evenly spaced values by row of a matrix; rank by its singular
values; sparsity by size. 16 bits, full rank, no sparsity and all directions change no bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

import numpy as np
import torch
from torch import Tensor, nn

from layerfold.errors import InputError, NoWeights
from layerfold.records import Floats

Kind = Literal["bits", "rank", "sparsity", "layer", "head", "directions"]
KINDS: Final = ("bits", "rank", "sparsity", "layer", "head", "directions")
WHOLE_BITS: Final = 16
JOINT: Final = ("attention.qkv", "attn.c_attn")
ATTENTION: Final = (
    "attention.out",
    "attn.c_proj",
    "self_attn.o_proj",
    "attention.dense",
    "attention.output.dense",
)
MLP: Final = ("mlp.out", "mlp.c_proj", "mlp.down_proj", "mlp.dense_4h_to_h", "output.dense")


@dataclass(frozen=True)
class Change:
    """One way: ``bits`` or ``rank`` kept, the share set to zero (``sparsity``), a ``layer`` left
    out, a ``head`` of a layer off, or states cut to so many principal ``directions`` after every
    layer."""

    kind: Kind
    amount: float
    head: int | None = None

    @property
    def name(self) -> str:
        """As ``change_of`` reads it."""
        return f"{self.kind}={self.amount:g}" + ("" if self.head is None else f".{self.head}")


def change_of(words: str) -> Change:
    """A change from ``bits=3``, ``rank=32``, ``sparsity=0.5``, ``layer=2``, ``head=2.1`` or
    ``directions=16``; raises InputError."""
    kind, _, amount = words.partition("=")
    layer, dot, head = amount.partition(".")
    try:
        number = float(layer if kind == "head" else amount)
        found = Change(kind, number, int(head) if kind == "head" and dot else None)  # type: ignore[arg-type]
    except ValueError:
        number, found = -1.0, Change("bits", 0)
    whole = kind == "sparsity" or number == int(number)
    if kind not in KINDS or number < 0 or not whole or (kind == "head") != (found.head is not None):
        raise InputError(
            f"{words[:60]!r} is no change: write bits=3, rank=32, sparsity=0.5, layer=2, head=2.1"
            " or directions=16."
        )
    if (
        (kind == "bits" and number < 2)
        or (kind == "sparsity" and number >= 1)
        or (kind in ("rank", "directions") and number < 1)
    ):
        raise InputError(
            f"{words!r} leaves nothing: keep 2 bits, 1 rank or direction, some weights."
        )
    return found


@dataclass(frozen=True)
class Matrix:
    """A weight matrix of a layer; its rows are outputs, unless it is ``turned``, and it may be
    several of one size one under the other (query, key and value), each with a rank of its own."""

    weight: nn.Parameter
    turned: bool
    parts: int = 1

    def read(self) -> Tensor:
        """A copy [out, in] in double precision."""
        weight = self.weight.detach().double()
        return (weight.T if self.turned else weight).clone()

    def write(self, values: Tensor) -> None:
        """The matrix is ``values`` [out, in] from now on."""
        with torch.no_grad():
            self.weight.copy_((values.T if self.turned else values).to(self.weight.dtype))


def network_of(adapter: Any) -> nn.Module:
    """The modules behind an adapter; raises NoWeights where there are none."""
    found = getattr(adapter, "model", None) or getattr(adapter, "network", None)
    if not isinstance(found, nn.Module):
        raise NoWeights("This run holds states and no weights, so nothing of it can be compressed.")
    return found


def layers_of(adapter: Any) -> nn.ModuleList:
    """The layers of a model: the longest list of modules in it."""
    lists = [
        module for module in network_of(adapter).modules() if isinstance(module, nn.ModuleList)
    ]
    if not lists:
        raise NoWeights("This model has no list of layers that can be changed.")
    return max(lists, key=len)


def matrices_of(adapter: Any) -> list[Matrix]:
    """The matrices inside the layers, in order."""
    return [
        Matrix(weight, type(module).__name__ == "Conv1D", 3 if path.endswith(JOINT) else 1)
        for path, module in layers_of(adapter).named_modules()
        for name, weight in module.named_parameters(recurse=False)
        if weight.dim() == 2 and name == "weight" and not isinstance(module, nn.Embedding)
    ]


def rounded(matrix: Tensor, bits: int) -> Tensor:
    """A matrix [out, in] with each row on 2ᵇ - 1 evenly spaced values about 0, the largest kept."""
    most = 2 ** (bits - 1) - 1
    scale = matrix.abs().amax(dim=1, keepdim=True) / most
    return torch.where(scale > 0, (matrix / scale.clamp_min(1e-300)).round() * scale, matrix)


def of_rank(matrix: Tensor, rank: int) -> Tensor:
    """The nearest matrix of a rank (Eckart & Young 1936)."""
    left, sizes, right = torch.linalg.svd(matrix, full_matrices=False)
    found: Tensor = (left[:, :rank] * sizes[:rank]) @ right[:rank]
    return found


def thinned(matrix: Tensor, share: float) -> Tensor:
    """A matrix whose smallest weights, this share of them, are 0."""
    count = round(share * matrix.numel())
    if not count:
        return matrix
    sizes = matrix.abs().flatten()
    edge = sizes.kthvalue(count).values
    gone = sizes < edge
    equal = (sizes == edge).nonzero()[:, 0]  # of equals the first
    gone[equal[: count - int(gone.sum())]] = True
    return matrix.masked_fill(gone.view_as(matrix), 0.0)


def changed_matrix(change: Change, matrix: Tensor, parts: int = 1) -> Tensor | None:
    """A matrix of so many parts changed; None where the change leaves every bit as it is."""
    amount = int(change.amount)
    if change.kind == "bits" and amount < WHOLE_BITS:
        return rounded(matrix, amount)
    if change.kind == "rank" and amount < min(matrix.shape[0] // parts, matrix.shape[1]):
        return torch.cat([of_rank(part, amount) for part in matrix.chunk(parts)])
    if change.kind == "sparsity" and change.amount > 0:
        return thinned(matrix, change.amount)
    return None


# how large the change of each matrix is, by its number; None: it leaves every bit
Sizes = dict[int, float | None]
Making = Callable[[Tensor], Tensor | None]


@contextmanager
def applied(
    adapter: Any,
    change: Change,
    cut: Sequence[Cut] = (),
    noise: int | None = None,
    sizes: Sizes | None = None,
) -> Iterator[None]:
    """Within, the adapter's own model is changed; after, it is as before, bit for bit.

    With ``noise``, a seed, each matrix gets normal noise instead, as large (Frobenius) as its
    change; ``sizes`` of them are kept and need not be found again. ``cut`` are the cuts of
    ``directions``, a layer each. Raises InputError for a layer or head that is not there.
    """
    known: Sizes = {} if sizes is None else sizes
    with ExitStack() as stack:
        if change.kind == "directions":
            for layer, one in zip(layers_of(adapter), cut, strict=False):
                handle = layer.register_forward_hook(one.hook(noise), prepend=True)
                stack.callback(handle.remove)
        parted = change.kind in ("layer", "head")
        edits = _part_edits(adapter, change) if parted else _edits(adapter, change)
        rng = torch.Generator().manual_seed(noise or 0)
        for number, (matrix, made) in enumerate(edits):
            before, new = matrix.read(), None
            if noise is None or number not in known:
                new = made(before)
                known[number] = None if new is None else float((new - before).norm())
            size = known[number]
            if size is None:
                continue
            if noise is not None:
                drawn = torch.randn(before.shape, generator=rng, dtype=torch.float64)
                new = before + drawn * (size / drawn.norm())
            assert new is not None
            stack.callback(_restore, matrix.weight, matrix.weight.detach().clone())
            matrix.write(new)
        yield


def _restore(weight: nn.Parameter, old: Tensor) -> None:
    with torch.no_grad():
        weight.copy_(old)


def _edits(adapter: Any, change: Change) -> Iterator[tuple[Matrix, Making]]:
    for matrix in matrices_of(adapter):
        yield matrix, partial(changed_matrix, change, parts=matrix.parts)


def _part_edits(adapter: Any, change: Change) -> Iterator[tuple[Matrix, Making]]:
    """What writes into the stream, set to 0: all of a layer, or a head's columns of W_O."""
    layers, at = layers_of(adapter), int(change.amount)
    if at >= len(layers):
        raise InputError(f"There is no layer {at}: the model has {len(layers)}, from 0.")
    if change.kind == "layer":
        for names in (ATTENTION, MLP):
            module = part_of(layers[at], names)
            for value in (module.weight, getattr(module, "bias", None)):
                if value is not None:
                    yield Matrix(value, False), torch.zeros_like
        return
    module = part_of(layers[at], ATTENTION)
    matrix = Matrix(module.weight, type(module).__name__ == "Conv1D")
    heads = heads_of(adapter)
    if change.head is None or not 0 <= change.head < heads:
        raise InputError(f"There is no head {change.head}: a layer has {heads}, from 0.")
    yield matrix, partial(_headless, head=change.head, heads=heads)


def _headless(matrix: Tensor, head: int, heads: int) -> Tensor:
    """What a layer's heads write, without one of them."""
    width, new = matrix.shape[1] // heads, matrix.clone()
    new[:, head * width : (head + 1) * width] = 0.0
    return new


def part_of(layer: nn.Module, names: Sequence[str]) -> Any:
    """The module of a layer at the first of the paths that is there; raises InputError."""
    known = dict(layer.named_modules())
    for name in names:
        if name in known:
            return known[name]
    raise InputError(
        "Parts of this model's layers are not known by name: compress all its matrices."
    )


def heads_of(adapter: Any) -> int:
    """How many heads a layer has."""
    config = network_of(adapter).config
    for name in ("n_head", "num_attention_heads"):
        if hasattr(config, name):
            return int(getattr(config, name))
    raise InputError("The number of this model's heads is not known.")


@dataclass(frozen=True)
class Cut:
    """States less their ``mean`` [d] kept in the span of ``basis`` [k, d], whose rows are
    orthonormal; what falls off is of mean length ``lost``.
    """

    mean: Tensor
    basis: Tensor
    lost: float

    @staticmethod
    def of(states: Floats, count: int) -> Cut | None:
        """The cut to the ``count`` leading principal directions of states [n, d]; None for all."""
        if count >= states.shape[1]:
            return None
        wide = states.astype(np.float64)
        mean = wide.mean(axis=0)
        basis = np.linalg.svd(wide - mean, full_matrices=False)[2][:count]
        rest = (wide - mean) - (wide - mean) @ basis.T @ basis
        return Cut(
            torch.from_numpy(mean),
            torch.from_numpy(basis),
            float(np.linalg.norm(rest, axis=1).mean()),
        )

    def hook(self, noise: int | None) -> Callable[..., Any]:
        """A forward hook that cuts what a layer puts out, or moves it by noise as long."""
        generator = torch.Generator().manual_seed(noise or 0)

        def change(state: Tensor) -> Tensor:
            wide = state.double().cpu()
            if noise is None:
                new = self.mean + (wide - self.mean) @ self.basis.T @ self.basis
            else:
                drawn = torch.randn(wide.shape, generator=generator, dtype=torch.float64)
                new = wide + drawn * (self.lost / drawn.norm(dim=-1, keepdim=True))
            return new.to(state.device, state.dtype)

        def hook(module: nn.Module, args: Any, output: Any) -> Any:
            if isinstance(output, Tensor):
                return change(output)
            at = 1 if type(module).__name__ == "Block" else 0  # our block puts out mid, post, cache
            return (*output[:at], change(output[at]), *output[at + 1 :])

        return hook


def cuts_of(adapter: Any, states: Floats, count: int) -> list[Cut]:
    """A cut for every layer, from states [site, window, token, d] of the whole model; none where
    all directions are kept.
    """
    ends = [n for n, site in enumerate(adapter.sites) if site.part == "post"]
    cuts = [Cut.of(states[end].reshape(-1, states.shape[-1]), count) for end in ends]
    return [cut for cut in cuts if cut is not None]
