"""The tokenizer of a Hugging Face model: its own vocabulary, tokens as a person reads them.

Three ways of writing are told apart. Byte-level BPE writes each byte as a printable sign; SentencePiece writes a space as ▁ and a byte
of a character it does not know as <0xE4>: of both, a token is bytes, read in groups that end where a character ends. WordPiece writes
the inside of a word as ##ing and keeps no spaces: what was typed is cut where the tokenizer says that a token ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from tokenizers import Tokenizer as Backend
from tokenizers import models

from layerfold.errors import DamagedRun, EmptyText, ModelRefused, TextTooLong
from layerfold.model.hub_files import Where, fetched
from layerfold.model.tokenizer import CHARACTERS, Tokenizer, byte_signs, decoded, readable, unfinished, whole
from layerfold.records import Sentence, Token

NO_END: Final = -1
ENDS: Final = ("<|endoftext|>", "</s>", "<eos>", "<|end_of_text|>", "[SEP]")
BYTES: Final = 128 << 20  # of a tokenizer.json; Gemma's has 33 MB
BYTE = re.compile(r"<0x([0-9A-F]{2})>")
SPACE: Final = "▁"
PROBE: Final = "a"


class HubTokenizer(Tokenizer):
    """A vocabulary of another model; ``end`` is the id that parts two texts, -1 where there is none.

    A special token ([CLS], <s>) reads as its name, and typed text never holds one: typed, its name is plain characters.
    """

    def __init__(self, backend: Any) -> None:
        backend.encode_special_tokens = True
        backend.no_truncation()
        backend.no_padding()
        self._backend = backend
        added = backend.get_added_tokens_decoder()
        self._special = {n for n, token in added.items() if token.special}
        self.words = isinstance(backend.model, models.WordPiece)
        names = _names(backend)
        self._names = tuple(names)
        self._bytes = tuple(_bytes_of(name, added.get(n), _writes_bytes(backend)) for n, name in enumerate(names))
        self._before, self._after = _frame(backend)
        self._unknown = {n for n, name in enumerate(names) if name in ("[UNK]", "<unk>")}
        self.end = next((n for n in map(backend.token_to_id, ENDS) if n is not None), NO_END)

    def framed(self, ids: Sequence[int]) -> list[int]:
        """The ids as the model reads them: with the signs it begins and ends a text with, [CLS] … [SEP] or <s>, where it has such."""
        return [*self._before, *ids, *self._after]

    def encode(self, text: str, max_tokens: int) -> Sentence:
        """The tokens of what was typed, within the signs that begin and end a text: at most ``max_tokens`` together.

        Raises EmptyText, TextTooLong (over 20,000 characters).
        """
        text = whole(text)
        if not text.strip():
            raise EmptyText("the sentence is empty: type at least one word")
        if len(text) > CHARACTERS:
            raise TextTooLong(f"the sentence has {len(text):,} characters, the most is {CHARACTERS:,}: shorten it")
        encoding = self._backend.encode(text, add_special_tokens=False)
        room = max(1, max_tokens - len(self._before) - len(self._after))
        tokens = self._cut(text, encoding) if self.words else self._read(text, encoding.ids)
        kept = tokens[:room]
        end = kept[-1].end if kept else 0
        signs = [Token(n, self._names[n], 0, 0) for n in self._before], [Token(n, self._names[n], end, end) for n in self._after]
        return Sentence(text, (*signs[0], *kept, *signs[1]), len(tokens) - len(kept))

    def tokens(self, ids: Sequence[int]) -> tuple[Token, ...]:
        """Ids as a person reads them in a row, whole characters only; start and end count characters from the first id."""
        tokens: list[Token] = []
        start = 0
        for group in self._groups(ids):
            text = self._text(group, tokens[-1] if tokens else None)
            tokens += [Token(n, text, start, start + len(text), piece, len(group)) for piece, n in enumerate(group)]
            start += len(text)
        return tuple(tokens)

    def text_of(self, id: int) -> str:
        """A printable name of one token; an id beyond the vocabulary, of which some models have rows, as ⟨id⟩."""
        if not 0 <= id < len(self._names):
            return f"⟨{id}⟩"
        return self._names[id] if self._sign(id) else readable(decoded(self._bytes[id]))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of any ids, bytes of no whole character as ⟨E4⟩."""
        seen: dict[int, Token] = {}
        for n, token in enumerate(self.tokens(ids)):
            seen.setdefault(n - token.piece, token)
        return "".join(token.text for token in seen.values())

    def byte_lengths(self) -> list[int]:
        """How many bytes of text each token stands for, by id (signs: 0)."""
        return [0 if n in self._special else len(data) for n, data in enumerate(self._bytes)]

    def _sign(self, id: int) -> bool:
        """Whether a token is no text: a special one, or what stands for all that the vocabulary lacks."""
        return id in self._special or id in self._unknown

    def _text(self, group: Sequence[int], before: Token | None) -> str:
        """How a group of ids that makes whole characters reads after another token."""
        if len(group) == 1 and (not 0 <= group[0] < len(self._names) or self._sign(group[0])):
            return self.text_of(group[0])
        text = decoded(b"".join(self._bytes[n] for n in group))
        if not self.words or before is None or self._sign(before.id) or self._names[group[0]].startswith("##"):
            return text
        return " " + text if parted(before.text[-1:], text[:1]) else text

    def _groups(self, ids: Sequence[int]) -> Iterator[list[int]]:
        """Runs of ids that end where a character ends; a sign is alone."""
        group: list[int] = []
        pending = b""
        for n in ids:
            alone = not 0 <= n < len(self._bytes) or self._sign(n)
            if alone and group:
                yield group
                group = []
            group.append(n)
            pending = b"" if alone else unfinished((pending if len(group) > 1 else b"") + self._bytes[n])
            if not pending:
                yield group
                group = []
        if group:
            yield group

    def _read(self, text: str, ids: Sequence[int]) -> tuple[Token, ...]:
        """The tokens of typed text by their bytes; a space that the tokenizer put before the text is not shown."""
        tokens = self.tokens(ids)
        if not tokens or text[:1].isspace() or not tokens[0].text.startswith(" "):
            return tokens
        pieces = tokens[0].pieces
        first = [replace(token, text=token.text[1:], end=token.end - 1) for token in tokens[:pieces]]
        return (*first, *(replace(token, start=token.start - 1, end=token.end - 1) for token in tokens[pieces:]))

    def _cut(self, text: str, encoding: Any) -> tuple[Token, ...]:
        """The tokens of typed text where the tokenizer says they end; a token's text begins where the one before ends."""
        tokens: list[Token] = []
        start = 0
        for group in _overlapping(encoding.offsets):
            end = max(encoding.offsets[at][1] for at in group)
            known = not any(encoding.ids[at] in self._unknown for at in group)
            for piece, at in enumerate(group):
                shown = text[start:end] if known else self._names[encoding.ids[at]]
                tokens.append(Token(encoding.ids[at], shown, start, end, piece, len(group)))
            start = end
        return tuple(tokens)


