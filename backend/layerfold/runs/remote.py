"""Runs that lie on object storage, as folders of this machine's cache: what changed is copied when
a run is opened, the card last.

All files of a run are copied then, checkpoints among them: a run is what its card says, and a step
counts only when its file is there. What lies here already, by size and etag or time of change, is
not copied again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from layerfold.errors import DamagedRun, RunNotFound
from layerfold.files.atomic import write_atomically
from layerfold.runs.storage import Storage, address_of, open_storage

HOME: Final = "mirrors"  # in the cache
MARKS: Final = ".mirror.json"
CARD: Final = "run.json"
# what is made of a run, in the order in which it is sent back
BACK: Final = ("projections", "measures", "atlas")
CARDS: Final = ("atlas/atlas.json", "measures/measures.json")
WORK: Final = (".work", ".store")


def mirrored(words: str | Path, cache: Path) -> tuple[Path, ...]:
    """The folders, under ``cache``, of the run at an address or of the runs in it, as they are
    there now.

    Raises RunNotFound, Unreachable, MissingExtra, InputError.
    """
    address = address_of(str(words))
    marks = open_storage(address).marks()
    runs = (
        [""]
        if CARD in marks
        else sorted(
            name.removesuffix(CARD)
            for name in marks
            if name.count("/") == 1 and name.endswith(f"/{CARD}")
        )
    )
    if not runs:
        raise RunNotFound(
            f"There is no run at {address}: give the address of a run, which holds {CARD}, or of a"
            " folder of such."
        )
    return tuple(_copied(f"{address}/{run}".rstrip("/"), _below(marks, run), cache) for run in runs)


def mirror_of(words: str | Path, cache: Path) -> Path:
    """The folder of the one run at an address; raises RunNotFound, Unreachable, MissingExtra,
    InputError.
    """
    address = address_of(str(words))
    marks = open_storage(address).marks()
    if CARD not in marks:
        raise RunNotFound(f"There is no run at {address}: it holds no {CARD}.")
    return _copied(address, marks, cache)


def send_back(folder: Path, words: str | Path) -> None:
    """What was made of the run in a mirror's ``folder`` is at its address too: without their cards
    first, the cards last.
    """
    storage = open_storage(words)
    there = storage.marks()
    known = _marks(folder)
    paths = [
        path
        for part in BACK
        for path in sorted((folder / part).rglob("*"))
        if path.is_file() and not _is_work(path, folder)
    ]
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    changed = [
        name
        for name, data in files.items()
        if name not in there or known.get(name) != [there[name], _hash(data)]
    ]
    if not changed:
        return
    for card in CARDS:
        storage.remove(card)
    for name in [
        *(name for name in changed if name not in CARDS),
        *(card for card in CARDS if card in files),
    ]:
        storage.write(name, files[name])
    marks = storage.marks()
    kept = {name: [marks[name], _hash(data)] for name, data in files.items() if name in marks}
    write_atomically(folder / MARKS, json.dumps({**known, **kept}).encode())


def _copied(address: str, marks: dict[str, str], cache: Path) -> Path:
    """The folder of one run holds what the address holds: what is gone there is gone here, the
    cards come last.
    """
    storage = open_storage(address)
    name = address.rsplit("/", 1)[1]
    folder = cache / HOME / hashlib.sha256(address.encode()).hexdigest()[:12] / name
    known = _marks(folder)
    wanted = {
        name: mark
        for name, mark in marks.items()
        if not _is_work(Path(name), Path()) and ".." not in Path(name).parts
    }
    for gone in set(known) - set(wanted):
        (folder / gone).unlink(missing_ok=True)
    found = {name: known[name] for name in wanted if name in known}
    for name in sorted(wanted, key=lambda name: (name == CARD, name in CARDS, name)):
        if (folder / name).is_file() and found.get(name, [None])[0] == wanted[name]:
            continue
        found[name] = [wanted[name], _fetched(storage, name, folder)]
        write_atomically(folder / MARKS, json.dumps(found).encode())
    return folder


def _fetched(storage: Storage, name: str, folder: Path) -> str:
    """The file of that name is here; its hash."""
    data = storage.read(name)
    if data is None:
        raise DamagedRun(f"{storage.address}/{name} went while it was copied: open the run again")
    write_atomically(folder / name, data)
    return _hash(data)


def _marks(folder: Path) -> dict[str, list[str]]:
    """[mark at the address, sha256] of each file as it was copied or sent, by name."""
    try:
        found: dict[str, list[str]] = json.loads((folder / MARKS).read_bytes())
    except (OSError, ValueError):
        return {}
    return found


def _below(marks: dict[str, str], run: str) -> dict[str, str]:
    return {name.removeprefix(run): mark for name, mark in marks.items() if name.startswith(run)}


def _is_work(path: Path, folder: Path) -> bool:
    """Whether a file is a build's own work, of no use elsewhere."""
    parts = path.relative_to(folder).parts
    return any(part in WORK or part.startswith(".") for part in parts)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
