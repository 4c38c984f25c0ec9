"""The tokenizers a person may bring, as one: texts to ids, ids to words, and a file by which a run
is read later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer as Backend
from tokenizers import models

from layerfold.errors import DamagedRun, InputError
from layerfold.model.huggingface import HuggingFaceTokenizer
from layerfold.model.tokenizers.byte_level import END, Tokenizer
from layerfold.model.tokenizers.symbols import SymbolTokenizer
from layerfold.model.tokenizers.words import WordTokenizer

KINDS: Final = {"own": "tokenizer.json", "hub": "tokenizer.json", "words": "words.json"}


@dataclass(frozen=True)
class Vocabulary:
    """``words`` reads ids and frames texts; ``data`` is the file that keeps it, of the kind
    ``own``, ``hub`` or ``words``.
    """

    words: Tokenizer
    kind: str
    data: bytes

    @property
    def file(self) -> str:
        """The name of its file in a run."""
        return KINDS[self.kind]


def encoded(texts: Sequence[str], tokenizer: Any) -> tuple[list[list[int]], Vocabulary]:
    """The ids of the texts, unframed, and the vocabulary; raises InputError for something that
    encodes nothing, DamagedRun for a file.
    """
    found = _backend_of(tokenizer)
    if found is not None:
        words = _reading(found)
        return words.ids(texts), Vocabulary(
            words,
            "hub" if isinstance(words, HuggingFaceTokenizer) else "own",
            found.to_str().encode(),
        )
    if isinstance(tokenizer, Tokenizer):
        raise InputError(
            f"a {type(tokenizer).__name__} encodes nothing: give a tokenizer.json, or any object"
            " with encode"
        )
    encode = getattr(tokenizer, "encode", None) or (tokenizer if callable(tokenizer) else None)
    if encode is None:
        raise InputError(
            f"a {type(tokenizer).__name__} is no tokenizer: give one of Hugging Face, a"
            " tokenizer.json, or an object with encode"
        )
    rows = [_plain(encode(text)) for text in texts]
    words = WordTokenizer(
        {id: _word(tokenizer, id) for id in sorted({id for row in rows for id in row})}
    )
    return rows, Vocabulary(words, "words", words.stored())


def numbered(count: int) -> Vocabulary:
    """The vocabulary of models that read numbers: each id reads as itself."""
    words = SymbolTokenizer.of([str(n) for n in range(count)])
    return Vocabulary(words, "own", words._backend.to_str().encode())


def read_vocabulary(path: Path, kind: str) -> Tokenizer:
    """What a run was recorded with; raises DamagedRun."""
    if kind == "words":
        return WordTokenizer.load(path)
    try:
        return _reading(Backend.from_str(path.read_text("utf-8")))
    except Exception as error:  # the library raises bare Exception
        raise DamagedRun(
            f"{path.name} cannot be read ({str(error)[:200]}): restore it, or record this run again"
        ) from error


def _backend_of(tokenizer: Any) -> Any:
    """The library's own tokenizer behind what was given, a copy of it; None where there is none."""
    if isinstance(tokenizer, str | Path):
        path = Path(tokenizer) / "tokenizer.json" if Path(tokenizer).is_dir() else Path(tokenizer)
        try:
            return Backend.from_str(path.read_text("utf-8"))
        except Exception as error:  # the library raises bare Exception
            raise DamagedRun(
                f"the tokenizer {path} cannot be read ({str(error)[:200]}): give a tokenizer.json"
            ) from error
    held = next(
        (
            getattr(tokenizer, name)
            for name in ("backend_tokenizer", "_backend")
            if hasattr(tokenizer, name)
        ),
        tokenizer,
    )
    return Backend.from_str(held.to_str()) if isinstance(held, Backend) else None


def _reading(backend: Any) -> Tokenizer:
    if isinstance(backend.model, models.WordLevel):
        return SymbolTokenizer(backend)
    return (
        Tokenizer(backend)
        if backend.token_to_id(END) is not None
        else HuggingFaceTokenizer(backend)
    )


def _plain(found: Any) -> list[int]:
    found = getattr(found, "ids", found)
    return [int(id) for id in (found.tolist() if hasattr(found, "tolist") else found)]


def _word(tokenizer: Any, id: int) -> str:
    """How an id reads, by the tokenizer's own decode; its number where it has none."""
    decode: Callable[[list[int]], Any] | None = getattr(tokenizer, "decode", None)
    try:
        return str(decode([id])) if decode is not None else str(id)
    except Exception:  # a person's own code; a number is a word too
        return str(id)
