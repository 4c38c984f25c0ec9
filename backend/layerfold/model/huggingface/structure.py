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

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from inspect import signature
from itertools import pairwise
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn

from layerfold.errors import ModelRefused
from layerfold.model.huggingface.block import Block, BlockReader, Residual, Tap
from layerfold.model.huggingface.trace import Call, Trace, traced

__all__ = [
    "Block",
    "Residual",
    "Stream",
    "Structure",
    "Tap",
    "inputs_of",
    "probe_ids",
    "structure_of",
]

PROBED: Final = 6  # tokens of the traced pass


Stream = Literal["", "encoder", "decoder"]


@dataclass(frozen=True)
class Structure:
    """The blocks in the order a state meets them (one module may stand there several times:
    ALBERT), and what is around them.

    ``body`` is what a network calls for its last states ("" where it is the network itself);
    ``tail`` the modules between the last block and those: the final norm, and of few models a
    projection. Names are from the whole network. ``hidden`` says where each of ``hidden_states`` is
    met: "embed", "L0.post" …, "final" (after the tail). ``idle`` are weights that neither states
    nor logits are made of: a pooler, another head, the eyes of a model that reads text.
    """

    blocks: tuple[Block, ...]
    tail: tuple[nn.Module, ...]
    body: str
    d_model: int
    hidden: tuple[str, ...]
    idle: frozenset[str] = frozenset()
    stream: Stream = ""

    @property
    def final_norm(self) -> nn.Module | None:
        """The norm after the last block."""
        return self.tail[0] if self.tail else None

    @property
    def has_mid(self) -> bool:
        """Whether every block has a state between attention and MLP."""
        return all(block.mid is not None for block in self.blocks)

    def bound(self, network: nn.Module, other: nn.Module) -> Structure:
        """The same structure of another network of the same config, by the names that the parts
        have in this one; a part that a person has put another in the place of is None. Raises
        ModelRefused where a whole block is.
        """
        names = {id(module): name for name, module in network.named_modules(remove_duplicate=False)}
        found = {}
        for key, name in names.items():
            with suppress(AttributeError):
                found[key] = other.get_submodule(name)  # finds what a compiled layer wraps, too
        needed = [*(block.module for block in self.blocks), *self.tail]
        needed += [block.enter.module for block in self.blocks]
        if lost := next((names[id(part)] for part in needed if id(part) not in found), ""):
            raise ModelRefused(
                f"this {type(other).__name__} has no module {lost!r}, where its class has one"
            )
        blocks = (
            Block(**{part.name: _same(getattr(block, part.name), found) for part in fields(Block)})
            for block in self.blocks
        )
        return replace(
            self, blocks=tuple(blocks), tail=tuple(found[id(module)] for module in self.tail)
        )


def _same(part: Any, found: Mapping[int, nn.Module]) -> Any:
    """A part of a block, its modules replaced by those found for them; None where none is."""
    if isinstance(part, nn.Module):
        return found.get(id(part))
    if not isinstance(part, Tap):
        return part
    module = found.get(id(part.module))
    return None if module is None else replace(part, module=module)


def structure_of(network: nn.Module, stream: Stream = "") -> Structure:
    """The structure of a network that returns ``hidden_states``; ``stream`` says whose, of an
    encoder and a decoder.

    Raises ModelRefused where it returns none, or they cannot be traced from block to block.
    """
    trace, given = traced(network, lambda: probe_pass(network))
    hidden = getattr(given, f"{stream}_hidden_states" if stream else "hidden_states", None)
    if not hidden or any(
        state is None or state.dim() != 3 or state.shape != hidden[0].shape for state in hidden
    ):
        raise ModelRefused(
            f"a {type(network).__name__} returns no hidden_states, one state a token and layer, so"
            " it has no stream to show"
        )
    states = [trace.plain(trace.of(state)) for state in hidden]
    calls = _chain(trace, states)
    around = [
        call for call in trace.calls if call.depth == 1 and all(call.holds(one) for one in calls)
    ]
    if stream == "encoder":
        encoder = network.get_encoder()  # type: ignore[operator]
        around = [call for call in trace.calls if call.module is encoder]
    body = (
        around[0]
        if around and (stream or getattr(given, "logits", None) is not None)
        else trace.calls[0]
    )
    readers = [BlockReader(trace, call) for call in calls]
    tail = _tail(trace, calls[-1], trace.gave(body))
    met = {trace.gave(body): "final", readers[0].state: "embed"} | {
        trace.gave(call): f"L{n}.post" for n, call in enumerate(calls)
    }
    unmet = next((n for n, state in enumerate(states) if state not in met), None)
    if unmet is not None or (trace.gave(body) != trace.gave(calls[-1]) and not tail):
        raise ModelRefused(
            f"hidden_states[{len(states) - 1 if unmet is None else unmet}] is made of the blocks'"
            " states in a way not known"
        )
    logits = getattr(given, "logits", None)
    used = trace.made_of(
        [*states, trace.gave(body), *([] if logits is None else [trace.of(logits)])]
    )
    idle = frozenset(
        name for name, weight in network.named_parameters() if trace.known(weight) not in used
    )
    blocks, places = (
        tuple(reader.block() for reader in readers),
        tuple(met[state] for state in states),
    )
    return Structure(blocks, tail, body.name, int(hidden[0].shape[-1]), places, idle, stream)


def probe_pass(network: Any) -> Any:
    """What a network gives for a few token ids, with its hidden states."""
    ids = torch.tensor([probe_ids(network.config)], device=next(network.parameters()).device)
    return network(**inputs_of(network, ids), output_hidden_states=True, return_dict=True)


def inputs_of(module: Any, ids: Tensor) -> dict[str, Any]:
    """What a network or its body is called with to read token ids; an encoder with a decoder has
    the same ids read by both.
    """
    takes = signature(module.forward).parameters
    found: dict[str, Any] = {"input_ids": ids}
    if "decoder_input_ids" in takes:
        found["decoder_input_ids"] = ids
    if "use_cache" in takes:
        found["use_cache"] = False
    return found


def probe_ids(config: Any, count: int = PROBED) -> list[int]:
    """A few ids that are no padding."""
    text = config.get_text_config()
    known = int(getattr(text, "vocab_size", None) or count + 1)
    padding = getattr(text, "pad_token_id", None)
    return [n for n in range(min(known, count + 1)) if n != padding][:count]


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


def _tail(trace: Trace, last: Call, end: int) -> tuple[nn.Module, ...]:
    """The modules that make the node ``end`` of what the last block gives; none where they are not
    a row.
    """
    node, found = trace.gave(last), []
    while node != end:
        after = [
            call
            for call in _readers(trace, node)
            if call.begin >= last.end and trace.depends(end, trace.gave(call))
        ]
        if not after:
            return ()
        call = min(after, key=lambda call: call.depth)
        found.append(call.module)
        node = trace.gave(call)
    return tuple(found)
