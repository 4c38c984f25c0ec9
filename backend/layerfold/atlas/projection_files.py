"""Linear pictures of a run on disk: at each step and site three directions of the states, and how
far they can be trusted.

projections/NAME.safetensors   matrix [step, site, 3, d] F16 or F32; offset [step, site, 3] F32;
                               once scored, trust, continuity,
                               recall, shepard [step, site] F32 (NaN where one is not defined);
                               in ``__metadata__`` the card (JSON) with the sha256 of itself
                               and the arrays. Positions are never stored.
A place is ``matrix @ state + offset``, the state in the atlas's view; a first or second axis of
length one stands for every step or site.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from layerfold.atlas.files import CARD, Atlas
from layerfold.cards.digest import identity_of
from layerfold.errors import DamagedRun, InputError
from layerfold.files.atomic import write_atomically
from layerfold.records import Floats, frozen

FOLDER: Final = "projections"
UMAP: Final = "umap"  # the name of the atlas's own layout, which no file may take
FIDELITY: Final = ("trust", "continuity", "recall", "shepard")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
WORDS: Final = ("title_en", "title_zh", "source")


@dataclass(frozen=True)
class Projection:
    """A linear picture; ``fidelity`` [step, site] by name is empty and the card has no frame until
    it is scored.

    ``card``: name, kind ("pca" or "basis"), title_en, title_zh, axes_en, axes_zh (three each),
    source, frame, atlas (the sha256 of the atlas.json that it was scored by) and reasons (why
    fidelity is not defined: measure, step and site by number, reason).
    """

    card: Mapping[str, Any]
    matrix: NDArray[Any]
    offset: Floats
    fidelity: Mapping[str, Floats]
    digest: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.card["name"])

    def place(self, states: NDArray[Any], step: int) -> Floats:
        """Where ``states`` [site, token, d] lie at the step of that number: [site, token, 3]; each
        the same in any batch.
        """
        matrix, offset = (
            self._at(self.matrix, step, len(states)),
            self._at(self.offset, step, len(states)),
        )
        return np.stack([mapped(*site) for site in zip(states, matrix, offset, strict=True)])

    def _at(self, values: NDArray[Any], step: int, sites: int) -> Floats:
        found = values[step if len(values) > 1 else 0].astype(np.float32)
        return np.broadcast_to(found, (sites, *found.shape[1:]))


def mapped(states: NDArray[Any], matrix: Floats, offset: Floats) -> Floats:
    """``matrix @ state + offset`` [token, 3] of states [token, d], summed row by row: a product's
    bits would depend on the batch.
    """
    values = states.astype(np.float32, copy=False)
    return np.stack([(values * row).sum(axis=1) for row in matrix], axis=1) + offset


def path_of(run: Path, name: str) -> Path:
    """Where the projection of that name is kept in a run's folder."""
    return run / FOLDER / f"{name}.safetensors"


def fingerprint_of(atlas: Atlas) -> str:
    """What tells the atlas from any other: the sha256 of its card."""
    return identity_of(atlas.folder / CARD)


def write_projection(run: Path, found: Projection) -> None:
    """The projection is in the run's folder, whole or as it was; raises InputError for one that
    cannot be used.
    """
    wrong = wrong_in(found)
    if wrong:
        raise InputError(f"the projection {str(found.card.get('name'))!r} {wrong}")
    arrays = {"matrix": found.matrix, "offset": found.offset.astype(np.float32)}
    arrays |= {name: values.astype(np.float32) for name, values in found.fidelity.items()}
    arrays = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    # one key of metadata: the order of several is left to chance
    card = {**found.card, "sha256": digest_of(found.card, arrays)}
    write_atomically(
        path_of(run, found.name), save(arrays, {"card": json.dumps(card, ensure_ascii=False)})
    )


