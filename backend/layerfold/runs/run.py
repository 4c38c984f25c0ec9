"""A run on disk: its card, and what the card names, read when asked.

What differs by where the model comes from is the part of a subclass: weights of our own (this
file), of a Hugging Face model (hub_run.py), or none, the states having been recorded
(recorded_run.py). The card's ``architecture.kind`` says which.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerfold.errors import DamagedRun, RunNotFound, StepNotFound
from layerfold.files.atomic import sha256
from layerfold.model.shape import GPTConfig
from layerfold.records import Floats, Reference, Site, site_named

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter
    from layerfold.model.tokenizers.byte_level import Tokenizer

CARD, METRICS, TOKENIZER = "run.json", "metrics.jsonl", "tokenizer.json"
PAUSED = "paused"  # a file in the folder of a run whose training rests
Card = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file of a run, and what to do."""

    file: str
    what: str


@dataclass(frozen=True)
class Run:
    """One model trained once; ``steps`` are the checkpoints that are there and whole by their
    size.
    """

    folder: Path
    card: Card

    @staticmethod
    def open(folder: Path | str) -> Run:
        """The run in a folder, its weights not yet read; raises RunNotFound, DamagedRun."""
        folder = Path(folder)
        path = folder / CARD
        if not path.is_file():
            raise RunNotFound(f"there is no run in {folder}: it has no {CARD}")
        try:
            card = json.loads(path.read_text("utf-8"))
            for field in ("name", "architecture", "steps", "sites"):
                card[field]
            kind = card["architecture"].get("kind", "gpt")
            [site_named(*numbered) for numbered in enumerate(card["sites"])]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedRun(
                f"{path} cannot be read ({error}): restore it, or train this run again"
            ) from error
        if card.get("format") != 1:
            raise DamagedRun(
                f"{path} has format {card.get('format')!r}, this program reads 1: update layerfold,"
                " or train this run again"
            )
        return class_of(str(kind), path)(folder, card)

    @property
    def kind(self) -> str:
        """Where the model comes from: gpt, hf or recorded."""
        return str(self.card["architecture"].get("kind", "gpt"))

    @property
    def live(self) -> bool:
        """Whether more steps are to be expected."""
        return not self.card.get("finished", True) and not (self.folder / PAUSED).exists()

    @property
    def typed(self) -> bool:
        """Whether the model can read a sentence: its weights are there."""
        return True

    def refresh(self) -> bool:
        """The card tells of the steps that are there now, where they are not written by Layerfold;
        whether it is another than before.
        """
        return False

    @property
    def name(self) -> str:
        """What the run is called in the catalogue."""
        return str(self.card["name"])

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """The checkpoints that can be opened, in order."""
        return tuple(
            step
            for step in self.card["steps"]
            if whole_checkpoint(self.folder / checkpoint_name(step))
        )

    @property
    def n_layer(self) -> int:
        """How many layers the model has."""
        return int(self.card["architecture"]["n_layer"])

    @property
    def sites(self) -> tuple[Site, ...]:
        """The places in the residual stream, in order."""
        return tuple(site_named(index, name) for index, name in enumerate(self.card["sites"]))

    @property
    def d_model(self) -> int:
        """The width of a state."""
        return int(self.card["architecture"]["d_model"])

    @property
    def max_tokens(self) -> int:
        """The most tokens the model reads at once."""
        return int(self.card["architecture"]["block_size"])

    @property
    def config(self) -> GPTConfig:
        """The shape of the model."""
        # what it does not name is as it was before there was a choice
        shape = self.card["architecture"]
        try:
            return GPTConfig(
                **{name: shape[name] for name in GPTConfig.__dataclass_fields__ if name in shape}
            )
        except (TypeError, ValueError) as error:
            raise DamagedRun(
                f"the architecture in {self.folder / CARD} cannot be read ({error}): restore the"
                " file"
            ) from error

    def tokenizer(self) -> Tokenizer:
        """The run's tokenizer; raises DamagedRun."""
        from layerfold.model.tokenizers.symbols import read_tokenizer

        return read_tokenizer(self.folder / self.card.get("tokenizer", TOKENIZER))

    def adapter(self, step: int) -> Adapter:
        """The model as it was at a step; raises StepNotFound, DamagedRun."""
        from layerfold.model.checkpoint import load_model

        if step not in self.card["steps"]:
            raise StepNotFound(
                f"run {self.name} has no checkpoint at step {step}: choose one of"
                f" {', '.join(map(str, self.steps))}"
            )
        return load_model(self.folder / checkpoint_name(step), self.config)

    def origin(self, step: int) -> str:
        """What a step's states come from, as a hash: the same exactly where they are; raises
        DamagedRun where a file is not the card's.
        """
        name = checkpoint_name(step)
        path = self.folder / name
        try:
            found = sha256(path)
        except OSError as error:
            raise DamagedRun(
                f"{name} cannot be read ({error.strerror}): restore it, or train this run again"
            ) from None
        if found != self.card.get("files", {}).get(name, found):
            raise DamagedRun(
                f"{name} is not what the run's card says (sha256 {found[:12]}…): restore it, or"
                " train this run again"
            )
        return found

    def reference(self) -> Reference | None:
        """The reference that the run carries with it; None where one has to be chosen."""
        return None

    def stored_states(self, step: int, reference: Reference) -> Floats | None:
        """The reference's raw states [site, ref, d] at a step where the run holds them; None where
        its model has to be asked.
        """
        return None

    def missing(self) -> list[DamagedRun]:
        """The steps on the card that cannot be opened, and why."""
        cut = [step for step in self.card["steps"] if step not in self.steps]
        return [
            DamagedRun(
                f"{checkpoint_name(step)} is missing or cut short: restore it, or train this run"
                " again"
            )
            for step in cut
        ]

    def remarks(self) -> list[str]:
        """What is odd about the run and hinders nothing, each in a sentence."""
        return []

    def metrics(self) -> list[dict[str, Any]]:
        """The logged steps, in order; a line cut short by a kill is left out."""
        return read_rows(self.folder / METRICS)

    def verify(self) -> list[Problem]:
        """All that is wrong with the files the card names: absent, changed, cut short, or with
        numbers that are not finite.
        """
        problems = [
            problem for file in self.card.get("files", {}) if (problem := self._check(file))
        ]
        named = {problem.file for problem in problems}
        return problems + [
            Problem(checkpoint_name(step), "cannot be read: restore it, or train this run again")
            for step in self.card["steps"]
            if checkpoint_name(step) not in named and not self._finite(step)
        ]

    def _check(self, file: str) -> Problem | None:
        path = self.folder / file
        if not path.resolve().is_relative_to(self.folder.resolve()):
            return Problem(file, "lies outside the run: remove it from run.json")
        if not path.is_file():
            return Problem(file, "is missing: restore it, or train this run again")
        if sha256(path) != self.card["files"][file]:
            return Problem(file, "is not what its hash says: restore it, or train this run again")
        return None

    def _finite(self, step: int) -> bool:
        """Whether a checkpoint can be loaded and holds finite numbers only."""
        from torch import isfinite

        from layerfold.model.checkpoint import read_checkpoint

        try:
            model = read_checkpoint(self.folder / checkpoint_name(step), self.config)
        except DamagedRun:
            return False
        return all(bool(isfinite(weight).all()) for weight in model.parameters())


