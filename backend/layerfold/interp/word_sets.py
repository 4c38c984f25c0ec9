"""Sentences for the senses of words and lists of word pairs: bundled, hash-named, or a person's.

A set of senses is TOML ([[words]] with word, control and [words.senses] NAME = [sentences], {} for
the word, *cue* marked) or a table (CSV, TSV) with columns sense and sentence, and word or control.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from layerfold.errors import DamagedRun, InputError

FOLDER: Final = Path(__file__).parent / "sets"
LEAST: Final = 5
CONTROLS: Final = {"en": "thing", "zh": "东西"}
Pair = tuple[str, str]
Named = TypeVar("Named")


@dataclass(frozen=True)
class Slot:
    """A sentence with a place for a word, ``before`` and ``after`` it; ``cue`` is where the cue
    begins (characters), None where none is marked; ``sense`` counts from 0."""

    before: str
    after: str
    sense: int
    cue: int | None = None

    def text(self, word: str) -> str:
        """The sentence with a word in its place."""
        return self.before + word + self.after


@dataclass(frozen=True)
class SenseSet:
    """A word, the names of its two senses, its sentences, and the neutral word that controls."""

    word: str
    control: str
    names: tuple[str, str]
    slots: tuple[Slot, ...]

    def __post_init__(self) -> None:
        """Raises InputError for fewer than five sentences a sense, a sentence that comes twice, or
        a control that is the word.
        """
        if self.control == self.word:
            raise InputError(
                f"The control of {self.word!r} is the word itself: name a neutral one."
            )
        for sense, name in enumerate(self.names):
            count = sum(slot.sense == sense for slot in self.slots)
            if count < LEAST:
                raise InputError(
                    f"Sense {name!r} of {self.word!r} has {count} sentences: give at least {LEAST}."
                )
        texts = [slot.text(self.word) for slot in self.slots]
        twice = sorted({text for text in texts if texts.count(text) > 1})
        if twice:
            raise InputError(f"The sentence {twice[0]!r} comes twice: give each once.")


def sense_set(
    word: str, senses: Mapping[str, Iterable[str]], control: str | None = None
) -> SenseSet:
    """The set of a word from sentences by sense, each with the word once, or {} in its place.

    Raises InputError for anything but two senses, and as ``slot_of`` and ``SenseSet``.
    """
    if not word.strip():
        raise InputError("The word is empty: name one.")
    names = tuple(senses)
    if len(names) != 2:
        raise InputError(
            f"{word!r} has sentences of {len(names)} sense(s) ({', '.join(names)[:100] or 'none'}):"
            " give two senses, with at least five sentences each."
        )
    slots = tuple(
        slot_of(text, word, sense) for sense, name in enumerate(names) for text in senses[name]
    )
    language = "en" if word.isascii() else "zh"
    return SenseSet(word, control or CONTROLS[language], (names[0], names[1]), slots)


def slot_of(text: str, word: str, sense: int) -> Slot:
    """A sentence with *cue* and {} marked, or as it is; raises InputError where the word's place is
    not one."""
    plain, cue = _unmarked(text)
    if plain.count("{}") == 1:
        start = plain.index("{}")
        return Slot(plain[:start], plain[start + 2 :], sense, cue)
    if "{}" in plain:
        raise InputError(f"{text[:80]!r} has several places {{}} for the word: leave one.")
    places = [found.span() for found in re.finditer(pattern_of(word), plain)]
    if len(places) != 1:
        raise InputError(
            f"{word!r} stands {len(places)} times in {text[:80]!r}: it has to stand there once."
        )
    return Slot(plain[: places[0][0]], plain[places[0][1] :], sense, cue)


def pattern_of(word: str) -> str:
    """A regular expression of the word as a whole word; of scripts without spaces, as it is."""
    if any(character >= "\u2e80" for character in word):
        return re.escape(word)
    return rf"(?<!\w){re.escape(word)}(?!\w)"


def _unmarked(text: str) -> tuple[str, int | None]:
    """The text without the asterisks of its cue, and where the cue begins."""
    marked = re.search(r"\*([^*]+)\*", text)
    if marked is None:
        return text, None
    return text[: marked.start()] + marked[1] + text[marked.end() :], marked.start()


def read_senses(path: Path, word: str | None = None, control: str | None = None) -> list[SenseSet]:
    """The sets in a TOML file or a table; ``word`` and ``control`` stand for columns that are not
    there. Raises InputError."""
    text = read_words(path)
    if path.suffix.lower() == ".toml":
        return senses_of(text, path.name)
    rows = table_rows(text, path.name, ("sense", "sentence"))
    words: dict[str, dict[str, list[str]]] = {}
    controls: dict[str, str] = {}
    for row in rows:
        name = (row.get("word") or word or "").strip()
        words.setdefault(name, {}).setdefault(row["sense"].strip(), []).append(row["sentence"])
        controls[name] = control or (row.get("control") or "").strip()
    if "" in words:
        raise InputError(f"{path.name} has no column word: add it, or name the word.")
    return [sense_set(name, senses, controls[name] or None) for name, senses in words.items()]


def table_rows(text: str, name: str, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV or TSV with a header; a gap is an empty word. Raises InputError for columns
    that are not there, rows longer than the header, and rows with a needed column empty."""
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter="\t" if "\t" in first else ",")
    lacking = [column for column in needed if column not in (reader.fieldnames or ())]
    if lacking:
        raise InputError(
            f"{name} has no column {', '.join(lacking)}: its first line names columns."
        )
    rows = list(reader)
    for number, row in enumerate(rows, 2):
        if None in row:
            raise InputError(f"Line {number} of {name} has more cells than the first line.")
        if any(not (row[column] or "").strip() for column in needed):
            raise InputError(
                f"Line {number} of {name} has an empty cell: fill it, or leave it out."
            )
    return [{key: cell or "" for key, cell in row.items()} for row in rows]


