"""The reference at one step: its states, what they are known by, and how they move from site to
site.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.errors import DamagedRun, Diverged, TooLarge
from layerfold.records import Floats, Ints, Reference, View, normalized

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter
    from layerfold.runs.run import Run

FARTHEST: Final = 1e15  # its square, summed, is a float32
WINDOWS_AT_ONCE: Final = 25  # 25 windows of 64 tokens: 11 MB of states
NUMBERS_AT_ONCE: Final = 1 << 24  # of states that are read together: 64 MB


def viewed(raw: Floats, view: View) -> Floats:
    """Raw states [..., d] in a view."""
    return normalized(raw) if view == "normalised" else raw


def untold(_: float) -> None:
    """Nobody hears what share is read."""


def reference_states(
    adapter: Adapter, reference: Reference, told: Callable[[float], None] = untold
) -> Floats:
    """The reference's raw states [site, ref, d], computed a few windows of one length at a time;
    ``told`` hears the share that is read, and may raise. Raises DamagedRun for an empty one.
    """
    return _read(adapter, reference, adapter.batch_states, told)


def site_states(
    adapter: Adapter, reference: Reference, site: int, told: Callable[[float], None]
) -> Floats:
    """The reference's raw states [ref, d] at one site; ``told`` hears the share that is read, and
    may raise. Raises DamagedRun for an empty reference.
    """
    found = _read(
        adapter, reference, lambda windows: adapter.site_states(windows, site)[None], told
    )
    return np.asarray(found[0], dtype=np.float32)


def _read(
    adapter: Adapter,
    reference: Reference,
    states_of: Callable[[Ints], NDArray[Any]],
    told: Callable[[float], None] = untold,
) -> NDArray[Any]:
    """The reference's states [site, ref, d], as ``states_of`` makes them of windows."""
    found: NDArray[Any] | None = None
    read = 0
    for chosen, windows in alike(reference.windows, tokens_at_once(adapter)):
        values = states_of(windows)
        read += len(windows)
        told(read / len(reference.windows))
        if found is None:
            found = np.empty((len(values), len(reference), values.shape[-1]), dtype=values.dtype)
        inside = np.isin(reference.window, chosen)
        found[:, inside] = values[
            :, np.searchsorted(chosen, reference.window[inside]), reference.position[inside]
        ]
    if found is None:
        raise DamagedRun(
            "The reference holds no tokens: build the atlas again with `layerfold atlas`"
        )
    return found


def tokens_at_once(adapter: Adapter) -> int:
    """How many tokens are read together: so few that their states stay small."""
    sites = getattr(adapter, "sites", ())
    return NUMBERS_AT_ONCE // max(1, len(sites) * getattr(adapter, "d_model", 1))


def alike(windows: Ints, tokens: int = NUMBERS_AT_ONCE) -> Iterator[tuple[Ints, Ints]]:
    """Windows that can be read together, a few at a time and about ``tokens`` tokens at most: which
    they are, in order, and their ids without the -1 after a shorter one.
    """
    sizes = (windows >= 0).sum(axis=1)
    for size in np.unique(sizes)[::-1].tolist():
        of_size = np.flatnonzero(sizes == size).astype(np.int32)
        at_once = max(1, min(WINDOWS_AT_ONCE, tokens // max(1, size)))
        for start in range(0, len(of_size), at_once):
            chosen = of_size[start : start + at_once]
            yield chosen, windows[chosen, :size]


def states_at(
    run: Run,
    step: int,
    reference: Reference,
    weights: Callable[[], Adapter] | None = None,
    told: Callable[[float], None] = untold,
) -> Floats:
    """As ``any_states_at``; raises Diverged where some are no numbers."""
    return checked(any_states_at(run, step, reference, weights, told), step)


def any_states_at(
    run: Run,
    step: int,
    reference: Reference,
    weights: Callable[[], Adapter] | None = None,
    told: Callable[[float], None] = untold,
) -> Floats:
    """The reference's raw states [site, ref, d] at a step of a run, whatever they are: as they were
    recorded, or computed by its model, which ``weights`` gives where it is at hand; ``told`` hears
    the share that is read, and may raise.
    """
    found = run.stored_states(step, reference)
    if found is not None:
        return found
    return reference_states(weights() if weights else run.adapter(step), reference, told)


def stored(raw: Floats, view: View) -> NDArray[Any]:
    """States as they are kept, in their view: float16 where their size is known to fit, which
    normalised states' is.
    """
    return viewed(raw, view).astype(np.float16) if view == "normalised" else raw


def kept_states(
    run: Run,
    step: int,
    reference: Reference,
    view: View,
    weights: Callable[[], Adapter],
    told: Callable[[float], None] = untold,
) -> NDArray[Any]:
    """The reference's states [site, ref, d] at a step of a run in a view, as they are kept;
    ``weights`` gives the model that computes them where they were not recorded, and ``told`` hears
    the share that is read, and may raise. Raises Diverged where some are no numbers.
    """
    found = run.stored_states(step, reference)
    if found is not None:
        return stored(checked(found, step), view)
    adapter = weights()
    return _read(
        adapter,
        reference,
        lambda windows: stored(checked(adapter.batch_states(windows), step), view),
        told,
    )


def checked(raw: Floats, step: int) -> Floats:
    """The states, whose distances are numbers; raises Diverged where some are not."""
    if raw.size and not max(-float(raw.min()), float(raw.max())) <= FARTHEST:
        raise Diverged(
            f"The states of step {step} are not all finite, or lie too far out to be compared: its"
            " weights are damaged, or its training diverged. Restore the checkpoint, or build the"
            " atlas again without this step",
            step,
        )
    return raw


def slope_of(states: NDArray[Any], positions: Floats) -> Floats:
    """The median over the reference of shown over true displacement, between neighbouring sites:
    [site-1].
    """
    slopes = np.zeros(len(states) - 1, dtype=np.float32)
    before = states[0].astype(np.float32)
    for site in range(1, len(states)):
        here = states[site].astype(np.float32)
        true = np.linalg.norm(here - before, axis=-1)
        shown = np.linalg.norm(positions[site] - positions[site - 1], axis=-1)
        slopes[site - 1] = np.median(shown[true > 0] / true[true > 0]) if np.any(true > 0) else 0
        before = here
    return slopes


def lengths(values: Floats) -> Floats:
    """How far each token goes from site to site: [site, token, any] -> [site-1, token]."""
    return np.asarray(np.linalg.norm(np.diff(values, axis=0), axis=-1), dtype=np.float32)


def check_memory(wanted: int, what: str) -> None:
    """So many bytes can be had on this machine at all; raises TooLarge."""
    there = memory()
    if there is not None and wanted > there:
        raise TooLarge(
            f"{what} would take {wanted / 1e9:.1f} GB; this machine has {there / 1e9:.1f}. Build"
            " the atlas with fewer tokens."
        )


def memory() -> int | None:
    """The bytes of this machine's memory; None where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def fingerprint(reference: Reference) -> str:
    """The hash of which tokens a reference holds."""
    digest = hashlib.sha256()
    for array in (reference.windows, reference.window, reference.position):
        digest.update(
            str(array.shape).encode() + np.ascontiguousarray(array, dtype=np.int32).tobytes()
        )
    return digest.hexdigest()
