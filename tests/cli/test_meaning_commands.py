"""The commands of meaning: numbers for a person, a program and a spreadsheet; one line refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from layerfold.cli.main import app_of
from layerfold.errors import LayerfoldError
from layerfold.interp import rows as rendering
from tests.small import make_run

OWN = "sense\tsentence\n" + "".join(
    f"{sense}\t{n} {cue} of a bank.\n"
    for sense, cue in (("money", "loan"), ("river", "mud"))
    for n in range(6)
)
TOPICS = (("loan", "money"), ("mud", "river"))
PAIRS = "r s\ne o\nt n\nh k\nm l\nw d\n"
COMMANDS = {
    "senses": ("bank", "--sentences", "{own}", "--control", "man", "--draws", "40"),
    "axes": ("--pairs", "{pairs}", "--frame", "a {{}}", "--draws", "40"),
    "probe": ("--tagged", "{tagged}", "--draws", "40"),
    "ood": ("--text", "own={prose}", "--texts", "5", "--draws", "40"),
    "compress": ("--change", "bits=3", "--text", "{prose}", "--draws", "40"),
    "path": ("t", "s", "--frame", "a {{}}", "--points", "5", "--pairs", "2"),
    "regions": ("--least", "4", "--draws", "40"),
    "attack": ("the bank",),
    "discontinuity": ("--text", "the bank", "--site", "L0.post"),
}


def layerfold(*words: str) -> Result:
    """A command in this process: another would import torch again."""
    return CliRunner().invoke(app_of(words[0]), words)


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("files")
    tags = "".join(f"# {n}\nthe\tart\nbank\tnoun\nthe\tart\nriver\tnoun\n\n" for n in range(8))
    prose = "The river was steep and a man read a book by the water. " * 20
    written = {"own": OWN, "pairs": PAIRS, "tagged": tags, "prose": prose}
    for name, text in written.items():
        (folder / f"{name}.tsv").write_text(text, "utf-8")
    return {name: str(folder / f"{name}.tsv") for name in written}


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("LAYERFOLD_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.mark.parametrize("command", COMMANDS)
def test_each_instrument_answers_as_json_and_csv(
    command: str, files: dict[str, str], small_folder: Path, tmp_path: Path
) -> None:
    words = [word.format(**files) for word in COMMANDS[command]]
    table = tmp_path / "found.csv"
    done = layerfold(command, str(small_folder), *words, "--json", "--csv", str(table))
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["instrument"] == command
    assert told["rows"]
    assert told["rows"][0]["step"] == (0 if command == "probe" else 64)
    written = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert len(written) == len(told["rows"])
    assert set(told["rows"][0]) <= set(written[0])


def test_a_person_reads_a_table(files: dict[str, str], small_folder: Path) -> None:
    done = layerfold(
        "senses", str(small_folder), "bank", "--sentences", files["own"], "--draws", "40"
    )
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["word", "step", "site"]
    assert lines[-1].startswith("note: ")


def test_an_analogy_and_a_sentence(files: dict[str, str], small_folder: Path) -> None:
    words = ("--pairs", files["pairs"], "--frame", "a {}", "--analogy", "r,s,e,o")
    done = layerfold("axes", str(small_folder), *words)
    assert done.exit_code == 0, done.output
    assert "s - r + e" in done.stdout
    done = layerfold(
        "compress", str(small_folder), "--change", "bits=16", "--sentence", "the bank", "--json"
    )
    (row,) = json.loads(done.stdout.splitlines()[-1])["rows"]
    assert row["whole"] == row["smaller"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("senses", "zebra"), "no 'zebra'"),
        (("senses", "--steps", "7"), "step 7"),
        (("axes", "gender", "--frame", "none"), "needs one {}"),
        (("compress", "--change", "size=3"), "is no change"),
        (("path", "s", "s"), "same tokens"),
        (("path", "s", ""), "no word"),
        (("path", "s", " "), "no word"),
        (("probe", "--label", "tone"), "no label 'tone'"),
        (("regions", "--site", "L9.post"), "L9.post"),
        (("attack", "t"), "one token"),
        (("regions", "--least", "4", "--csv", "/no/such/folder/x.csv"), "cannot be written"),
        (("senses", "the", "--column", "tone"), "no column 'tone'"),
        (("senses", "bank", "--column", "source"), "class"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: tuple[str, ...], word: str, small_folder: Path
) -> None:
    done = layerfold(arguments[0], str(small_folder), *arguments[1:])
    assert isinstance(done.exception, LayerfoldError)
    assert word in str(done.exception)
    assert "\n" not in str(done.exception)


def test_notes_and_reasons_are_in_the_language_of_the_person(
    files: dict[str, str], small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAYERFOLD_LANG", "zh")
    own = ("bank", "--sentences", files["own"], "--control", "man", "--draws", "40")
    done = layerfold("senses", str(small_folder), *own)
    notes = [line for line in done.stdout.splitlines() if line.startswith("说明：")]
    assert any(line.startswith("说明：'bank' 的 12 句中有") for line in notes), done.stdout
    assert "note" not in done.stdout
    done = layerfold("regions", str(small_folder), "--least", "40", "--draws", "40")
    assert "没有哪一处有这么多状态比周围更密" in done.stdout, done.output


def test_a_cue_that_is_not_read_yet_parts_nothing_and_says_why(
    small_folder: Path, tmp_path: Path
) -> None:
    """All occurrences of a number stand after the same words, so both senses have one center."""
    late = OWN.replace("loan of a bank", "bank of a loan").replace("mud of a bank", "bank of a mud")
    (tmp_path / "late.tsv").write_text(late, "utf-8")
    words = ("bank", "--sentences", str(tmp_path / "late.tsv"), "--control", "man", "--draws", "40")
    done = layerfold("senses", str(small_folder), *words)
    assert "one center" in done.stdout, done.output


def test_numbers_that_are_none_are_gaps() -> None:
    rows = [
        {"site": "embed", "ratio": float("nan"), "n": 3},
        {"site": "东", "ratio": 1.23456789, "n": 4},
    ]
    assert rendering.as_json(rows)[0]["ratio"] is None
    assert rendering.as_csv(rows).splitlines() == ["site,ratio,n", "embed,,3", "东,1.23457,4"]
    assert rendering.as_text(rows, ("site", "ratio")).splitlines()[1:] == [
        "embed  –",
        "东     1.235",
    ]
    bounded = [{"a": 1.0, "a_low": 0.5, "a_high": 2.0}]
    assert rendering.as_text(bounded, ("a",)).splitlines()[1] == "1.000 [0.500, 2.000]"


def test_a_column_of_a_table_parts_the_senses(small_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "topics.csv"
    lines = [f"{n} {cue} of a bank,{topic}" for n in range(6) for cue, topic in TOPICS]
    path.write_text("\n".join(["text,topic", *lines]), "utf-8")
    words = ("--sentences", str(path), "--column", "topic", "--control", "man", "--draws", "40")
    done = layerfold("senses", str(small_folder), "bank", *words, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert {row["word"] for row in told["rows"]} == {"bank"}
    assert [note["key"] for note in told["notes"]].count("no_cue") == 1
