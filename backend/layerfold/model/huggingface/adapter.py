"""A Hugging Face model behind the adapter protocol: its residual stream, taken where it passes.

How a state relates to transformers' ``hidden_states``:

* ``embed`` is ``hidden_states[0]``: what the first block reads, so with positions (GPT-2), scaled
by sqrt(d) (Gemma), or normalised (BERT).
* ``L{n}.post`` is ``hidden_states[n + 1]``; but where the last of those has gone through a final
norm it is the raw state: every site
  lies in one stream, and one stream has no norm in its middle, so the states are caught here and
  the lens applies the norm itself.
* ``L{n}.mid`` is the sum after attention and before the MLP: what the MLP's norm reads; where the
stream is normalised after each sum
  (BERT) that normalised sum, which the next half reads and adds to. Where both halves read one
  state (GPT-NeoX) there is none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerfold.errors import DamagedRun, NoWeights, TextTooLong
from layerfold.model.gpt import GPT
from layerfold.model.huggingface.block import Tap, given_in, given_out
from layerfold.model.huggingface.head import Head
from layerfold.model.huggingface.network import HuggingFaceNetwork
from layerfold.model.huggingface.own_gpt import gpt_from
from layerfold.model.huggingface.shape import HuggingFaceShape
from layerfold.model.huggingface.structure import Structure, inputs_of
from layerfold.records import Floats, Ints, States, Stop, go_on, site_named


class Taps(threading.local):
    """What passes the sites of a network while this thread runs it; empty-handed otherwise.

    Where only the site ``wanted`` is, what passes the others is let go, and the pass ends there.
    """

    def __init__(self) -> None:
        self.caught: list[Tensor] | None = None
        self.stop: Stop = go_on
        self.wanted: int | None = None

    def catch(self, state: Tensor) -> None:
        """A state is kept, if this thread wants the states."""
        if self.caught is not None:
            self.stop()
            self.keep(self.caught, state)

    def begin(self, state: Tensor) -> None:
        """A state is kept where it is the first: one module may be several blocks."""
        if self.caught is not None and not self.caught:
            self.keep(self.caught, state)

    def keep(self, caught: list[Tensor], state: Tensor) -> None:
        """One state more; raises Reached after the one that is wanted."""
        if self.wanted is None:
            caught.append(state)
        elif len(caught) == self.wanted:
            caught[:] = [state]
            raise Reached
        else:
            caught.append(state[:0])


class Reached(Exception):
    """No error: the site that is wanted has been passed."""


class HuggingFaceAdapter:
    """A network of transformers behind the protocol; states come out as float32 whatever it
    computes in.
    """

    def __init__(self, network: Any, structure: Structure, shape: HuggingFaceShape) -> None:
        self.network = network
        self.structure = structure
        self.sites = tuple(site_named(index, name) for index, name in enumerate(shape.sites))
        self.d_model = shape.d_model
        self.n_vocab = shape.vocab_size
        self.max_tokens = shape.block_size
        self.causal = shape.causal
        self.unembeds = shape.unembedding
        self._whole = structure.stream == "decoder"
        self.body = network if self._whole else network.get_submodule(structure.body)
        self._head = Head(network, structure) if shape.unembedding else None
        self._taps = Taps()
        tap(structure, self._taps, mid=any(site.part == "mid" for site in self.sites))

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

    @cached_property
    def inside(self) -> HuggingFaceNetwork:
        """The network as it is looked into; raises ModelRefused where its blocks cannot be told
        apart.
        """
        return HuggingFaceNetwork(self)

    def states(self, ids: Sequence[int], stop: Stop = go_on) -> States:
        """The raw states of one sentence: values [site, token, d]; ``stop`` is called between
        layers.
        """
        values = self._read(np.asarray([ids], dtype=np.int32), stop)
        return States(self.sites, values[:, 0])

    def batch_states(self, windows: Ints) -> Floats:
        """The raw states of windows [window, length] of equal length: [site, window, length, d]."""
        return self._read(windows, go_on)

    def site_states(self, windows: Ints, site: int) -> Floats:
        """``batch_states(windows)[site]`` [window, length, d]; nothing after the site is
        computed.
        """
        return np.asarray(self._read(windows, go_on, site)[0])

    @torch.inference_mode()
    def _read(self, windows: Ints, stop: Stop, site: int | None = None) -> Floats:
        """Their states at all sites, or at one [1, ...]."""
        ids = self._checked(np.asarray(windows, dtype=np.int64)).to(self.network.device)
        caught: list[Tensor] = []
        taps = self._taps
        taps.caught, taps.stop, taps.wanted = caught, stop, site
        try:
            self.body(**inputs_of(self.body, ids))
        except Reached:
            pass
        finally:
            taps.caught, taps.stop, taps.wanted = None, go_on, None
        sites = len(self.sites) if site is None else 1
        values = np.empty((sites, *ids.shape, self.d_model), dtype=np.float32)
        for row, state in zip(values, caught, strict=True):
            row[:] = state.to("cpu", torch.float32).reshape(row.shape).numpy()
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
        """Logits [..., vocab] of states [..., d] of any site, through the final norm and the head;
        raises NoWeights without one.
        """
        if self._head is None:
            raise NoWeights(
                "This model has no unembedding, so no state of it is a guess at a token: open one"
                " with a language-model head."
            )
        states = torch.from_numpy(np.array(values, dtype=np.float32)).to(
            self.network.device, self.network.dtype
        )
        return np.asarray(self._head(states).to("cpu", torch.float32).numpy(), dtype=np.float32)


def tap(structure: Structure, taps: Taps, mid: bool) -> list[Any]:
    """Whatever thread runs the network, its states pass the taps in the order of the sites; gives
    what takes the taps off again.
    """
    handles = []
    for block in {id(block.module): block for block in reversed(structure.blocks)}.values():
        if block.module is structure.blocks[0].module:
            handles.append(_hang(block.enter, taps.begin))
        if mid and block.mid is not None:
            handles.append(_hang(block.mid, taps.catch))
        handles.append(_hang(Tap(block.module, "out"), taps.catch))
    return handles


def _hang(tap: Tap, catch: Callable[[Tensor], None]) -> Any:
    place = tap.place  # and not the tap itself, whose module would then keep itself alive
    if tap.side == "out":
        return tap.module.register_forward_hook(
            lambda module, args, output: catch(given_out(output))
        )
    return tap.module.register_forward_pre_hook(
        lambda module, args, kwargs: catch(given_in(place, args, kwargs)), with_kwargs=True
    )
