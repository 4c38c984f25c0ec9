"""A run whose checkpoints are a Hugging Face model's, in folders or on a hub: the card says which,
the weights stay where they are.

run.json         see hub_card.py
hashes.json      sha256 of the weights' files by path, size and time of change, so that none is read
                 twice for it
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from layerfold.errors import DamagedRun, Diverged, LayerfoldError, ModelRefused, StepNotFound
from layerfold.model.huggingface import (
    HuggingFaceTokenizer,
    load_adapter,
    read_hub_tokenizer,
    weight_files,
)
from layerfold.runs.checkpoint_files import (
    HASHES,
    STATE,
    hashes_of,
    sources_of,
    trainer_state,
    trouble_of,
    wrong_weights,
)
from layerfold.runs.equal_steps import equal_steps, in_words
from layerfold.runs.hub_card import bring_up_to_date, open_hub, shape_of
from layerfold.runs.run import Problem, Run
from layerfold.runs.series import Checkpoint, read_series
from layerfold.runs.survey import DIVERGED, where_of

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter

__all__ = ["HuggingFaceRun", "open_hub"]

# a Trainer that has written nothing for so long is taken to have stopped
FRESH_SECONDS: Final = 3600
TOKENIZER: Final = "tokenizer"
PROBED: Final = 8  # tokens that a check lets every checkpoint read
# what a Trainer logs of itself and not of the model
CLOCK: Final = ("runtime", "per_second", "flos", "epoch")
NAMES: Final = {"eval_loss": "val_loss", "learning_rate": "lr"}
NOT_OF_A_STEP: Final = ("step", "train_loss")
AGAIN: Final = "restore it, or open the model again"


class HuggingFaceRun(Run):
    """A series of checkpoints of one Hugging Face model."""

    def checked(self) -> HuggingFaceRun:
        """The run, once its card tells of its model and checkpoints; raises DamagedRun."""
        shape_of(self.card)
        _ = self.checkpoints
        return self

    @cached_property
    def checkpoints(self) -> dict[int, Checkpoint]:
        """The checkpoints on the card by step; raises DamagedRun."""
        try:
            return {
                int(step): Checkpoint.of_entry(int(step), entry)
                for step, entry in sorted(self.card["checkpoints"].items())
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedRun(
                f"the checkpoints in {self.folder}/run.json cannot be read ({error}): open the"
                " model again"
            ) from error

    @cached_property
    def _lost(self) -> dict[int, str]:
        """What is wrong with checkpoints that were whole when the card was written, by step."""
        found = {
            step: trouble_of(one.folder, self._pickle)
            for step, one in self.checkpoints.items()
            if one.folder is not None
        }
        return {step: why for step, why in found.items() if why}

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """The checkpoints that can be opened, in order."""
        return tuple(step for step in sorted(self.checkpoints) if step not in self._lost)

    @property
    def live(self) -> bool:
        """Whether more steps are to be expected: its Trainer is not at its end, and wrote its
        newest checkpoint within the hour.
        """
        if self.card.get("finished", True):
            return False
        newest = max((folder.stat().st_mtime for folder in self._folders()), default=0.0)
        return time.time() - newest < FRESH_SECONDS

    @property
    def _pickle(self) -> bool:
        return bool(self.card.get("pickle", False))

    def _folders(self) -> list[Path]:
        """The folders of the checkpoints that are there, by step."""
        return [
            folder for step in self.steps if (folder := self.checkpoints[step].folder) is not None
        ]

    def _checkpoint(self, step: int) -> Checkpoint:
        if step not in self.checkpoints:
            raise StepNotFound(
                f"run {self.name} has no checkpoint at step {step}: choose one of"
                f" {', '.join(map(str, self.steps))}"
            )
        if step in self._lost:
            raise DamagedRun(f"{self.checkpoints[step].name} {self._lost[step]}: {AGAIN}")
        return self.checkpoints[step]

    def refresh(self) -> bool:
        """The card tells of the checkpoints that are there now; whether it is another than before.
        Raises as ``open_hub``.
        """
        series = replace(read_series(self.card["place"]), source=self.card["source"])
        return bring_up_to_date(
            self.folder,
            series,
            self.card,
            {name: self.card[name] for name in ("dtype", "device", "pickle")},
        )

    def tokenizer(self) -> HuggingFaceTokenizer:
        """The model's tokenizer; raises ModelRefused, ModelNotFound, Unreachable, MissingExtra,
        DamagedRun.
        """
        return read_hub_tokenizer(where_of(Checkpoint.of_entry(0, self.card["words"])))

    def adapter(self, step: int) -> Adapter:
        """The model as it was at a step.

        Raises StepNotFound, DamagedRun, Diverged, ModelRefused, ModelNotFound, Unreachable,
        MissingExtra.
        """
        where, shape = where_of(self._checkpoint(step)), shape_of(self.card)
        content = self._content(step)
        try:
            found = load_adapter(
                where,
                shape,
                dtype=self.card["dtype"],
                device=self.card["device"],
                pickle=self._pickle,
                known=content in self._sound,
            )
        except (Diverged, DamagedRun, ModelRefused) as error:
            error.step = step
            raise
        if content:
            self._sound.add(content)
        return found

    @cached_property
    def _sound(self) -> set[str]:
        """The origins of steps that were opened, and whose states are transformers' own."""
        return set()

    def _content(self, step: int) -> str:
        """A step's origin; empty where it cannot be told, which opening it says in its own
        words.
        """
        try:
            return self.origin(step)
        except LayerfoldError:
            return ""

    def origin(self, step: int) -> str:
        """What a step's states come from, as a hash: of the commit on a hub, else of the files' own
        hashes; and of the numbers' type.

        Raises StepNotFound, DamagedRun.
        """
        one = self._checkpoint(step)
        parts = [one.repo, one.commit]
        if one.folder is not None:
            try:
                parts = hashes_of(sources_of(one.folder), self.folder / HASHES)
            except OSError as error:
                raise DamagedRun(f"{one.name} cannot be read ({error.strerror}): {AGAIN}") from None
        return hashlib.sha256("\n".join([*parts, self.card["dtype"]]).encode()).hexdigest()

    def origins(self, steps: Sequence[int]) -> dict[str, str]:
        """What an atlas of these steps comes from, as hashes by name, of a series with its
        tokenizer's; raises as ``origin``.
        """
        content = self.card["words"].get("content", "")
        return super().origins(steps) | ({TOKENIZER: content} if content else {})

    def missing(self) -> list[DamagedRun]:
        """The steps on the card that cannot be opened and the checkpoints that were left out, and
        why.
        """
        lost = [
            DamagedRun(f"{self.checkpoints[step].name} {why}: {AGAIN}")
            for step, why in self._lost.items()
        ]
        return lost + [
            DamagedRun(f"{one['name']} is left out: it {one['why']}")
            for one in self.card.get("skipped", [])
        ]

    def remarks(self) -> list[str]:
        """What is odd about the checkpoints and hinders nothing: several of the same weights, of
        configs that differ, or of other steps by name than by their Trainer.
        """
        same = in_words(self.card.get("same", []), self.card.get("unit", "step"))
        return [*same, *self.card.get("unlike", []), *self.card.get("misnamed", [])]

    def metrics(self) -> list[dict[str, Any]]:
        """What the Trainer logged, a row a step, by the names that runs of our own use (val_loss,
        lr); none where there is no log.
        """
        rows: dict[int, dict[str, Any]] = {}
        for logged in self._history():
            if isinstance(logged, dict) and isinstance(logged.get("step"), int):
                rows.setdefault(logged["step"], {"step": logged["step"]}).update(_of_model(logged))
        return [rows[step] for step in sorted(rows) if len(rows[step]) > 1]

    def _history(self) -> list[Any]:
        """The log of the newest checkpoint that has one, or of the folder above where that went
        further.
        """
        above = [Path(self.card["trained"])] if self.card.get("trained") else []
        below = next(
            (folder for folder in reversed(self._folders()) if (folder / STATE).is_file()), None
        )
        states = [trainer_state(folder) for folder in (*above, below) if folder is not None]
        logs = [
            (int(state.get("global_step", 0)), log)
            for state in states
            if isinstance(log := state.get("log_history"), list)
        ]
        return max(logs, key=lambda each: each[0])[1] if logs else []

    def verify(self) -> list[Problem]:
        """The checkpoints that do not open, hold numbers that are not finite, or make such of a
        text.
        """
        lost = [
            Problem(self.checkpoints[step].name, f"{why}: {AGAIN}")
            for step, why in self._lost.items()
        ]
        found = [(self.checkpoints[step].name, self._wrong(step)) for step in self.steps]
        equal = equal_steps([self.checkpoints[step] for step in self.steps], self.folder / HASHES)
        same = [
            Problem("checkpoints", f"are not what their steps say: {words}")
            for words in in_words(equal, self.card.get("unit", "step"))
        ]
        left = [
            Problem(one["name"], one["why"])
            for one in self.card.get("skipped", [])
            if one["why"].startswith(DIVERGED)
        ]
        return lost + [Problem(name, why) for name, why in found if why] + same + left

    def _wrong(self, step: int) -> str:
        """What is wrong with a checkpoint that opens, or why it does not; nothing where it is
        whole.
        """
        try:
            adapter = self.adapter(step)
            values = adapter.states(list(range(min(PROBED, adapter.n_vocab)))).values
            bad = wrong_weights(weight_files(where_of(self.checkpoints[step]), self._pickle))
        except LayerfoldError as error:
            return f"cannot be opened: {error}"
        if not bad and not np.isfinite(values).all():
            return (
                "makes numbers that are not finite of a text: open it with --dtype float32, or save"
                " it again"
            )
        return bad


def _of_model(logged: dict[str, Any]) -> dict[str, float]:
    """The numbers of a logged line that tell of the model."""
    numbers = {
        name: value
        for name, value in logged.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return {
        NAMES.get(name, name): value
        for name, value in numbers.items()
        if name not in NOT_OF_A_STEP and not name.endswith(CLOCK)
    }
