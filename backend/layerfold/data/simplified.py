"""Traditional characters as simplified ones, by the tables of OpenCC (``TSCharacters.txt`` and
``TSPhrases.txt``).

Several traditional characters can become one (後 and 后 both read 后): ``merged`` says which.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from layerfold.errors import CorpusError


@dataclass(frozen=True)
class Simplifier:
    """``characters`` and ``phrases``: each traditional form and the simplified one; the longest
    phrase wins.
    """

    characters: Mapping[str, str]
    phrases: Mapping[str, str]

    @staticmethod
    def load(folder: Path) -> Simplifier:
        """The tables in an unpacked package; CorpusError where they are not there."""
        found = next(iter(sorted(folder.glob("**/TSCharacters.txt"))), None)
        if found is None:
            raise CorpusError(
                f"TSCharacters.txt is missing under {folder}: delete it and try again"
            )
        return Simplifier(_table(found), _table(found.with_name("TSPhrases.txt")))

    def simplified(self, text: str) -> str:
        """The text in simplified characters; what is simplified already stays."""
        if not self._heads.isdisjoint(text) and self._phrase.search(text):
            parts = self._phrase.split(text)
            return "".join(self.phrases.get(part, part.translate(self._table)) for part in parts)
        return text.translate(self._table)

    def merged(self, kept: Collection[str]) -> dict[str, str]:
        """The simplified characters in ``kept`` that stand for several written ones, and which
        those are.
        """
        forms: dict[str, str] = {}
        for form, plain in sorted(self.characters.items()):
            forms[plain] = forms.get(plain, "") + form
        whole = {plain: "".join(sorted({*written, plain})) for plain, written in forms.items()}
        # a simplified character that was never written so before stands for one form alone
        own = set(self.characters)
        return {
            plain: written
            for plain, written in whole.items()
            if plain in kept and (len(written) > 2 or plain in own)
        }

    def forms(self, kept: Collection[str]) -> dict[str, str]:
        """What may be typed for each character in ``kept`` that is not in it: traditional form to
        simplified.
        """
        return {
            form: plain
            for form, plain in sorted(self.characters.items())
            if plain in kept and form not in kept
        }

    @cached_property
    def _table(self) -> dict[int, str]:
        return {ord(form): plain for form, plain in self.characters.items()}

    @cached_property
    def _heads(self) -> frozenset[str]:
        """A traditional character of each phrase: a text without any of them holds no phrase."""
        return frozenset(
            next((c for c in phrase if c in self.characters), phrase[0]) for phrase in self.phrases
        )

    @cached_property
    def _phrase(self) -> re.Pattern[str]:
        longest = sorted(self.phrases, key=len, reverse=True)
        return re.compile("(" + "|".join(map(re.escape, longest)) + ")")


def _table(path: Path) -> dict[str, str]:
    """The first form of each line that a table offers."""
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines() if "\t" in line)
    return {row[0]: row[1].split(" ")[0] for row in rows if len(row) == 2}
