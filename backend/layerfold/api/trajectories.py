"""Placed sentences: arrays, a figure, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

from layerfold.api import export
from layerfold.api.figure import Clouds
from layerfold.records import Trajectory


class Trajectories(Sequence[Trajectory]):
    """Placed sentences, as arrays (each a Trajectory), a figure or a file."""

    def __init__(self, found: Sequence[Trajectory], clouds: Clouds, run: str) -> None:
        self._found = tuple(found)
        self._clouds = clouds
        self._run = run

    @overload
    def __getitem__(self, index: int) -> Trajectory: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Trajectory]: ...
    def __getitem__(self, index: int | slice) -> Trajectory | Sequence[Trajectory]:
        return self._found[index]

    def __len__(self) -> int:
        return len(self._found)

    def figure(self) -> Any:
        """A plotly Figure: clouds and sentences, with a slider through training and one through the
        layers.
        """
        return export.figure(self._found, self._clouds, self._run)

    def write(self, path: str | Path) -> Path:
        """``path`` holds the trajectories as .json, .csv, .npz or .html, whichever its name
        says.
        """
        return export.write(Path(path), self._found, self._clouds, self._run)

    def __repr__(self) -> str:
        return f"<{len(self)} sentence(s) placed in {self._run}>"