def read_hub_tokenizer(where: Where) -> HubTokenizer:
    """The fast tokenizer of a model: tokenizer.json beside it, or, of a Trainer's checkpoint, in the folder above.

    Raises ModelRefused where there is none, DamagedRun, and as ``hub_files.fetched``.
    """
    path = fetched(where, "tokenizer.json")
    if path is None and where.folder is not None:
        above = where.folder.resolve().parent / "tokenizer.json"
        path = above if above.is_file() else None
    if path is None:
        raise ModelRefused(
            f"{where} has no tokenizer.json: save it there with AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER), "
            "and for a Trainer give it as processing_class"
        )
    try:
        if path.stat().st_size > BYTES:
            raise ValueError(f"it is longer than {BYTES:,} bytes")
        return HubTokenizer(Backend.from_str(path.read_text("utf-8")))
    except Exception as error:  # the library raises bare Exception
        raise DamagedRun(f"tokenizer.json of {where} cannot be read ({str(error)[:200]}): fetch the model again") from error


def parted(before: str, after: str) -> bool:
    """Whether a space stands between two characters in ordinary writing, where no one kept it."""
    if not (after.isalnum() or after in "([{“‘«$#@&") or before in "([{“‘«$#@'’-/":
        return False
    return not (_dense(before) or _dense(after))


def _dense(character: str) -> bool:
    """Whether it is of a writing without spaces: Chinese, Japanese."""
    return bool(character) and (0x2E80 <= ord(character) <= 0x9FFF or 0xF900 <= ord(character) <= 0xFAFF or ord(character) >= 0x20000)


def _overlapping(offsets: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Runs of tokens that share characters."""
    group: list[int] = []
    end = 0
    for at, (start, stop) in enumerate(offsets):
        if group and start >= end:
            yield group
            group = []
        group.append(at)
        end = max(end, stop)
    if group:
        yield group


def _names(backend: Any) -> list[str]:
    """The tokens by id, as the vocabulary writes them; holes are empty."""
    vocabulary = backend.get_vocab(with_added_tokens=True)
    names = [""] * (max(vocabulary.values(), default=-1) + 1)
    for name, n in vocabulary.items():
        names[n] = name
    return names


def _writes_bytes(backend: Any) -> dict[str, int] | None:
    """The byte of each sign where a tokenizer writes bytes as signs; else None."""
    parts = repr(backend.decoder) + repr(backend.pre_tokenizer)
    return {sign: byte for byte, sign in enumerate(byte_signs())} if "ByteLevel" in parts else None


def _bytes_of(name: str, added: Any, alphabet: dict[str, int] | None) -> bytes:
    """The bytes of text that a token stands for."""
    if added is not None:
        return str(added.content).encode()
    if alphabet is not None:
        return bytes(alphabet[c] for c in name) if all(c in alphabet for c in name) else name.encode()
    if byte := BYTE.fullmatch(name):
        return bytes([int(byte[1], 16)])
    return name.removeprefix("##").replace(SPACE, " ").encode()


def _frame(backend: Any) -> tuple[list[int], list[int]]:
    """The ids that the tokenizer puts before and after a text."""
    plain = backend.encode(PROBE, add_special_tokens=False).ids
    full = backend.encode(PROBE).ids
    at = next((n for n in range(len(full)) if full[n : n + len(plain)] == plain), 0)
    return full[:at], full[at + len(plain) :]
