"""The tokenizer of a Hugging Face model: its own vocabulary, tokens as a person reads them.

Three ways of writing are told apart. Byte-level BPE writes each byte as a printable sign;
SentencePiece writes a space as ▁ and a byte of a character it does not know as <0xE4>: of both, a
token is bytes, read in groups that end where a character ends. WordPiece writes the inside of a
word as ##ing and keeps no spaces: a word then begins with the space that parts it from the one
before, and what was typed is cut where the tokenizer says that a token ends; so is any text that
does not come back from its tokens (é out of e and ´).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer as Backend
from tokenizers import models

from layerfold.errors import DamagedRun, EmptyText, MissingExtra, ModelRefused, TextTooLong
from layerfold.model.graphemes import continues
from layerfold.model.huggingface.files import NUMBERED, base_of, fetched, gguf_of, read_json
from layerfold.model.huggingface.gguf_file import gguf_tokenizer
from layerfold.model.huggingface.library import library
from layerfold.model.huggingface.pieces import (
    BYTE,
    byte_alphabet,
    bytes_of,
    frame_of,
    moved,
    names_of,
    overlapping,
    parted,
    read_here,
)
from layerfold.model.huggingface.place import CONFIG, Where
from layerfold.model.huggingface.pointers import text_of
from layerfold.model.huggingface.quiet import quiet, reason
from layerfold.model.huggingface.token_check import check_filled, check_reader
from layerfold.model.tokenizers.byte_level import (
    CHARACTERS,
    Tokenizer,
    decoded,
    readable,
    unfinished,
    whole,
)
from layerfold.model.tokenizers.tokenizer_files import check_tokenizer, given_up
from layerfold.records import Sentence, Token

NO_END: Final = -1
ENDS: Final = ("<|endoftext|>", "</s>", "<eos>", "<|end_of_text|>", "[SEP]")
BYTES: Final = 128 << 20  # of a tokenizer.json; Gemma's has 33 MB
WHOLE, CONFIG_OF_IT = "tokenizer.json", "tokenizer_config.json"
SMALL: Final = (CONFIG_OF_IT, "added_tokens.json", "special_tokens_map.json")
LISTS: Final = (  # what classes of transformers read where there is no tokenizer.json
    *("vocab.json", "merges.txt", "vocab.txt", "tokenizer.model", "spiece.model", "spm.model"),
    *("sentencepiece.bpe.model", "vocab.bpe", "sentencepiece.model", "source.spm", "bpe.codes"),
    *("dict.txt", "prophetnet.tokenizer"),
)


class HuggingFaceTokenizer(Tokenizer):
    """A vocabulary of another model; ``end`` is the id that parts two texts, -1 where there is
    none.

    A special token ([CLS], <s>) reads as its name, and typed text never holds one: typed, its name
    is plain characters.
    """

    def __init__(self, backend: Any) -> None:
        backend.encode_special_tokens = True
        backend.no_truncation()
        backend.no_padding()
        self._backend = backend
        added = backend.get_added_tokens_decoder()
        # a byte is text, whatever it is marked as
        special = (n for n, token in added.items() if token.special)
        self._special = {n for n in special if not BYTE.fullmatch(added[n].content)}
        self.words = isinstance(backend.model, models.WordPiece)
        names = names_of(backend)
        alphabet = byte_alphabet(backend)
        self._names = tuple(names)
        self._bytes = tuple(
            bytes_of(name, added.get(n), alphabet, self.words) for n, name in enumerate(names)
        )
        self._before, self._after = frame_of(backend, len(names))
        unknown = {"[UNK]", "<unk>", getattr(backend.model, "unk_token", None)}
        self._unknown = {n for n, name in enumerate(names) if name in unknown}
        self._unk = next(iter(sorted(self._unknown)), 0)
        self.end = next((n for n in map(backend.token_to_id, ENDS) if n is not None), NO_END)

    def written(self) -> str:
        """All that it is made of, as JSON."""
        return str(self._backend.to_str())

    def framed(self, ids: Sequence[int]) -> list[int]:
        """The ids as the model reads them: with the signs it begins and ends a text with, [CLS] …
        [SEP] or <s>, where it has such.
        """
        return [*self._before, *ids, *self._after]

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of whole texts of any length, encoded side by side, without the signs that
        frame a text.
        """
        with read_here():
            return [self._typed(ids) for ids in super().ids(texts)]

    def encode(self, text: str, max_tokens: int) -> Sentence:
        """The tokens of what was typed, within the signs that begin and end a text: at most
        ``max_tokens`` together.

        Raises EmptyText, TextTooLong (over 20,000 characters).
        """
        text = whole(text)
        if not text.strip():
            raise EmptyText("the sentence is empty: type at least one word")
        if len(text) > CHARACTERS:
            raise TextTooLong(
                f"the sentence has {len(text):,} characters, the most is {CHARACTERS:,}: shorten it"
            )
        room = max(1, max_tokens - len(self._before) - len(self._after))
        tokens = self._read(text)
        if not tokens and not self._before:
            raise EmptyText(
                "this model's tokenizer leaves nothing of the sentence: type at least one word"
            )
        kept = tokens[:room]
        end = kept[-1].end if kept else 0
        signs = (
            [Token(n, self._names[n], 0, 0) for n in self._before],
            [Token(n, self._names[n], end, end) for n in self._after],
        )
        return Sentence(text, (*signs[0], *kept, *signs[1]), len(tokens) - len(kept))

    def tokens(self, ids: Sequence[int]) -> tuple[Token, ...]:
        """Ids as a person reads them in a row, whole characters only; start and end count
        characters from the first id.
        """
        tokens: list[Token] = []
        start = 0
        for group in self._groups(ids):
            text = self._text(group, tokens[-1] if tokens else None)
            tokens += [
                Token(n, text, start, start + len(text), piece, len(group))
                for piece, n in enumerate(group)
            ]
            start += len(text)
        return tuple(tokens)

    def text_of(self, id: int) -> str:
        """A printable name of one token; an id beyond the vocabulary, of which some models have
        rows, as ⟨id⟩.
        """
        if not 0 <= id < len(self._names):
            return f"⟨{id}⟩"
        if self._sign(id):
            return self._names[id]
        text = decoded(self._bytes[id])
        return readable(
            " " + text if self.words and self._opens(id) and parted("a", text[:1]) else text
        )

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
        """Whether a token is no text: a special one, or what stands for all that the vocabulary
        lacks.
        """
        return id in self._special or id in self._unknown

    def _text(self, group: Sequence[int], before: Token | None) -> str:
        """How a group of ids that makes whole characters reads after another token."""
        if len(group) == 1 and (not 0 <= group[0] < len(self._names) or self._sign(group[0])):
            return self.text_of(group[0])
        text = decoded(b"".join(self._bytes[n] for n in group))
        if (
            not self.words
            or before is None
            or before.id in self._special
            or not self._opens(group[0])
        ):
            return text
        return " " + text if parted(before.text[-1:], text[:1]) else text

    def _opens(self, id: int) -> bool:
        """Whether a token of WordPiece opens a word."""
        return not self._names[id].startswith("##")

    def _groups(self, ids: Sequence[int]) -> Iterator[list[int]]:
        """Runs of ids that end where a letter ends with all its marks; a sign is alone."""
        held: list[int] = []
        text = ""
        for group in self._characters(ids):
            said = "" if self._alone(group[0]) else decoded(b"".join(self._bytes[n] for n in group))
            if held and (not text or not continues(text, said)):
                yield held
                held, text = [], ""
            held, text = [*held, *group], text + said
        if held:
            yield held

    def _alone(self, id: int) -> bool:
        return not 0 <= id < len(self._bytes) or self._sign(id)

    def _characters(self, ids: Sequence[int]) -> Iterator[list[int]]:
        """Runs of ids that end where a character ends; a sign is alone."""
        group: list[int] = []
        pending = b""
        for n in ids:
            alone = self._alone(n)
            if alone and group:
                yield group
                group = []
            group.append(n)
            pending = (
                b"" if alone else unfinished((pending if len(group) > 1 else b"") + self._bytes[n])
            )
            if not pending:
                yield group
                group = []
        if group:
            yield group

    def _read(self, text: str) -> tuple[Token, ...]:
        """The tokens of typed text: by their bytes where these come to what was typed, else cut
        where the tokenizer says.
        """
        with read_here():
            encoding = self._backend.encode(text, add_special_tokens=False)
        ids = self._typed(encoding.ids)
        tokens = () if self.words else moved(self.tokens(ids), text)
        same = "".join(token.text for token in tokens if not token.piece) == text
        return (
            tokens
            if same and not self._unknown & set(ids)
            else self._cut(text, ids, encoding.offsets)
        )

    def _typed(self, ids: Sequence[int]) -> list[int]:
        """The ids with no special one: where a vocabulary of whole words or pieces knows its name,
        typed, it is unknown.
        """
        if self._special.isdisjoint(ids):
            return list(ids)
        return [self._unk if n in self._special else n for n in ids]

    def _cut(
        self, text: str, ids: Sequence[int], offsets: Sequence[tuple[int, int]]
    ) -> tuple[Token, ...]:
        """The tokens of typed text where the tokenizer says they end; a token's text begins where
        the one before ends.
        """
        tokens: list[Token] = []
        start = 0
        for group in overlapping(text, offsets, [n in self._unknown for n in ids]):
            end = max(start, *(offsets[at][1] for at in group))
            # marks that the vocabulary leaves out
            while end > start and continues(text[start:end], text[end : end + 1]):
                end += 1
            for piece, at in enumerate(group):
                shown = self._names[ids[at]] if ids[at] in self._unknown else text[start:end]
                tokens.append(Token(ids[at], shown, start, end, piece, len(group)))
            start = end
        return tuple(tokens)