def senses_of(text: str, name: str) -> list[SenseSet]:
    """The sets in a TOML text; raises InputError."""
    try:
        entries = tomllib.loads(text)["words"]
        return [sense_set(one["word"], one["senses"], one.get("control")) for one in entries]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{name} is no set of senses ({error!r}): see the bundled ones.") from None


@dataclass(frozen=True)
class PairList:
    """Word pairs, each from a first class to a second: men to women, singular to plural."""

    name: str
    language: str
    pairs: tuple[Pair, ...]

    def __post_init__(self) -> None:
        """Raises InputError for fewer than five pairs, a pair of one word, or one that comes
        twice."""
        if len(self.pairs) < LEAST:
            raise InputError(f"{self.name!r} has {len(self.pairs)} pairs: give at least {LEAST}.")
        for pair in self.pairs:
            if pair[0] == pair[1]:
                raise InputError(
                    f"The pair {pair[0]!r} – {pair[1]!r} is one word: it has no direction."
                )
            if self.pairs.count(pair) > 1:
                raise InputError(f"The pair {pair[0]!r} – {pair[1]!r} comes twice: give it once.")


def read_pairs(path: Path) -> list[PairList]:
    """The lists in a TOML file like the bundled one, or one list from lines of two words. Raises
    InputError."""
    text = read_words(path)
    if path.suffix.lower() == ".toml":
        return pair_lists_of(text, path.name)
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    pairs = tuple(_pair(re.split(r"[\t,]|(?<=\S) +(?=\S)", line.strip()), line) for line in lines)
    return [PairList(path.stem, "zh" if not text.isascii() else "en", pairs)]


def pair_lists_of(text: str, name: str) -> list[PairList]:
    """The lists in a TOML text; raises InputError."""
    try:
        return [
            PairList(one["name"], one.get("language", "en"), pairs_of(one["pairs"]))
            for one in tomllib.loads(text)["lists"]
        ]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{name} is no set of pairs ({error!r}): see the bundled one.") from None


def pairs_of(text: str) -> tuple[Pair, ...]:
    """Pairs out of "man woman, king queen"; raises InputError."""
    return tuple(
        _pair(part.split(), part) for part in text.replace("\n", " ").split(",") if part.strip()
    )


def _pair(words: Sequence[str], where: str) -> Pair:
    if len(words) != 2 or not all(word.strip() for word in words):
        raise InputError(f"{where.strip()[:80]!r} is no pair of words: write “man woman”.")
    return words[0].strip(), words[1].strip()


def bundled_senses(language: str | None = None) -> list[SenseSet]:
    """The sets that come with Layerfold, of a language (en, zh) or of all; raises DamagedRun."""
    names = [f"senses-{one}" for one in ("en", "zh") if language in (None, one)]
    return [one for name in names for one in senses_of(bundled_text(name), name)]


def bundled_pairs(language: str | None = None) -> list[PairList]:
    """The lists that come with Layerfold, of a language (en, zh) or of all; raises DamagedRun."""
    found = pair_lists_of(bundled_text("axes"), "axes")
    return [one for one in found if language in (None, one.language)]


def named_sets(sets: Sequence[Named], names: Sequence[str] | None, field: str) -> list[Named]:
    """The sets whose ``field`` is one of the names, all without one; raises InputError."""
    known = {getattr(one, field): one for one in sets}
    for name in names or ():
        if name not in known:
            raise InputError(f"There is no {name!r} in the set: choose of {', '.join(known)}.")
    return [known[name] for name in names] if names else list(sets)


def bundled_text(name: str) -> str:
    """A bundled set, NAME.HASH.toml, whose first eight digits of sha256 are its name's; raises
    DamagedRun."""
    for path in sorted(FOLDER.glob(f"{name}.*.toml")):
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest()[:8] == path.name.split(".")[1]:
            return data.decode()
    raise DamagedRun(f"The bundled set {name} is missing or changed: install Layerfold again.")


def read_words(path: Path) -> str:
    """A text file; raises InputError where it is no UTF-8 or not there."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as UTF-8 text ({error}).") from None


def fingerprint(*parts: Any) -> str:
    """The hash of words: what a result was made from."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()
