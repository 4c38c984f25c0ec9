"""What people install: the archive of the source, the program's wheel, the wheels of runs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import tomllib
import urllib.request
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from packages.hatch_build import runs_of

from layerfold.settings import FIRST

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
)
DOCKER = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
MEGABYTE = 1_000_000


def build(source: Path, out: Path, *options: str) -> Path:
    """What ``python -m build`` makes of a folder."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *options]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is released: the archive of the source, the wheel made from that archive, and the wheel
    of the small runs.
    """
    folder = build(ROOT, tmp_path_factory.mktemp("dist"))
    return build(ROOT / "packages" / "models", folder, "--wheel")


def wheel_of(name: str, built: Path) -> Path:
    """The wheel of a project's name."""
    return next(built.glob(f"{name.replace('-', '_')}-{PROJECT['project']['version']}-*.whl"))


@pytest.mark.slow
def test_the_archive_of_the_source_holds_the_project_and_nothing_else(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {
        "README.md",
        "LICENSE",
        "Makefile",
        "constraints.txt",
        "backend/layerfold/cli/main.py",
        "frontend/index.html",
    } <= names
    strange = {
        name
        for name in names
        if re.search(
            r"^(runs|models)/|(^|/)(node_modules|\.venv|__pycache__|\.git|dist)(/|$)|\.part$", name
        )
    }
    assert not strange


@pytest.mark.slow
def test_the_wheel_holds_the_page_and_no_run(built: Path) -> None:
    wheel = wheel_of("layerfold", built)
    assert wheel.stat().st_size <= 10 * MEGABYTE
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    inside = {
        name.removeprefix("layerfold/_bundled/")
        for name in names
        if name.startswith("layerfold/_bundled/")
    }
    page = {name for name in inside if name.startswith("frontend/")}
    # beside a file, the same packed, with its digest in the name
    packed = {name for name in page if name.endswith(".br")}
    assert page - packed == {
        f"frontend/dist/{name}"
        for name in (
            "index.html",
            "main.js",
            "style.css",
            "plotly-gl3d.min.js",
            "plotly-gl3d.LICENSE",
            "icon.svg",
            "preact.LICENSE",
            "sources.sha256",
        )
    }
    assert {name.rsplit(".", 2)[0] for name in packed} < page
    assert {name for name in inside - page if not name.startswith("atlases/")} == set()
    assert {
        "layerfold/py.typed",
        "layerfold/__main__.py",
        "layerfold/training/recipes/tiny.toml",
    } <= names
    assert not {name for name in names if name.startswith(("tests/", "benchmarks/", "packages/"))}


PACKAGES = sorted((ROOT / "packages").glob("*/pyproject.toml"))


def runs_in(project: Path) -> list[Path]:
    """The runs that a wheel of packages/ holds."""
    target = tomllib.loads(project.read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    return runs_of(target["hooks"]["custom"])


def test_each_bundled_run_is_in_one_wheel() -> None:
    held = [run.name for project in PACKAGES for run in runs_in(project)]
    assert sorted(held) == sorted(card.parent.name for card in (ROOT / "models").glob("*/run.json"))


@pytest.mark.parametrize("project", PACKAGES, ids=lambda path: path.parent.name)
def test_no_wheel_is_too_large_for_an_index(project: Path) -> None:
    files = [path for run in runs_in(project) for path in run.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    for path in files:
        if size <= 95 * MEGABYTE:
            break
        size += len(zlib.compress(path.read_bytes(), 6)) - path.stat().st_size
    assert size <= 95 * MEGABYTE, f"{project.parent.name}: give a run of it a wheel of its own"


def test_a_run_that_is_not_there_stops_the_build() -> None:
    with pytest.raises(FileNotFoundError, match="holds no run nowhere"):
        runs_of({"runs": ["nowhere"]})


@pytest.mark.slow
def test_the_wheel_is_the_same_bytes_from_another_folder_at_another_time(
    built: Path, tmp_path: Path
) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path)
    source = next(tmp_path.iterdir())
    for path in source.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
        path.chmod(path.stat().st_mode & 0o700)
    (source / "node_modules").symlink_to(ROOT / "node_modules")
    again = wheel_of("layerfold", build(source, tmp_path / "dist", "--wheel"))
    assert again.read_bytes() == wheel_of("layerfold", built).read_bytes()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("project", PACKAGES, ids=lambda path: path.parent.name)
def test_a_wheel_of_runs_is_the_same_bytes_twice(project: Path, tmp_path: Path) -> None:
    wheels = [
        next(build(project.parent, tmp_path / at, "--wheel").glob("*.whl")) for at in ("a", "b")
    ]
    assert wheels[0].stat().st_size <= 95 * MEGABYTE
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with zipfile.ZipFile(wheels[0]) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == {
        f"layerfold_models/{path.relative_to(ROOT / 'models').as_posix()}"
        for run in runs_in(project)
        for path in run.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def site(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheels are installed, and the storyteller as its wheel would be."""
    target = tmp_path_factory.mktemp("site")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    install += ["--no-compile"]
    wheels = [str(wheel) for wheel in built.glob("*.whl")]
    subprocess.run([*install, "--target", str(target), *wheels], check=True)
    (target / "layerfold_models" / FIRST).symlink_to(ROOT / "models" / FIRST)
    return target


def environment(site: Path, tmp_path: Path) -> dict[str, Any]:
    """An empty folder, and the installed program."""
    empty = tmp_path / "empty"
    empty.mkdir()
    variables = {
        **os.environ,
        "PYTHONPATH": str(site),
        "LAYERFOLD_CACHE": str(tmp_path / "cache"),
        "OMP_NUM_THREADS": "1",
    }
    return {"cwd": empty, "env": variables, "text": True}


@pytest.mark.slow
def test_the_wheel_runs_from_an_empty_folder(site: Path, tmp_path: Path) -> None:
    start, options = [sys.executable, "-m", "layerfold"], environment(site, tmp_path)
    where = [sys.executable, "-c", "import layerfold; print(layerfold.__file__)"]
    assert subprocess.run(where, capture_output=True, check=True, **options).stdout.startswith(
        str(site)
    )
    said = subprocess.run([*start, "--version"], capture_output=True, check=True, **options).stdout
    assert said.split() == ["layerfold", PROJECT["project"]["version"]]
    server = subprocess.Popen(
        [*start, "serve", "--port", "0", "--no-browser"], stdout=subprocess.PIPE, **options
    )
    try:
        assert server.stdout
        address = next(
            line.split()[3].rstrip("/")
            for line in server.stdout
            if line.startswith("Layerfold is at ")
        )
        assert json.loads(get(f"{address}/api/health"))["status"] == "ok"
        assert b"<title>" in get(f"{address}/")
        runs = json.loads(get(f"{address}/api/runs"))["runs"]
        assert {run["name"] for run in runs} == {
            card.parent.name for card in (ROOT / "models").glob("*/run.json")
        }
        assert [run["name"] for run in runs if run["default"]] == [FIRST]
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(120)
        assert server.stdout
        server.stdout.close()
    assert list(options["cwd"].iterdir()) == []


def get(address: str) -> bytes:
    """What is at an address, asked for until the server has started."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                found: bytes = answer.read()
                return found
        except OSError:  # not listening yet, or too busy to answer in time
            time.sleep(0.1)
    raise AssertionError(f"no answer from {address}")


# ---- bill of materials
