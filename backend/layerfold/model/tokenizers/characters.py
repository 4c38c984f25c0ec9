"""Characters instead of pieces: a vocabulary of single Chinese characters and marks, for a model of
verse.

``tokenizer.json`` is a WordLevel tokenizer of Hugging Face with a sign that parts texts (END); what
else may be typed for a character (traditional forms, marks of other keyboards) are Replace
normalizers in it. A character that is not known is an error that names it, never a token.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from tokenizers import Regex, models, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Backend

from layerfold.errors import CorpusError, EmptyText, TextTooLong, UnknownSymbol
from layerfold.model.tokenizers.byte_level import CHARACTERS, END, Tokenizer, readable, whole
from layerfold.records import Sentence, Token

CLOSING: Final = "，。？！；"
MARKS: Final = CLOSING + "、："
TYPED: Final = {
    ",": "，",
    ".": "。",
    "?": "？",
    "!": "！",
    ";": "；",
    ":": "：",
    "．": "。",
    "·": "、",
    "～": "，",
}
NAMED: Final = 5  # unknown characters that an error lists


@lru_cache(maxsize=1 << 16)
def folded(character: str) -> str:
    """A character in its plain form: no vertical, small, half-wide or compatibility form, marks as
    full-width ones.

    Empty for what shows nothing of its own: a variation selector, a joiner, a byte order mark.
    """
    if unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return ""
    plain = unicodedata.normalize("NFKC", character)
    plain = plain if len(plain) == 1 else character
    return TYPED.get(plain, plain)


class CharacterTokenizer(Tokenizer):
    """A vocabulary of characters; ``end`` parts two poems. Spaces and line ends are read over."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._signs = tuple(str(backend.id_to_token(n)) for n in range(backend.get_vocab_size()))
        self._ids = {character: n for n, character in enumerate(self._signs) if character != END}
        self._forms = _forms_in(backend)
        self.end: int = backend.token_to_id(END)

    def __len__(self) -> int:
        return len(self._signs)

    @staticmethod
    def of(characters: Sequence[str], forms: Mapping[str, str]) -> CharacterTokenizer:
        """Ids are places in ``characters``, the sign that parts texts first; ``forms`` may be typed
        for others.
        """
        backend = Backend(
            models.WordLevel({symbol: n for n, symbol in enumerate((END, *characters))})
        )
        backend.normalizer = normalizers.Sequence(
            [normalizers.Replace(form, plain) for form, plain in forms.items()]
        )
        apart = pre_tokenizers.Split(Regex("."), "isolated")
        backend.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), apart])
        return CharacterTokenizer(backend)

    @staticmethod
    def learned(
        counts: Counter[str], size: int, forms: Callable[[Collection[str]], Mapping[str, str]]
    ) -> CharacterTokenizer:
        """The ``size`` - 1 most frequent characters, every mark among them; CorpusError where there
        are fewer.

        ``forms`` says what may be typed for the characters that are kept.
        """
        frequent = sorted(
            counts, key=lambda character: (character not in MARKS, -counts[character], character)
        )
        if len(frequent) < size - 1:
            raise CorpusError(
                f"the text has {len(frequent):,} different characters, the recipe wants"
                f" {size - 1:,}: add text or ask for fewer"
            )
        kept = frequent[: size - 1]
        return CharacterTokenizer.of(kept, forms(kept))

    @property
    def characters(self) -> tuple[str, ...]:
        """Every character by id, the sign that parts texts included."""
        return self._signs

    def knows(self, text: str) -> bool:
        """Whether every character of a text is in the vocabulary as it stands."""
        return self._ids.keys() >= set(text)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of whole texts; raises UnknownSymbol."""
        known = self._ids
        return [
            (
                [known[c] for c in text]
                if self.knows(text)
                else [token.id for token in self._read(text)]
            )
            for text in texts
        ]

    def encode(self, text: str, max_tokens: int) -> Sentence:
        """The characters of what was typed, at most ``max_tokens``; a token's text is as it was
        typed.

        Raises EmptyText, TextTooLong (over 20,000 characters), UnknownSymbol.
        """
        text = whole(text)
        if len(text) > CHARACTERS:
            raise TextTooLong(
                f"the sentence has {len(text):,} characters, the most is {CHARACTERS:,}: shorten it"
            )
        tokens = self._read(text)
        if not tokens:
            raise EmptyText("there is nothing to read: type Chinese characters, such as 床前明月光")
        return Sentence(text, tokens[:max_tokens], max(0, len(tokens) - max_tokens))

    def tokens(self, ids: Sequence[int]) -> tuple[Token, ...]:
        """Ids as a person reads them in a row."""
        tokens: list[Token] = []
        start = 0
        for n in ids:
            text = self._signs[n]
            tokens.append(Token(n, text, start, start + len(text)))
            start += len(text)
        return tuple(tokens)

    def text_of(self, id: int) -> str:
        """The character."""
        return self._signs[id]

    def decode(self, ids: Sequence[int]) -> str:
        """The characters in a row."""
        return "".join(self._signs[n] for n in ids)

    def byte_lengths(self) -> list[int]:
        """How many bytes each character takes, by id (the sign that parts texts: 0)."""
        return [
            0 if n == self.end else len(character.encode())
            for n, character in enumerate(self._signs)
        ]

    def id_of(self, character: str) -> int | None:
        """The id that a typed character is read as: its own, else its plain form's; None where
        neither is known.
        """
        if character in self._ids:
            return self._ids[character]
        plain = folded(character)
        return self._ids.get(plain, self._ids.get(self._forms.get(plain, ""), None))

    def _read(self, text: str) -> tuple[Token, ...]:
        tokens: list[Token] = []
        unknown: dict[str, None] = {}
        start = 0
        for at, character in enumerate(text):
            if character.isspace() or not folded(character):
                continue
            n = self.id_of(character)
            if n is None:
                unknown[character] = None
                continue
            tokens.append(Token(n, text[start : at + 1], start, at + 1))
            start = at + 1
        if unknown:
            raise UnknownSymbol(_refusal(tuple(unknown), len(self) - 1 - len(MARKS)))
        return tuple(tokens)


def _forms_in(backend: Any) -> dict[str, str]:
    """The Replace normalizers of a tokenizer: what may be typed, and what it is read as."""
    stored = json.loads(backend.to_str())["normalizer"] or {}
    rows = stored.get("normalizers", [])
    return {
        row["pattern"]["String"]: row["content"]
        for row in rows
        if row.get("type") == "Replace" and "String" in row["pattern"]
    }


def _refusal(unknown: Iterable[str], count: int) -> str:
    named = [f"“{readable(character)}”" for character in unknown]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    listed = ", ".join(named[:NAMED]) + more
    return (
        f"this model does not know {listed}: it reads {count:,} Chinese characters of classical"
        f" verse and the marks {MARKS}"
    )
