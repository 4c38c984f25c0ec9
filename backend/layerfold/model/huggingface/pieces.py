"""How the vocabularies of Hugging Face write text: signs for bytes, ▁ for a space, ## inside a
word; and what stands before and after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from layerfold.errors import DamagedRun
from layerfold.model.graphemes import continues
from layerfold.model.huggingface.quiet import reason
from layerfold.model.tokenizers.byte_level import byte_signs
from layerfold.model.tokenizers.tokenizer_files import given_up
from layerfold.records import Token

BYTE = re.compile(r"<0x([0-9A-F]{2})>")
SPACE: Final = "▁"
PROBE: Final = "a"


def moved(tokens: tuple[Token, ...], text: str) -> tuple[Token, ...]:
    """The tokens without the space that some tokenizers put before a text."""
    if not tokens or text[:1].isspace() or not tokens[0].text.startswith(" "):
        return tokens
    pieces = tokens[0].pieces
    first = [replace(token, text=token.text[1:], end=token.end - 1) for token in tokens[:pieces]]
    return (
        *first,
        *(replace(token, start=token.start - 1, end=token.end - 1) for token in tokens[pieces:]),
    )


def parted(before: str, after: str) -> bool:
    """Whether a space stands between two characters in ordinary writing, where no one kept it."""
    if not (after.isalnum() or after in "([{“‘«$#@&") or before in "([{“‘«$#@'’-/":
        return False
    return not (dense(before) or dense(after))


def dense(character: str) -> bool:
    """Whether it is of a writing without spaces: Chinese, Japanese."""
    return bool(character) and (
        0x2E80 <= ord(character) <= 0x9FFF
        or 0xF900 <= ord(character) <= 0xFAFF
        or ord(character) >= 0x20000
    )


def overlapping(
    text: str, offsets: Sequence[tuple[int, int]], alone: Sequence[bool]
) -> Iterator[list[int]]:
    """Runs of tokens that share a letter with its marks, but for those that stand alone."""
    group: list[int] = []
    end = 0
    for at, (start, stop) in enumerate(offsets):
        shared = start < end or (start == end and continues(text[:end], text[start:stop]))
        if group and (not shared or alone[at] or alone[group[-1]]):
            yield group
            group = []
        group.append(at)
        end = max(end, stop)
    if group:
        yield group


def names_of(backend: Any) -> list[str]:
    """The tokens by id, as the vocabulary writes them; holes are empty."""
    vocabulary = backend.get_vocab(with_added_tokens=True)
    names = [""] * (max(vocabulary.values(), default=-1) + 1)
    for name, n in vocabulary.items():
        names[n] = name
    return names


def byte_alphabet(backend: Any) -> dict[str, int] | None:
    """The byte of each sign where a tokenizer writes bytes as signs; else None."""
    parts = repr(backend.decoder) + repr(backend.pre_tokenizer)
    return {sign: byte for byte, sign in enumerate(byte_signs())} if "ByteLevel" in parts else None


def bytes_of(name: str, added: Any, alphabet: dict[str, int] | None, words: bool) -> bytes:
    """The bytes of text that a token stands for; ``words``: of WordPiece."""
    if added is not None and not (alphabet is None and BYTE.fullmatch(name)):
        return str(added.content).encode()
    if alphabet is not None:
        return (
            bytes(alphabet[c] for c in name) if all(c in alphabet for c in name) else name.encode()
        )
    if byte := BYTE.fullmatch(name):
        return bytes([int(byte[1], 16)])
    return (name.removeprefix("##") if words else name.replace(SPACE, " ")).encode()


@contextmanager
def read_here() -> Iterator[None]:
    """A text is read meanwhile; raises DamagedRun where the library cannot, as where a vocabulary
    lacks what is to stand for all that it lacks.
    """
    try:
        with given_up():
            yield
    except ValueError as error:
        raise DamagedRun(
            f"this model's tokenizer cannot read a text ({reason(error)}): fetch the model again"
        ) from error


def frame_of(backend: Any, count: int) -> tuple[list[int], list[int]]:
    """The ids that the tokenizer puts before and after a text; raises DamagedRun for one that a
    vocabulary of ``count`` tokens has not.
    """
    with read_here():
        plain = backend.encode(PROBE, add_special_tokens=False).ids
        full = backend.encode(PROBE).ids
    if max(full, default=0) >= count:
        raise DamagedRun(
            f"its tokenizer puts token {max(full):,} before or after a text, and its vocabulary has"
            f" {count:,} tokens: fetch the model again"
        )
    at = next((n for n in range(len(full)) if full[n : n + len(plain)] == plain), 0)
    return full[:at], full[at + len(plain) :]
