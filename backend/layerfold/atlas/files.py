"""An atlas on disk: the clouds of a run at every step and site, with trust, measures and how they
were made.

atlas/atlas.json                      how it was built, the frame, the names, the sha256 of every
                                      other file; written last
atlas/reference.safetensors           windows, window, position, frequency, the words as JSON bytes,
                                      label.NAME [ref, n] F32
atlas/step-00000512.safetensors       positions [site, ref, 3] F16; trust, continuity [site, ref]
                                      U8, 255 times the value
atlas/measures.safetensors            one [step, site] F32 a measure; axes [step, site, 3, variable]
                                      F32;
                                      own [step, site, quantile] F32: distances to the nearest
                                      other reference state;
                                      moves [step, quantile] F32: how far its tokens truly
                                      moved (atlases of before lack it)

An atlas that has grown keeps its numbers in atlas/measures-00000512.safetensors, of its newest
step, as its card says (``numbers``): who reads by the card of before finds those of before. The
files of its other steps stay as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from layerfold.cards.digest import signed
from layerfold.cards.reading import read_card
from layerfold.cards.shapes import AtlasShape
from layerfold.errors import AtlasMissing, DamagedRun, StepNotFound
from layerfold.files.atomic import write_atomically
from layerfold.records import Floats, Label, Measure, Reference, Slice, View, frozen

FORMAT = 1
CARD = "atlas.json"
REFERENCE = "reference.safetensors"
MEASURES = "measures.safetensors"
AXES = "axes"
OWN = "own"
MOVES = "moves"
LABEL = "label."
REBUILD = "restore it, or build the atlas again with `layerfold atlas`"

Arrays = dict[str, NDArray[Any]]
# what a forged header makes the library raise
UNREADABLE = (SafetensorError, ValueError, KeyError, TypeError, OverflowError)


def step_name(step: int) -> str:
    """The name of one step's file."""
    return f"step-{step:08d}.safetensors"


