"""Symbols instead of text: a vocabulary of whole words, for models that read numbers, signs or
single letters.

``tokenizer.json`` is a WordLevel tokenizer of Hugging Face: words part at spaces and before signs,
and, where every symbol is one character, between any two characters. A word that is no symbol is an
error, never a token.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from tokenizers import Regex, models, pre_tokenizers
from tokenizers import Tokenizer as Backend

from layerfold.errors import DamagedRun, EmptyText, TextTooLong, UnknownSymbol
from layerfold.model.tokenizers.byte_level import CHARACTERS, END, Tokenizer, whole
from layerfold.model.tokenizers.characters import CharacterTokenizer
from layerfold.model.tokenizers.tokenizer_files import read_backend
from layerfold.records import Sentence, Token

NO_END = -1


class SymbolTokenizer(Tokenizer):
    """A vocabulary of symbols, read and written as a byte-level one is; no id parts two texts
    (``end`` is -1).
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._symbols = tuple(str(backend.id_to_token(n)) for n in range(backend.get_vocab_size()))
        self.end = NO_END

    def __len__(self) -> int:
        return len(self._symbols)

    @staticmethod
    def of(symbols: Sequence[str]) -> SymbolTokenizer:
        """The tokenizer whose ids are the places in ``symbols``."""
        backend = Backend(models.WordLevel({symbol: n for n, symbol in enumerate(symbols)}))
        backend.pre_tokenizer = pre_tokenizers.Whitespace()
        if all(len(symbol) == 1 for symbol in symbols):
            apart = pre_tokenizers.Split(Regex("."), "isolated")
            backend.pre_tokenizer = pre_tokenizers.Sequence(
                [pre_tokenizers.WhitespaceSplit(), apart]
            )
        return SymbolTokenizer(backend)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of whole texts; raises UnknownSymbol."""
        return [[token.id for token in self._read(text)] for text in texts]

    def encode(self, text: str, max_tokens: int) -> Sentence:
        """The symbols of what was typed, at most ``max_tokens``; a token's text begins where the
        one before ends.

        Raises EmptyText, TextTooLong, UnknownSymbol.
        """
        text = whole(text)
        if not text.strip():
            raise EmptyText(f"there is nothing to read: type {self.alphabet}")
        if len(text) > CHARACTERS:
            raise TextTooLong(
                f"the sentence has {len(text):,} characters, the most is {CHARACTERS:,}: shorten it"
            )
        tokens = self._read(text)
        return Sentence(text, tokens[:max_tokens], max(0, len(tokens) - max_tokens))

    def tokens(self, ids: Sequence[int]) -> tuple[Token, ...]:
        """Ids as a person reads them in a row: a space before each symbol but the first, none where
        all are one character.
        """
        gap = "" if all(len(symbol) == 1 for symbol in self._symbols) else " "
        tokens: list[Token] = []
        start = 0
        for n in ids:
            text = (gap if tokens else "") + self._symbols[n]
            tokens.append(Token(n, text, start, start + len(text)))
            start += len(text)
        return tuple(tokens)

    def text_of(self, id: int) -> str:
        """The symbol."""
        return self._symbols[id]

    def decode(self, ids: Sequence[int]) -> str:
        """The symbols in a row."""
        return "".join(token.text for token in self.tokens(ids))

    def byte_lengths(self) -> list[int]:
        """How many bytes each symbol takes, by id."""
        return [len(symbol.encode()) for symbol in self._symbols]

    @property
    def alphabet(self) -> str:
        """What the model reads: numbers in a row as a range, other symbols one by one."""
        return listed(self._symbols)

    def _read(self, text: str) -> tuple[Token, ...]:
        tokens: list[Token] = []
        end_before = 0
        for word, (_, end) in self._backend.pre_tokenizer.pre_tokenize_str(text):
            n = self._backend.token_to_id(word)
            if n is None:
                raise UnknownSymbol(
                    f"this model does not know “{word[:40]}”: it reads {self.alphabet}"
                )
            tokens.append(Token(n, text[end_before:end], end_before, end))
            end_before = end
        return tuple(tokens)


def read_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer stored at ``path``, of bytes, of symbols or of characters; DamagedRun where
    there is none or it cannot be read.
    """
    try:
        backend = read_backend(path)
        return (
            whole_words(backend)
            if isinstance(backend.model, models.WordLevel)
            else Tokenizer(backend)
        )
    except Exception as error:  # the library raises bare Exception
        raise DamagedRun(
            f"{path.name} cannot be read ({str(error)[:200]}): restore it, or train this run again"
        ) from error


def whole_words(backend: Any) -> Tokenizer:
    """The tokenizer of a WordLevel model: of characters where a sign parts texts, else of
    symbols.
    """
    return (
        SymbolTokenizer(backend)
        if backend.token_to_id(END) is None
        else CharacterTokenizer(backend)
    )


def listed(symbols: Iterable[str]) -> str:
    """Symbols in a row, in no language: "0 … 112, +, ="."""
    words: list[str] = []
    for number, run in groupby(
        enumerate(symbols), lambda item: int(item[1]) - item[0] if item[1].isdecimal() else None
    ):
        names = [symbol for _, symbol in run]
        words += [f"{names[0]} … {names[-1]}"] if number is not None and len(names) > 2 else names
    return ", ".join(words)
