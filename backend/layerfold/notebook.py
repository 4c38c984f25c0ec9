"""Layerfold from Python: open a run, place sentences, look at the figure or keep the numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

from layerfold import export
from layerfold.figure import Clouds
from layerfold.pipeline import OpenRun, open_run
from layerfold.records import Site, Trajectory
from layerfold.settings import bundled, cache_folder
from layerfold.space.atlas import Atlas


def open(run: str | Path, cache: Path | None = None) -> PlacingRun:
    """The run in a folder, or the bundled run of that name; reference states are kept in ``cache``.

    Raises RunNotFound, DamagedRun.
    """
    folder = Path(run)
    if not folder.exists() and (bundled() / "models" / str(run)).is_dir():
        folder = bundled() / "models" / str(run)
    return PlacingRun(open_run(folder, cache or cache_folder(os.environ)))


class PlacingRun:
    """A run that places sentences."""

    def __init__(self, opened: OpenRun) -> None:
        self.opened = opened

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.opened.run.name

    @property
    def steps(self) -> tuple[int, ...]:
        """The training steps that have clouds."""
        return self.opened.steps

    @property
    def sites(self) -> tuple[Site, ...]:
        """The places in the residual stream."""
        return self.opened.sites

    @property
    def atlas(self) -> Atlas:
        """The clouds."""
        return self.opened.atlas

    @property
    def projections(self) -> tuple[str, ...]:
        """The ways to show the states: ``umap``, the atlas's own layout, and the linear ones."""
        return tuple(card.name for card in self.opened.projections())

    def place(self, sentences: str | Sequence[str], steps: Sequence[int] | None = None, projection: str = "umap") -> Trajectories:
        """The ways of the sentences' tokens through the sites and the steps (all by default), as a projection shows them.

        Raises EmptyText, TextTooLong, StepNotFound, ProjectionNotFound, DamagedRun.
        """
        texts = [sentences] if isinstance(sentences, str) else sentences
        clouds = self.opened.picture(projection)
        return Trajectories([self.opened.place(text, steps, projection) for text in texts], clouds, self.name)

    def __repr__(self) -> str:
        return f"<run {self.name}: {len(self.sites)} sites, {len(self.steps)} steps>"


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
        """A plotly Figure: clouds and sentences, with a slider through training and one through the layers."""
        return export.figure(self._found, self._clouds, self._run)

    def write(self, path: str | Path) -> Path:
        """``path`` holds the trajectories as .json, .csv, .npz or .html, whichever its name says."""
        return export.write(Path(path), self._found, self._clouds, self._run)

    def __repr__(self) -> str:
        return f"<{len(self)} sentence(s) placed in {self._run}>"