@dataclass(frozen=True)
class Atlas:
    """The clouds of a run; what is read from disk is read when it is asked for, and its hash is
    checked every time.
    """

    folder: Path
    card: Mapping[str, Any]
    vocabulary: int | None = None
    """How many tokens the run's model knows, where it is known: the reference may name no other."""

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that have clouds, in order."""
        return tuple(self.card["steps"])

    @property
    def sites(self) -> tuple[str, ...]:
        """The names of the sites, in order."""
        return tuple(self.card["sites"])

    @property
    def view(self) -> View:
        """Which view of the states the clouds show."""
        view: View = self.card["view"]
        return view

    @property
    def parameters(self) -> Mapping[str, Any]:
        """How the layout was made: k, min_dist, spread, a, b, seed, ..."""
        parameters: Mapping[str, Any] = self.card["parameters"]
        return parameters

    @property
    def frame(self) -> Mapping[str, Any]:
        """{"center": [x, y, z], "radius": r}: the ball that holds all but the farthest few points
        of all clouds.
        """
        frame: Mapping[str, Any] = self.card["frame"]
        return frame

    @property
    def axis_variables(self) -> tuple[str, ...]:
        """What the axis guard compares each axis with: the last axis of ``axes``."""
        return tuple(self.card["axis_variables"])

    @cached_property
    def reference(self) -> Reference:
        """The tokens behind the clouds; raises DamagedRun."""
        try:
            found = read_reference(self._bytes(REFERENCE))
        except ValueError as error:
            raise _damaged(REFERENCE, str(error)) from None
        if (
            self.vocabulary is not None
            and found.windows.size
            and found.windows.max() >= self.vocabulary
        ):
            raise _damaged(
                REFERENCE,
                f"names token {found.windows.max():,} of a vocabulary of {self.vocabulary:,}",
            )
        return found

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The numbers of every step and site; raises DamagedRun."""
        return tuple(
            Measure(entry["name"], entry["unit"], self._numbers[entry["name"]])
            for entry in self.card["measures"]
        )

    @property
    def axes(self) -> Floats:
        """What each axis repeats: Pearson's r [step, site, 3, variable], NaN where it is not
        defined; raises DamagedRun.
        """
        return self._numbers[AXES]

    def own(self, step: int) -> Floats:
        """Evenly spaced quantiles, least first, of the reference states' distances to their nearest
        other one: [site, quantile].

        Raises StepNotFound, DamagedRun.
        """
        self._check(step)
        return _read_only(self._numbers[OWN][self.steps.index(step)])

    @property
    def numbers(self) -> str:
        """The name of the file that holds the measures."""
        return str(self.card.get("numbers", MEASURES))

    @property
    def moves(self) -> Floats | None:
        """Quantiles of how far tokens truly moved at each step, [step, quantile]; None in atlases
        of before. Raises DamagedRun.
        """
        return self._arrays(self.numbers, (MOVES,))[MOVES] if self.card.get(MOVES) else None

    @cached_property
    def _numbers(self) -> Arrays:
        return self._arrays(
            self.numbers, (AXES, OWN, *(entry["name"] for entry in self.card["measures"]))
        )

    def bytes_of(self, step: int) -> bytes:
        """One step's file as it is on disk, its hash checked; raises StepNotFound, DamagedRun."""
        self._check(step)
        return self._bytes(step_name(step))

    def hash_of(self, step: int) -> str:
        """The sha256 of one step's file; raises StepNotFound."""
        self._check(step)
        return str(self.card["files"][step_name(step)])

    def slice(self, step: int) -> Slice:
        """The clouds of one step, read anew; raises StepNotFound, DamagedRun."""
        self._check(step)
        arrays = self._arrays(step_name(step), ("positions", "trust", "continuity"))
        trust, continuity = (
            _read_only(arrays[name].astype(np.float32) / np.float32(255))
            for name in ("trust", "continuity")
        )
        return Slice(step, _read_only(arrays["positions"].astype(np.float32)), trust, continuity)

    def cloud(self, step: int) -> Floats:
        """The positions of one step, [site, ref, 3], read anew; raises StepNotFound, DamagedRun."""
        return self.slice(step).positions

    def mean_trust(self, steps: Sequence[int]) -> Floats:
        """Mean trustworthiness of each cloud: [step, site], 0.5 for a random picture, 1 for a
        perfect one.
        """
        return np.stack([self.slice(step).trust.mean(axis=1) for step in steps]).astype(np.float32)

    def trust_at(self, step: int, site: int, index: int) -> tuple[float, float]:
        """Trust and continuity of one reference token; raises StepNotFound, DamagedRun."""
        clouds = self.slice(step)
        return float(clouds.trust[site, index]), float(clouds.continuity[site, index])

    def _check(self, step: int) -> None:
        if step not in self.steps:
            raise StepNotFound(
                f"There are no clouds at step {step}. There are at:"
                f" {', '.join(map(str, self.steps))}."
            )

    def _arrays(self, name: str, wanted: tuple[str, ...]) -> Arrays:
        try:
            arrays = load(self._bytes(name))
        except UNREADABLE as error:
            raise _damaged(name, f"is not a safetensors file ({error})") from None
        missing = [key for key in wanted if key not in arrays]
        if missing:
            raise _damaged(name, f"holds no {missing[0]!r}")
        return {key: _read_only(arrays[key]) for key in wanted}

    def _bytes(self, name: str) -> bytes:
        try:
            data = (self.folder / name).read_bytes()
        except OSError as error:
            raise _damaged(name, f"cannot be read ({error.strerror})") from None
        found = hashlib.sha256(data).hexdigest()
        if found != self.card["files"].get(name):
            raise _damaged(
                name,
                f"is not what {CARD} says: its sha256 is {found[:12]}…, not"
                f" {str(self.card['files'].get(name))[:12]}…",
            )
        return data


def open_atlas(run: Path | str) -> Atlas:
    """The atlas of the run in a folder, nothing but its card read yet; raises AtlasMissing,
    DamagedRun.
    """
    run = Path(run)
    folder = run / "atlas"
    try:
        card = read_card(folder / CARD, AtlasShape, name=f"atlas/{CARD}", repair=REBUILD)
    except FileNotFoundError:
        raise AtlasMissing(
            f"The run {run.name} has no atlas ({folder / CARD} is not there). Build it: layerfold"
            f" atlas {run}"
        ) from None
    return Atlas(folder, card)


