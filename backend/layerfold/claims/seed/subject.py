"""The run that claims are put to the test on, and what several of them read of it."""

from __future__ import annotations

import tomllib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.claims.seed.finding import Untestable
from layerfold.data.reference_states import reference_states
from layerfold.errors import EmptyText, InputError, TextTooLong, UnknownSymbol
from layerfold.interp.compression import Options as HeldOut
from layerfold.interp.compression import held_out
from layerfold.interp.occurrences import Occurrence, occurrence
from layerfold.interp.session import Session
from layerfold.model.adapter import Adapter
from layerfold.model.forward import network_of
from layerfold.model.network import Network
from layerfold.records import Floats, Ints, Reference, normalized
from layerfold.training.tasks import task_of_card
from layerfold.training.tasks.task import Task

WORDS: Final = Path(__file__).parent / "words.toml"
STEPS: Final = 7  # checkpoints of a curve
TOKENS: Final = 1000  # of the reference whose states are taken
WINDOWS: Final = 24  # of held-out text
KEPT: Final = 4  # models in memory
BYTES: Final = 4e8  # of states in memory
UNREADABLE: Final = (UnknownSymbol, TextTooLong, EmptyText)  # a word that the model does not read
Progress = Callable[[float], None]


class Subject:
    """A run with the few models, states and texts that its claims share."""

    def __init__(self, opened: Session) -> None:
        self.opened = opened
        self.run = opened.run
        self._models: OrderedDict[int, Adapter] = OrderedDict()
        self._states: OrderedDict[int, Floats] = OrderedDict()

    # ---- steps and sites

    @property
    def every(self) -> tuple[int, ...]:
        """All checkpoints."""
        return tuple(self.run.steps)

    @property
    def first(self) -> int:
        """The first checkpoint."""
        return self.every[0]

    @property
    def last(self) -> int:
        """The last checkpoint."""
        return self.every[-1]

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """A few checkpoints, as a curve needs them."""
        return self.spread(STEPS)

    def spread(self, count: int) -> tuple[int, ...]:
        """So many checkpoints, spread evenly over all, the first and the last among them."""
        most = min(count, len(self.every))
        chosen = np.linspace(0, len(self.every) - 1, most).round().astype(int)
        return tuple(self.every[n] for n in dict.fromkeys(chosen.tolist()))

    @property
    def sites(self) -> list[str]:
        """The names of the sites, in order."""
        return [site.name for site in self.opened.sites]

    @property
    def middle(self) -> int:
        """The site at the middle layer's end."""
        ends = [n for n, site in enumerate(self.opened.sites) if site.part == "post"]
        return ends[(len(ends) - 1) // 2]

    @property
    def late(self) -> int:
        """The last site but one layer; the last but one site of a model of one layer."""
        ends = [n for n, site in enumerate(self.opened.sites) if site.part == "post"]
        return ends[-2] if len(ends) > 1 else len(self.sites) - 2

    @property
    def several(self) -> bool:
        """Whether there is more than one checkpoint."""
        return len(self.every) > 1

    # ---- models and states

    def adapter(self, step: int) -> Adapter:
        """The model at a step."""
        if step not in self._models:
            self._models[step] = self.run.adapter(step)
            while len(self._models) > KEPT:
                self._models.popitem(last=False)
        self._models.move_to_end(step)
        return self._models[step]

    def network(self, step: int) -> Network:
        """The network at a step."""
        return network_of(self.adapter(step))

    @cached_property
    def reference(self) -> Reference:
        """About a thousand of the reference's tokens, whole windows of them."""
        whole = self.opened.atlas.reference
        share = max(1, round(len(whole) / TOKENS))
        kept = np.arange(0, len(whole.windows), share)
        inside = np.isin(whole.window, kept)
        renamed = np.full(len(whole.windows), -1, dtype=np.int32)
        renamed[kept] = np.arange(len(kept))
        return replace(
            whole,
            windows=whole.windows[kept],
            window=renamed[whole.window[inside]],
            position=whole.position[inside],
            frequency=whole.frequency[inside],
            text=tuple(t for t, keep in zip(whole.text, inside, strict=True) if keep),
            source=tuple(whole.source[n] for n in kept),
            labels=tuple(replace(one, values=one.values[inside]) for one in whole.labels),
        )

    def raw(self, step: int) -> Floats:
        """The reference's raw states [site, n, d] at a step."""
        if step not in self._states:
            self._states[step] = reference_states(self.adapter(step), self.reference)
            while len(self._states) > max(1, BYTES // self._states[step].nbytes):
                self._states.popitem(last=False)
        return self._states[step]

    def states(self, step: int) -> Floats:
        """The same, each layer-normalized."""
        return normalized(self.raw(step))

    @property
    def ids(self) -> Ints:
        """The token id of each of the reference's tokens [n]."""
        one = self.reference
        return np.asarray(one.windows[one.window, one.position], dtype=np.int32)

    # ---- texts

    @cached_property
    def task(self) -> Task | None:
        """The task that the run was made for, None of text."""
        return task_of_card(self.run.card)

    @cached_property
    def words(self) -> dict[str, Any]:
        """Words and sentences written for the tests."""
        return tomllib.loads(WORDS.read_text("utf-8"))

    @cached_property
    def language(self) -> str:
        """en or zh, what the model reads; raises Untestable where it is neither."""
        if self.task is not None:
            raise Untestable("no_language")
        for name, text in (("en", "the water"), ("zh", "春风")):
            try:
                if len(self.opened.tokenize(text).ids) < 3 or name == "en":
                    return name
            except UNREADABLE:
                continue
        raise Untestable("no_language")

    @cached_property
    def windows(self) -> NDArray[np.int64]:
        """Held-out text [window, token], of the reference where the model reads no English."""
        try:
            found = held_out(self.opened, None, HeldOut(windows=WINDOWS))[0]
        except (InputError, UnknownSymbol):
            rows = self.opened.atlas.reference.windows
            found = rows[:WINDOWS, : int((rows >= 0).sum(axis=1).min())]
        found = self._of_task(found) if self.task is not None else found
        return np.asarray(found[:WINDOWS], dtype=np.int64)

    def _of_task(self, rows: Ints) -> Ints:
        """Whole windows of a task's reference, not only its first ones."""
        whole = self.opened.atlas.reference.windows
        full = whole[(whole >= 0).all(axis=1)]
        rng = np.random.default_rng(0)
        return full[rng.permutation(len(full))[: 4 * WINDOWS]]

    def occurrence(self, frame: str, word: str) -> Occurrence:
        """A word at {} in a frame, read up to it."""
        start = frame.index("{}")
        found = occurrence(self.opened, frame.format(word), start, start + len(word))
        return Occurrence(found.ids[: found.at + 1], found.at, found.pieces)

    def known(self, words: Sequence[str], frame: str) -> list[str]:
        """The words that are one token each in a frame; raises Untestable where fewer than half
        are.
        """
        found = []
        for word in words:
            try:
                if self.occurrence(frame, word).pieces == 1:
                    found.append(word)
            except UNREADABLE:
                continue
        if 2 * len(found) < len(words):
            raise Untestable("pieces", known=len(found), count=len(words))
        return found

    @property
    def frame(self) -> str:
        """The sentence that single words are read in."""
        return "The next word is {}" if self.language == "en" else "{}"

    def need_steps(self, count: int) -> None:
        """Raises Untestable where there are fewer checkpoints."""
        if len(self.every) < count:
            raise Untestable("one_step", count=count)
