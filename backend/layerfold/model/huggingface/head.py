"""What a network makes of its last states, by its own code: the norm, the head, its caps and
scales.
"""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn

from layerfold.model.huggingface.structure import Structure


class Head:
    """Logits of states at any site: the modules after the last block, then the network itself with
    a stand-in for its body.

    So whatever the network does there is done, and nothing of it need be known: a matrix, a layer
    or two, a cap, a scale.
    """

    def __init__(self, network: nn.Module, structure: Structure) -> None:
        self._tail, self._decoder = structure.tail, structure.stream == "decoder"
        self._network = with_body(
            network, structure.body, GivenStates(network.get_submodule(structure.body))
        )

    def __call__(self, states: Tensor) -> Tensor:
        """Logits [..., vocab] of states [..., d]."""
        rows = states.reshape(1, -1, states.shape[-1])
        for module in self._tail:
            rows = module(rows)
        given = (
            {"decoder_inputs_embeds": rows, "encoder_outputs": LastStates(rows)}
            if self._decoder
            else {"inputs_embeds": rows}
        )
        logits: Tensor = self._network(**given, return_dict=True).logits
        return logits.reshape(*states.shape[:-1], -1)


class GivenStates(nn.Module):
    """Stands for a network's body: gives back what it is given in place of embeddings, and has the
    body's own attributes.
    """

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.__dict__["_body"] = body  # and no part of it

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_body"], name)

    def forward(
        self,
        *others: Any,
        inputs_embeds: Tensor | None = None,
        decoder_inputs_embeds: Tensor | None = None,
        **named: Any,
    ) -> Any:
        """The states as a body's output."""
        given = (decoder_inputs_embeds, inputs_embeds, *others)
        return LastStates(
            next(one for one in given if isinstance(one, Tensor) and one.is_floating_point())
        )


class LastStates(tuple[Tensor]):
    """A body's output with nothing but its last states; any other part of it is None."""

    def __new__(cls, states: Tensor) -> LastStates:
        return super().__new__(cls, (states,))

    @property
    def last_hidden_state(self) -> Tensor:
        """The states."""
        return self[0]

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def with_body(network: nn.Module, path: str, body: nn.Module) -> nn.Module:
    """The network with another module at a path, its other modules and weights shared; the network
    itself stays as it is.
    """
    changed = copy.copy(network)
    changed._modules = dict(network._modules)
    first, _, rest = path.partition(".")
    inner = network._modules[first]
    assert inner is not None
    changed._modules[first] = with_body(inner, rest, body) if rest else body
    return changed
