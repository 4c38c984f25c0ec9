"""The manifest of a run: one file with the sha256 of every other, so that a folder can be verified
as a whole, and signed.

manifest.json    format 1, ``files`` {path: sha256}, and the digest of itself
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from layerfold.cards.digest import signed
from layerfold.cards.reading import read_card
from layerfold.cards.shapes import MOST_STEPS, Digest, PathInside, Shape
from layerfold.errors import DamagedRun
from layerfold.files.atomic import sha256, write_atomically

MANIFEST: Final = "manifest.json"
# come and go, or can be made again
PASSING: Final = (MANIFEST, "paused", "resume.safetensors", "hashes.json", "measures/times.json")
RESTORE: Final = "restore it, or accept the run as it is with `layerfold check --accept`"


class ManifestShape(Shape):
    """``manifest.json``."""

    format: Literal[1]
    files: Annotated[dict[PathInside, Digest], Field(max_length=20 * MOST_STEPS)]


def files_of(run: Path) -> list[str]:
    """The files that a manifest names: all of a run's folder but hidden ones and those that come
    and go.
    """
    paths = (
        path.relative_to(run)
        for path in sorted(run.rglob("*"))
        if path.is_file() or path.is_symlink()
    )
    return [path.as_posix() for path in paths if not _passes(path)]


def _passes(path: Path) -> bool:
    return path.as_posix() in PASSING or any(part.startswith(".") for part in path.parts)


def read_manifest(run: Path) -> Mapping[str, str] | None:
    """The hashes by path; None where there is no manifest. Raises DamagedRun."""
    try:
        card = read_card(run / MANIFEST, ManifestShape, name=MANIFEST, repair=RESTORE)
    except FileNotFoundError:
        return None
    files: dict[str, str] = card["files"]
    return files


def write_manifest(run: Path) -> None:
    """The manifest names every file of the run as it is now."""
    _write(
        run, {name: sha256(run / name) for name in files_of(run) if not (run / name).is_symlink()}
    )


def renew_manifest(run: Path, made: Sequence[str]) -> None:
    """Where there is a manifest, what a command has made anew (files, or folders that end in a
    slash) stands in it; all else as before.
    """
    known = read_manifest(run)
    if known is None:
        return
    kept = {name: value for name, value in known.items() if not _is_in(name, made)}
    new = {name: sha256(run / name) for name in files_of(run) if _is_in(name, made)}
    _write(run, dict(sorted({**kept, **new}.items())))


def _is_in(name: str, made: Sequence[str]) -> bool:
    return any(name == one or (one.endswith("/") and name.startswith(one)) for one in made)


def _write(run: Path, files: Mapping[str, str]) -> None:
    write_atomically(run / MANIFEST, signed({"format": 1, "files": dict(files)}))


def differences(run: Path) -> Iterator[tuple[str, str]]:
    """The files that are not as the manifest says, and how they differ; none where there is no
    manifest.
    """
    try:
        known = read_manifest(run)
    except DamagedRun as error:
        yield MANIFEST, str(error).removeprefix(f"{MANIFEST} ")
        return
    if known is None:
        return
    there = files_of(run)
    for name in there:
        if name not in known:
            yield (
                name,
                (
                    f"is not named by {MANIFEST}: remove it, or accept the run as it is with"
                    " `layerfold check --accept`"
                ),
            )
        elif (run / name).is_symlink():
            yield name, "is a link: put the file itself there"
        elif sha256(run / name) != known[name]:
            yield name, f"is not what {MANIFEST} says: {RESTORE}"
    for name in sorted(set(known) - set(there)):
        yield name, f"is missing, and {MANIFEST} names it: {RESTORE}"
