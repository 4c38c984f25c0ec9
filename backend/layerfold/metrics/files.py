"""Measures of a run on disk, what each is called, and how they stand beside the atlas's own.

measures/measures.json           of which atlas, steps, sites, parameters, names with units,
                                 reasons, events, sha256 of the values
measures/times.json              seconds by name: beside the card, so that equal measures are equal
                                 bytes
measures/measures.safetensors    NAME [step, site] F32; where there is an error bar NAME.low and
                                 NAME.high; where a number is not defined somewhere NAME.reason U8,
                                 which of the reasons it is (0: it is defined)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from layerfold.cards.digest import identity_of, signed
from layerfold.cards.reading import read_card
from layerfold.cards.shapes import MeasuresShape
from layerfold.errors import DamagedRun
from layerfold.files.atomic import write_atomically
from layerfold.records import Floats, Measure, frozen

FORMAT: Final = 1
FOLDER, CARD, VALUES = "measures", "measures.json", "measures.safetensors"
TIMES: Final = "times.json"
REPAIR: Final = "restore it, or measure the run again with `layerfold measure`"
MANY: Final = "it cannot be computed here"  # stands for the reasons that a byte cannot count

# Every measure but those of the training log: its group and its unit, in the order in which they
# are shown.
NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "twonn": ("dimension", "directions"),
    "twonn_2": ("dimension", "directions, in half of the tokens"),
    "twonn_4": ("dimension", "directions, in a quarter of the tokens"),
    "twonn_8": ("dimension", "directions, in an eighth of the tokens"),
    "mle": ("dimension", "directions"),
    "components_90": ("dimension", "principal components with 90 % of the variance"),
    "participation_ratio": ("spectrum", "directions"),
    "rankme": ("spectrum", "directions"),
    "alpha_req": ("spectrum", "exponent of the spectrum's decay"),
    "anisotropy": ("spectrum", "mean cosine of two raw states, -1..1"),
    "norm": ("spectrum", "mean length of a raw state"),
    **{
        f"rank_{matrix}": ("spectrum", "directions") for matrix in ("q", "k", "v", "o", "in", "out")
    },
    "cka_site": ("sites", "likeness to the next site, 0..1"),
    "overlap_site": ("sites", "share of neighbours kept to the next site, 0..1"),
    "procrustes_site": ("sites", "share of the variance that no turn explains, 0..1"),
    "move_site": ("sites", "move to the next site, in spreads"),
    "turn_site": ("sites", "radians"),
    "curvature": ("sites", "radians a unit of length"),
    "cka_step": ("steps", "likeness to the step before, 0..1"),
    "overlap_step": ("steps", "share of neighbours kept since the step before, 0..1"),
    "procrustes_step": ("steps", "share of the variance that no turn explains, 0..1"),
    "move_step": ("steps", "move since the step before, in spreads"),
    "turn_step": ("steps", "radians"),
    "h0_total": ("topology", "median distances"),
    "h0_longest": ("topology", "median distances"),
    "h1_total": ("topology", "median distances"),
    "h1_longest": ("topology", "median distances"),
    "stretch": ("map", "times longer at most"),
    "condition": ("map", "largest stretch over smallest"),
    "log_volume": ("map", "nats"),
    "flat_directions": ("map", "directions"),
    "trust": ("fidelity", "mean trustworthiness at k = 15, 0..1"),
    "continuity": ("fidelity", "mean continuity at k = 15, 0..1"),
    "recall": ("fidelity", "share of the 15 true neighbours shown"),
    "shepard": ("fidelity", "rank correlation of true and shown distances, -1..1"),
    "joint_trust": ("fidelity", "trustworthiness of this site and the next as one cloud, 0..1"),
    "density_kept": ("fidelity", "rank correlation of true and shown local radii, -1..1"),
    "stability": ("fidelity", "shown move since the step before, in spreads"),
    "move_spearman": ("fidelity", "Spearman's r of true and shown move to the next site"),
}
# made with the clouds, never anew
OF_THE_ATLAS: Final = ("trust", "continuity", "recall", "move_spearman")
TRAINING: Final[Mapping[str, str]] = {
    "loss": "nats a token in training",
    "val_loss": "nats a token on held-out text",
    "bits_per_byte": "bits a byte on held-out text",
    "train_loss": "nats a token in training",
    "test_loss": "nats a token on what was held out",
    "train_accuracy": "share right in training, 0..1",
    "test_accuracy": "share right on what was held out, 0..1",
}
NOT_SERIES: Final = ("step", "seconds", "tokens", "tokens_seen")  # they only count

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Jump:
    """A step where ``measure`` jumps at ``site``, from ``before`` to ``after``; ``score`` is its
    largest change over the usual one.
    """

    step: int
    measure: str
    site: int
    before: float
    after: float
    score: float


@dataclass(frozen=True)
class Measured:
    """All that is measured of a run: ``measures`` over ``steps`` and ``sites``; ``atlas`` is the
    sha256 of the atlas's card; ``seconds`` what each name took, with those computed together
    with it.
    """

    atlas: str
    steps: tuple[int, ...]
    sites: tuple[str, ...]
    parameters: Mapping[str, Any]
    measures: tuple[Measure, ...]
    events: tuple[Jump, ...] = ()
    seconds: Mapping[str, float] | None = None


def group_of(name: str) -> str:
    """The family a measure belongs to; one of a further projection (``trust@pca``) to that of its
    own.
    """
    return NAMES.get(name.partition("@")[0], ("training", ""))[0]


def unit_of(name: str) -> str:
    """What a measure counts, in words."""
    return NAMES[name][1] if name in NAMES else TRAINING.get(name, "as logged in training")


def atlas_hash(run: Path) -> str:
    """What measures of the run's atlas as it stands are known by; empty where there is none."""
    return identity_of(run / "atlas" / "atlas.json")


