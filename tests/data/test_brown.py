"""The Brown corpus as it is printed, with each token's part of speech."""

from __future__ import annotations

from pathlib import Path

import pytest

from layerfold.data import brown as module
from layerfold.data.brown import (
    GENRES,
    PACKAGE,
    PARTS,
    brown_reference,
    part_at,
    part_of,
    read_brown,
    read_tagged,
)
from layerfold.data.gather import Fetched
from layerfold.errors import CorpusError
from layerfold.files.bundled import bundled
from layerfold.runs.opening import open_run

SOURCE = (
    "\n\tThe/at County/nn-tl 's/nns jury/nn said/vbd ``/`` no/at evidence/nn ''/'' (/("
    " they're/ppss+ber not/* ready/jj )/) ?/. ?/.\n\n\tIt/pps costs/vbz 4/cd francs/fw-nns ./.\n"
)


def test_a_text_reads_as_it_is_printed() -> None:
    text = read_tagged(SOURCE, "a")
    assert text.text == (
        "The County 's jury said \"no evidence\" (they're not ready)? It costs 4 francs."
    )
    words = [
        text.text[start:end].strip()
        for start, end in zip(text.starts, (*text.starts[1:], None), strict=True)
    ]
    assert words[:6] == ["The", "County", "'s", "jury", "said", '"']
    assert [text.text[text.starts[n] :].lstrip()[:4] for n in text.sentences] == ["The ", "It c"]


@pytest.mark.parametrize(
    ("tag", "part"),
    [
        ("nn-tl", "noun"),
        ("np$", "noun"),
        ("vbd", "verb"),
        ("bez*", "verb"),
        ("md", "verb"),
        ("jjr", "adjective"),
        ("od", "adjective"),
        ("rb", "adverb"),
        ("*", "adverb"),
        ("ppss+ber", "pronoun or determiner"),
        ("pp$", "pronoun or determiner"),
        ("at-hl", "pronoun or determiner"),
        ("in", "preposition or conjunction"),
        ("to", "preposition or conjunction"),
        ("cs", "preposition or conjunction"),
        (".", "punctuation"),
        ("``", "punctuation"),
        ("--", "punctuation"),
        ("cd", "other"),
        ("fw-nn", "other"),
        ("uh", "other"),
        ("nil", "other"),
    ],
)
def test_a_tag_says_its_part_of_speech(tag: str, part: str) -> None:
    assert part_of(tag) == part
    assert part in PARTS


def test_a_token_has_the_part_of_the_word_it_begins_in() -> None:
    run = open_run(bundled() / "models" / "storyteller")
    text = read_tagged(SOURCE, "a")
    start = text.text.index("jury")
    tokens = run.tokenizer().encode(text.text[start:], 60).tokens
    found: dict[str, list[str]] = {}
    for token in tokens:
        found.setdefault(PARTS[part_at(text, start, token)], []).append(token.text.strip())
    assert "jury" in "".join(found["noun"])
    assert "".join(found["verb"]) == "saidcosts"
    assert "".join(found["other"]) == "4francs"
    assert "".join(found["punctuation"]) == '""()?.'


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of one text a genre."""
    folder = tmp_path / "package"
    folder.mkdir()
    for letter in GENRES:
        lines = [
            f"The/at {letter}{word}/nn went/vbd to/in town/nn {n}/cd times/nns ./."
            for n, word in enumerate(["ark", "oat", "elm", "ink", "urn"] * 60)
        ]
        (folder / f"c{letter}01").write_text("\n".join(lines))
    (folder / "README").write_text("no text")
    monkeypatch.setattr(module, "fetch", lambda package, cache: Fetched("brown", tmp_path))
    return tmp_path


def test_the_reference_holds_every_genre_and_the_right_parts(corpus: Path) -> None:
    run = open_run(bundled() / "models" / "storyteller")
    one = brown_reference(run.tokenizer(), run.max_tokens, corpus, 480)
    other = brown_reference(run.tokenizer(), run.max_tokens, corpus, 480)
    assert len(one) == 480
    assert (one.windows == other.windows).all()
    assert (one.position == other.position).all()
    assert len(set(one.source)) == 8
    part, genre = one.labels
    assert (part.name, part.names, genre.names) == ("part_of_speech", PARTS, module.GENRE_NAMES)
    words = dict(zip(one.text, part.values[:, 0].astype(int).tolist(), strict=True))
    assert PARTS[words[" went"]] == "verb"
    assert PARTS[words[" to"]] == "preposition or conjunction"
    assert PARTS[words["."]] == "punctuation"
    for at, source in enumerate(one.source):
        tokens = genre.values[one.window == at, 0]
        assert {module.GENRE_NAMES[int(value)] for value in tokens} <= {source}


def test_too_little_text_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package").mkdir()
    with pytest.raises(CorpusError, match="no text of the Brown corpus"):
        read_brown(tmp_path / "package")
    assert PACKAGE.version == "1.9.80"
