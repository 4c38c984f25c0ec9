"""The command line as a person and as a program meet it."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold.cli import serve as serve_command
from tests.cli.calling import assert_one_line, get, layerfold, serving

RECIPE = """
name = "small"
corpus = "corpus.txt"
seed = 3
vocab_size = 300
n_layer = 1
n_head = 2
d_model = 16
block_size = 32
batch_size = 4
steps = 6
checkpoints = [0, 2, 6]
learning_rate = 1e-3
warmup = 2
held_out = 0.2
examples = [{ text = "the bank", note_en = "a word", note_zh = "一个词" }]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained through the command line, with an atlas built through it."""
    folder = tmp_path_factory.mktemp("small")
    random = np.random.default_rng(0)
    words = [
        "river",
        "bank",
        "money",
        "water",
        "the",
        "a",
        "under",
        "house",
        "walks",
        "sings",
        "old",
        "green",
    ]
    lines = [" ".join(random.choice(words, 9)).capitalize() + "." for _ in range(900)]
    (folder / "corpus.txt").write_text(
        "\n\n".join(" ".join(lines[n : n + 12]) for n in range(0, 900, 12)), "utf-8"
    )
    (folder / "recipe.toml").write_text(RECIPE, "utf-8")
    done = layerfold("train", str(folder / "recipe.toml"), "--out", str(folder / "run"), "--json")
    assert done.returncode == 0, done.stderr
    done = layerfold(
        "atlas",
        str(folder / "run"),
        "--corpus",
        str(folder / "corpus.txt"),
        "--tokens",
        "120",
        "--threads",
        "1",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    """A run of one's own to break."""
    return shutil.copytree(small, tmp_path / "run")


# ---- train, atlas, check


def test_training_goes_on_and_refuses_another_run(small: Path, copy: Path, tmp_path: Path) -> None:
    recipe = small.parent / "recipe.toml"
    before = (copy / "run.json").read_bytes()
    done = layerfold("train", str(recipe), "--out", str(copy))
    assert done.returncode == 0, done.stderr
    assert "bits a byte" in done.stdout
    assert (copy / "run.json").read_bytes() == before
    (tmp_path / "corpus.txt").write_text("", "utf-8")
    (tmp_path / "other.toml").write_text(RECIPE.replace("seed = 3", "seed = 4"), "utf-8")
    assert_one_line(
        layerfold("train", str(tmp_path / "other.toml"), "--out", str(copy), "--json"), 1, "another"
    )
    assert_one_line(
        layerfold("train", str(tmp_path / "other.toml"), "--out", str(tmp_path / "new"), "--json"),
        1,
        "empty",
    )


