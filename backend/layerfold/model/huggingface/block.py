"""The parts of one block, read from the dataflow of one call of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Final, Literal

from torch import Tensor, nn

from layerfold.model.huggingface.trace import Call, Trace

Residual = Literal["plain", "normed branch", "normed sum"]
FACTORS: Final = frozenset(["mul", "div", "dropout", "clamp", "where"])
MEANS: Final = frozenset(
    [
        "native_layer_norm",
        "_fused_rms_norm",
        "rms_norm",
        "mean",
        "var",
        "var_mean",
        "rsqrt",
        "linalg_vector_norm",
    ]
)
PRODUCTS: Final = frozenset(
    [
        "addmm",
        "addbmm",
        "baddbmm",
        "bmm",
        "mm",
        "mv",
        "linear",
        "convolution",
        "grouped_mm",
        "_grouped_mm",
        "matmul",
    ]
)


@dataclass(frozen=True)
class Tap:
    """Where a tensor passes: a module, and whether it is given to it or comes out of it; ``place``:
    the argument's number or keyword.
    """

    module: nn.Module
    side: Literal["in", "out"]
    place: int | str = 0


def given_in(place: int | str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    """What a call was given at a place."""
    found: Tensor = args[place] if isinstance(place, int) else kwargs[place]
    return found


def given_out(output: Any) -> Tensor:
    """What a call gave first."""
    found: Tensor = output[0] if isinstance(output, tuple | list) else output
    return found


@dataclass(frozen=True)
class Block:
    """One block; a part that it lacks, or that could not be told apart, is None (or 0).

    ``module`` and ``name`` (from the traced whole); ``enter``: where the state before it passes.
    ``attention`` is the module that computes the pattern; ``o_proj`` reads ``z`` [.., n_heads ·
    head_dim], what the heads give, head by head. ``q_proj``, ``k_proj`` and ``v_proj`` are one
    module where one matrix makes all three. ``mlp`` is the module of the feed-forward half, where
    there is one; ``down_proj`` reads its activations (None in a mixture of experts), ``up_proj``
    makes them (of a gated pair, the one that is gated). ``norm_in`` is what attention reads the
    stream through, ``norm_mid`` what the MLP does. ``norm_attention`` and ``norm_mlp`` are applied
    to what a half adds ("normed branch": Gemma 2, OLMo 2) or to the sum ("normed sum": BERT).
    ``parallel``: both halves read the same state. ``mid``: where the state after attention and
    before the MLP passes; None where there is none.
    """

    name: str
    module: nn.Module
    enter: Tap
    residual: Residual | None = None
    parallel: bool = False
    mid: Tap | None = None
    attention: nn.Module | None = None
    q_proj: nn.Module | None = None
    k_proj: nn.Module | None = None
    v_proj: nn.Module | None = None
    o_proj: nn.Module | None = None
    n_heads: int = 0
    n_kv_heads: int = 0
    head_dim: int = 0
    mlp: nn.Module | None = None
    up_proj: nn.Module | None = None
    down_proj: nn.Module | None = None
    norm_in: nn.Module | None = None
    norm_mid: nn.Module | None = None
    norm_attention: nn.Module | None = None
    norm_mlp: nn.Module | None = None


@dataclass(frozen=True)
class Branch:
    """What is added to the stream: its node, the state that it reads, the state after it, and the
    norm that the sum goes through.
    """

    node: int
    reads: int
    after: int
    norm: nn.Module | None


class BlockReader:
    """Reads the parts of a block from one call of it."""

    def __init__(self, trace: Trace, call: Call) -> None:
        self.trace, self.call = trace, call
        self.inside = trace.within(call)
        shape = trace.nodes[call.gave[0]].shape
        alike = (place for place, node in call.given.items() if trace.nodes[node].shape == shape)
        self.place = next(alike, next(iter(call.given)))
        self.state = trace.plain(call.given[self.place])

    def block(self) -> Block:
        """The block; with no parts where the stream's way through it is not one of sums."""
        enter = Tap(self.call.module, "in", self.place)
        if not self.branches:
            return Block(self.call.name, self.call.module, enter)
        parts = self._attention() | self._feed_forward()
        last = self.branches[-1]
        sequential = last.reads != self.state
        parallel = not sequential and bool(
            parts.get("attention") and (parts.get("mlp") or parts.get("down_proj"))
        )
        mid = self._tap(last.reads) if sequential else None
        return Block(
            self.call.name, self.call.module, enter, self._residual(parts), parallel, mid, **parts
        )

    # ---- the way of the stream

    @cached_property
    def norms(self) -> dict[int, Call]:
        """The calls of norms, by the node they give: of one shape before and after, means and no
        products within.
        """
        return {self.trace.gave(call): call for call in self.inside if self._is_norm(call)}

    def _is_norm(self, call: Call) -> bool:
        if len(call.gave) != 1 or not call.given:
            return False
        ops, nodes = self.trace.ops(call), self.trace.nodes
        same = nodes[call.first].shape == nodes[call.gave[0]].shape
        return (
            same
            and bool(ops & MEANS)
            and not ops & PRODUCTS
            and not any("softmax" in op for op in ops)
        )

    @cached_property
    def branches(self) -> list[Branch]:
        """All that is added on the way from the block's state to the one it gives, in order; a sum
        of two branches is both.
        """
        found: list[Branch] = []
        for node, after, norm in self._way(self.trace.gave(self.call)) or []:
            states = [self.state, *(branch.after for branch in found)]
            for part in self._parted(node):
                reads = next(
                    (state for state in reversed(states) if self.trace.depends(part, state)),
                    self.state,
                )
                found.append(Branch(part, reads, after, norm))
        return found

    def _way(self, node: int) -> list[tuple[int, int, nn.Module | None]] | None:
        """The sums that lead from the block's state to a node: what is added, the state after it,
        its norm. None where no way leads.
        """
        after, norm = self.trace.plain(node), None
        for bare in self._bared(node):
            if bare == self.state:
                return []
            if bare in self.norms and norm is None:
                norm = self.norms[bare].module
        one = self.trace.nodes[bare]
        if one.op != "add" or len(one.reads) != 2 or bare < self.state:
            return None
        for stream, branch in (one.reads, one.reads[::-1]):
            before = self._way(stream)
            if before is not None:
                return [*before, (self.trace.plain(branch), after, norm)]
        return None

    def _bared(self, node: int) -> Iterator[int]:
        """A node, and what it is but for norms, factors and views, back to what made it."""
        while True:
            node = self.trace.plain(node)
            yield node
            one = self.trace.nodes[node]
            if node == self.state:
                return
            if node in self.norms:
                node = self.norms[node].first
            elif one.op in FACTORS and one.reads:
                node = max(
                    one.reads,
                    key=lambda n: (len(self.trace.nodes[n].shape), prod(self.trace.nodes[n].shape)),
                )
            else:
                return

    def _parted(self, branch: int) -> list[int]:
        """The two branches of a branch that is their sum (attention and MLP side by side, not two
        kinds of experts), else itself.
        """
        *_, bare = self._bared(branch)
        one = self.trace.nodes[bare]
        if one.op != "add" or len(one.reads) != 2 or self._matrix(bare):
            return [branch]
        parts = [self.trace.plain(n) for n in one.reads]
        attending = [
            any(
                self._is_core(n) and self.trace.depends(part, n)
                for n in range(self.call.begin, part)
            )
            for part in parts
        ]
        beside = all(self.trace.depends(part, self.state) for part in parts)
        return parts if beside and sum(attending) == 1 else [branch]

    def _residual(self, parts: dict[str, Any]) -> Residual:
        if any(branch.norm is not None for branch in self.branches):
            return "normed sum"
        return "normed branch" if parts.get("norm_attention") or parts.get("norm_mlp") else "plain"

    def _tap(self, state: int) -> Tap | None:
        """Where a state passes: the first module that is given it, else the first that gives it."""
        for call in self.inside:
            place = self.trace.given(call).get(state)
            if place is not None:
                return Tap(call.module, "in", place)
        return next(
            (Tap(call.module, "out") for call in self.inside if self.trace.gave(call) == state),
            None,
        )

    # ---- the halves

    def _attention(self) -> dict[str, Any]:
        for branch in self.branches:
            for core in self._cores(branch):
                outlet, norm = self._outlet(branch)
                owner = [call for call in self.inside if call.begin <= core < call.end][-1:]
                parts: dict[str, Any] = {
                    "attention": owner[0].module if owner else None,
                    "norm_attention": norm or branch.norm,
                }
                return (
                    parts
                    | {"norm_in": self._entry(branch)}
                    | (self._heads(core, outlet) if outlet else {})
                )
        return {}

    def _cores(self, branch: Branch) -> list[int]:
        """The nodes of attention that a branch computes of what it reads: patterns, or what stands
        for them.
        """
        made = range(max(self.call.begin, branch.reads), branch.node)
        return [n for n in made if self._is_core(n) and self.trace.depends(branch.node, n)]

    def _is_core(self, node: int) -> bool:
        one = self.trace.nodes[node]
        return len(one.shape) == 4 and ("softmax" in one.op or "scaled_dot_product" in one.op)

    def _heads(self, core: int, outlet: Call) -> dict[str, Any]:
        """Heads are counted by the pattern, their width by what the outlet reads, those of keys by
        the rows of their matrix.
        """
        nodes = self.trace.nodes
        heads, width = nodes[core].shape[1], nodes[outlet.first].shape[-1]
        if width % heads:
            return {}
        size = width // heads
        found: dict[str, Any] = {
            "o_proj": outlet.module,
            "n_heads": heads,
            "head_dim": size,
            "n_kv_heads": heads,
        }
        made = [call for call in self._matrices(outlet) if nodes[call.gave[0]].shape[-1] >= size]
        read = [
            call for call in made if self.trace.depends(core, call.gave[0])
        ]  # of a pattern, values are no part
        made = [*read, *(call for call in made if call not in read)]
        rows = [nodes[call.gave[0]].shape[-1] for call in made]
        if len(made) == 3:
            found |= {"n_kv_heads": rows[1] // size}
        elif len(made) == 1:
            found |= {"n_kv_heads": (rows[0] - width) // (2 * size)}
            made = made * 3
        else:
            return found
        return found | dict(
            zip(("q_proj", "k_proj", "v_proj"), (call.module for call in made), strict=True)
        )

    def _feed_forward(self) -> dict[str, Any]:
        branch = next(
            (branch for branch in reversed(self.branches) if not self._cores(branch)), None
        )
        # a block with one branch has no halves (Mamba)
        if branch is None or len(self.branches) == 1:
            return {}
        outlet, norm = self._outlet(branch)
        parts: dict[str, Any] = {"norm_mlp": norm or branch.norm, "norm_mid": self._entry(branch)}
        if outlet is None:  # experts, whose sum is no single matrix's
            made = set(self._bared(branch.node))
            return parts | {
                "mlp": next(
                    (call.module for call in self.inside if self.trace.gave(call) in made), None
                )
            }
        ups = [call for call in self._matrices(outlet) if call.begin >= branch.reads]
        made = set(self._bared(branch.node))
        whole = (
            call for call in self.inside if call.holds(outlet) and self.trace.gave(call) in made
        )
        own = next(
            (call.module for call in whole if ups and all(call.holds(up) for up in ups)), None
        )
        return parts | {
            "mlp": own,
            "down_proj": outlet.module,
            "up_proj": ups[-1].module if ups else None,
        }

    def _outlet(self, branch: Branch) -> tuple[Call | None, nn.Module | None]:
        """The matrix that a branch comes out of, and the norm that it goes through after it."""
        norm = None
        for node in self._bared(branch.node):
            if node in self.norms:
                norm = norm or self.norms[node].module
            if found := self._matrix(node):
                return found, norm
        return None, norm

    def _entry(self, branch: Branch) -> nn.Module | None:
        """The norm through which a branch reads the stream."""
        norms = (
            (node, call)
            for node, call in self.norms.items()
            if self.trace.plain(call.first) == branch.reads
        )
        return next(
            (call.module for node, call in norms if self.trace.depends(branch.node, node)), None
        )

    def _matrices(self, outlet: Call) -> list[Call]:
        """The matrices that an outlet's input is made of, in order."""
        before = [
            call for call in self.inside if call.end <= outlet.begin and self._is_matrix(call)
        ]
        return [call for call in before if self.trace.depends(outlet.first, call.gave[0])]

    def _matrix(self, node: int) -> Call | None:
        """The call of a matrix that gave a node."""
        return next(
            (
                call
                for call in self.inside
                if self.trace.gave(call) == node and self._is_matrix(call)
            ),
            None,
        )

    def _is_matrix(self, call: Call) -> bool:
        weight = getattr(call.module, "weight", None)
        return (
            isinstance(weight, Tensor)
            and weight.dim() == 2
            and bool(self.trace.ops(call) & PRODUCTS)
        )
