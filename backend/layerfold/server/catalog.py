"""The runs a server offers, by name; a broken one is listed with its problem and hinders no
other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from layerfold.cards.reading import check_shape, read_card
from layerfold.cards.shapes import run_shape
from layerfold.errors import DamagedRun, LayerfoldError, RunNotFound
from layerfold.interp.session import Session

CARD: Final = "run.json"
log = logging.getLogger(__name__)
FRESH: Final = 1.0  # seconds a run is taken to be unchanged


@dataclass(frozen=True)
class Opened:
    """A run as it was opened, or why it could not be; ``stamp`` is what its files looked like."""

    run: Session | None
    error: LayerfoldError | None
    stamp: tuple[int, ...]
    checked: float


class Catalog:
    """Names to folders; names never become paths, and one that was given stays its folder's. Runs
    are opened when asked for.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        opener: Callable[[Path], Session],
        sources: Sequence[Path] = (),
    ) -> None:
        """``sources`` are what the runs were found in: where runs come and go."""
        self.folders = dict(folders)
        self.sources = tuple(sources)
        self._given = {folder.resolve(): name for name, folder in self.folders.items()}
        self._opener = opener
        self._opened: dict[str, Opened] = {}
        self._opening: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the order they were given; the first is the default."""
        return tuple(self.folders)

    def refresh(self) -> None:
        """The runs that are in the sources now are listed, those that were listed before first, and
        those that went are not.
        """
        if not self.sources:
            return
        found = find_runs((folder for folder in self.sources if folder.is_dir()), self._given)
        with self._lock:
            self._given |= {folder.resolve(): name for name, folder in found.items()}
            kept = {name: folder for name, folder in self.folders.items() if name in found}
            self.folders = {**kept, **found}
            self._opened = {name: opened for name, opened in self._opened.items() if name in found}
            self._opening = {
                name: lock for name, lock in self._opening.items() if name in found or lock.locked()
            }

    def add(self, folder: Path) -> str:
        """The run in a folder is listed from now on; its name."""
        with self._lock:
            self.sources = (*self.sources, folder)
        self.refresh()
        place = folder.resolve()
        return next(name for name, run in self.folders.items() if run.resolve() == place)

    def look_again(self, names: Iterable[str]) -> None:
        """What is known of these runs is looked at anew when they are next asked for."""
        with self._lock:
            for name in names:
                if name in self._opened:
                    self._opened[name] = replace(self._opened[name], checked=-FRESH)

    def open(self, name: str) -> Session:
        """The run; opened again when its card, atlas, measures or projections changed on disk.

        Raises RunNotFound for a name that is not listed, else what opening raises.
        """
        if name not in self.folders:
            raise RunNotFound(
                f"There is no run {name[:100]!r}. There are: {', '.join(self.folders) or 'none'}."
            )
        with self._lock:
            opening = self._opening.setdefault(name, threading.Lock())
        with opening:  # a run that takes long to open keeps those waiting who want the same
            opened = self._current(name)
        if opened.run is None:
            raise opened.error or RunNotFound(f"The run {name!r} cannot be opened.")
        return opened.run

    def _current(self, name: str) -> Opened:
        known, folder = self._opened.get(name), self.folders.get(name)
        if folder is None:
            return Opened(None, None, (), 0.0)
        now = time.monotonic()
        if known and now - known.checked < FRESH:
            return known
        stamp = stamp_of(folder)
        run, error = (
            (known.run, known.error) if known and known.stamp == stamp else self._try(folder)
        )
        opened = Opened(run, error, stamp, now)
        with self._lock:
            self._opened[name] = opened
        return opened

    def _try(self, folder: Path) -> tuple[Session | None, LayerfoldError | None]:
        try:
            return self._opener(folder), None
        except LayerfoldError as error:
            return None, error
        except Exception as error:  # a run that nobody has thought of must not hinder the others
            log.exception("%s cannot be opened", folder)
            return None, DamagedRun(
                f"{folder.name} cannot be opened ({type(error).__name__}); the server's log says"
                " why."
            )


def find_runs(folders: Iterable[Path], given: Mapping[Path, str] | None = None) -> dict[str, Path]:
    """Runs by name: each folder that holds a card, or those inside it that do, each once; equal
    names get a number.

    ``given`` are names by folder that were given before: they stay, and no other run gets one of
    them.
    """
    found: dict[str, Path] = {}
    known = dict(given or {})
    there: set[Path] = set()
    for folder in folders:
        for run in _runs_in(folder):
            place = run.resolve()
            if place not in there:
                there.add(place)
                found[known.get(place) or _unused(_name(run), {*known.values(), *found})] = run
    return found


def _runs_in(folder: Path) -> list[Path]:
    if (folder / CARD).is_file():
        return [folder]
    if not folder.is_dir():
        raise RunNotFound(
            f"There is no run folder {str(folder)!r}. Give a folder that holds {CARD}, or a folder"
            " of such folders."
        )
    return sorted(path for path in folder.iterdir() if path.is_dir() and (path / CARD).is_file())


def _name(run: Path) -> str:
    """What a run is called: as its folder, but for a model from elsewhere, whose folder is of
    Layerfold's own making, as its card.
    """
    try:
        card = read_card(run / CARD)
        check_shape(card, run_shape("hf"), CARD, "")
    except (OSError, DamagedRun):
        return run.resolve().name
    return str(card["name"]) if card["architecture"].get("kind") == "hf" else run.resolve().name


def _unused(name: str, taken: Container[str]) -> str:
    number = 2
    unused = name
    while unused in taken:
        unused, number = f"{name}-{number}", number + 1
    return unused


def stamp_of(folder: Path) -> tuple[int, ...]:
    """What the files of a run look like whose change is news: four looks."""
    times = []
    for path in (
        folder / CARD,
        folder / "atlas" / "atlas.json",
        folder / "measures" / "measures.json",
        folder / "projections",
    ):
        try:
            times.append(path.stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return tuple(times)
