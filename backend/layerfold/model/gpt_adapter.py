"""Our own GPT behind the adapter protocol."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
import torch

from layerfold.model.gpt import GPT
from layerfold.records import Floats, Ints, States, Stop, go_on, sites_of


class GPTAdapter:
    """Our GPT behind the protocol."""

    causal = True
    unembeds = True

    def __init__(self, model: GPT) -> None:
        self.model = model
        self.sites = sites_of(model.config.n_layer)
        self.d_model = model.config.d_model
        self.n_vocab = model.config.vocab_size
        self.max_tokens = model.config.block_size

    def states(self, ids: Sequence[int], stop: Stop = go_on) -> States:
        """The raw states of one sentence: values [site, token, d]; ``stop`` is called between
        layers.
        """
        values = self._read(np.asarray([ids], dtype=np.int32), stop)
        return States(self.sites, values[:, 0])

    def batch_states(self, windows: Ints) -> Floats:
        """The raw states of windows [window, length]: [site, window, length, d]; what stands at a
        -1 means nothing.
        """
        return self._read(windows, go_on)

    @torch.inference_mode()
    def site_states(self, windows: Ints, site: int) -> Floats:
        """``batch_states(windows)[site]`` [window, length, d]; nothing after the site is
        computed.
        """
        (found,) = islice(self.model.stream(_ids(windows)), site, site + 1)
        return np.asarray(found.numpy(), dtype=np.float32)

    @torch.inference_mode()
    def _read(self, windows: Ints, stop: Stop) -> Floats:
        stream = []
        for state in self.model.stream(_ids(windows)):
            stop()
            stream.append(state)
        return np.asarray(torch.stack(stream).numpy(), dtype=np.float32)

    @torch.inference_mode()
    def unembed(self, values: Floats) -> Floats:
        """Logits [..., vocab] of states [..., d] of any site, through the final norm."""
        logits = self.model.unembed(torch.from_numpy(np.array(values, dtype=np.float32)))
        return np.asarray(logits.numpy(), dtype=np.float32)


def _ids(windows: Ints) -> torch.Tensor:
    """The ids of windows, any id in place of a -1."""
    return torch.from_numpy(np.maximum(np.asarray(windows, dtype=np.int64), 0))
