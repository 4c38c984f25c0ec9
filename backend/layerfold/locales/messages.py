"""A message of the program in a person's language.

Whoever raises an error writes it once, in English, with its values inside. At the edge its template
is found again by its words, and the values move into the sentence of the other language; a value
that is itself a phrase known here is told in that language too. What nobody has translated stays
English.

Catalogs are TOML, one for each room: ``"there is no run in {0}" = "{0} 中没有运行"``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "zh")
FIELD: Final = re.compile(r"\{(\d+)\}")
NESTED: Final = 3  # phrases inside phrases
# Words of the program that stand in a field of a message; any other word in one is a name.
VALUES: Final = frozenset({"none", "nothing", "message"})
PHRASE: Final = 8  # letters from which on a phrase is looked for inside a message that nobody knows


@dataclass(frozen=True)
class Template:
    """The English words of a message with its fields, and how it is said in the other language."""

    english: str
    other: str

    @property
    def letters(self) -> int:
        """How much of it is words of its own."""
        return len(FIELD.sub("", self.english))

    @property
    def pattern(self) -> re.Pattern[str]:
        """What fits the template, its fields as groups in the order of their numbers."""
        parts = re.split(r"(\{\d+\})", self.english)
        rule = "".join("(.*?)" if FIELD.fullmatch(part) else re.escape(part) for part in parts)
        return re.compile(rule, re.DOTALL)

    def filled(self, values: list[str]) -> str:
        """The sentence of the other language with these values."""
        return FIELD.sub(lambda field: values[int(field[1])], self.other)


class Catalog:
    """The messages of one language."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self._whole = said
        templates = [Template(english, other) for english, other in said.items()]
        fielded = [one for one in templates if FIELD.search(one.english)]
        worded = [one for one in fielded if re.search("[A-Za-z]{2}", FIELD.sub("", one.english))]
        self._templates = [
            (one, one.pattern) for one in sorted(worded, key=lambda one: -one.letters)
        ]
        self._phrases = sorted(
            (one for one in said if not FIELD.search(one) and len(one) >= PHRASE and " " in one),
            key=len,
            reverse=True,
        )

    def render(self, message: str, depth: int = 0) -> str:
        """The message in this language, or as far as it is known."""
        if message in self._whole:
            return self._whole[message]
        for template, pattern in self._templates:
            found = pattern.fullmatch(message)
            if found:
                return template.filled([self.value(value, depth) for value in found.groups()])
        return message if depth else self._with_phrases(message)

    def value(self, value: str, depth: int = 0) -> str:
        """A value, translated where it is words of the program."""
        if value in VALUES:
            return self._whole.get(value, value)
        return self.render(value, depth + 1) if " " in value and depth < NESTED else value

    def _with_phrases(self, message: str) -> str:
        for phrase in self._phrases:
            message = message.replace(phrase, self._whole[phrase])
        return message


@lru_cache(maxsize=len(LANGUAGES))
def catalog(language: str) -> Catalog:
    """The catalog of a language; of English, and of one that is not known, an empty one."""
    return Catalog(read_catalogs(language))


def read_catalogs(language: str) -> dict[str, str]:
    """All messages of a language by their English templates."""
    folder = files("layerfold.locales") / language
    said: dict[str, str] = {}
    if language in LANGUAGES[1:]:
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            said |= tomllib.loads(file.read_text("utf-8"))
    return said


def render(message: str, language: str) -> str:
    """The message in a language, as far as it is known."""
    return message if language == ENGLISH else catalog(language).render(message)


def language_of(environment: Mapping[str, str]) -> str:
    """The language that an environment asks for: LAYERFOLD_LANG, else the first of LC_ALL,
    LC_MESSAGES and LANG that is set; English where it is another than these.
    """
    names = ("LAYERFOLD_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    wanted = next((environment[name] for name in names if environment.get(name)), ENGLISH)
    return next((one for one in LANGUAGES if re.match(rf"{one}\b|{one}_", wanted)), ENGLISH)
