"""The parts of a transformer, found by what its own pass does: blocks, attention, MLP, norms, and
where the stream runs between them.

No architecture is known by name. One short pass is traced (trace.py), on the meta device where only
a config is at hand. A block is what turns ``hidden_states[n]`` into ``hidden_states[n + 1]``;
within it, the way from the state it reads to the state it gives leads through sums (what each adds
is a branch), norms and plain factors. Two branches in a row, the second reading the sum of the
first, leave a state between them: ``mid``. Branches that read the same state (GPT-NeoX, GPT-J, Phi,
Cohere) leave none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import torch
from torch import nn

from layerfold.errors import ModelRefused
from layerfold.model.huggingface.block import Block, Residual, Tap, read_block
from layerfold.model.huggingface.trace import Call, Trace, traced

__all__ = ["Block", "Residual", "Structure", "Tap", "probe_ids", "structure_of"]

PROBED: Final = 6  # tokens of the traced pass


@dataclass(frozen=True)
class Structure:
    """The blocks in the order a state meets them (one module may stand there several times: ALBERT)
    and the norm after the last.
    """

    blocks: tuple[Block, ...]
    final_norm: nn.Module | None
    d_model: int

    @property
    def has_mid(self) -> bool:
        """Whether every block has a state between attention and MLP."""
        return bool(self.blocks) and all(block.mid is not None for block in self.blocks)


def structure_of(body: nn.Module, run: Callable[[], Any] | None = None) -> Structure:
    """The structure of what returns ``hidden_states``; ``run()`` calls it with them, by default on
    a few token ids.

    Raises ModelRefused where it returns none, or they cannot be traced from block to block.
    """
    trace, given = traced(body, run or (lambda: probe_pass(body)))
    hidden = getattr(given, "hidden_states", None)
    if not hidden:
        raise ModelRefused(
            f"a {type(body).__name__} returns no hidden_states, so it has no residual stream to"
            " show"
        )
    states = [trace.plain(trace.of(state)) for state in hidden]
    calls = _chain(trace, states)
    blocks = tuple(read_block(trace, call) for call in calls)
    return Structure(blocks, _after(trace, calls[-1], states[-1]), int(hidden[0].shape[-1]))


def probe_pass(body: Any) -> Any:
    """What a body gives for a few token ids."""
    ids = torch.tensor([probe_ids(body.config)], device=next(body.parameters()).device)
    return body(input_ids=ids, output_hidden_states=True, return_dict=True, use_cache=False)


def probe_ids(config: Any, count: int = PROBED) -> list[int]:
    """A few ids that are no padding."""
    known = int(getattr(config, "vocab_size", None) or count + 1)
    return [n for n in range(known) if n != getattr(config, "pad_token_id", None)][:count]


def _chain(trace: Trace, states: list[int]) -> list[Call]:
    """The calls that turn each state into the next."""
    found: list[Call] = []
    for state, after in pairwise(states[:-1]):
        found.append(
            _hop(
                trace,
                [call for call in _readers(trace, state) if trace.gave(call) == after],
                len(found),
            )
        )
    last = [call for call in _readers(trace, states[-2]) if not found or _beside(call, found[-1])]
    if last:
        return [*found, _hop(trace, last, len(found))]
    first = [
        call
        for call in trace.calls
        if trace.gave(call) == states[0] and found and _beside(found[0], call)
    ]
    return [
        _hop(trace, first, 0),
        *found,
    ]  # the library's list begins after the first block (Mamba)


def _hop(trace: Trace, fitting: list[Call], n: int) -> Call:
    listed = [call for call in fitting if call.name.rpartition(".")[2].isdecimal()]
    if not (listed or fitting):
        raise ModelRefused(
            f"no module makes hidden_states[{n + 1}] of hidden_states[{n}], so the states cannot be"
            " caught"
        )
    return min(listed or fitting, key=lambda call: call.depth)


def _readers(trace: Trace, state: int) -> list[Call]:
    """The calls that are given a state and give something."""
    return [call for call in trace.calls if call.gave and state in trace.given(call)]


def _beside(call: Call, before: Call) -> bool:
    """Whether a call comes after another of the same list of modules."""
    row, other = (one.name.rpartition(".")[0] for one in (call, before))
    return (call.depth, row) == (before.depth, other) and call.begin >= before.end


def _after(trace: Trace, last: Call, state: int) -> nn.Module | None:
    """What makes the last of ``hidden_states`` of what the last block gives."""
    made = (
        call
        for call in _readers(trace, trace.gave(last))
        if trace.gave(call) == state and call is not last
    )
    return next((call.module for call in made), None)