def read_hub_tokenizer(where: Where) -> HuggingFaceTokenizer:
    """The tokenizer of a model as AutoTokenizer makes it, of the files beside it or, of a Trainer's
    checkpoint, in the folder above.

    Raises ModelRefused where there is none or its class keeps no vocabulary that can be read here,
    DamagedRun, MissingExtra, and as ``files.fetched``.
    """
    if (whole := gguf_of(where)) is not None:
        return _checked(gguf_tokenizer(whole), str(where))
    for one in (where, *([Where(above)] if (above := _above(where)) else []), base_of(where)):
        if there := files_there(one):
            return _checked(_made(one, there), str(where))
    raise ModelRefused(
        f"{where} has no tokenizer: save it there with"
        " AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER), and for a Trainer give it"
        " as processing_class"
    )


def _checked(made: Any, name: str) -> HuggingFaceTokenizer:
    """The vocabulary behind a tokenizer of transformers, which reads a text as that does."""
    check_filled(made, name)
    reader = HuggingFaceTokenizer(backend_of(made, name))
    with read_here():
        check_reader(reader, made, name)
    return reader


def files_there(where: Where) -> list[str]:
    """The files of a tokenizer that are there, fetched if need be, those that hold its vocabulary
    first; none where only settings are.
    """
    whole = [WHOLE] if fetched(where, WHOLE) else [name for name in LISTS if fetched(where, name)]
    return [*whole, *(name for name in SMALL if fetched(where, name))] if whole else []