def digest_of(card: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """The sha256 of the card and of every array with its name and shape."""
    digest = hashlib.sha256(json.dumps(dict(card)).encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def read_projection(path: Path) -> Projection:
    """The projection in a file, scored or not; raises DamagedRun."""
    try:
        data = path.read_bytes()
        arrays = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        card = json.loads(header["__metadata__"]["card"])
        stated = card.pop("sha256")
    except OSError as error:
        raise damaged(path.stem, f"cannot be read ({error.strerror})") from None
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path.stem, f"is not a projection ({type(error).__name__}: {error})") from None
    if digest_of(card, arrays) != stated:
        raise damaged(path.stem, "is not what its hash says")
    missing = {"matrix", "offset"} - set(arrays)
    if missing:
        raise damaged(path.stem, f"holds no {min(missing)!r}")
    for values in arrays.values():
        frozen(values)
    found = Projection(card, arrays.pop("matrix"), arrays.pop("offset"), arrays, stated)
    wrong = wrong_in(found) or ("" if found.name == path.stem else f"calls itself {found.name!r}")
    if wrong:
        raise damaged(path.stem, wrong)
    return found


def wrong_in(found: Projection) -> str:
    """What is wrong with a projection by itself, or nothing."""
    name, card = found.card.get("name"), found.card
    if not isinstance(name, str) or not NAME.fullmatch(name) or name == UMAP:
        return (
            f"needs another name than {name!r}: small letters, digits and hyphens, and not {UMAP!r}"
        )
    if card.get("kind") not in ("pca", "basis"):
        return f"is of kind {card.get('kind')!r}, which is neither 'pca' nor 'basis'"
    if any(not isinstance(card.get(word), str) for word in WORDS) or any(
        not _three(card.get(word)) for word in ("axes_en", "axes_zh")
    ):
        return (
            "needs a title in both languages, a source, and names of its three axes in both"
            " languages"
        )
    shape = found.matrix.shape
    if len(shape) != 4 or shape[2] != 3 or found.offset.shape != shape[:3]:
        return (
            f"has a matrix of shape {shape} and an offset of {found.offset.shape}: [step, site, 3,"
            " d] and [step, site, 3] are needed"
        )
    if found.matrix.dtype not in (np.float16, np.float32) or not (
        np.isfinite(found.matrix).all() and np.isfinite(found.offset).all()
    ):
        return "has numbers that are not finite, or not floats"
    return ""


def _three(words: object) -> bool:
    return (
        isinstance(words, Sequence)
        and len(words) == 3
        and all(isinstance(word, str) for word in words)
    )


def misfit(found: Projection, atlas: Atlas, width: int | None = None) -> str:
    """Why a projection cannot act on states of an atlas (of that width, where given), or
    nothing.
    """
    grid, (steps, sites, _, d) = (len(atlas.steps), len(atlas.sites)), found.matrix.shape
    if steps not in (1, grid[0]) or sites not in (1, grid[1]):
        return f"has {(steps, sites)} steps and sites, the atlas {grid}"
    return "" if width in (None, d) else f"acts on states of width {d}, the model's have {width}"


def wrong_with(found: Projection, atlas: Atlas, stamp: str, width: int | None = None) -> str:
    """What keeps a projection from being shown over an atlas, whose fingerprint is ``stamp``; or
    nothing.
    """
    grid = (len(atlas.steps), len(atlas.sites))
    if wrong := misfit(found, atlas, width):
        return wrong
    if set(found.fidelity) != set(FIDELITY) or not isinstance(found.card.get("frame"), dict):
        return "is not scored yet"
    if found.card.get("atlas") != stamp:
        return "belongs to another atlas"
    for name, values in found.fidelity.items():
        low = -1 if name == "shepard" else 0
        if (
            values.shape != grid
            or (np.nan_to_num(values) < low).any()
            or (np.nan_to_num(values) > 1).any()
        ):
            return f"has {name} of shape {values.shape} or outside {low} to 1"
    return ""


def open_projections(
    run: Path, atlas: Atlas, width: int | None = None
) -> tuple[tuple[Projection, ...], tuple[DamagedRun, ...]]:
    """The projections that can be shown over a run's atlas, pca first and then by name, and what is
    wrong with the others.

    ``width`` is that of the model's states, where it is known.
    """
    good: list[Projection] = []
    bad: list[DamagedRun] = []
    stamp = fingerprint_of(atlas)
    for path in sorted(
        (run / FOLDER).glob("*.safetensors"), key=lambda path: (path.stem != "pca", path.stem)
    ):
        try:
            found = read_projection(path)
            wrong = wrong_with(found, atlas, stamp, width)
            if wrong:
                raise damaged(path.stem, wrong)
            good.append(found)
        except DamagedRun as error:
            bad.append(error)
    return tuple(good), tuple(bad)


def damaged(name: str, what: str) -> DamagedRun:
    """The error that names the file and says what to do."""
    return DamagedRun(
        f"{FOLDER}/{name}.safetensors {what}: restore it, or build the projections again with"
        " `layerfold project`"
    )
