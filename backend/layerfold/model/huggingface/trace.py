"""The dataflow of one pass: which operation made each tensor of what, and which module was called
with what.

Nothing is computed beyond the pass itself; on the meta device not even that, so a model of any size
is traced from its config alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

VIEWS: Final = frozenset(
    [
        "alias",
        "clone",
        "contiguous",
        "detach",
        "expand",
        "lift_fresh",
        "reshape",
        "squeeze",
        "unsqueeze",
        "view",
        "_reshape_alias",
        "_to_copy",
        "_unsafe_view",
    ]
)


@dataclass(frozen=True)
class Node:
    """A tensor at one time: what made it, of which nodes, its shape."""

    op: str
    reads: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass
class Call:
    """A call of a module: the nodes it was given by their place (a number or a keyword), those it
    gave, what was made meanwhile.
    """

    module: nn.Module
    name: str
    begin: int
    given: dict[int | str, int] = field(default_factory=dict)
    gave: tuple[int, ...] = ()
    end: int = 0
    depth: int = 0

    @property
    def first(self) -> int:
        """The first node it was given, -1 where it was given none."""
        return next(iter(self.given.values()), -1)

    def holds(self, other: Call) -> bool:
        """Whether another call was made within this one."""
        return self.depth < other.depth and self.begin <= other.begin and other.end <= self.end


@dataclass
class Trace:
    """A pass: its nodes in the order they were made, its calls in the order they began."""

    nodes: list[Node] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    _known: dict[int, int] = field(default_factory=dict)
    _alive: list[Tensor] = field(default_factory=list)

    def of(self, tensor: Tensor) -> int:
        """The node that a tensor is now."""
        known = self._known.get(id(tensor))
        return self.made(tensor, "given", ()) if known is None else known

    def made(self, tensor: Tensor, op: str, reads: tuple[int, ...]) -> int:
        """A new node; the tensor is kept alive, so that no other is taken for it."""
        self._alive.append(tensor)
        self._known[id(tensor)] = len(self.nodes)
        self.nodes.append(Node(op, reads, tuple(tensor.shape)))
        return len(self.nodes) - 1

    def plain(self, node: int) -> int:
        """The node that a node is another view of."""
        while self.nodes[node].op in VIEWS:
            node = self.nodes[node].reads[0]
        return node

    def given(self, call: Call) -> dict[int, int | str]:
        """The places of what a call was given, by node, the first place first."""
        return {self.plain(node): place for place, node in reversed(list(call.given.items()))}

    def gave(self, call: Call) -> int:
        """The node that a call gave first, -1 where it gave none."""
        return self.plain(call.gave[0]) if call.gave else -1

    def ops(self, call: Call) -> set[str]:
        """What was computed within a call."""
        return {node.op for node in self.nodes[call.begin : call.end]}

    def within(self, call: Call) -> list[Call]:
        """The calls made within a call, in order."""
        return [other for other in self.calls if call.holds(other)]

    def made_of(self, ends: Iterable[int]) -> set[int]:
        """All nodes that some nodes were made of, themselves among them."""
        found: set[int] = set()
        waiting = list(ends)
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.nodes[one].reads
        return found

    def known(self, tensor: Tensor) -> int:
        """The node of a tensor, -1 where the pass has not met it."""
        return self._known.get(id(tensor), -1)

    def depends(self, node: int, on: int) -> bool:
        """Whether a node was made of another."""
        seen: set[int] = set()
        waiting = [node]
        while waiting:
            one = waiting.pop()
            if one == on:
                return True
            if one > on and one not in seen:
                seen.add(one)
                waiting += self.nodes[one].reads
        return False


def traced(network: nn.Module, run: Callable[[], Any]) -> tuple[Trace, Any]:
    """The trace of what ``run`` makes the network compute in this thread, and what it gives."""
    recorder = _Recorder()
    handles = [
        handle
        for name, module in network.named_modules()
        for handle in recorder.watch(name, module)
    ]
    try:
        # in inference mode sums of several operations are not told apart
        with torch.inference_mode(False), torch.no_grad(), recorder:
            given = run()
    finally:
        for handle in handles:
            handle.remove()
    return recorder.trace, given


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down each operation and each call of one thread."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.trace = Trace()
        self._open: list[Call] = []
        self._thread = threading.get_ident()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default and args[0].is_meta:
            return torch.ones(
                (), dtype=args[0].dtype
            ).item()  # a question about numbers where there are none: yes, and one
        given = func(*args, **(kwargs or {}))
        reads = tuple(self.trace.of(tensor) for tensor in tensors_of((args, kwargs or {})))
        for tensor in tensors_of(given):
            self.trace.made(tensor, func.overloadpacket.__name__.rstrip("_"), reads)
        return given

    def watch(self, name: str, module: nn.Module) -> Iterator[Any]:
        """The hooks that write down a module's calls."""

        def entering(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if threading.get_ident() == self._thread:
                call = Call(module, name, len(self.trace.nodes), depth=len(self._open))
                places: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
                call.given = {
                    place: self.trace.of(value)
                    for place, value in places
                    if isinstance(value, Tensor)
                }
                self.trace.calls.append(call)
                self._open.append(call)

        def leaving(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            if threading.get_ident() == self._thread:
                call = self._open.pop()
                call.gave = tuple(self.trace.of(tensor) for tensor in tensors_of(output))
                call.end = len(self.trace.nodes)

        yield module.register_forward_pre_hook(entering, with_kwargs=True)
        yield module.register_forward_hook(leaving)


def tensors_of(value: Any) -> Iterator[Tensor]:
    """The tensors within nested tuples, lists and mappings."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for held in value.values():
            yield from tensors_of(held)
    elif isinstance(value, tuple | list):
        for held in value:
            yield from tensors_of(held)
