"""What a person would use instead of our placement: a UMAP fit of one slice, and its transform."""

from __future__ import annotations

import warnings
from typing import Any

from layerfold.records import Floats


def fitted(states: Floats, k: int = 15) -> Any:
    """umap-learn's own fit of the states [n, d] of one slice, with its defaults in three
    dimensions.
    """
    import umap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return umap.UMAP(n_components=3, n_neighbors=k, random_state=0).fit(states)
