"""Where a run's map from states to places is not continuous: the perturbation and singularity
scores (`geometry.discontinuity`) of its reference at a step and site, beside the same with the
places dealt at random, and of the tokens of a text.

A slice's scores take a few seconds and are kept by what they were made from; those of a text are
found at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np

from layerfold.data.reference_states import viewed
from layerfold.errors import SiteNotFound
from layerfold.geometry.discontinuity import (
    LENGTH,
    SAMPLE,
    SEED,
    Scores,
    control_scores,
    moves_of,
    reference_scores,
    scores_of,
)
from layerfold.interp.session import Session, never, stop_if
from layerfold.records import Floats, Framed, Sentence

FORM: Final = 1  # of the arrays; another number is another way to find them
KINDS: Final = ("perturbation", "singularity")


@dataclass(frozen=True)
class Discontinuity(Framed):
    """At a ``step`` and ``site``, states moved by ``length`` of their spread: ``perturbation`` in
    the picture's spreads, ``singularity`` (inf: no strict minimum) and ``apart`` [reference], how
    far a token's place without itself lies from the layout's; the first two for some tokens of a
    picture whose places are dealt at random (``control_…`` [sample]) and for the ``tokens`` of a
    text (``token_…`` [token]).
    """

    AXES: ClassVar = {
        "perturbation": ("reference",),
        "singularity": ("reference",),
        "apart": ("reference",),
        "control_perturbation": ("sample",),
        "control_singularity": ("sample",),
        "token_perturbation": ("token",),
        "token_singularity": ("token",),
    }

    step: int
    site: str
    length: float
    perturbation: Floats
    singularity: Floats
    apart: Floats
    control_perturbation: Floats
    control_singularity: Floats
    tokens: tuple[str, ...]
    token_perturbation: Floats
    token_singularity: Floats

    def rows(self) -> Iterator[dict[str, Any]]:
        """The slice in a row, beside its control; then a row for each token of the text, with the
        percentage of reference tokens that are below it.
        """
        at = {"step": self.step, "site": self.site}
        yield at | {"token": "", **self._summary()}
        for n, token in enumerate(self.tokens):
            row: dict[str, Any] = {"token": token}
            for kind in KINDS:
                value = getattr(self, f"token_{kind}")[n]
                row |= {kind: float(value), f"{kind}_percentile": below(getattr(self, kind), value)}
            yield at | row

    def _summary(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for kind in KINDS:
            values, control = getattr(self, kind), getattr(self, f"control_{kind}")
            # a number of the list, so that an infinite one among them is no trouble
            middle, most = np.quantile(values, [0.5, 0.95], method="lower")
            dealt = np.quantile(control, [0.5, 0.05, 0.95], method="lower")
            found |= {kind: float(middle), f"{kind}_95": float(most)}
            names = (f"{kind}_control{end}" for end in ("", "_low", "_high"))
            found |= dict(zip(names, map(float, dealt), strict=True))
            found[f"{kind}_above_control"] = 100 - below(values, dealt[0])
        return found


def below(values: Floats, value: float) -> float:
    """The percentage of ``values`` that are less than ``value``."""
    return 100 * float(np.mean(values < value))


def measure(
    opened: Session,
    step: int,
    site: int,
    sentence: Sentence | None = None,
    *,
    length: float = LENGTH,
    cancelled: Callable[[], bool] = never,
) -> Discontinuity:
    """The scores at a step and site, and of a sentence's tokens where one is given.

    Raises StepNotFound, SiteNotFound, InputError where there is no map to speak of, and
    Cancelled.
    """
    if not -len(opened.sites) <= site < len(opened.sites):
        raise SiteNotFound(
            f"There is no site {site}: the model has {len(opened.sites)}, from 0"
            f" ({opened.sites[0].name}) on."
        )
    place = range(len(opened.sites))[site]
    known = _of_slice(opened, step, place, length, cancelled)
    words: tuple[str, ...] = ()
    none = np.empty(0, dtype=np.float32)
    typed = Scores(none, none, none)
    if sentence is not None:
        words = tuple(token.text for token in sentence.tokens)
        space = opened.space(step)
        raw = space.adapter.states(sentence.ids, lambda: stop_if(cancelled)).values
        states = viewed(raw, opened.atlas.view)[place]
        moves = moves_of(space.states[place], length)
        typed = scores_of(space.placer.map_at(place), states, moves, None, _stopping(cancelled))
    return Discontinuity(
        step,
        opened.sites[place].name,
        length,
        **known,
        tokens=words,
        token_perturbation=typed.perturbation,
        token_singularity=typed.singularity,
    )


def _of_slice(
    opened: Session, step: int, site: int, length: float, cancelled: Callable[[], bool]
) -> Mapping[str, Floats]:
    """The scores of the reference and of its control, kept."""
    placer = opened.space(step).placer
    made_from = {
        **opened.index_origin(step),
        "what": "discontinuity",
        "scores": FORM,
        "site": site,
        "length": length,
        "control": [SAMPLE, SEED],
        "kernel": [placer.k, placer.curve.a, placer.curve.b, placer.repulsion],
    }

    def compute() -> dict[str, Floats]:
        frozen = placer.map_at(site)
        states = np.asarray(opened.space(step).states[site], dtype=np.float32)
        stop = _stopping(cancelled)
        found = reference_scores(frozen, states, length, stop)
        control = control_scores(frozen, states, length, stop)
        return {
            **vars(found),
            **{f"control_{kind}": getattr(control, kind) for kind in KINDS},
        }

    return opened.cache.get_all(made_from, compute)


def _stopping(cancelled: Callable[[], bool]) -> Callable[[], None]:
    return lambda: stop_if(cancelled)
