"""A card carries the sha256 of its own content, so that no change of it goes unnoticed; cards of
before carry none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

DIGEST: Final = "digest"
EDITED: Final = (
    "was changed after it was written, for its digest is of other content: accept it with"
    " `layerfold check --accept`, or"
)


def digest_of(card: Mapping[str, Any]) -> str:
    """The sha256 of a card's content, however it is laid out and in whatever order its keys
    stand.
    """
    content = {name: value for name, value in card.items() if name != DIGEST}
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def signed(card: Mapping[str, Any], *, ascii: bool = False) -> bytes:
    """A card as it is written, its digest last."""
    content = {
        name: value for name, value in json.loads(json.dumps(card)).items() if name != DIGEST
    }
    return (
        json.dumps({**content, DIGEST: digest_of(content)}, indent=1, ensure_ascii=ascii).encode()
        + b"\n"
    )


def is_signed(card: Mapping[str, Any]) -> bool:
    """Whether a card carries a digest."""
    return DIGEST in card


def is_edited(card: Mapping[str, Any]) -> bool:
    """Whether a card carries a digest that is not its content's."""
    return is_signed(card) and card[DIGEST] != digest_of(card)


def identity_of(path: Path) -> str:
    """What tells a card from any other, the same before it carried a digest and after; empty where
    there is none that can be read.
    """
    try:
        data = path.read_bytes()
        card = json.loads(data)
    except (OSError, ValueError, RecursionError):
        return ""
    if not isinstance(card, dict) or DIGEST not in card:
        return hashlib.sha256(data).hexdigest()
    content = {name: value for name, value in card.items() if name != DIGEST}
    return hashlib.sha256(json.dumps(content, indent=1).encode() + b"\n").hexdigest()