def read_measured(run: Path) -> Measured | None:
    """What is kept in a run's folder, of whichever atlas; None where nothing is. Raises
    DamagedRun.
    """
    folder = run / FOLDER
    try:
        card = read_card(folder / CARD, MeasuresShape, name=f"{FOLDER}/{CARD}", repair=REPAIR)
        data = (folder / VALUES).read_bytes()
        if hashlib.sha256(data).hexdigest() != card["files"][VALUES]:
            raise DamagedRun(f"{FOLDER}/{VALUES} is not what {CARD} says: {REPAIR}")
        found = _from_disk(card, load(data))
        return replace(found, seconds=_times(folder) or found.seconds)
    except FileNotFoundError as error:
        if not (folder / CARD).is_file():
            return None
        raise DamagedRun(f"{FOLDER}/{Path(error.filename).name} is missing: {REPAIR}") from None
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        SafetensorError,
    ) as error:
        raise DamagedRun(
            f"{FOLDER}/{CARD} or {VALUES} cannot be read ({type(error).__name__}: {error}):"
            f" {REPAIR}"
        ) from None


def _times(folder: Path) -> dict[str, float]:
    """The seconds that each measure took; none where nobody has written them down, which changes no
    measure.
    """
    try:
        told = read_card(folder / TIMES)
    except (FileNotFoundError, DamagedRun):
        return {}
    return {name: float(took) for name, took in told.items() if isinstance(took, int | float)}


def standing(run: Path) -> Measured | None:
    """What is kept in a run's folder, if it is whole and of the atlas as it stands."""
    try:
        found = read_measured(run)
    except DamagedRun:
        return None
    return found if found is not None and found.atlas == atlas_hash(run) else None


def trouble(run: Path) -> DamagedRun | None:
    """What is wrong with what is kept, if anything is: damaged, or of another atlas."""
    try:
        found = read_measured(run)
    except DamagedRun as error:
        return error
    if found is None or found.atlas == atlas_hash(run):
        return None
    return DamagedRun(
        f"{FOLDER}/{CARD} is of another atlas than the run has: measure the run again with"
        " `layerfold measure`"
    )


def _from_disk(card: Mapping[str, Any], arrays: Arrays) -> Measured:
    shape = (len(card["steps"]), len(card["sites"]))
    measures = []
    for entry in card["entries"]:
        name = entry["name"]
        values, low, high, reason = (
            arrays.get(name + end) for end in ("", ".low", ".high", ".reason")
        )
        if values is None or any(
            part is not None and part.shape != shape for part in (values, low, high, reason)
        ):
            raise DamagedRun(
                f"{FOLDER}/{VALUES} holds no {name!r} of {shape[0]} steps and {shape[1]} sites:"
                f" {REPAIR}"
            )
        said = (
            None
            if reason is None
            else tuple(tuple(card["reasons"][code] for code in row) for row in reason.tolist())
        )
        measures.append(
            Measure(
                name,
                entry["unit"],
                _floats(values),
                entry["group"],
                _maybe(low),
                _maybe(high),
                said,
            )
        )
    events = tuple(Jump(**event) for event in card["events"])
    # of cards of before
    seconds = {entry["name"]: entry["seconds"] for entry in card["entries"] if "seconds" in entry}
    return Measured(
        card["atlas"],
        tuple(card["steps"]),
        tuple(card["sites"]),
        card["parameters"],
        tuple(measures),
        events,
        seconds,
    )


