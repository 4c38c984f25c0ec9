"""Text to learn from: a folder or a file of a person's own, or a named collection, always with
where it came from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from layerfold.data.text_files import read_text
from layerfold.errors import CorpusError

SUFFIXES = (".txt", ".md", ".rst", ".text")


@dataclass(frozen=True)
class Text:
    """The documents of one source, and what a card says of it.

    ``columns[name][i]`` is what is known of document i; ``left_out`` counts documents that are not
    here, by reason; ``weight`` is how often a pass over the collection learns from them.
    """

    source: str
    documents: tuple[str, ...]
    licence: str = "not stated"
    package: str = ""
    registry: str = ""
    columns: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    weight: int = 1

    def only(self, numbers: Sequence[int]) -> Text:
        """The same source with these of its documents."""
        columns = {name: tuple(values[n] for n in numbers) for name, values in self.columns.items()}
        return replace(self, documents=tuple(self.documents[n] for n in numbers), columns=columns)

    @property
    def bytes(self) -> int:
        """Bytes of UTF-8 in all documents."""
        return sum(len(document.encode()) for document in self.documents)

    @property
    def sha256(self) -> str:
        """The sha256 of the documents, each followed by a NUL."""
        digest = hashlib.sha256()
        for document in self.documents:
            digest.update(document.encode() + b"\0")
        return digest.hexdigest()

    def card(self) -> dict[str, str | int | dict[str, int]]:
        """What run.json says of this source."""
        said: dict[str, str | int | dict[str, int]] = {
            "source": self.source,
            "package": self.package,
            "registry": self.registry,
            "licence": self.licence,
            "sha256": self.sha256,
            "bytes": self.bytes,
        }
        said |= {"weight": self.weight} if self.weight != 1 else {}
        counts = {reason: count for reason, count in self.left_out.items() if count}
        return said | (
            {"documents": len(self.documents), "left_out": counts} if self.left_out else {}
        )


def read_corpus(path: Path, *, least_bytes: int = 10_000) -> tuple[Text, ...]:
    """The texts of a file, or of every text file under a folder (one source each); raises
    CorpusError for what cannot be learned from.
    """
    if not path.exists():
        raise CorpusError(f"there is no corpus at {path}: give a folder or a file of text")
    files = (
        [path]
        if path.is_file()
        else sorted(
            file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in SUFFIXES
        )
    )
    if not files:
        raise CorpusError(
            f"the corpus folder {path} holds no text file ({', '.join(SUFFIXES)}): add some"
        )
    texts = tuple(Text(file.stem, (read_text(file),)) for file in files)
    return checked(
        tuple(text for text in texts if text.documents[0].strip()), str(path), least_bytes
    )


def checked(texts: tuple[Text, ...], name: str, least_bytes: int) -> tuple[Text, ...]:
    """The same texts where there is enough of them; else CorpusError."""
    size = sum(text.bytes for text in texts)
    if not size:
        raise CorpusError(f"the corpus {name} is empty: there is nothing to learn from")
    if size < least_bytes:
        raise CorpusError(
            f"the corpus {name} has {size:,} bytes of text, the least is {least_bytes:,}: add more"
        )
    return texts