def test_a_whole_run_checks_out(small: Path) -> None:
    done = layerfold("check", str(small), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == {
        "run": str(small),
        "problems": [],
        "notes": [],
        "accepted": [],
    }


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-3] ^= 0x40
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("name", "break_it"),
    [
        ("checkpoints/step-00000002.safetensors", cut_short),
        ("checkpoints/step-00000002.safetensors", flip),
        ("checkpoints/step-00000006.safetensors", Path.unlink),
        ("tokenizer.json", cut_short),
        ("metrics.jsonl", flip),
        ("atlas/step-00000002.safetensors", cut_short),
        ("atlas/step-00000002.safetensors", flip),
        ("atlas/atlas.json", Path.unlink),
        ("atlas/reference.safetensors", flip),
        ("atlas/measures.safetensors", Path.unlink),
        ("measures/measures.safetensors", flip),
        ("measures/measures.json", cut_short),
        ("projections/pca.safetensors", cut_short),
        ("projections/pca.safetensors", flip),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_is_broken_is_named(copy: Path, name: str, break_it: Any) -> None:
    break_it(copy / name)
    done = layerfold("check", str(copy), "--json")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    problems = json.loads(done.stdout)["problems"]
    assert any(Path(name).name in problem["file"] + problem["what"] for problem in problems), (
        problems
    )
    assert all(problem["what"] for problem in problems)
    assert Path(name).name in done.stderr


def test_a_card_that_is_not_json_is_one_line(copy: Path) -> None:
    cut_short(copy / "run.json")
    assert_one_line(layerfold("check", str(copy)), 1, "run.json")


# ---- measure


def test_an_atlas_comes_with_measures(small: Path) -> None:
    card = json.loads((small / "measures" / "measures.json").read_text("utf-8"))
    assert card["steps"] == [0, 2, 6]
    assert {"twonn", "cka_step", "h1_longest", "stretch", "shepard", "val_loss"} <= {
        entry["name"] for entry in card["entries"]
    }


# ---- project


def test_an_atlas_comes_with_aligned_components_that_can_be_built_anew(copy: Path) -> None:
    path = copy / "projections" / "pca.safetensors"
    before = path.read_bytes()
    flip(path)
    done = layerfold("project", str(copy), "--json")
    assert done.returncode == 0, done.stderr
    *progress, said = (json.loads(line) for line in done.stdout.splitlines())
    assert {line["stage"] for line in progress} == {"directions", "trust"}
    assert said == {"folder": str(copy / "projections"), "projections": ["pca"], "problems": []}
    assert path.read_bytes() == before


def test_what_cannot_be_projected_is_said(copy: Path) -> None:
    (copy / "projections" / "probe.safetensors").write_bytes(b"nothing")
    assert_one_line(layerfold("project", str(copy), "--json"), 1, "projections/probe.safetensors")
    shutil.rmtree(copy / "atlas")
    assert_one_line(layerfold("project", str(copy), "--json"), 1, "atlas")


def test_a_sentence_is_placed_in_a_projection(small: Path, tmp_path: Path) -> None:
    found = {}
    for name in ("umap", "pca"):
        done = layerfold(
            "place",
            str(small),
            "the bank",
            "--projection",
            name,
            "--json",
            LAYERFOLD_CACHE=str(tmp_path),
        )
        assert done.returncode == 0, done.stderr
        found[name] = json.loads(done.stdout)
        assert found[name]["made_with"]["projection"] == name
    assert found["umap"]["sentences"][0]["outside"] == found["pca"]["sentences"][0]["outside"]
    assert found["umap"]["sentences"][0]["positions"] != found["pca"]["sentences"][0]["positions"]
    done = layerfold(
        "place",
        str(small),
        "the bank",
        "--projection",
        "tsne",
        "--json",
        LAYERFOLD_CACHE=str(tmp_path),
    )
    assert_one_line(done, 1, "tsne", "umap, pca")


# ---- place


@pytest.mark.parametrize("suffix", [".json", ".csv", ".npz", ".html"])
def test_a_sentence_becomes_a_file(small: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    done = layerfold(
        "place",
        str(small),
        "the bank of the river",
        "old money",
        "--out",
        str(out),
        LAYERFOLD_CACHE=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert out.stat().st_size > 500
    assert "2 sentence(s) at 3 steps" in done.stdout


def test_steps_are_chosen_and_json_goes_to_stdout(small: Path, tmp_path: Path) -> None:
    found = {}
    for steps in ("all", "last", "0,6"):
        done = layerfold(
            "place",
            str(small),
            "the bank",
            "--steps",
            steps,
            "--json",
            LAYERFOLD_CACHE=str(tmp_path),
        )
        assert done.returncode == 0, done.stderr
        found[steps] = json.loads(done.stdout)
    assert [found[steps]["steps"] for steps in found] == [[0, 2, 6], [6], [0, 6]]
    places = [np.array(found[steps]["sentences"][0]["positions"])[-1] for steps in found]
    assert np.array_equal(places[0], places[1])
    assert np.array_equal(places[0], places[2])


def test_what_cannot_be_placed_is_said(small: Path, tmp_path: Path) -> None:
    run, out = str(small), str(tmp_path / "out.json")
    assert_one_line(layerfold("place", run, "   ", "--out", out), 1)
    assert_one_line(layerfold("place", run, "a " * 20_001, "--out", out), 1, "20,000")
    assert_one_line(layerfold("place", run, "words", "--out", out, "--steps", "3"), 1, "3")
    assert_one_line(layerfold("place", run, "words", "--out", out, "--steps", "x"), 1, "'x'")
    assert_one_line(
        layerfold("place", run, "words", "--out", str(tmp_path / "out.doc")), 1, "out.doc"
    )
    shutil.copytree(small, tmp_path / "bare", ignore=shutil.ignore_patterns("atlas"))
    assert_one_line(layerfold("place", str(tmp_path / "bare"), "words", "--out", out), 1, "atlas")
    assert not Path(out).exists()


# ---- serve


def test_a_run_is_served_and_stops_when_told(small: Path, tmp_path: Path) -> None:
    with serving("serve", str(small), "--port", "0", LAYERFOLD_CACHE=str(tmp_path)) as (
        process,
        address,
        _,
    ):
        assert get(f"{address.rstrip('/')}/api/health")["status"] == "ok"
        assert [run["name"] for run in get(f"{address.rstrip('/')}/api/runs")["runs"]] == ["run"]
    assert process.returncode in (0, -signal.SIGINT, 130)


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(small: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_line(layerfold("serve", str(small), "--port", port, "--no-browser"), 1, port)


def test_the_usual_port_gives_way_to_the_next_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve_command, "has_screen", lambda _: False)
    serve_command.announce("http://127.0.0.1:8766", None, None)
    assert "Port 8765 is in use" in capsys.readouterr().out
    serve_command.announce("http://127.0.0.1:8765", None, None)
    serve_command.announce("http://127.0.0.1:9000", 9000, None)
    assert "in use" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "terminal", "expected"),
    [
        ({"DISPLAY": ":0"}, True, True),
        ({"DISPLAY": ":0", "CI": "true"}, True, False),
        ({"DISPLAY": ":0"}, False, False),
        ({}, True, False),
    ],
)
def test_a_browser_opens_only_where_there_is_a_screen(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], terminal: bool, expected: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    assert serve_command.has_screen(environment) is expected
