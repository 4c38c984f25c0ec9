"""The pieces of a build that any process can make: read from a storage, made by the same functions
as on one machine, written back.

A piece is named by the hash of what it is made from, so making it twice does no harm and what is
there need not be made again.

states/KEY/SITE.safetensors      a site's raw states [ref, d] at a step, in the least numbers that
                                 lose nothing
graphs/KEY.safetensors           what ``graph_of`` gives of a slice
moves/KEY.safetensors            what ``moves_to`` gives of a slice and those before it
pictures/KEY.safetensors         a step's clouds [site, ref, 3], to be judged
scores/KEY.safetensors           what ``score_of`` gives of a slice in its picture, and the norms of
                                 its raw states
references/KEY.safetensors       the reference
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from layerfold.atlas.executor import norms, seen, usable
from layerfold.atlas.files import REFERENCE, read_reference, write_reference
from layerfold.atlas.neighborhood import graph_of, moves_to
from layerfold.atlas.scores import score_of
from layerfold.data.reference_states import states_at
from layerfold.errors import DamagedRun
from layerfold.files.array_cache import key_of
from layerfold.records import Floats, Reference, View
from layerfold.runs.run import Run
from layerfold.runs.storage import Storage

FORM: Final = 2  # another one when a piece's bytes or arrays are to be others
STATES, BRIEF, PICTURE = "states", "brief", "picture"

Arrays = dict[str, NDArray[Any]]


def name_of(kind: str, **made_from: Any) -> str:
    """The name of a piece of a kind (graphs, moves, …) that is made from this."""
    return f"{kind}/{key_of({'form': FORM, 'kind': kind, **made_from})}.safetensors"


def states_names(sites: Sequence[str], **made_from: Any) -> list[str]:
    """The names of a step's states, a site each."""
    folder = f"states/{key_of({'form': FORM, 'kind': STATES, 'sites': list(sites), **made_from})}"
    return [f"{folder}/{site:04d}.safetensors" for site in range(len(sites))]


# ---- making them


def make_states(
    store: Storage, names: Sequence[str], run: Run, step: int, origin: str, reference: str
) -> None:
    """A step's states are in the store, all sites of one forward pass; raises DamagedRun for
    another checkpoint than was asked for.
    """
    if all(found(store, name) is not None for name in names):
        return
    if run.origin(step) != origin:
        raise DamagedRun(
            f"step {step} of {run.folder} is another one here than where the build began: bring the"
            " copies into line"
        )
    tokens = reference_of(store, reference)
    raw = usable(states_at(run, step, tokens), step, (len(names), len(tokens)))
    for name, values in zip(names, raw, strict=True):
        store.write(name, save(packed(values)))


def make_graph(store: Storage, name: str, states: str, view: View, k: int) -> None:
    """A slice's graph, sketch and nearest distances are in the store."""
    if found(store, name) is None:
        store.write(name, save(graph_of(states_in(store, states, view), k)))


def make_moves(
    store: Storage, name: str, states: str, sites: Sequence[str], steps: Sequence[str], view: View
) -> None:
    """How far each token moved to reach a slice is in the store; ``sites`` and ``steps`` name the
    states before it, nearest first.
    """
    if found(store, name) is None:
        before = ([states_in(store, each, view) for each in some] for some in (sites, steps))
        store.write(name, save(moves_to(states_in(store, states, view), *before)))


def make_scores(
    store: Storage, name: str, states: str, onward: str | None, picture: str, site: int, view: View
) -> None:
    """A slice's trust and measures are in the store; ``onward`` names the states of the next site,
    ``picture`` the step's clouds.
    """
    if found(store, name) is not None:
        return
    shown = needed(store, picture)[PICTURE]
    raw = raw_in(store, states)
    after = None if onward is None else (states_in(store, onward, view), shown[site + 1])
    store.write(name, save({**score_of(seen(raw, view), shown[site], after), "norm": norms(raw)}))


# ---- putting and finding them


def put_reference(store: Storage, reference: Reference) -> str:
    """The reference is in the store under the name that is given back."""
    with tempfile.TemporaryDirectory() as folder:
        write_reference(Path(folder), reference)
        data = (Path(folder) / REFERENCE).read_bytes()
    return _put(store, "references", data)


def put_picture(store: Storage, shown: Floats) -> str:
    """A step's clouds [site, ref, 3] are in the store under the name that is given back."""
    return _put(store, "pictures", save({PICTURE: np.ascontiguousarray(shown)}))


def _put(store: Storage, kind: str, data: bytes) -> str:
    name = name_of(kind, sha256=hashlib.sha256(data).hexdigest())
    if store.read(name) != data:
        store.write(name, data)
    return name


def reference_of(store: Storage, name: str) -> Reference:
    """The reference of that name; raises DamagedRun."""
    data = store.read(name)
    if data is None:
        raise DamagedRun(
            f"{store.address}/{name} is not there: begin the build again, and leave its store alone"
            " meanwhile"
        )
    return read_reference(data)


def found(store: Storage, name: str) -> Arrays | None:
    """A piece; None where it is not there, or not whole."""
    data = store.read(name)
    try:
        return None if data is None else load(data)
    except SafetensorError:
        return None


def needed(store: Storage, name: str) -> Arrays:
    """A piece that was made before; raises DamagedRun where it is gone, or not whole: then it
    counts no longer as made.
    """
    arrays = found(store, name)
    if arrays is None:
        store.remove(name)
        raise DamagedRun(
            f"{store.address}/{name} is not there or not whole: the same command again makes what"
            " is missing"
        )
    return arrays


def raw_in(store: Storage, name: str) -> Floats:
    """A slice's raw states [ref, d]."""
    return unpacked(needed(store, name))


def states_in(store: Storage, name: str, view: View) -> Floats:
    """A slice's states [ref, d] in a view."""
    return seen(raw_in(store, name), view)


# ---- numbers in few bytes


def packed(raw: Floats) -> Arrays:
    """float32 numbers as float16 or as the upper halves that bfloat16 keeps, where not a bit is
    lost by it; else as they are.
    """
    with np.errstate(over="ignore"):
        half = raw.astype(np.float16)
    if np.array_equal(half.astype(np.float32), raw):
        return {STATES: half}
    bits = np.ascontiguousarray(raw).view(np.uint32)
    return {STATES: raw} if (bits & 0xFFFF).any() else {BRIEF: (bits >> 16).astype(np.uint16)}


def unpacked(arrays: Arrays) -> Floats:
    """The numbers that were packed."""
    if BRIEF in arrays:
        return (arrays[BRIEF].astype(np.uint32) << 16).view(np.float32)
    return np.asarray(arrays[STATES], dtype=np.float32)
