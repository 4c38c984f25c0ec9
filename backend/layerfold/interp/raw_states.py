"""Raw states of a reference at one site or everywhere, of all its tokens or of a few.

All of them are kept by content; of a few only their own contexts are read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from layerfold.data.reference_states import (
    checked,
    fingerprint,
    reference_states,
    site_states,
    stored,
)
from layerfold.interp.session import Session
from layerfold.interp.stepwise import NOBODY, Watch, chosen_steps
from layerfold.records import Floats, Ints, Reference

FORMAT: Final = 1


def raw_at(opened: Session, step: int, site: int, watch: Watch = NOBODY) -> Floats:
    """The raw states [ref, d] at a step and site, as they were recorded, or read once and kept.
    Raises Diverged, NoWeights, Cancelled."""
    reference = opened.atlas.reference
    recorded = opened.run.stored_states(step, reference)
    if recorded is not None:
        return checked(np.asarray(recorded[site], dtype=np.float32), step)
    origin = {
        "format": FORMAT,
        "what": "raw states",
        "site": site,
        "checkpoint": opened.run.origin(step),
        "reference": fingerprint(reference),
    }

    def read() -> Floats:
        def told(share: float) -> None:
            watch.stop()
            watch.progress("reading the reference", share)

        return checked(site_states(opened.model(step), reference, site, told), step)

    return np.asarray(opened.cache.get(origin, read))


def raw_everywhere(
    opened: Session, step: int, reference: Reference, watch: Watch = NOBODY
) -> Floats:
    """The raw states [site, ref, d] of any reference at a step, as they were recorded, or read
    once and kept. Raises StepNotFound, Diverged, NoWeights, Cancelled."""
    chosen_steps(opened, [step])
    recorded = opened.run.stored_states(step, reference)
    if recorded is not None:
        return checked(recorded, step)
    origin = {
        "format": FORMAT,
        "what": "raw states of all sites",
        "checkpoint": opened.run.origin(step),
        "reference": fingerprint(reference),
    }

    def told(share: float) -> None:
        watch.stop()
        watch.progress("reading the reference", share)

    def read() -> Floats:
        return checked(reference_states(opened.model(step), reference, told), step)

    return np.asarray(opened.cache.get(origin, read))


def seen_at(opened: Session, step: int, site: int, watch: Watch = NOBODY) -> Floats:
    """The states [ref, d] at a step and site in the atlas's view, as placing a token reads them;
    where they are not there yet, one site of them, with progress."""
    if opened.has_states(step):
        return np.asarray(opened.space(step).states[site], dtype=np.float32)
    view = opened.atlas.view
    return np.asarray(stored(raw_at(opened, step, site, watch), view), dtype=np.float32)


def raw_of(opened: Session, step: int, site: int, tokens: Ints) -> Floats:
    """The raw states [token, d] of some of the reference's tokens, from their own contexts."""
    reference = opened.atlas.reference
    recorded = opened.run.stored_states(step, reference)
    if recorded is not None:
        return np.asarray(recorded[site][tokens], dtype=np.float32)
    adapter = opened.model(step)
    which, window = np.unique(reference.window[tokens], return_inverse=True)
    windows, position = reference.windows[which].copy(), reference.position[tokens]
    if adapter.causal:  # nothing after the last of them says anything
        last = np.zeros(len(which), dtype=np.int64)
        np.maximum.at(last, window, position)
        windows[np.arange(windows.shape[1]) > last[:, None]] = -1
    few = replace(
        reference,
        windows=windows,
        window=window.astype(np.int32),
        position=position,
        text=tuple(reference.text[n] for n in tokens),
        frequency=reference.frequency[tokens],
        source=tuple(reference.source[n] for n in which) if reference.source else (),
        labels=(),
    )
    return np.asarray(reference_states(adapter, few)[site], dtype=np.float32)
