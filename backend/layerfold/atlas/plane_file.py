"""A run's layout in two dimensions on disk: where its reference lies on the sheet of every step and
site.

plane/plane.safetensors   positions [step, site, ref, 2] F16; trust, continuity [step, site] F32,
                          means over ``sample`` tokens; in ``__metadata__`` the card (JSON) with the
                          sha256 of itself and the arrays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from layerfold.atlas.files import Atlas
from layerfold.atlas.projection_files import digest_of, fingerprint_of
from layerfold.errors import DamagedRun
from layerfold.files.atomic import write_atomically
from layerfold.records import Floats, frozen

PLANE: Final = "plane"
FIDELITY: Final = ("trust", "continuity")


@dataclass(frozen=True)
class Plane:
    """The sheets of a run. ``positions`` [step, site, ref, 2]; ``fidelity`` [step, site] by name.

    ``card``: name, kind ("plane"), title_en, title_zh, axes_en, axes_zh (three each), source,
    frame, atlas (the sha256 of the atlas.json it goes with), parameters and sample.
    """

    card: Mapping[str, Any]
    positions: NDArray[np.float16]
    fidelity: Mapping[str, Floats]
    digest: str = ""


def path_of(run: Path) -> Path:
    """Where the sheets are kept in a run's folder."""
    return run / PLANE / f"{PLANE}.safetensors"


def write_plane(run: Path, found: Plane) -> None:
    """The sheets are in the run's folder, whole or as they were."""
    named = {"positions": found.positions, **found.fidelity}
    arrays: dict[str, NDArray[Any]] = {
        name: np.ascontiguousarray(values) for name, values in named.items()
    }
    card = {**found.card, "sha256": digest_of(found.card, arrays)}
    write_atomically(path_of(run), save(arrays, {"card": json.dumps(card, ensure_ascii=False)}))


def open_plane(run: Path, atlas: Atlas) -> tuple[Plane | None, tuple[DamagedRun, ...]]:
    """The sheets that go with a run's atlas, None where there are none; and what is wrong with
    them.
    """
    try:
        found = read_plane(path_of(run))
        if found is None:
            return None, ()
        wrong = wrong_with(found, atlas)
        if wrong:
            raise damaged(wrong)
    except DamagedRun as error:
        return None, (error,)
    return found, ()


def read_plane(path: Path) -> Plane | None:
    """The sheets in a file, None where there is none; raises DamagedRun."""
    try:
        data = path.read_bytes()
        arrays = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        card = json.loads(header["__metadata__"]["card"])
        stated = card.pop("sha256")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise damaged(f"cannot be read ({error.strerror})") from None
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(f"is not a layout ({type(error).__name__}: {error})") from None
    if digest_of(card, arrays) != stated:
        raise damaged("is not what its hash says")
    for values in arrays.values():
        frozen(values)
    if missing := {"positions", *FIDELITY} - set(arrays):
        raise damaged(f"holds no {min(missing)!r}")
    return Plane(card, arrays.pop("positions"), arrays, stated)


def wrong_with(found: Plane, atlas: Atlas) -> str:
    """What keeps the sheets from being shown over an atlas; or nothing."""
    grid = (len(atlas.steps), len(atlas.sites))
    if found.card.get("atlas") != fingerprint_of(atlas):
        return "belongs to another atlas"
    shape = found.positions.shape
    if len(shape) != 4 or shape[:2] != grid or shape[2:] != (len(atlas.reference), 2):
        return f"has positions of shape {shape}"
    if not np.isfinite(found.positions).all():
        return "has places that are not finite"
    if any(values.shape != grid for values in found.fidelity.values()):
        return "has scores of another shape"
    if not all(((values >= 0) & (values <= 1)).all() for values in found.fidelity.values()):
        return "has scores outside 0 to 1"
    return ""


def damaged(what: str) -> DamagedRun:
    """The error that names the file and says what to do."""
    return DamagedRun(
        f"{PLANE}/{PLANE}.safetensors {what}: restore it, or build the sheets again with"
        " `layerfold project --sheets`"
    )
