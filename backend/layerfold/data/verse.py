"""The reference of a model of verse: characters of poems it never learned from, with all that is
known of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final

import numpy as np

from layerfold.data.batches import held_documents
from layerfold.data.corpus import Text
from layerfold.data.eras import ERAS
from layerfold.data.lines import FULL, Lines, lines_of_row
from layerfold.data.poems import known
from layerfold.data.reference import frequencies
from layerfold.data.sounds import EITHER, LEVEL, OBLIQUE, Sounds
from layerfold.errors import CorpusError
from layerfold.model.tokenizers.characters import MARKS, CharacterTokenizer
from layerfold.records import Ints, Label, Reference
from layerfold.runs.run import Run

WINDOW: Final = 64
WINDOWS: Final = 500
FORMS: Final = {"五言": 0.4, "七言": 0.42, "杂言": 0.05, "词": 0.09, "曲": 0.04}
"""Share of the windows each form has, where there are so many of it."""
DYNASTIES: Final = ("唐", "五代", "宋", "元")
FAR: Final = 8  # places from here on are one
NOTHING: Final = float("nan")
PLACES: Final = (*map(str, range(1, FAR)), f"{FAR}+", "标点")
SIZES: Final = ("3", "4", "5", "6", "7", "8+")
ENDS: Final = ("韵脚", "句末", "句中")


def verse_reference(run: Run, texts: Sequence[Text], count: int, seed: int) -> Reference:
    """``count`` characters and marks, evenly shared by up to 500 held-out poems, of each at most
    its first 64.

    The same run, texts and seed give the same reference. Raises CorpusError, DamagedRun.
    """
    tokenizer = run.tokenizer()
    if not isinstance(tokenizer, CharacterTokenizer):
        raise CorpusError(
            f"run {run.name} does not read single characters: choose another text for it"
        )
    texts = known(texts, tokenizer)
    chosen = _chosen(held_out(run, texts), count, np.random.default_rng(seed))
    rows = [
        tokenizer.ids([text.documents[n]])[0][: min(WINDOW, run.max_tokens)] for text, n in chosen
    ]
    windows = np.full((len(rows), max(map(len, rows))), -1, dtype=np.int32)
    for window_ids, row in zip(windows, rows, strict=True):
        window_ids[: len(row)] = row
    window, position = _picks(windows, count, np.random.default_rng((seed, 1)))
    ids = windows[window, position]
    characters = [[tokenizer.text_of(n) for n in row] for row in rows]
    facts = [{name: values[n] for name, values in text.columns.items()} for text, n in chosen]
    labels = labels_of(characters, facts, window, position, Sounds.load(run.folder))
    per_million = frequencies(texts, tokenizer)[ids].astype(np.float32)
    names = tuple(tokenizer.text_of(int(n)) for n in ids)
    return Reference(
        windows,
        window,
        position,
        per_million,
        names,
        tuple(text.source for text, _ in chosen),
        labels,
    )


def held_out(run: Run, texts: Sequence[Text]) -> list[tuple[Text, int]]:
    """The poems that a run did not learn from, each as its text and number."""
    told = run.card["hyperparameters"]
    seed = int(told.get("split_seed", run.card["seed"]))
    rows = [
        held_documents(text, number, float(told["held_out"]), seed)
        for number, text in enumerate(texts)
    ]
    return [(text, n) for text, numbers in zip(texts, rows, strict=True) for n in numbers]


def _chosen(
    poems: Sequence[tuple[Text, int]], count: int, rng: np.random.Generator
) -> list[tuple[Text, int]]:
    """Poems by form as ``FORMS`` shares them out, at random; those of other forms where there are
    too few.
    """
    wanted = min(WINDOWS, len(poems), count)
    forms = [text.columns["form"][n] for text, n in poems]
    order = rng.permutation(len(poems)).tolist()
    taken: list[int] = []
    for form, share in FORMS.items():
        taken += [n for n in order if forms[n] == form][: round(share * wanted)]
    left = [n for n in order if n not in set(taken)]
    if not poems:
        raise CorpusError("no poem was held out: add poems")
    return [poems[n] for n in sorted((taken + left)[:wanted])]


def _picks(windows: Ints, count: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """``count`` tokens, or all there are: as many of each window, from all over it."""
    sizes = (windows >= 0).sum(axis=1)
    each = ceil(count / len(windows))
    picks = [
        (w, p)
        for w, size in enumerate(sizes.tolist())
        for p in sorted(rng.permutation(size)[:each].tolist())
    ]
    spare = sorted(rng.permutation(len(picks))[:count].tolist())
    window, position = np.array([picks[n] for n in spare], dtype=np.int32).T
    return np.ascontiguousarray(window), np.ascontiguousarray(position)


def labels_of(
    rows: Sequence[Sequence[str]],
    facts: Sequence[Mapping[str, Any]],
    window: Ints,
    position: Ints,
    sounds: Sounds,
) -> tuple[Label, ...]:
    """What is known of each chosen character: its place, its line, its sound, and of its poem."""
    lines = [lines_of_row(row) for row in rows]
    places = list(zip(window.tolist(), position.tolist(), strict=True))
    here = [(lines[w], rows[w], p) for w, p in places]

    def of_poem(name: str) -> list[str | None]:
        return [facts[w].get(name) for w, _ in places]

    numbers = np.array([[line.line[p]] for line, _, p in here], dtype=np.float32)
    return (
        category(
            "place",
            "place in the line",
            "句中位置",
            PLACES,
            [_place(line, p) for line, _, p in here],
        ),
        category(
            "parity",
            "odd or even place",
            "位置的奇偶",
            ("奇", "偶"),
            [_parity(line, p) for line, _, p in here],
        ),
        category(
            "tone",
            "tone: level or oblique",
            "平仄",
            (LEVEL, OBLIQUE, EITHER),
            [sounds.tones.get(row[p]) for _, row, p in here],
        ),
        category(
            "length",
            "characters in the line",
            "句长",
            SIZES,
            [_size(line, p) for line, _, p in here],
        ),
        category(
            "rhyme", "rhyme place", "韵脚", ENDS, [_end(line, row, p) for line, row, p in here]
        ),
        Label("line", "magnitude", "line in the poem", "诗中第几句", numbers),
        category("form", "form", "体裁", tuple(FORMS), of_poem("form")),
        category("dynasty", "dynasty", "朝代", DYNASTIES, of_poem("dynasty")),
        category("era", "the author's era", "作者时期", ERAS, of_poem("era")),
    )


def category(
    name: str, en: str, zh: str, names: Sequence[str], values: Sequence[str | None]
) -> Label:
    """A label of one of ``names`` at each character, or of none."""
    numbers = {value: n for n, value in enumerate(names)}
    column = np.array([[numbers.get(value or "", NOTHING)] for value in values], dtype=np.float32)
    return Label(name, "category", en, zh, column, names=tuple(names))


def _place(line: Lines, at: int) -> str:
    place = int(line.place[at])
    return "标点" if not place else str(place) if place < FAR else f"{FAR}+"


def _parity(line: Lines, at: int) -> str | None:
    place = int(line.place[at])
    return ("偶", "奇")[place % 2] if place else None


def _size(line: Lines, at: int) -> str | None:
    size = int(line.size[at])
    return str(min(size, 8)) + "+" * (size >= 8) if size else None


def _end(line: Lines, row: Sequence[str], at: int) -> str | None:
    if not line.size[at] or row[at] in MARKS:
        return None
    return "句中" if not line.last[at] else "韵脚" if row[int(line.close[at])] in FULL else "句末"
