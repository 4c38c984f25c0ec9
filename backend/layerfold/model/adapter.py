"""The protocol every model stands behind, and our GPT behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from layerfold.errors import NoWeights
from layerfold.records import Floats, Ints, Site, States, Stop, go_on


class Adapter(Protocol):
    """Ids in, states and logits out; arrays are float32 and the same ids give the same bytes."""

    @property
    def sites(self) -> tuple[Site, ...]:
        """The places in the residual stream, in the order a token meets them."""
        ...

    @property
    def d_model(self) -> int:
        """The width of a state."""
        ...

    @property
    def n_vocab(self) -> int:
        """How many tokens the model knows."""
        ...

    @property
    def max_tokens(self) -> int:
        """The most tokens it reads at once."""
        ...

    @property
    def causal(self) -> bool:
        """Whether a token's states depend on nothing after it."""
        ...

    @property
    def unembeds(self) -> bool:
        """Whether there are logits to be had; else ``unembed`` raises NoWeights."""
        ...

    def states(self, ids: Sequence[int], stop: Stop = go_on) -> States:
        """The raw states of one sentence: values [site, token, d]; ``stop`` is called between
        layers.
        """
        ...

    def batch_states(self, windows: Ints) -> Floats:
        """The raw states of windows [window, length]: [site, window, length, d]; -1 in a window
        stands after its last token.
        """
        ...

    def site_states(self, windows: Ints, site: int) -> Floats:
        """``batch_states(windows)[site]`` [window, length, d], the same bytes; nothing after the
        site is computed.
        """
        ...

    def unembed(self, values: Floats) -> Floats:
        """Logits [..., vocab] of states [..., d] of any site, through the final norm."""
        ...


class Weightless:
    """Stands where a run holds states and no weights: whatever would need the weights raises
    NoWeights.
    """

    causal = True
    unembeds = False

    def __init__(
        self, sites: tuple[Site, ...], d_model: int, n_vocab: int, max_tokens: int
    ) -> None:
        self.sites = sites
        self.d_model = d_model
        self.n_vocab = n_vocab
        self.max_tokens = max_tokens

    def states(self, ids: Sequence[int], stop: Stop = go_on) -> States:
        """Raises NoWeights."""
        raise self._error()

    def batch_states(self, windows: Ints) -> Floats:
        """Raises NoWeights."""
        raise self._error()

    def site_states(self, windows: Ints, site: int) -> Floats:
        """Raises NoWeights."""
        raise self._error()

    def unembed(self, values: Floats) -> Floats:
        """Raises NoWeights."""
        raise self._error()

    def _error(self) -> NoWeights:
        return NoWeights(
            "This run holds states and no weights, so it can read no sentence: record it with"
            " weights=True to type into it."
        )
