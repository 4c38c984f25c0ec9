"""Runs that grow while somebody watches: an atlas of the steps there are, extended as steps come,
finished when the run is.

One process follows a run at a time: it holds a lock that the system takes back when the process
ends, however it ends. A step that cannot be read yet is named and tried again; the others go on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from layerfold.atlas.extend import StepExtras, extend_atlas
from layerfold.atlas.files import Atlas, open_atlas
from layerfold.atlas.projection_files import open_projections
from layerfold.build.left_states import leave_states
from layerfold.build.metrics import measure_run
from layerfold.build.projections import PCA, build_projections
from layerfold.build.run_atlas import AtlasOptions, build_run_atlas, carry_bases, losses
from layerfold.data.read_once import ReadOnce
from layerfold.data.reference_states import states_at
from layerfold.errors import AtlasMissing, Busy, DamagedRun, LayerfoldError, RunNotFound
from layerfold.files.atomic import locked
from layerfold.metrics.files import standing
from layerfold.records import Floats
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run

LOCK: Final = ".following"
PAUSE: Final = 0.5  # seconds between two looks
TRIES: Final = 4  # of a step that cannot be read, in a run that will not change any more
KEPT: Final = 3  # steps whose states are in memory: a new one and the two before it
LONGEST: Final = 60.0
# How far each stage of a build brings the whole of it.
SHARES: Final = {
    "choosing the reference": (0.0, 0.02),
    "neighbours": (0.02, 0.3),
    "layout": (0.3, 0.8),
    "density": (0.8, 0.85),
    "trust": (0.85, 1.0),
}
Progress = Callable[[str, float], None]


@contextmanager
def followed(folder: Path) -> Iterator[None]:
    """This process alone follows the run; raises Busy where another does."""
    (folder / "atlas").mkdir(parents=True, exist_ok=True)
    with (folder / "atlas" / LOCK).open("ab") as file:
        if not locked(file):
            raise Busy(
                f"{folder} is being followed by another process already. Wait until it has ended,"
                " or stop it."
            )
        yield


def follow_run(
    folder: Path | str,
    progress: Progress = lambda stage, share: None,
    problem: Callable[[str], None] = lambda words: None,
    options: AtlasOptions | None = None,
    *,
    until: Callable[[], bool] = lambda: False,
    pause: float = PAUSE,
) -> Atlas | None:
    """The run has an atlas that grows with it; back when the run is finished and its atlas, linear
    pictures and measures are whole.

    ``progress(stage, share of the whole)``; ``problem(words)`` hears once of each step that cannot
    be read; ``until()`` true ends it before its time. ``options`` are those of ``build_run_atlas``.
    Raises Busy where another process follows the run, DamagedRun for one that is finished without a
    step, and what building raises.
    """
    folder = Path(folder)
    with followed(folder):
        follower = Follower(folder, Told(progress), problem, options or AtlasOptions())
        while not follower.look():
            if until():
                return follower.atlas
            time.sleep(pause)
        follower.finish()
    return follower.atlas


@dataclass
class Told:
    """Says each stage and share once, in hundredths."""

    progress: Progress
    last: tuple[str, int] = ("", -1)

    def __call__(self, stage: str, share: float) -> None:
        if (stage, int(100 * share)) != self.last:
            self.last = (stage, int(100 * share))
            self.progress(stage, share)


@dataclass
class Unread:
    """A step that could not be read: why, how often it was tried, when it is to be tried again."""

    why: str
    tries: int
    due: float


@dataclass
class Follower:
    """What one process knows of the run that it follows."""

    folder: Path
    progress: Progress
    problem: Callable[[str], None]
    options: AtlasOptions
    atlas: Atlas | None = None
    unread: dict[int, Unread] = field(default_factory=dict)
    checked: tuple[int, ...] = ()
    states: dict[int, Floats] = field(default_factory=dict)

    @cached_property
    def read(self) -> ReadOnce:
        """The states that were read meanwhile."""
        return ReadOnce(self.folder)

    def look(self) -> bool:
        """One thing is done for the run, if there is one to do; whether it is finished and all its
        steps have clouds.
        """
        run = self._opened()
        if run is None or not run.steps:
            if run is not None and not run.live:
                raise DamagedRun(
                    f"the run in {self.folder} is finished and has no step that can be opened:"
                    " train it again"
                )
            self.progress("waiting", 0.0)
            return False
        self.atlas = self._fitting(run)
        left = [step for step in run.steps if self.atlas is None or step not in self.atlas.steps]
        if self.atlas is None:
            self._build(run)
        elif due := [step for step in left if self._is_due(step)]:
            self._extend(run, self.atlas, due[0])
        else:
            self.progress("waiting", 1.0)
            return not run.live and all(self.unread[step].tries >= TRIES for step in left)
        return False

    def finish(self) -> None:
        """The run has linear pictures and measures of its atlas as it stands."""
        run, atlas = open_run(self.folder), open_atlas(self.folder)
        threads = self.options.threads
        good, _ = open_projections(run.folder, atlas, run.d_model)
        if PCA not in {one.name for one in good}:
            carry_bases(run, atlas.reference, atlas.view)
            _, wrong = build_projections(
                run.folder,
                threads=threads,
                progress=lambda _, share: self.progress("pictures", share),
                read=self.read,
            )
            for error in wrong:
                self.problem(str(error))
        if standing(run.folder) is None:
            measure_run(
                run.folder,
                threads=threads,
                progress=lambda _, share: self.progress("measures", share),
                read=self.read,
            )
        self.atlas = atlas

    # ---- what is there

    def _opened(self) -> Run | None:
        """The run as it is now; None where its card has not been written yet."""
        try:
            run = open_run(self.folder)
        except RunNotFound:
            return None
        return open_run(self.folder) if run.refresh() else run

    def _fitting(self, run: Run) -> Atlas | None:
        """The atlas that is there, if it is of this run: of its sites, its tokenizer and its
        checkpoints, whose hashes are looked at once.
        """
        try:
            atlas = open_atlas(self.folder)
        except AtlasMissing:
            return None
        if atlas.sites != tuple(site.name for site in run.sites):
            return None
        known, there = (
            atlas.card.get("origin", {}),
            [step for step in atlas.steps if step in run.steps],
        )
        fresh = [step for step in there if step not in self.checked]
        if any(known.get(name, origin) != origin for name, origin in run.origins(fresh).items()):
            return None
        self.checked = tuple(there)
        return atlas

    def _is_due(self, step: int) -> bool:
        """Whether a step is to be read now: for the first time, or again; in a run that changes no
        more a few times only.
        """
        one = self.unread.get(step)
        return one is None or (
            time.monotonic() >= one.due and (one.tries < TRIES or _live(self.folder))
        )

    # ---- what is done

    def _build(self, run: Run) -> None:
        """The run has an atlas of the steps there are that can be read, those of a broken build
        first.
        """

        def report(stage: str, share: float) -> None:
            low, high = SHARES.get(stage, (0.0, 1.0))
            self.progress(
                "reference" if stage.startswith("choosing") else stage, low + (high - low) * share
            )

        steps = [step for step in planned(run) or run.steps if step not in self.unread]
        try:
            build_run_atlas(
                self.folder,
                self.options,
                steps=steps,
                progress=report,
                problem=self.problem,
                read=self.read,
            )
            leave_states(self.folder, self.read)
        except LayerfoldError:
            if not self._find_unread(run, steps):
                raise

    def _find_unread(self, run: Run, steps: list[int]) -> bool:
        """Each step whose states cannot be had is named; whether there is one, and others to go on
        with.
        """
        reference = run.reference()
        for step in steps:
            try:
                run.origin(step)
                states_at(run, step, reference) if reference else run.adapter(step)
            except LayerfoldError as error:
                self._put_off(step, error)
        return any(step in self.unread for step in steps) and (
            _live(self.folder) or not all(step in self.unread for step in steps)
        )

    def _extend(self, run: Run, atlas: Atlas, step: int) -> None:
        """The atlas has clouds at one more step, or it is named why not."""
        shares = {"neighbours": (0.0, 0.3), "layout": (0.3, 0.9), "trust": (0.9, 1.0)}

        def report(stage: str, share: float) -> None:
            low, high = shares[stage]
            self.progress(f"step {step}", low + (high - low) * share)

        try:
            origin = run.origins([step])
            logged = losses(run, run.steps).items()
            told = {
                name: (unit, dict(zip(run.steps, values[:, 0].tolist(), strict=True)))
                for name, (unit, values) in logged
            }
            self.atlas = extend_atlas(
                self._states(run, atlas),
                [step],
                self.folder,
                extras=StepExtras(measures=told, origin=origin),
                threads=self.options.threads,
                progress=report,
            )
            self.unread.pop(step, None)
        except (LayerfoldError, OSError) as error:
            self._put_off(step, error)

    def _states(self, run: Run, atlas: Atlas) -> Callable[[int], Floats]:
        """Raw states of the reference by step; those asked for last are kept."""

        def at(step: int) -> Floats:
            found = self.states.pop(step, None)
            self.states[step] = states_at(run, step, atlas.reference) if found is None else found
            while len(self.states) > KEPT:
                self.states.pop(next(iter(self.states)))
            return self.states[step]

        return at

    def _put_off(self, step: int, error: Exception) -> None:
        """The step is named once for each reason, and tried again after twice as long."""
        before = self.unread.get(step)
        tries = (before.tries if before else 0) + 1
        if before is None or before.why != str(error):
            self.problem(f"step {step} cannot be read yet: {error}")
        self.unread[step] = Unread(
            str(error), tries, time.monotonic() + min(LONGEST, PAUSE * 2**tries)
        )


def planned(run: Run) -> list[int]:
    """The steps of a build that was broken off, where all of them are still there: it goes on with
    them.
    """
    try:
        steps = json.loads((run.folder / "atlas" / ".work" / "plan.json").read_bytes())["steps"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return list(steps) if set(steps) <= set(run.steps) else []


def _live(folder: Path) -> bool:
    """Whether more is to be expected of the run in a folder."""
    try:
        return open_run(folder).live
    except LayerfoldError:
        return True
