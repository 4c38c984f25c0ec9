"""The folder of a recorded run as it is written: every file whole or absent, the card last, so that
it names exactly what is there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from layerfold.atlas.files import REFERENCE, write_reference
from layerfold.cards.digest import signed
from layerfold.errors import InputError
from layerfold.files.atomic import sha256, write_atomically
from layerfold.model.gpt import GPT
from layerfold.model.tokenizers.vocabulary import Vocabulary
from layerfold.recording.saving import save_network
from layerfold.records import Floats, Reference
from layerfold.runs.opening import open_run
from layerfold.runs.recorded_run import checkpoint_folder, states_name
from layerfold.runs.run import CARD, METRICS, checkpoint_name, read_rows

STATES = "states"
FITS = 65504  # the largest float16
FARTHEST = 1e15  # squares of larger numbers leave float32, so nothing could be placed among them


class RunFolder:
    """Writes one recorded run under ``folder``; ``card`` is None until there is one."""

    def __init__(self, folder: Path, wanted: Mapping[str, Any]) -> None:
        """Raises InputError where another run is in ``folder``: of another kind, texts or sites
        than ``wanted``; DamagedRun.
        """
        self.folder = folder
        self.wanted = dict(wanted)
        self.card: dict[str, Any] | None = (
            open_run(folder).card if (folder / CARD).exists() else None
        )
        if self.card is None:
            return
        if self.card["architecture"].get("kind") != "recorded":
            raise InputError(f"{folder} holds a run that was not recorded: give another folder")
        for name, value in self.wanted.items():
            if value is not None and self.card.get("recorded", {}).get(name) != value:
                raise InputError(
                    f"{folder} holds a recording of another training ({name} differ): give another"
                    " folder, or delete that one"
                )

    def begin(
        self,
        architecture: Mapping[str, Any],
        sites: list[str],
        reference: Reference,
        vocabulary: Vocabulary,
        typed: bool,
    ) -> None:
        """There is a card and what it names besides steps; raises InputError where there was one of
        another model.
        """
        if self.card is not None:
            differs = next(
                (
                    key
                    for key, value in architecture.items()
                    if self.card["architecture"].get(key) != value
                ),
                None,
            )
            if differs is not None or self.card["sites"] != sites:
                said = differs or "sites"
                raise InputError(
                    f"{self.folder} holds a recording of another model ({said} differ): give"
                    " another folder, or delete that one"
                )
            return
        write_reference(self.folder, reference)
        write_atomically(self.folder / vocabulary.file, vocabulary.data)
        name = self.folder.resolve().name
        self.card = {
            "format": 1,
            "name": name,
            "title": name,
            "description": "Recorded while it trained.",
            "architecture": dict(architecture),
            "tokenizer": vocabulary.file,
            "vocabulary": vocabulary.kind,
            "typed": typed,
            "corpus": [],
            "steps": [],
            "skipped": [],
            "finished": False,
            "sites": sites,
            "seed": 0,
            "hyperparameters": {},
            "examples": [],
            "tests": {},
            "recorded": self.wanted,
            "files": {file: sha256(self.folder / file) for file in (REFERENCE, vocabulary.file)},
        }
        self._write()

    @property
    def steps(self) -> list[int]:
        """The steps that are there."""
        return list(self.card["steps"]) if self.card else []

    def rewind(self, step: int) -> list[int]:
        """Nothing is there of the steps from ``step`` on; which they were."""
        if self.card is None:
            return []
        gone = [known for known in self.card["steps"] if known >= step]
        files = {file for known in gone for file in self._files_of(known)}
        self.card["steps"] = [known for known in self.card["steps"] if known < step]
        self.card["skipped"] = [one for one in self.card["skipped"] if one["step"] < step]
        self.card["files"] = {
            file: value for file, value in self.card["files"].items() if file not in files
        }
        self.card["finished"] = False
        self.card["files"].pop(METRICS, None)
        self._write()
        for file in sorted(files):
            (self.folder / file).unlink(missing_ok=True)
        for known in gone:
            shutil.rmtree(self.folder / checkpoint_folder(known), ignore_errors=True)
        rows = [row for row in read_rows(self.folder / METRICS) if row["step"] < step]
        if (self.folder / METRICS).exists():
            write_atomically(self.folder / METRICS, _lines(rows))
        return gone

    def add(self, step: int, states: Floats, network: Any = None) -> None:
        """The states [site, ref, d] of a step are there, and the weights of ``network`` if it is
        given.
        """
        assert self.card is not None
        largest = float(np.abs(states).max())
        if not largest <= FARTHEST:
            self.skip(step, "its states hold numbers that are not finite or beyond 1e15")
            return
        data = save(
            {
                STATES: np.ascontiguousarray(
                    states, dtype=np.float16 if largest <= FITS else np.float32
                )
            }
        )
        write_atomically(self.folder / states_name(step), data)
        files = {states_name(step): hashlib.sha256(data).hexdigest()}
        if network is not None:
            files |= self._weights(step, network)
        self.card["files"] |= files
        self.card["steps"] = sorted({*self.card["steps"], step})
        self._write()

    def skip(self, step: int, why: str) -> None:
        """The card says that a step was left out, and why."""
        assert self.card is not None
        self.card["skipped"].append({"step": step, "why": why})
        self._write()

    def add_rows(self, rows: list[dict[str, Any]]) -> None:
        """More lines of metrics."""
        if rows and self.card is not None:
            self.card["files"].pop(METRICS, None)  # hashed when no more are to come
            with (self.folder / METRICS).open("ab") as file:
                file.write(_lines(rows))

    def finish(self, why: str = "") -> None:
        """No more is to be expected; ``why`` where it ended before its time."""
        if self.card is not None:
            self.card["finished"] = True
            if (self.folder / METRICS).exists():
                self.card["files"][METRICS] = sha256(self.folder / METRICS)
            if why:
                self.card["stopped"] = why
            self._write()

    def _weights(self, step: int, network: Any) -> dict[str, str]:
        """The weights of a step are there; the hashes of their files by name."""
        if isinstance(network, GPT):
            save_network(network, self.folder / checkpoint_name(step))
            return {checkpoint_name(step): sha256(self.folder / checkpoint_name(step))}
        final = self.folder / checkpoint_folder(step)
        final.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=final.parent, prefix=".") as made:
            save_network(network, Path(made) / "whole")
            shutil.rmtree(final, ignore_errors=True)
            (Path(made) / "whole").replace(final)
        return {
            f"{checkpoint_folder(step)}/{path.name}": sha256(path)
            for path in sorted(final.iterdir())
            if path.is_file()
        }

    def _files_of(self, step: int) -> list[str]:
        assert self.card is not None
        inside = f"{checkpoint_folder(step)}/"
        return [
            file
            for file in self.card["files"]
            if file in (states_name(step), checkpoint_name(step)) or file.startswith(inside)
        ]

    def _write(self) -> None:
        assert self.card is not None
        write_atomically(self.folder / CARD, signed(self.card))


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
