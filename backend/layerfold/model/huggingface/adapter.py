"""A Hugging Face model behind the adapter protocol: its residual stream, taken where it passes.

What is a state of each family, and how it relates to transformers' ``hidden_states``:

* ``embed`` is ``hidden_states[0]``: what the first layer reads, so with positions (GPT-2), scaled
by sqrt(d) (Gemma), or normalised (BERT).
* ``L{n}.post`` is ``hidden_states[n + 1]``; but of the last layer of a decoder it is the raw state,
where ``hidden_states[-1]`` has the
  final norm applied: every site lies in one stream, and the lens applies the norm itself.
* ``L{n}.mid`` is the sum after attention and before the MLP: what the MLP's norm reads (GPT-2,
Llama, Qwen, Mistral, OLMo, Gemma;
  in Gemma 2 and 3 and OLMo 2 what attention adds is itself normalised first). The layers of BERT
  and RoBERTa normalise after each
  sum; their states, ``embed`` too, are those normalised sums, which the next half-layer reads and
  adds to. GPT-NeoX and Pythia let
  attention and MLP read the same state side by side (``use_parallel_residual``): no state between
  the two exists, and there is no mid.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property, reduce
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from layerfold.errors import DamagedRun, NoWeights, TextTooLong
from layerfold.model.gpt import GPT
from layerfold.model.huggingface.families import Family
from layerfold.model.huggingface.gpt2 import gpt_from
from layerfold.model.huggingface.shape import HuggingFaceShape
from layerfold.records import Floats, Ints, States, Stop, go_on, site_named

Passing = Callable[[Tensor], None]


class Taps(threading.local):
    """What passes the sites of a network while this thread runs it; empty-handed otherwise."""

    def __init__(self) -> None:
        self.caught: list[Tensor] | None = None
        self.stop: Stop = go_on

    def catch(self, state: Any) -> None:
        """A state is kept, if this thread wants the states."""
        if self.caught is not None:
            self.stop()
            self.caught.append(state[0] if isinstance(state, tuple) else state)


class HuggingFaceAdapter:
    """A network of transformers behind the protocol; states come out as float32 whatever it
    computes in.
    """

    def __init__(self, network: Any, family: Family, shape: HuggingFaceShape) -> None:
        self.network = network
        self.body = network.base_model
        self.sites = tuple(site_named(index, name) for index, name in enumerate(shape.sites))
        self.d_model = shape.d_model
        self.n_vocab = shape.vocab_size
        self.max_tokens = shape.block_size
        self.causal = shape.causal
        self.unembeds = shape.unembedding
        self._norm = inner(self.body, family.norm) if family.norm else None
        self._head = head_of(network, family) if shape.unembedding else None
        self._cap = getattr(network.config, "final_logit_softcapping", None)
        self._taps = Taps()
        tap(self.body, family, self._taps)

    @property
    def nbytes(self) -> int:
        """The bytes of its weights."""
        tensors = {
            tensor.data_ptr(): tensor.nbytes
            for tensor in (*self.network.parameters(), *self.network.buffers())
        }
        return sum(tensors.values())

    @cached_property
    def gpt(self) -> GPT | None:
        """The network as our own GPT; None where it has another shape."""
        return gpt_from(self.network)

    def states(self, ids: Sequence[int], stop: Stop = go_on) -> States:
        """The raw states of one sentence: values [site, token, d]; ``stop`` is called between
        layers.
        """
        values = self._read(np.asarray([ids], dtype=np.int32), stop)
        return States(self.sites, values[:, 0])

    def batch_states(self, windows: Ints) -> Floats:
        """The raw states of windows [window, length] of equal length: [site, window, length, d]."""
        return self._read(windows, go_on)

    @torch.inference_mode()
    def _read(self, windows: Ints, stop: Stop) -> Floats:
        ids = self._checked(np.asarray(windows, dtype=np.int64)).to(self.network.device)
        caught: list[Tensor] = []
        self._taps.caught, self._taps.stop = caught, stop
        try:
            self.body(input_ids=ids, **({"use_cache": False} if self.causal else {}))
        finally:
            self._taps.caught, self._taps.stop = None, go_on
        values = np.empty((len(self.sites), *ids.shape, self.d_model), dtype=np.float32)
        for row, state in zip(values, caught, strict=True):
            row[:] = state.to("cpu", torch.float32).numpy()
        return values

    def _checked(self, windows: NDArray[np.int64]) -> Tensor:
        """Ids that the network has rows for: on some devices it would take the whole process down
        else; raises TextTooLong, DamagedRun.
        """
        if windows.shape[1] > self.max_tokens:
            raise TextTooLong(
                f"the text has {windows.shape[1]:,} tokens, the model reads {self.max_tokens:,} at"
                " once: shorten it"
            )
        if windows.size and not 0 <= windows.min() <= windows.max() < self.n_vocab:
            raise DamagedRun(
                f"the text has token {windows.max()}, the model knows {self.n_vocab:,}: its"
                " tokenizer is another model's"
            )
        return torch.from_numpy(windows)

    @torch.inference_mode()
    def unembed(self, values: Floats) -> Floats:
        """Logits [..., vocab] of states [..., d] of any site, through the final norm, the head and
        its cap; raises NoWeights without.
        """
        if self._head is None:
            raise NoWeights(
                "This model has no unembedding, so no state of it is a guess at a token: open one"
                " with a language-model head."
            )
        states = torch.from_numpy(np.array(values, dtype=np.float32)).to(
            self.network.device, self.network.dtype
        )
        logits = self._head(states if self._norm is None else self._norm(states)).to(torch.float32)
        if self._cap:
            logits = self._cap * torch.tanh(logits / self._cap)
        return np.asarray(logits.cpu().numpy(), dtype=np.float32)


def tap(body: nn.Module, family: Family, taps: Taps) -> None:
    """Whatever thread runs the body, its states pass the taps in the order of the sites."""
    layers = list(inner(body, family.layers))
    layers[0].register_forward_pre_hook(_entering(taps), with_kwargs=True)
    for layer in layers:
        if family.mid is not None:
            module, side = family.mid
            if side == "in":
                inner(layer, module).register_forward_pre_hook(_entering(taps), with_kwargs=True)
            else:
                inner(layer, module).register_forward_hook(_leaving(taps))
        layer.register_forward_hook(_leaving(taps))


def head_of(network: Any, family: Family) -> Any:
    """What makes logits of normalised states."""
    return inner(network, family.head) if family.head else network.get_output_embeddings()


def inner(module: nn.Module, path: str) -> Any:
    """The module at a dotted path."""
    return reduce(getattr, path.split("."), module)


def _entering(taps: Taps) -> Any:
    return lambda module, args, kwargs: taps.catch(args[0] if args else kwargs["hidden_states"])


def _leaving(taps: Taps) -> Any:
    return lambda module, args, output: taps.catch(output)
