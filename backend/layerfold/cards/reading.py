"""Cards are JSON that a stranger may have written: read whole, of bounded size and depth, each
field of its type and within its bounds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from layerfold.cards.digest import DIGEST, EDITED, is_edited
from layerfold.errors import DamagedRun, EditedCard
from layerfold.files.atomic import read_bounded

Card = dict[str, Any]
Record = TypeVar("Record", bound=BaseModel)

CARD_BYTES: Final = 8 << 20
DEEPEST: Final = 32


def read_card(
    path: Path, shape: type[BaseModel] | None = None, *, name: str = "", repair: str = "restore it"
) -> Card:
    """The object in a file, as ``shape`` wants it, every field as it stands there, but for its
    digest; without a shape, all as it stands.

    Raises FileNotFoundError, EditedCard where it is not what its digest says, and DamagedRun for
    all else: a file that is no file, too large, no JSON, too deep, no object, of another format, or
    with a field that is absent, of another type or out of bounds.
    """
    called = name or str(path)
    try:
        card = parse_object(read_bounded(path, CARD_BYTES))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise DamagedRun(f"{called} cannot be read ({reason_of(error)}): {repair}") from None
    if shape is None:
        return card
    if card.get("format") != 1:
        raise DamagedRun(
            f"{called} has format {repr(card.get('format'))[:40]}, this program reads 1: {repair}"
        )
    check_shape(card, shape, called, repair)
    return unsealed(card, called, repair)


def read_record(path: Path, kind: type[Record], repair: str) -> Record | None:
    """What a file of a run holds, as a record, None where there is no file; raises as `read_card`
    else does.
    """
    try:
        card = read_card(path, name=path.name, repair=repair)
        told = {name: value for name, value in card.items() if name != DIGEST}
        found = kind.model_validate_json(json.dumps(told))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise DamagedRun(f"{path.name} cannot be read ({first_problem(error)}): {repair}") from None
    unsealed(card, path.name, repair)
    return found


def unsealed(card: Card, called: str, repair: str) -> Card:
    """A card without its digest, if it is what that says or has none; raises EditedCard."""
    if is_edited(card):
        raise EditedCard(f"{called} {EDITED} {repair}")
    return {name: value for name, value in card.items() if name != DIGEST}


def check_shape(card: Card, shape: type[BaseModel], called: str, repair: str) -> None:
    """Every field of a card is of its type and within its bounds; raises DamagedRun."""
    try:
        shape.model_validate(card)
    except ValidationError as error:
        raise DamagedRun(f"{called} cannot be read ({first_problem(error)}): {repair}") from None


def parse_object(data: bytes) -> Card:
    """The object that JSON stands for; raises ValueError: no JSON, no object, a key twice, deeper
    than 32.
    """
    try:
        value = json.loads(data, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError(f"it is nested deeper than {DEEPEST}") from None
    if not isinstance(value, dict):
        raise ValueError(f"it is a JSON {type(value).__name__}, not an object")
    _check_depth(value)
    return value


def reason_of(error: Exception) -> str:
    """Why a file cannot be read, without its path."""
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    return str(getattr(error, "strerror", None) or error)[:200]


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong with a card, and where."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part)[:60] for part in first["loc"])
    why = first["msg"].removeprefix("Value error, ")
    return f"{where + ': ' if where else ''}{why}"[:300]


def _once(pairs: list[tuple[str, Any]]) -> Card:
    card = dict(pairs)
    if len(card) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has {twice[:60]!r} twice")
    return card


def _check_depth(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ValueError(f"it is nested deeper than {DEEPEST}")


def _inside(value: Any) -> Iterable[Any]:
    """What a list or an object holds that can hold something itself."""
    held = value.values() if isinstance(value, dict) else value
    return (one for one in held if isinstance(one, dict | list))
