"""A run that was recorded while it trained: the states of its reference at each step, with or
without the weights.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from layerfold.atlas.files import REFERENCE, read_reference
from layerfold.errors import DamagedRun, StepNotFound
from layerfold.files.atomic import sha256
from layerfold.model.adapter import Weightless
from layerfold.model.huggingface import Where, load_adapter, read_shape
from layerfold.model.shape import GPTConfig
from layerfold.model.tokenizers.vocabulary import read_vocabulary
from layerfold.records import Floats, Reference
from layerfold.runs.run import (
    CARD,
    METRICS,
    Problem,
    Run,
    checkpoint_name,
    checkpoints,
    whole_checkpoint,
)

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter
    from layerfold.model.tokenizers.byte_level import Tokenizer

ENDED: Final = 3600  # seconds without a write after which a training is taken to have ended
AGAIN: Final = "restore it, or record this run again"


def states_name(step: int) -> str:
    """The path of a step's states inside its run."""
    return f"states/step-{step:08d}.safetensors"


def checkpoint_folder(step: int) -> str:
    """The folder of a step's weights inside its run, of a Hugging Face model."""
    return f"checkpoints/step-{step:08d}"


class RecordedRun(Run):
    """States on disk; a sentence can be typed only where the weights were kept."""

    def checked(self) -> RecordedRun:
        """The run, once its card says what a sentence would be read by; raises DamagedRun."""
        if self.typed and not (
            self.card.get("tokenizer") and "weights" in self.card["architecture"]
        ):
            raise DamagedRun(
                f"{self.folder / CARD} says that a sentence can be typed, and not by which"
                f" tokenizer and weights: {AGAIN}"
            )
        return self

    @property
    def live(self) -> bool:
        """Whether more steps are to be expected: the recording was not closed, and was written to
        within the hour.
        """
        return not self.card.get("finished", True) and time.time() - self._newest() < ENDED

    def _newest(self) -> float:
        found = [
            path.stat().st_mtime
            for name in (CARD, METRICS)
            if (path := self.folder / name).exists()
        ]
        return max(found, default=0.0)

    @property
    def typed(self) -> bool:
        """Whether the model can read a sentence: its weights and its tokenizer were kept."""
        return bool(self.card.get("typed", False))

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """The steps whose states are there and whole by their size, in order."""
        return tuple(
            step for step in self.card["steps"] if whole_checkpoint(self.folder / states_name(step))
        )

    def tokenizer(self) -> Tokenizer:
        """What reads the run's ids; raises DamagedRun."""
        return read_vocabulary(
            self.folder / str(self.card["tokenizer"]), str(self.card["vocabulary"])
        )

    def adapter(self, step: int) -> Adapter:
        """The model as it was at a step, where its weights were kept; else what says so. Raises
        StepNotFound, DamagedRun, MissingExtra.
        """
        self._check_step(step)
        shape = self.card["architecture"]
        if not self.typed:
            return Weightless(self.sites, self.d_model, int(shape["vocab_size"]), self.max_tokens)
        if shape["weights"] == "gpt":
            opened: Adapter = checkpoints().load_model(
                self.folder / checkpoint_name(step), GPTConfig(**shape["shape"])
            )
            return opened
        where = Where(self.folder / checkpoint_folder(step))
        return load_adapter(where, read_shape(where))

    def origin(self, step: int) -> str:
        """The hash of a step's states; raises StepNotFound, DamagedRun where they are not what the
        card says.
        """
        self._check_step(step)
        name = states_name(step)
        try:
            found = sha256(self.folder / name)
        except OSError as error:
            raise DamagedRun(f"{name} cannot be read ({error.strerror}): {AGAIN}") from None
        if found != self.card["files"].get(name):
            raise DamagedRun(
                f"{name} is not what the run's card says (sha256 {found[:12]}…): {AGAIN}"
            )
        return found

    def reference(self) -> Reference:
        """The tokens whose states were recorded; raises DamagedRun."""
        return self._reference

    @cached_property
    def _reference(self) -> Reference:
        try:
            return read_reference((self.folder / REFERENCE).read_bytes())
        except (OSError, ValueError) as error:
            raise DamagedRun(f"{REFERENCE} cannot be read ({error}): {AGAIN}") from None

    def stored_states(self, step: int, reference: Reference) -> Floats | None:
        """The reference's raw states [site, ref, d] at a step; None for another reference where
        there are weights.

        Raises StepNotFound, DamagedRun: damaged states, or another reference and no weights.
        """
        self._check_step(step)
        if not _same(reference, self.reference()):
            if self.typed:
                return None
            raise DamagedRun(
                "The atlas is of another text than the one that was recorded: build it again with"
                " `layerfold atlas`"
            )
        name = states_name(step)
        try:
            found = load((self.folder / name).read_bytes())["states"]
        except (OSError, SafetensorError, KeyError) as error:
            raise DamagedRun(f"{name} cannot be read ({error}): {AGAIN}") from None
        wanted = (len(self.card["sites"]), len(reference), self.d_model)
        if found.shape != wanted:
            raise DamagedRun(f"{name} holds states of shape {found.shape}, not {wanted}: {AGAIN}")
        return np.asarray(found, dtype=np.float32)

    def missing(self) -> list[DamagedRun]:
        """The steps that cannot be opened or were left out, and why."""
        cut = [
            DamagedRun(f"{states_name(step)} is missing or cut short: {AGAIN}")
            for step in self.card["steps"]
            if step not in self.steps
        ]
        left = [
            DamagedRun(f"step {one['step']} was not recorded: {one['why']}")
            for one in self.card.get("skipped", [])
        ]
        stopped = self.card.get("stopped")
        return [
            *cut,
            *left,
            *([DamagedRun(f"the recording stopped early: {stopped}")] if stopped else []),
        ]

    def metrics(self) -> list[dict[str, Any]]:
        """The logged steps, a row each, in order."""
        rows: dict[int, dict[str, Any]] = {}
        for row in super().metrics():
            rows.setdefault(row["step"], {}).update(row)
        return [rows[step] for step in sorted(rows)]

    def verify(self) -> list[Problem]:
        """All that is wrong with the files the card names: absent, changed, cut short, of another
        shape, or not finite.
        """
        problems = [
            problem for file in self.card.get("files", {}) if (problem := self._check(file))
        ]
        named = {problem.file for problem in problems}
        return [
            Problem(problem.file, problem.what.replace("train this", "record this"))
            for problem in problems
        ] + [
            Problem(states_name(step), wrong)
            for step in self.card["steps"]
            if states_name(step) not in named and (wrong := self._wrong_states(step))
        ]

    def _wrong_states(self, step: int) -> str:
        try:
            found = self.stored_states(step, self.reference())
        except DamagedRun as error:
            return str(error).removeprefix(f"{states_name(step)} ")
        return (
            ""
            if found is not None and np.isfinite(found).all()
            else f"has states that are not finite: {AGAIN}"
        )

    def _check_step(self, step: int) -> None:
        if step not in self.card["steps"]:
            raise StepNotFound(
                f"run {self.name} was not recorded at step {step}: choose one of"
                f" {', '.join(map(str, self.steps))}"
            )


def _same(one: Reference, other: Reference) -> bool:
    """Whether two references hold the same tokens."""
    pairs: list[tuple[Any, Any]] = [
        (getattr(one, name), getattr(other, name)) for name in ("windows", "window", "position")
    ]
    return all(np.array_equal(a, b) for a, b in pairs)
