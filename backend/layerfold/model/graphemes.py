"""Which characters are read as one with the letter before them: combining marks of every script,
and what emoji are joined by."""

from __future__ import annotations

import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"
# vowels of Thai and Lao, and the voicing of narrow kana, which are no marks by category
SPACING: Final = "\u0e33\u0eb3\uff9e\uff9f"
# signs that are read with the one after them: of numbers in Arabic and Kaithi, of r in Malayalam …
PREPENDED: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e"
    "\U000110bd\U000110cd\U000111c2\U000111c3\U0001193f\U00011941\U00011a3a\U00011d46"
)
BREAKS: Final = ("Cc", "Zl", "Zp")
FIRST: Final = "\u0300"  # no character before it is a mark
SKINS: Final = range(0x1F3FB, 0x1F400)
TAGS: Final = range(0xE0020, 0xE0080)
FLAGS: Final = range(0x1F1E6, 0x1F200)
LEADING: Final = frozenset((*range(0x1100, 0x1160), *range(0xA960, 0xA97D)))  # of Hangul
VOWELS: Final = frozenset((*range(0x1160, 0x1200), *range(0xD7B0, 0xD7FC)))  # and endings
SYLLABLES: Final = range(0xAC00, 0xD7A4)
HANGUL: Final = LEADING | VOWELS


def continues(before: str, after: str) -> bool:
    """Whether the first character of ``after`` is part of the letter that ends ``before`` (the
    rules of UAX 29, without those of Indic conjuncts)."""
    if not before or not after or unicodedata.category(before[-1]) in BREAKS:
        return False
    if before[-1] in PREPENDED and unicodedata.category(after[0]) not in BREAKS:
        return True
    if after[0] < FIRST:
        return False
    last, first = ord(before[-1]), ord(after[0])
    if (
        unicodedata.category(after[0]).startswith("M")
        or after[0] in JOINERS + SPACING
        or first in SKINS
        or first in TAGS
    ):
        return True
    if last in HANGUL or last in SYLLABLES:
        if first in HANGUL:
            return last in LEADING or first not in LEADING
        return last in LEADING and first in SYLLABLES
    return before[-1] == JOINERS[1] or (first in FLAGS and _flags(before) % 2 == 1)


def _flags(text: str) -> int:
    """How many letters of flags end a text: two make one."""
    return next((n for n, sign in enumerate(reversed(text)) if ord(sign) not in FLAGS), len(text))
