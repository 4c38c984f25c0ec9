"""What the command line says: help, versions, and every error in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from layerfold import errors
from layerfold.cli import main as cli
from tests.cli.calling import ROOT, alone, assert_one_line, layerfold

HEAVY = ("torch", "numba", "umap", "numpy", "plotly", "fastapi", "uvicorn", "sklearn")


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
