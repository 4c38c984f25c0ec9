"""A run on disk: its card, and what the card names, read when asked.

What differs by where the model comes from is the part of a subclass: weights of our own (this
file), of a Hugging Face model (hub_run.py), or none, the states having been recorded
(recorded_run.py). The card's ``architecture.kind`` says which.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from layerfold.cards.reading import Card, parse_object, reason_of
from layerfold.errors import DamagedRun, StepNotFound
from layerfold.files.atomic import read_bounded, sha256
from layerfold.model.shape import GPTConfig
from layerfold.model.tokenizers.symbols import read_tokenizer
from layerfold.records import Floats, Reference, Site, site_named, sites_of

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter
    from layerfold.model.tokenizers.byte_level import Tokenizer

CARD, METRICS, TOKENIZER = "run.json", "metrics.jsonl", "tokenizer.json"
PAUSED = "paused"  # a file in the folder of a run whose training rests
METRICS_BYTES = 256 << 20
NUMBERS: dict[str, Any] = {
    "step": int,
    "loss": (int, float, type(None)),
    "val_loss": (int, float, type(None)),
}
REPAIR = "restore it, or train this run again"


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

    def checked(self) -> Run:
        """The run, once its card makes sense as a whole; raises DamagedRun."""
        wanted = [site.name for site in sites_of(self.config.n_layer)]
        if self.card["sites"] != wanted:
            raise DamagedRun(
                f"{self.folder / CARD} names sites that a model of {self.n_layer} layers does not"
                f" have: {REPAIR}"
            )
        return self

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
    def n_vocab(self) -> int:
        """How many tokens the model knows."""
        return int(self.card["architecture"]["vocab_size"])

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
        name = str(self.card.get("tokenizer") or TOKENIZER)
        self._whole(name)
        return read_tokenizer(self.folder / name)

    def adapter(self, step: int) -> Adapter:
        """The model as it was at a step; raises StepNotFound, DamagedRun."""
        if step not in self.card["steps"]:
            raise StepNotFound(
                f"run {self.name} has no checkpoint at step {step}: choose one of"
                f" {', '.join(map(str, self.steps))}"
            )
        self.origin(step)
        opened: Adapter = checkpoints().load_model(self.folder / checkpoint_name(step), self.config)
        return opened

    def origin(self, step: int) -> str:
        """What a step's states come from, as a hash: the same exactly where they are; raises
        DamagedRun where a file is not the card's.
        """
        return self._whole(checkpoint_name(step))

    def origins(self, steps: Sequence[int]) -> dict[str, str]:
        """What an atlas of these steps comes from, as hashes by name; raises as ``origin``."""
        return {checkpoint_name(step): self.origin(step) for step in steps}

    def _whole(self, name: str) -> str:
        """The sha256 of a file of the run; raises DamagedRun where it is not what the card says, or
        lies elsewhere.
        """
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise DamagedRun(
                f"{name} lies outside the run: put the file itself there, not a link to it"
            )
        try:
            found = sha256(path)
        except OSError as error:
            raise DamagedRun(f"{name} cannot be read ({error.strerror}): {REPAIR}") from None
        if found != self.card.get("files", {}).get(name, found):
            raise DamagedRun(
                f"{name} is not what the run's card says (sha256 {found[:12]}…): {REPAIR}"
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
        if METRICS in self.card.get("files", {}):
            self._whole(METRICS)
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

        try:
            model = checkpoints().read_checkpoint(self.folder / checkpoint_name(step), self.config)
        except DamagedRun:
            return False
        return all(bool(isfinite(weight).all()) for weight in model.parameters())


def checkpoints() -> ModuleType:
    """What reads weights."""
    from layerfold.model import checkpoint  # torch: a run is opened and listed without it

    return checkpoint


def checkpoint_name(step: int) -> str:
    """A checkpoint's path inside its run."""
    return f"checkpoints/step-{step:08d}.safetensors"


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a metrics file; none where there is no file."""
    if not path.is_file():
        return []
    try:
        lines = read_bounded(path, METRICS_BYTES).splitlines(keepends=True)
        rows = [parse_object(line) for line in lines if line.endswith(b"\n")]
    except (OSError, ValueError) as error:
        raise DamagedRun(f"{path} cannot be read ({reason_of(error)}): {REPAIR}") from None
    for row in rows:
        wrong = next(
            (name for name, kinds in NUMBERS.items() if not isinstance(row.get(name, 0), kinds)),
            None,
        )
        if wrong is not None:
            raise DamagedRun(
                f"{path} cannot be read ({wrong} is {str(row[wrong])[:40]!r} in a row, no number):"
                f" {REPAIR}"
            )
    return rows


def whole_checkpoint(path: Path, header_bytes: int = 1 << 20) -> bool:
    """Whether a safetensors file is as long as its header says, which has at most
    ``header_bytes``.
    """
    if not path.is_file():
        return False
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
    except (
        OSError,
        ValueError,
        struct.error,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
    ):
        return False