def class_of(kind: str, path: Path) -> type[Run]:
    """The class of runs of a kind; raises DamagedRun for one that is not known."""
    if kind == "gpt":
        return Run
    if kind == "hf":
        from layerfold.runs.hub_run import HuggingFaceRun

        return HuggingFaceRun
    if kind == "recorded":
        from layerfold.runs.recorded_run import RecordedRun

        return RecordedRun
    raise DamagedRun(
        f"{path} holds a run of the kind {kind!r}, which this program does not know: update"
        " layerfold"
    )


def checkpoint_name(step: int) -> str:
    """A checkpoint's path inside its run."""
    return f"checkpoints/step-{step:08d}.safetensors"


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a metrics file; none where there is no file."""
    if not path.is_file():
        return []
    lines = path.read_text("utf-8").splitlines(keepends=True)
    try:
        return [json.loads(line) for line in lines if line.endswith("\n")]
    except ValueError as error:
        raise DamagedRun(
            f"{path} cannot be read ({error}): restore it, or train this run again"
        ) from error


def whole_checkpoint(path: Path, header_bytes: int = 1 << 20) -> bool:
    """Whether a safetensors file is as long as its header says, which has at most
    ``header_bytes``.
    """
    try:
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            if length > header_bytes:
                return False
            header = json.loads(file.read(length))
        ends = [
            entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"
        ]
        return bool(path.stat().st_size == 8 + length + max(ends, default=0))
    except (OSError, ValueError, struct.error, KeyError, TypeError, AttributeError):
        return False