def _made(where: Where, there: Sequence[str]) -> Any:
    """The tokenizer as transformers makes it of the files that are there."""
    for name in there:
        if (path := fetched(where, name)) and path.stat().st_size > BYTES:
            raise DamagedRun(
                f"{name} of {where} cannot be read (it is longer than {BYTES:,} bytes): fetch the"
                " model again"
            )
        if path and name == WHOLE:
            _check_text(path, str(where))
    said = read_json(where, CONFIG_OF_IT) or {}
    folder = (fetched(where, there[0]) or where.folder or Path()).parent
    try:
        # 3 s: only where a tokenizer is read for the first time
        transformers = library("transformers")
    except ImportError as error:
        raise MissingExtra(
            "models of Hugging Face need more packages: pip install layerfold[hf]"
        ) from error
    known = said.get("tokenizer_class") or fetched(where, CONFIG)
    if WHOLE not in there and not known:
        raise ModelRefused(
            f"{where} holds {', '.join(there)} and does not say whose they are: name"
            f" tokenizer_class in {CONFIG_OF_IT}"
        )
    try:
        with quiet(), given_up():
            if not known:
                return transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / WHOLE))
            return transformers.AutoTokenizer.from_pretrained(
                folder, trust_remote_code=False, local_files_only=True
            )
    except ImportError as error:
        kind = said.get("tokenizer_class", "tokenizer")
        raise ModelRefused(
            f"{where} cannot be opened: its {kind} needs more than is installed ({reason(error)})"
        ) from error
    except Exception as error:  # each class reads its files in its own way
        if said.get("auto_map"):
            raise ModelRefused(
                f"{where} asks for code of its own (auto_map in {CONFIG_OF_IT}): save it with a"
                " tokenizer of transformers"
            ) from error
        what = WHOLE if WHOLE in there else ", ".join(there)
        raise DamagedRun(
            f"{what} of {where} cannot be read ({reason(error)}): fetch the model again"
        ) from error


def _check_text(path: Path, name: str) -> None:
    """Raises DamagedRun for a tokenizer.json that asks for more than it holds."""
    try:
        check_tokenizer(text_of(path))
    except (ValueError, OSError) as error:
        raise DamagedRun(
            f"{WHOLE} of {name} cannot be read ({error}): fetch the model again"
        ) from error


def backend_of(made: Any, name: str) -> Any:
    """A copy of the vocabulary behind a tokenizer of transformers; raises ModelRefused where there
    is none.
    """
    held = getattr(made, "backend_tokenizer", None)
    if not isinstance(held, Backend):
        raise ModelRefused(
            f"{name} cannot be opened: its {type(made).__name__} splits text by code of its own,"
            " which does not say where in a text its tokens lie: save the model with a tokenizer"
            " that has a tokenizer.json"
        )
    if getattr(held.model, "dropout", None):  # which draws anew at each reading, for training
        held.model.dropout = None
    return Backend.from_str(held.to_str())


def _above(where: Where) -> Path | None:
    """The folder above that of a checkpoint."""
    return (
        where.folder.resolve().parent
        if where.folder is not None and NUMBERED.fullmatch(where.folder.name)
        else None
    )
