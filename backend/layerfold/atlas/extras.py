"""What is told of a run beside its states, on its way into an atlas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

Values = TypeVar("Values")


@dataclass(frozen=True)
class Extras(Generic[Values]):
    """Numbers beside the states: ``variables`` [ref] by name, further ones for the axis guard;
    ``measures`` name -> (unit, ``Values``); ``origin`` what the states come from, hashes by file
    name (another origin starts a build anew).
    """

    variables: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    measures: Mapping[str, tuple[str, Values]] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)
