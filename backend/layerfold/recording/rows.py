"""A step's numbers as a training gives them, and as the log of its run holds them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import torch

from layerfold.errors import InputError

Row = dict[str, Any]


def given(step: int, numbers: Mapping[str, Any]) -> Row | None:
    """A row that waits: a tensor on a device is asked for its value only when it is written, for
    nothing to wait here. None where there are no numbers.
    """
    kept = {name: _detached(value) for name, value in numbers.items() if value is not None}
    return {"step": step, **kept} if kept else None


def plain(row: Row) -> Row:
    """A row as JSON holds it: numbers, and groups of numbers by name (``grad_norms``); those that
    are not finite are left out and named. Raises InputError for what is no number.
    """
    broken: list[str] = []
    out: Row = {"step": row["step"]}
    for name, value in row.items():
        if isinstance(value, Mapping):
            group = {str(key): _number(f"{name}.{key}", one) for key, one in value.items()}
            broken += [f"{name}.{key}" for key, one in group.items() if not isfinite(one)]
            out[name] = {key: one for key, one in group.items() if isfinite(one)}
        elif name != "step":
            number = _number(name, value)
            if isfinite(number):
                out[name] = number
            else:
                broken.append(name)
    return out | ({"not_finite": broken} if broken else {})


def _detached(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _detached(one) for name, one in value.items() if one is not None}
    return value.detach() if isinstance(value, torch.Tensor) else value


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError) as error:
        words = str(value).split("\n", 1)[0][:60]
        raise InputError(
            f"{name} is {words}: give a number, or a dict of numbers by name"
        ) from error
