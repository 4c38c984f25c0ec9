"""Which characters are read as one with the letter before them: combining marks of every script,
and what emoji are joined by."""

from __future__ import annotations

import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"
SPACING: Final = "\u0e33\u0eb3"  # vowels of Thai and Lao, which are no marks by category
BREAKS: Final = ("Cc", "Zl", "Zp")
FIRST: Final = "\u0300"  # no character before it is read with another
SKINS: Final = range(0x1F3FB, 0x1F400)
TAGS: Final = range(0xE0020, 0xE0080)
FLAGS: Final = range(0x1F1E6, 0x1F200)
JAMO: Final = range(0x1100, 0x1200)
VOWELS: Final = range(0x1160, 0x1200)  # and endings, of Hangul
SYLLABLES: Final = range(0xAC00, 0xD7A4)


def continues(before: str, after: str) -> bool:
    """Whether the first character of ``after`` is part of the letter that ends ``before`` (the
    rules of UAX 29, without those of Indic conjuncts)."""
    if not before or not after or after[0] < FIRST or unicodedata.category(before[-1]) in BREAKS:
        return False
    last, first = ord(before[-1]), ord(after[0])
    if (
        unicodedata.category(after[0]).startswith("M")
        or after[0] in JOINERS + SPACING
        or first in SKINS
        or first in TAGS
    ):
        return True
    if first in VOWELS:
        return last in JAMO or last in SYLLABLES
    return before[-1] == JOINERS[1] or (first in FLAGS and _flags(before) % 2 == 1)


def _flags(text: str) -> int:
    """How many letters of flags end a text: two make one."""
    return next((n for n, sign in enumerate(reversed(text)) if ord(sign) not in FLAGS), len(text))
