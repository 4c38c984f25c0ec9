"""Where a Hugging Face model lies: in a folder, or on a hub at a revision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerfold.errors import ModelNotFound, ModelRefused

CONFIG: Final = "config.json"
REVISION = re.compile(r"(?!.*\.\.)[\w][\w./+-]*", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Where:
    """One checkpoint: a folder, or a hub's repository at a revision ("" is its main one); exactly
    one of ``folder`` and ``repo``.

    ``stream`` says whose states are meant, of an encoder with a decoder: "encoder" (also where it
    says nothing) or "decoder".
    """

    folder: Path | None = None
    repo: str = ""
    revision: str = ""
    stream: str = ""

    def __post_init__(self) -> None:
        if (self.folder is None) == (not self.repo):
            raise ModelRefused(
                "a model lies in a folder or in a repository: name exactly one of the two"
            )
        if self.revision and not REVISION.fullmatch(self.revision):
            raise ModelNotFound(
                f"{self.revision[:100]!r} is no revision: give a branch, a tag or a commit"
            )

    def __str__(self) -> str:
        return (
            str(self.folder)
            if self.folder
            else self.repo + (f" at {self.revision}" if self.revision else "")
        )
