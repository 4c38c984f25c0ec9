"""Layerfold from Python: open a run, place sentences, look at the figure or keep the numbers."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

from layerfold.api import export
from layerfold.api.figure import Clouds
from layerfold.atlas.files import Atlas, open_atlas
from layerfold.build.live import followed
from layerfold.build.projections import build_projections
from layerfold.build.run_atlas import build_run_atlas
from layerfold.errors import AtlasMissing
from layerfold.interp.compare_runs import Aligner, Alignment
from layerfold.interp.session import Session, open_session
from layerfold.records import Site, Trajectory
from layerfold.runs.hub_card import HOME, open_hub
from layerfold.runs.remote import mirror_of
from layerfold.runs.run import Run
from layerfold.runs.series import is_model
from layerfold.runs.storage import is_address
from layerfold.settings import bundled, cache_folder


def open(
    run: str | Path,
    cache: Path | None = None,
    *,
    dtype: str | None = None,
    device: str | None = None,
    allow_pickle: bool = False,
) -> PlacingRun:
    """The run in a folder or at an address (``s3://…``), the bundled run of that name, or a model
    from elsewhere: its folder, its Trainer's, or ``hf:…``.

    Reference states, and the runs of models from elsewhere, are kept in ``cache``. Such a run gets
    its atlas first where it has none, with progress on stderr. ``dtype`` (float32, bfloat16,
    float16), ``device`` (cpu, cuda, mps) and ``allow_pickle`` (weights that can run code are
    trusted) are for models from elsewhere. Raises RunNotFound, DamagedRun, and what opening such a
    model raises.
    """
    folder, kept = Path(run), cache or cache_folder(os.environ)
    if is_address(str(run)):
        folder = mirror_of(run, kept)
    elif is_model(str(run)):
        folder = open_hub(str(run), kept / HOME, dtype=dtype, device=device, pickle=allow_pickle)
        _build(folder)
    elif not folder.exists() and (bundled() / "models" / str(run)).is_dir():
        folder = bundled() / "models" / str(run)
    return PlacingRun(open_session(folder, kept))


def _build(folder: Path) -> None:
    """The run in a folder has an atlas and linear pictures; what is done, and what is left out, is
    said on stderr.
    """
    try:
        left = [step for step in Run.open(folder).steps if step not in open_atlas(folder).steps]
        if left:
            sys.stderr.write(
                f"layerfold: {len(left)} checkpoint(s) came after the atlas: layerfold atlas"
                f" {folder} --follow adds them\n"
            )
        return
    except AtlasMissing:
        run = Run.open(folder)
    for problem in (*run.missing(), *run.remarks()):
        sys.stderr.write(f"layerfold: {problem}\n")
    said = ""

    def report(stage: str, share: float) -> None:
        nonlocal said
        now = f"building the atlas of {run.name}: {stage}" + (
            f" {share:.0%}" if sys.stderr.isatty() else ""
        )
        if now != said:
            sys.stderr.write(f"\r\x1b[K{now}" if sys.stderr.isatty() else f"{now}\n")
        said = now

    with followed(folder):
        build_run_atlas(
            folder,
            progress=report,
            problem=lambda words: print(f"layerfold: {words}", file=sys.stderr),
        )
        build_projections(folder, progress=report)
    sys.stderr.write("\r\x1b[K" if sys.stderr.isatty() else "")


class PlacingRun:
    """A run that places sentences."""

    def __init__(self, opened: Session) -> None:
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

    def place(
        self,
        sentences: str | Sequence[str],
        steps: Sequence[int] | None = None,
        projection: str = "umap",
        special: bool = False,
    ) -> Trajectories:
        """The ways of the sentences' tokens through the sites and the steps (all by default), as a
        projection shows them.

        With ``special``, names of special tokens (<s>, [MASK]) in the sentences mean them; else
        they are plain characters. Raises EmptyText, TextTooLong, StepNotFound, ProjectionNotFound,
        DamagedRun.
        """
        texts = [sentences] if isinstance(sentences, str) else sentences
        clouds = self.opened.picture(projection)
        return Trajectories(
            [self.opened.place(text, steps, projection, special) for text in texts],
            clouds,
            self.name,
        )

    def compare(
        self, other: PlacingRun, step: int | None = None, other_step: int | None = None
    ) -> Alignment:
        """Another run, or another step of this one, laid over this: ``.residuals`` by site, 0 where
        one is the other turned.

        The last steps unless told. Raises NotComparable, StepNotFound, AtlasMissing, DamagedRun.
        """
        mine = self.steps[-1] if step is None else step
        theirs = other.opened.run.steps[-1] if other_step is None else other_step
        return Aligner().align(self.opened, mine, other.opened, theirs)

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