def _maybe(array: NDArray[Any] | None) -> Floats | None:
    return None if array is None else _floats(array)


def _floats(array: NDArray[Any]) -> Floats:
    return np.asarray(frozen(array), dtype=np.float32)


def write_measured(run: Path, found: Measured) -> None:
    """``found`` is kept in the run's folder, the card last."""
    reasons = [
        "",
        *sorted(
            {
                said
                for measure in found.measures
                for row in measure.reasons or ()
                for said in row
                if said
            }
        ),
    ]
    reasons = reasons if len(reasons) <= 256 else [*reasons[:255], MANY]
    code = {said: at for at, said in enumerate(reasons)}
    arrays: Arrays = {}
    for measure in found.measures:
        parts = {"": measure.values, ".low": measure.low, ".high": measure.high}
        arrays |= {
            measure.name + end: np.ascontiguousarray(part, dtype=np.float32)
            for end, part in parts.items()
            if part is not None
        }
        if measure.reasons is not None:
            arrays[f"{measure.name}.reason"] = np.array(
                [[code.get(said, 255) for said in row] for row in measure.reasons], dtype=np.uint8
            )
    data = save(arrays)
    entries = [
        {
            "name": measure.name,
            "unit": measure.unit,
            "group": measure.group,
            "error_bar": measure.low is not None,
        }
        for measure in found.measures
    ]
    card = {
        "format": FORMAT,
        "atlas": found.atlas,
        "steps": found.steps,
        "sites": found.sites,
        "parameters": dict(found.parameters),
        "entries": entries,
        "reasons": reasons,
        "events": [asdict(event) for event in found.events],
        "files": {VALUES: hashlib.sha256(data).hexdigest()},
    }
    times = {name: round(took, 3) for name, took in (found.seconds or {}).items()}
    write_atomically(run / FOLDER / TIMES, json.dumps(times, indent=1).encode() + b"\n")
    write_atomically(run / FOLDER / VALUES, data)
    write_atomically(run / FOLDER / CARD, signed(card))


def training_measures(
    rows: Iterable[Mapping[str, Any]], steps: Sequence[int], sites: int
) -> tuple[Measure, ...]:
    """What the training log says at the steps, the same at every site: every series of numbers that
    has a value at one of them.
    """
    logged: dict[int, dict[str, Any]] = {}
    for row in rows:
        logged.setdefault(int(row.get("step", -1)), {}).update(row)
    at = [logged.get(step, {}) for step in steps]
    names = dict.fromkeys(
        name
        for row in at
        for name, value in row.items()
        if name not in NOT_SERIES and _is_number(value)
    )
    return tuple(_series(name, [row.get(name) for row in at], sites) for name in names)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _series(name: str, values: Sequence[Any], sites: int) -> Measure:
    numbers = np.array(
        [value if _is_number(value) else np.nan for value in values], dtype=np.float32
    )
    said = [
        "" if np.isfinite(number) else "nothing finite was logged at this step"
        for number in numbers
    ]
    reasons = tuple((words,) * sites for words in said) if any(said) else None
    return Measure(
        name, unit_of(name), np.repeat(numbers[:, None], sites, axis=1), "training", reasons=reasons
    )


def joined(of_atlas: Sequence[Measure], found: Measured | None) -> tuple[Measure, ...]:
    """The atlas's measures with their groups and reasons, and those that were measured, which stand
    for the atlas's of the same name.
    """
    known = {measure.name: explained(measure) for measure in of_atlas}
    known |= {measure.name: measure for measure in (found.measures if found else ())}
    order = {name: at for at, name in enumerate(NAMES)}
    return tuple(sorted(known.values(), key=lambda measure: order.get(measure.name, len(order))))


def explained(measure: Measure) -> Measure:
    """A measure of the atlas, which keeps neither groups nor reasons, with both."""
    why = (
        "there is no site after this one"
        if measure.name == "move_spearman"
        else "it was not measured at this step"
    )
    gone = ~np.isfinite(measure.values)
    reasons = (
        tuple(tuple(why if cell else "" for cell in row) for row in gone.tolist())
        if gone.any()
        else None
    )
    return Measure(
        measure.name, measure.unit, measure.values, group_of(measure.name), reasons=reasons
    )
