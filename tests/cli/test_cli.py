"""The command line as a person and as a program meet it."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerfold import errors
from layerfold.cli import main as cli
from layerfold.cli import serve as serve_command

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "numba", "umap", "numpy", "plotly", "fastapi", "uvicorn", "sklearn")
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


def alone(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    command = [sys.executable, "-m", "layerfold.cli.main", *arguments]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=env, cwd=ROOT, timeout=600
    )


def layerfold(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line in this process, which has imported torch already."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["layerfold", *arguments])
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def assert_one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The exit code, and one clear line on stderr with those words: no traceback."""
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("layerfold: ")
    for word in words:
        assert word in lines[0]


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


# ---- help and words


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["train", "--help"], ["nonsense"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"import sys, json; sys.argv = ['layerfold', *{arguments!r}]\n"
    code += "from layerfold.cli.main import main\n"
    code += (
        "try: main()\nexcept SystemExit: pass\nprint(json.dumps(sorted(sys.modules)),"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stderr.splitlines()[-1])
    heavy = {*HEAVY} - ({"numpy"} if "train" in arguments else set())
    assert not {name for name in loaded if name.split(".")[0] in heavy}


def test_help_names_every_command() -> None:
    text = alone("--help").stdout
    for command in (
        "serve",
        "train",
        "atlas",
        "measure",
        "place",
        "check",
        "verify",
        "bench",
        "version",
    ):
        assert f"\n  {command} " in text


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ([], ["serve"]),
        (["--port", "9000"], ["serve", "--port", "9000"]),
        (["--no-browser"], ["serve", "--no-browser"]),
        (["--help"], ["--help"]),
        (["--version"], ["--version"]),
        (["check", "x"], ["check", "x"]),
        (["bogus"], ["bogus"]),
        ([str(ROOT)], ["serve", str(ROOT)]),
    ],
)
def test_serve_is_what_is_meant_without_a_command(given: list[str], meant: list[str]) -> None:
    assert cli.with_command(given) == meant


def test_a_folder_named_like_a_command_does_not_hide_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "check").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cli.with_command(["check"]) == ["check"]


def test_a_misspelt_command_or_option_is_usage(tmp_path: Path) -> None:
    assert layerfold("sevre").returncode == 2
    assert layerfold("serve", "--prot", "1").returncode == 2
    done = layerfold("place", "a sentence")
    assert done.returncode == 2
    assert "--out" in done.stderr
    assert layerfold("atlas", str(tmp_path), "--view", "sideways").returncode == 2


def test_versions_for_a_program() -> None:
    found = json.loads(layerfold("version", "--json").stdout)
    assert found["python"] == sys.version.split()[0]
    assert found["torch"].startswith("2.13.0")


def test_every_error_of_the_tree_becomes_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for kind in [*kinds, PermissionError]:

        def broken(*_: Any, kind: Any = kind, **__: Any) -> None:
            raise kind(13, "no\nway", "/x") if kind is PermissionError else kind("no\nway")

        monkeypatch.setattr(cli, "app_of", broken)
        monkeypatch.setattr(cli, "with_command", lambda _: ["serve"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 1
        assert capsys.readouterr().err in ("layerfold: no way\n", "layerfold: /x: no way\n")


def test_names_that_are_not_there_are_named() -> None:
    assert_one_line(layerfold("check", "no-such-run"), 1, "no-such-run")
    assert_one_line(layerfold("serve", "no-such-folder", "--no-browser"), 1, "no-such-folder")
    assert_one_line(
        layerfold("train", "no-such-recipe", "--out", "/nowhere"), 1, "no-such-recipe", "tiny"
    )


def test_a_benchmark_that_is_not_there_is_named_with_those_that_are() -> None:
    done = alone("bench", "no-such-benchmark")
    assert_one_line(done, 2, "no-such-benchmark", "training")


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


@contextmanager
def serving(
    *arguments: str, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """The process, its address and what it said up to it."""
    command = [sys.executable, "-m", "layerfold.cli.main", *arguments, "--no-browser"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=env
    )
    said: list[str] = []
    try:
        assert process.stdout
        for line in process.stdout:
            said.append(line.rstrip())
            if line.startswith("Layerfold is at "):
                yield process, line.split()[3], said
                return
        raise AssertionError("\n".join(said))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)
        assert process.stdout
        process.stdout.close()


def get(address: str) -> Any:
    """The JSON at an address, asked for until the server has started."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return json.loads(answer.read())
        except OSError:  # not listening yet, or too busy to answer in time
            time.sleep(0.1)
    raise AssertionError(f"no answer from {address}")


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
