"""The seed's claims put to the test on a run, each kept as soon as it is known."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np

from layerfold.claims.claim import checkpoints_of, rounded
from layerfold.claims.seed.finding import Finding, Untestable, flat
from layerfold.claims.seed.record import SeedCard
from layerfold.claims.seed.registry import CLAIMS, compute_of
from layerfold.claims.seed.sentences import card_of
from layerfold.claims.seed.subject import Subject
from layerfold.claims.seed.thresholds import BARS, RATE
from layerfold.data.reference_states import fingerprint
from layerfold.errors import (
    AtlasMissing,
    InputError,
    NotSupported,
    NoWeights,
    TextTooLong,
    UnknownSymbol,
)
from layerfold.interp.interval import false_discovery
from layerfold.interp.session import Session

Progress = Callable[[str, float], None]
log = logging.getLogger(__name__)
SHARED: Final = ("subject.py", "finding.py", "classes.py", "losses.py", "probing.py", "words.toml")
ROOMS: Final = ("geometry", "interp", "model", "space")  # a mend there makes a number stale
REFUSALS: Final = (InputError, NotSupported, NoWeights, TextTooLong, UnknownSymbol)


def cards_of(
    opened: Session,
    progress: Progress = lambda stage, share: None,
    only: Sequence[str] = (),
) -> list[SeedCard]:
    """A card for each claim, in the seed's order; what was computed before is taken from the
    cache. Raises AtlasMissing, DamagedRun.
    """
    subject = Subject(opened)
    found: dict[str, Finding] = {}
    wanted = [claim for claim in CLAIMS if not only or claim in only]
    for n, claim in enumerate(wanted):
        progress(claim, n / len(wanted))
        found[claim] = finding_of(subject, claim)
    progress("done", 1.0)
    return cards_from(found, subject)


def cards_from(found: Mapping[str, Finding], subject: Subject) -> list[SeedCard]:
    """The cards of findings, with the false discovery rate of each over all of them."""
    claims = sorted(found)
    p = np.array([np.nan if (one := found[c].p) is None else one for c in claims])
    rates = false_discovery(p)
    return [
        card_of(claim, settled(found[claim], float(q)), float(q), subject)
        for claim, q in zip(claims, rates, strict=True)
    ]


def settled(found: Finding, q: float) -> Finding:
    """A finding whose control is not beaten once the table's other tests are counted holds no
    more.
    """
    if found.verdict in ("holds", "weak") and q > RATE:
        return found.model_copy(update={"verdict": "fails", "why": "chance"})
    return found


def finding_of(subject: Subject, claim: str) -> Finding:
    """What became of a claim, from the cache where it is."""
    origin = {
        "what": "seed",
        "claim": claim,
        "code": code_of(claim),
        "run": content_of(subject),
        "bars": dict(BARS[claim]),
    }

    def compute() -> np.ndarray:
        text = computed(subject, claim).model_dump_json()
        return np.frombuffer(text.encode(), dtype=np.uint8).astype(np.float32)  # what is kept

    kept = subject.opened.cache.get(origin, compute)
    return Finding.model_validate_json(np.asarray(kept, dtype=np.uint8).tobytes())


def content_of(subject: Subject) -> str:
    """One hash of the weights and of the reference that a run's claims are computed from."""
    checkpoints = checkpoints_of(subject.run)
    if not any(name.startswith("checkpoints/") for name in subject.run.card.get("files", {})):
        checkpoints = "".join(subject.run.origin(step) for step in subject.every)
    return checkpoints + fingerprint(subject.opened.atlas.reference)


def code_of(claim: str) -> str:
    """One hash of the code that computes a claim, and of the rooms that it computes with."""
    folder = Path(__file__).parent
    names = (*SHARED, f"{CLAIMS[claim][0]}.py")
    own = b"".join((folder / name).read_bytes() for name in names)
    return hashlib.sha256(own + instruments()).hexdigest()


@lru_cache(maxsize=1)
def instruments() -> bytes:
    """One hash of the code that every claim computes with."""
    rooms = [Path(__file__).parents[2] / room for room in ROOMS]
    files = sorted(path for room in rooms for path in room.rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).digest()


def computed(subject: Subject, claim: str) -> Finding:
    """A claim computed now; what a run does not offer makes it untestable, with the reason."""
    try:
        found = compute_of(claim)(subject, BARS[claim])
        if found.value[0] is None or not isfinite(found.value[0]):
            raise Untestable("no_number")
        told = {
            name: one if isinstance(one, str) or isfinite(one) else "–"
            for name, one in found.numbers.items()
        }
        return found.model_copy(
            update={
                "numbers": told,
                "value": [None if x is None else rounded(x) for x in found.value],
            }
        )
    except Untestable as reason:
        return untestable(subject, claim, reason)
    except AtlasMissing:
        raise
    except UnknownSymbol as error:
        return untestable(subject, claim, Untestable("unknown_symbol", reason=str(error)))
    except REFUSALS as error:
        return untestable(subject, claim, Untestable("unread", reason=str(error)))


def untestable(subject: Subject, claim: str, reason: Untestable) -> Finding:
    """A finding without a number."""
    return Finding(
        verdict="untestable",
        value=[None, None, None],
        at_step=subject.last,
        series=flat(claim, float("nan")),
        numbers=reason.numbers,
        why=reason.why,
    )
