"""A pass gone on with from a state put in the last token's place at a site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from layerfold.errors import InputError, NotSupported
from layerfold.model.edits import Edit, Replace
from layerfold.model.forward import array, network_of, run
from layerfold.records import Floats

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter


class Continuation:
    """A sentence whose last token's state can be another; ``states`` [site, d] is as it was.

    Raises InputError for a model that reads both ways or predicts nothing, NotSupported for one of
    which only states are there.
    """

    def __init__(self, adapter: Adapter, ids: Sequence[int]) -> None:
        if not (adapter.causal and adapter.unembeds):
            raise InputError("This model predicts no next token, so no state of it can be decoded.")
        self._network = network_of(adapter)
        self._ids = list(ids)
        self._names = [site.name for site in adapter.sites]
        self._before = self._kept()
        self.states: Floats = adapter.states(self._ids).values[:, -1]

    def plain(self) -> Floats:
        """The logits [vocab] of the plain pass."""
        logits = run(self._network, self._ids, last=1).logits
        assert logits is not None
        return array(logits[0, -1])

    def logits(self, site: int, states: Floats, at_once: int = 1) -> Floats:
        """The logits [n, vocab] that follow states [n, d] put in at a site.

        One at a time a state fed back unchanged is the plain pass, bit for bit; more are faster
        (nothing before the last token is computed again) and right to rounding. Raises NotSupported
        at a site that the model does not let be changed.
        """
        parts = [
            self._following(site, states[n : n + at_once]) for n in range(0, len(states), at_once)
        ]
        return np.concatenate(parts)

    def _following(self, site: int, states: Floats) -> Floats:
        new = torch.from_numpy(np.array(states))[:, None]  # a copy: kept states are read-only
        kept = self._before if len(states) > 1 else None
        ids = self._ids if kept is None else self._ids[-1:]
        windows = np.repeat(np.array([ids], dtype=np.int64), len(states), axis=0)
        cache = None if kept is None else self._network.copied(kept, len(states))
        edit = Edit(self._names[site], Replace(new), tokens=(len(ids) - 1,))
        logits = run(self._network, windows, edits=[edit], cache=cache, last=1).logits
        assert logits is not None
        return array(logits[:, -1])

    def _kept(self) -> Any:
        """Keys and values of all tokens before the last; None where there are none or the model
        cannot be gone on with."""
        if len(self._ids) < 2:
            return None
        try:
            cache = self._network.cache()
        except NotSupported:
            return None
        run(self._network, self._ids[:-1], cache=cache, last=0)
        return cache
