"""Words without their tokenizer: what each id of a recorded run reads as, where the tokenizer
itself could not be kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from layerfold.errors import DamagedRun, NoWeights
from layerfold.model.tokenizers.byte_level import Tokenizer, readable, whole
from layerfold.model.tokenizers.symbols import NO_END
from layerfold.records import Sentence, Token


class WordTokenizer(Tokenizer):
    """Reads ids aloud and encodes nothing; an id without a word reads as its number."""

    def __init__(self, words: Mapping[int, str]) -> None:
        self._words = dict(words)
        self.end = NO_END

    def __len__(self) -> int:
        return max(self._words, default=-1) + 1

    @staticmethod
    def load(path: Path) -> WordTokenizer:
        """The words stored at ``path``; raises DamagedRun."""
        try:
            return WordTokenizer(
                {int(id): str(word) for id, word in json.loads(path.read_text("utf-8")).items()}
            )
        except (OSError, ValueError, AttributeError) as error:
            raise DamagedRun(
                f"{path.name} cannot be read ({error}): restore it, or record this run again"
            ) from error

    def stored(self) -> bytes:
        """What ``load`` reads."""
        return json.dumps(
            {str(id): whole(word) for id, word in sorted(self._words.items())}, ensure_ascii=False
        ).encode()

    def specials(self) -> dict[str, int]:
        """None: what was special is not known."""
        return {}

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Raises NoWeights."""
        raise self._error()

    def encode(self, text: str, max_tokens: int) -> Sentence:
        """Raises NoWeights."""
        raise self._error()

    def tokens(self, ids: Sequence[int]) -> tuple[Token, ...]:
        """Ids as a person reads them in a row."""
        tokens: list[Token] = []
        start = 0
        for id in ids:
            word = self._words.get(id, str(id))
            tokens.append(Token(id, word, start, start + len(word)))
            start += len(word)
        return tuple(tokens)

    def text_of(self, id: int) -> str:
        """The word of an id."""
        return readable(self._words.get(id, str(id)))

    def decode(self, ids: Sequence[int]) -> str:
        """The words in a row."""
        return "".join(token.text for token in self.tokens(ids))

    def byte_lengths(self) -> list[int]:
        """How many bytes each word takes, by id."""
        return [len(self._words.get(id, str(id)).encode()) for id in range(len(self))]

    def _error(self) -> NoWeights:
        return NoWeights(
            "This run was recorded with a tokenizer that could not be kept: record it with a"
            " tokenizer.json to type into it."
        )
