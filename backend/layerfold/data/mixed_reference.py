"""The reference of a run that has read Brown among other text: a third of its tokens from Brown,
with part of speech and genre; the others from what else it read, which says neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from layerfold.data.brown import brown_reference
from layerfold.data.corpus import Text
from layerfold.data.reference import choose_reference, frequencies
from layerfold.data.sampling import filled
from layerfold.records import Label, Reference
from layerfold.runs.run import Run

BROWN: Final = "Brown"  # the source of a collection
SHARE: Final = 3  # one in so many tokens is Brown's


def mixed_reference(
    run: Run, texts: Sequence[Text], corpora: Path, count: int, seed: int
) -> Reference:
    """``count`` tokens of a collection with Brown among its sources; raises CorpusError."""
    tokenizer = run.tokenizer()
    own = brown_reference(tokenizer, run.max_tokens, corpora, count // SHARE, seed)
    others = [text for text in texts if text.source != BROWN]
    rest = choose_reference(run, others, count - count // SHARE, seed)
    both = joined(rest, own)
    per_million = frequencies(texts, tokenizer)[both.windows[both.window, both.position]]
    return replace(both, frequency=per_million.astype(np.float32))


def joined(first: Reference, second: Reference) -> Reference:
    """The tokens of both, the first's before the second's; a label that one of them lacks says
    nothing (NaN) of its tokens.
    """
    windows = filled([[n for n in row if n >= 0] for one in (first, second) for row in one.windows])
    names = {label.name: label for one in (second, first) for label in one.labels}
    return Reference(
        windows,
        np.concatenate((first.window, second.window + len(first.windows))).astype(np.int32),
        np.concatenate((first.position, second.position)),
        np.concatenate((first.frequency, second.frequency)),
        (*first.text, *second.text),
        (*first.source, *second.source),
        tuple(_joined(label, first, second) for label in names.values()),
    )


def _joined(label: Label, first: Reference, second: Reference) -> Label:
    width = label.values.shape[1]
    parts = [
        next(
            (own.values for own in one.labels if own.name == label.name),
            np.full((len(one), width), np.nan, dtype=np.float32),
        )
        for one in (first, second)
    ]
    return replace(label, values=np.concatenate(parts))