def read_reference(data: bytes) -> Reference:
    """The reference in the bytes of its file, its arrays read-only; raises ValueError."""
    try:
        arrays = {name: _read_only(array) for name, array in load(data).items()}
        words = json.loads(arrays["words"].tobytes())
        values = {name: arrays[name] for name in ("windows", "window", "position", "frequency")}
        labels = tuple(
            Label(**{**one, "names": tuple(one["names"])}, values=arrays[LABEL + one["name"]])
            for one in words.get("labels", [])
        )
        found = Reference(
            **values, text=tuple(words["text"]), source=tuple(words["source"]), labels=labels
        )
    except SafetensorError as error:
        raise ValueError(f"is not a safetensors file ({error})") from None
    except KeyError as error:
        raise ValueError(f"holds no {error}") from None
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"cannot be read ({error})") from None
    check_reference(found)
    return found


def check_reference(reference: Reference) -> None:
    """Every token of a reference stands inside one of its windows, and each has all that is told of
    one; raises ValueError.
    """
    windows, window, position = reference.windows, reference.window, reference.position
    if (
        windows.ndim != 2
        or any(one.ndim != 1 or one.dtype.kind != "i" for one in (window, position))
        or windows.dtype.kind != "i"
    ):
        raise ValueError("has windows or places of a wrong shape or type")
    if len({len(window), len(position), len(reference.frequency), len(reference.text)}) > 1 or len(
        reference.source
    ) != len(windows):
        raise ValueError("has lists of different lengths")
    if windows.size and windows.min() < -1:
        raise ValueError(f"names token {windows.min()}")
    inside = (
        (window >= 0) & (window < len(windows)) & (position >= 0) & (position < windows.shape[1])
    ).all()
    if not inside:
        raise ValueError(f"points outside its {len(windows)} windows of {windows.shape[1]} tokens")
    if ((windows[:, 1:] >= 0) & (windows[:, :-1] < 0)).any():
        raise ValueError("has windows with tokens behind their end (-1)")
    if (windows[window, position] < 0).any():
        raise ValueError("points behind the last token of a window")


def write_reference(folder: Path, reference: Reference) -> None:
    """The reference's file is in ``folder``."""
    said = [
        {key: value for key, value in vars(label).items() if key != "values"}
        for label in reference.labels
    ]
    words = json.dumps(
        {"text": reference.text, "source": reference.source, **({"labels": said} if said else {})}
    ).encode()
    arrays: Arrays = {
        "windows": reference.windows.astype(np.int32),
        "window": reference.window.astype(np.int32),
        "position": reference.position.astype(np.int32),
        "frequency": reference.frequency.astype(np.float32),
        "words": np.frombuffer(words, dtype=np.uint8),
        **{
            LABEL + label.name: np.ascontiguousarray(label.values, dtype=np.float32)
            for label in reference.labels
        },
    }
    write_atomically(folder / REFERENCE, save(arrays))


def write_slice(
    folder: Path,
    step: int,
    positions: NDArray[np.float16],
    trust: NDArray[Any],
    continuity: NDArray[Any],
) -> None:
    """One step's file is in ``folder``: positions [site, ref, 3] float16, trust and continuity
    [site, ref] in 0..1.
    """
    shares = {
        name: np.rint(255 * values).astype(np.uint8)
        for name, values in (("trust", trust), ("continuity", continuity))
    }
    write_atomically(
        folder / step_name(step), save({"positions": np.ascontiguousarray(positions), **shares})
    )


def write_measures(
    folder: Path,
    measures: Mapping[str, Floats],
    axes: Floats,
    own: Floats,
    moves: Floats | None = None,
    name: str = MEASURES,
) -> None:
    """The measures [step, site], axis correlations [step, site, 3, variable], ``own`` [step, site,
    quantile] and ``moves`` [step, quantile] are in ``folder``.
    """
    further = {} if moves is None else {MOVES: moves}
    arrays = {
        each: np.ascontiguousarray(values, dtype=np.float32)
        for each, values in {**measures, AXES: axes, OWN: own, **further}.items()
    }
    write_atomically(folder / name, save(arrays))


def write_card(
    folder: Path, card: Mapping[str, Any], files: Mapping[str, str] | None = None
) -> None:
    """The card, with the hash of every file it names (unless ``files`` has it), is in ``folder``:
    the atlas is whole from now on.
    """
    names = [
        REFERENCE,
        str(card.get("numbers", MEASURES)),
        *(step_name(step) for step in card["steps"]),
    ]
    known = {
        name: (files or {}).get(name) or hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in names
    }
    write_atomically(folder / CARD, signed({"format": FORMAT, **card, "files": known}, ascii=True))


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    return frozen(array)


def _damaged(name: str, what: str) -> DamagedRun:
    return DamagedRun(f"atlas/{name} {what}: {REBUILD}")
