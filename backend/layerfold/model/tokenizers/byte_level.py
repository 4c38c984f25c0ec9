"""Byte-level BPE: text to tokens a person can read, and back.

A token of byte-level BPE can end inside a character, or between a letter and its mark. Tokens are
therefore read in groups that end where a letter ends with all its marks; each token of a group
carries the group's whole text, with its place in the group.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, pre_tokenizers, trainers

from layerfold.errors import DamagedRun, EmptyText, TextTooLong
from layerfold.files.atomic import write_atomically
from layerfold.model.graphemes import continues
from layerfold.model.tokenizers.tokenizer_files import given_up, read_backend
from layerfold.records import Sentence, Token

CHARACTERS = 20_000
END = "<|end|>"
NOTHING = -1  # no id: stands for a text within its frame
SIGNS = {"\n": "↵", "\r": "␍", "\t": "⇥"}


class Tokenizer:
    """A trained vocabulary; ``end`` is the id that parts two texts and that no typed text can
    hold.
    """

    def __init__(self, backend: Any) -> None:
        backend.encode_special_tokens = True  # a typed "<|end|>" is plain characters
        self._backend = backend
        alphabet = {sign: byte for byte, sign in enumerate(byte_signs())}
        self._bytes = tuple(
            _bytes_of(backend.id_to_token(n), alphabet) for n in range(backend.get_vocab_size())
        )
        self.end: int = backend.token_to_id(END)

    def __len__(self) -> int:
        return len(self._bytes)

    @staticmethod
    def load(path: Path) -> Tokenizer:
        """The tokenizer stored at ``path``; DamagedRun where there is none or it cannot be read."""
        try:
            return Tokenizer(read_backend(path))
        except Exception as error:  # the library raises bare Exception
            raise DamagedRun(
                f"{path.name} cannot be read ({str(error)[:200]}): restore it, or train this run"
                " again"
            ) from error

    @staticmethod
    def train(texts: Iterable[str], vocab_size: int) -> Tokenizer:
        """A vocabulary of ``vocab_size`` tokens (256 bytes, the end sign and merges; Sennrich et
        al. 2016), the same for the same texts.
        """
        backend = Backend(models.BPE())
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        backend.decoder = decoders.ByteLevel()
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=[END],
            initial_alphabet=alphabet,
            show_progress=False,
        )
        backend.train_from_iterator(texts, trainer)
        return Tokenizer(backend)

    def save(self, path: Path) -> None:
        """``path`` holds the vocabulary in the format of Hugging Face tokenizers."""
        write_atomically(path, self._backend.to_str(pretty=False).encode())

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of whole texts of any length, encoded side by side."""
        with given_up():
            found = self._backend.encode_batch(
                [whole(text) for text in texts], add_special_tokens=False
            )
        return [encoding.ids for encoding in found]

    def encode(self, text: str, max_tokens: int) -> Sentence:
        """The tokens of what was typed, at most ``max_tokens`` of them.

        Lone surrogates become U+FFFD; every other character is kept. Raises EmptyText, TextTooLong
        (over 20,000 characters).
        """
        check_text(text)
        text = whole(text)
        ids = self.ids([text])[0]
        return Sentence(text, self.tokens(ids)[:max_tokens], max(0, len(ids) - max_tokens))

    def specials(self) -> dict[str, int]:
        """The ids of the special tokens by their names: those that no typed text holds unless it is
        said to mean them.
        """
        return {
            token.content: n
            for n, token in self._backend.get_added_tokens_decoder().items()
            if token.special
        }

    def read(self, text: str, max_tokens: int, special: bool = False) -> Sentence:
        """What was typed as the model reads it; with ``special``, names of special tokens in it
        (``specials``) mean them.

        A frame that the text has itself is not put round it again. Raises what ``encode`` raises.
        """
        if not special or not self.specials():
            return self.encode(text, max_tokens)
        check_text(text)
        text = whole(text)
        encoding = self._meaning.encode(text, add_special_tokens=False)
        tokens = _spanned(text, encoding.ids, encoding.offsets, set(self.specials().values()))
        before, after = self._frame(encoding.ids)
        kept = tokens[: max(1, max_tokens - len(before) - len(after))]
        end = kept[-1].end if kept else 0
        signs = (
            [Token(n, self.text_of(n), 0, 0) for n in before],
            [Token(n, self.text_of(n), end, end) for n in after],
        )
        return Sentence(text, (*signs[0], *kept, *signs[1]), len(tokens) - len(kept))

    @cached_property
    def _meaning(self) -> Any:
        """The same vocabulary, in which the name of a special token is that token."""
        meaning = Backend.from_str(self._backend.to_str())
        meaning.encode_special_tokens = False
        meaning.no_truncation()
        meaning.no_padding()
        return meaning

    def _frame(self, ids: Sequence[int]) -> tuple[list[int], list[int]]:
        """The signs to put before and after typed ids: those of the frame that they do not bring
        themselves.
        """
        whole_frame = self.framed([NOTHING])
        at = whole_frame.index(NOTHING)
        before, after = whole_frame[:at], whole_frame[at + 1 :]
        return [] if list(ids[:at]) == before else before, (
            [] if list(ids[len(ids) - len(after) :]) == after else after
        )

    def tokens(self, ids: Sequence[int]) -> tuple[Token, ...]:
        """Ids as a person reads them in a row, whole characters only; start and end count
        characters from the first id.
        """
        tokens: list[Token] = []
        start = 0
        for group in self._groups(ids):
            text = decoded(b"".join(self._bytes[n] for n in group))
            tokens += [
                Token(n, text, start, start + len(text), piece, len(group))
                for piece, n in enumerate(group)
            ]
            start += len(text)
        return tuple(tokens)

    def framed(self, ids: Sequence[int]) -> list[int]:
        """The ids of a text as the model reads them, with the signs that it begins and ends a text
        with (here: none).
        """
        return list(ids)

    def text_of(self, id: int) -> str:
        """A printable name of one token: its text, with control characters as signs and bytes of no
        whole character as ⟨E4⟩.
        """
        if id == self.end:
            return END
        return readable(decoded(self._bytes[id]))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of any ids, bytes of no whole character as ⟨E4⟩."""
        return decoded(b"".join(self._bytes[n] for n in ids))

    def byte_lengths(self) -> list[int]:
        """How many bytes of text each token stands for, by id (the end sign: 0)."""
        return [len(data) if n != self.end else 0 for n, data in enumerate(self._bytes)]

    def _groups(self, ids: Sequence[int]) -> Iterator[list[int]]:
        """Runs of ids that end where a letter ends with its marks; the end sign is alone."""
        held: list[int] = []
        text = ""
        for group in self._characters(ids):
            said = decoded(b"".join(self._bytes[n] for n in group))
            if held and (self.end in (held[-1], group[0]) or not continues(text, said)):
                yield held
                held, text = [], ""
            held, text = [*held, *group], text + said
        if held:
            yield held

    def _characters(self, ids: Sequence[int]) -> Iterator[list[int]]:
        """Runs of ids that end where a character ends."""
        group: list[int] = []
        pending = b""
        for n in ids:
            group.append(n)
            pending = unfinished(pending + self._bytes[n])
            if not pending:
                yield group
                group = []
        if group:
            yield group


def check_text(text: str) -> None:
    """Raises EmptyText, TextTooLong for a text that is not read."""
    if not text.strip():
        raise EmptyText("the sentence is empty: type at least one word")
    if len(text) > CHARACTERS:
        raise TextTooLong(
            f"the sentence has {len(text):,} characters, the most is {CHARACTERS:,}: shorten it"
        )


def _spanned(
    text: str, ids: Sequence[int], offsets: Sequence[tuple[int, int]], signs: Container[int]
) -> tuple[Token, ...]:
    """Tokens where their tokenizer says that they lie in a text: each begins where the one before
    ends, those that share a letter with its marks are one group, and signs are alone.
    """
    groups: list[tuple[int, int, list[int]]] = []
    start = 0
    for at, (_, stop) in enumerate(offsets):
        stop = max(start, stop)
        first, last, held = groups[-1] if groups else (0, 0, [])
        alone = ids[at] in signs or (bool(held) and ids[held[-1]] in signs)
        shared = offsets[at][0] < last or (
            offsets[at][0] == last and continues(text[first:last], text[last:stop])
        )
        if held and not alone and shared:
            groups[-1] = (first, stop, [*held, at])
        else:
            groups.append((start, stop, [at]))
        start = stop
    return tuple(
        Token(ids[at], text[first:last], first, last, piece, len(held))
        for first, last, held in groups
        for piece, at in enumerate(held)
    )


def readable(text: str) -> str:
    """The text with line ends and tabs as signs, and other characters that do not print as ⟨00⟩."""
    return "".join(SIGNS.get(c, c if c.isprintable() else _hex(c.encode())) for c in text)


def whole(text: str) -> str:
    """The text with lone surrogates, which no encoding can hold, replaced by U+FFFD one for one."""
    return (
        text
        if text.isascii()
        else "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text)
    )


def decoded(data: bytes) -> str:
    """UTF-8 as text; each byte that is part of no whole character as ⟨E4⟩, never as U+FFFD."""
    text = ""
    while data:
        try:
            return text + data.decode()
        except UnicodeDecodeError as error:
            text += data[: error.start].decode() + _hex(data[error.start : error.end])
            data = data[error.end :]
    return text


def _hex(data: bytes) -> str:
    return "".join(f"⟨{byte:02X}⟩" for byte in data)


def unfinished(data: bytes) -> bytes:
    """The bytes at the end that begin a character and do not end it (at most three)."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data[-back:] if length > back else b""
        if byte < 0x80:
            return b""
    return b""


def byte_signs() -> list[str]:
    """The printable sign that byte-level BPE writes for each byte (Radford et al. 2019): itself
    where it prints, else from U+0100 on.
    """
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(0x100, 0x200))
    return [chr(byte) if byte in plain else chr(next(spare)) for byte in range(256)]


def _bytes_of(sign: str, alphabet: dict[str, int]) -> bytes:
    return sign.encode() if sign == END else bytes(alphabet[c] for c in sign)
