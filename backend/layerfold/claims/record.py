"""A claim as it is kept in a run and as the page reads it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    """Unknown fields are refused, types are not coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ControlTable(_Record):
    """A claim's number where theory says it must be another: `values` at `steps`; without steps,
    one value for all.
    """

    name_en: str
    name_zh: str
    steps: list[int]
    values: list[float | None]


class ClaimTable(_Record):
    """A published result and the same figure here: `values` at `steps`, null where not defined;
    `at_step` decides whether it holds.

    Of the texts in two languages an empty Chinese one means that the other serves. `bound` is the
    threshold where it is one number.
    """

    id: str
    title_en: str
    title_zh: str
    says_en: str
    says_zh: str
    caveat_en: str
    caveat_zh: str
    source: str
    published: str
    published_zh: str
    unit: str
    unit_zh: str
    threshold: str
    threshold_zh: str
    bound: float | None = None
    steps: list[int]
    values: list[float | None]
    controls: list[ControlTable]
    here: str
    here_zh: str
    holds: bool
    at_step: int


class ClaimsFile(_Record):
    """What `claims.json` holds: the claims, and one hash of the checkpoints that they were computed
    from.
    """

    claims: list[ClaimTable]
    format: Literal[1] = 1
    checkpoints: str
