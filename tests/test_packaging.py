"""What people install: pins, the wheel in an empty folder, the image, the verbs."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import tomllib
import urllib.error
import urllib.request
import zipfile
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from layerfold.cli import main as cli
from layerfold.settings import Settings

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
)
DOCKER = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
MEGABYTE = 1_000_000


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def instructions(word: str) -> list[str]:
    return [
        line.removeprefix(word).strip()
        for line in DOCKER.splitlines()
        if line.startswith(word + " ")
    ]


# ---- pins


def test_constraints_pin_exactly_what_is_installed() -> None:
    pinned = {plain(name): number for name, number in PINS.items()}
    assert pinned["torch"] == "2.13.0"
    for name, number in PINS.items():
        assert re.fullmatch(r"[0-9][0-9A-Za-z.]*", number), f"{name} is not pinned exactly"
        try:
            assert version(name).split("+")[0] == number, (
                f"{name}: constraints.txt and what is installed differ"
            )
        except PackageNotFoundError:
            continue  # not for this Python or this system
    needed = closure("layerfold", "dev")
    assert needed <= set(pinned), f"not in constraints.txt: {sorted(needed - set(pinned))}"


def closure(name: str, extra: str = "") -> set[str]:
    """Everything that is installed because of a package, itself left out."""
    found: set[str] = set()
    waiting = [(name, extra)]
    while waiting:
        current, wanted = waiting.pop()
        for line in requires(current) or []:
            each = Requirement(line)
            if (
                plain(each.name) not in found
                and (each.marker is None or each.marker.evaluate({"extra": wanted}))
                and is_installed(each.name)
            ):
                found.add(plain(each.name))
                waiting.append((each.name, next(iter(each.extras), "")))
    return found


def is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def test_exact_versions_in_pyproject_are_those_of_the_constraints() -> None:
    exact = dict(
        each.split("==")
        for each in PROJECT["project"]["dependencies"]
        if "==" in each.split(";")[0]
    )
    assert exact == {name: PINS[name] for name in ("torch", "plotly")}
    wanted = {re.split(r"[=><]", each)[0] for each in PROJECT["project"]["dependencies"]} | set(
        PROJECT["project"]["optional-dependencies"]["dev"]
    )
    assert {plain(name) for name in wanted} <= {plain(name) for name in PINS}


def test_no_gpu_package_is_pinned_or_installed() -> None:
    names = {plain(each.metadata["Name"]) for each in distributions()} | {
        plain(name) for name in PINS
    }
    assert not {name for name in names if name.startswith(("nvidia", "triton", "cuda"))}


# ---- verbs


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_the_verbs_install_by_the_constraints_and_start_layerfold(tmp_path: Path) -> None:
    def dry(*arguments: str) -> str:
        command = [
            "make",
            "--dry-run",
            "--no-print-directory",
            f"VENV={tmp_path / 'venv'}",
            *arguments,
        ]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    run = dry("run", "ARGS=--port 9000")
    installs = [line for line in run.splitlines() if "pip install" in line]
    assert installs
    assert all("--constraint constraints.txt" in line for line in installs)
    assert "hatch_build.py" in run
    assert run.splitlines()[-1].endswith("/layerfold --port 9000")
    assert "--extra-index-url somewhere" in dry("run", "TORCH_INDEX=somewhere")
    assert "-m pytest" in dry("test")
    assert "-m pytest -m long" in dry("test-long")
    for tool in (
        "ruff check",
        "ruff format --check",
        "mypy",
        "lint-imports",
        "run --silent check",
        "tests.generated",
    ):
        assert tool in dry("check")
    assert "layerfold train tiny --out runs/tiny" in dry("train", "RECIPE=tiny")
    assert "layerfold atlas runs/x" in dry("atlas", "RUN=runs/x")
    assert "layerfold bench training" in dry("bench", "NAME=training")


def test_ci_calls_the_verbs_that_people_call() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text("utf-8").rstrip().splitlines()[-1] == "make check test"


# ---- image


def test_the_image_copies_what_exists_and_what_the_ignore_file_lets_in() -> None:
    let_in = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    }
    copied = [source for each in instructions("COPY") for source in each.split()[:-1]]
    assert {"backend", "frontend", "models", "constraints.txt", "pyproject.toml"} <= set(copied)
    for source in copied:
        assert (ROOT / source).exists(), f"the Dockerfile copies {source}"
        assert source in let_in, f".dockerignore keeps {source} out"


def test_the_image_installs_and_starts_as_the_tests_do() -> None:
    installs = [each for each in instructions("RUN") if "pip install" in each]
    assert installs
    assert all("--constraint constraints.txt" in each for each in installs)
    start = json.loads(instructions("CMD")[0])
    assert start[0] == "layerfold"
    assert cli.with_command(start[1:]) == start[1:]
    assert instructions("USER") == ["layerfold"]
    assert "/api/health" in instructions("HEALTHCHECK")[0]
    given = dict(pair.split("=", 1) for each in instructions("ENV") for pair in shlex.split(each))
    settings = Settings.read(given)
    assert (settings.host, settings.port) == ("0.0.0.0", 8765)
    assert str(settings.cache).startswith("/tmp/")


def compose(name: str) -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))[
        "services"
    ][name]
    return service


def test_the_compose_file_parses_and_fits_the_image() -> None:
    service = compose("layerfold")
    assert (ROOT / service["build"]["context"] / "Dockerfile").is_file()
    assert set(service["build"]["args"]) == {each.split("=")[0] for each in instructions("ARG")}
    assert service["read_only"] is True
    assert instructions("EXPOSE") == ["8765"]
    given, target, mode = re.fullmatch(
        r"\$\{RUNS:-(.*)\}:(.*):(.*)", service["volumes"][0]
    ).groups()
    assert (ROOT / given).is_dir()
    assert (target, mode) == (f"{instructions('WORKDIR')[0]}/models", "ro")
    assert any(mount.startswith("/tmp") for mount in service["tmpfs"])
    assert set(service["environment"]) <= {"LAYERFOLD_ALLOWED_HOSTS", "LAYERFOLD_BUILD"}
    assert not Settings.read({"LAYERFOLD_BUILD": service["environment"]["LAYERFOLD_BUILD"]}).build


def test_any_number_of_servers_stands_behind_one_port() -> None:
    front, service = compose("front"), compose("layerfold")
    assert not {"ports", "container_name", "hostname"} & set(service), (
        "a port or a name of its own can be had once"
    )
    assert front["ports"] == ["127.0.0.1:8765:8765"]
    assert service["expose"] == instructions("EXPOSE")
    assert front["read_only"] is service["read_only"] is True
    source, target, mode = front["volumes"][0].split(":")
    assert (target, mode) == ("/etc/caddy/Caddyfile", "ro")
    told = (ROOT / source).read_text("utf-8")
    assert told.count("{") == told.count("}")
    assert ":8765 {" in told
    assert "dynamic a layerfold 8765" in told, "the service's name, all its addresses, its port"
    assert front["depends_on"] == ["layerfold"]


# ---- wheel


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``python -m build`` makes: the archive of the source, and the wheel made from that
    archive.
    """
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder


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
        if re.search(r"^runs/|(^|/)(node_modules|\.venv|__pycache__|\.git|dist)(/|$)|\.part$", name)
    }
    assert not strange


@pytest.mark.slow
def test_the_wheel_holds_the_page_and_the_runs(built: Path) -> None:
    wheel = next(built.glob("*.whl"))
    assert wheel.stat().st_size <= 120 * MEGABYTE
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    page = {
        name.removeprefix("layerfold/_bundled/frontend/")
        for name in names
        if name.startswith("layerfold/_bundled/frontend/")
    }
    assert page == {
        f"dist/{name}"
        for name in (
            "index.html",
            "main.js",
            "style.css",
            "icon.svg",
            "preact.LICENSE",
            "sources.sha256",
        )
    }
    assert {"layerfold/py.typed", "layerfold/training/recipes/tiny.toml"} <= names
    runs = {
        f"layerfold/_bundled/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "models").rglob("*")
        if path.is_file()
    }
    assert runs <= names
    assert not {name for name in names if name.startswith(("tests/", "benchmarks/"))}


@pytest.mark.slow
def test_the_wheel_runs_from_an_empty_folder(built: Path, tmp_path: Path) -> None:
    target, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
    ]
    subprocess.run([*install, str(next(built.glob("*.whl")))], check=True)
    environment = {
        **os.environ,
        "PYTHONPATH": str(target),
        "LAYERFOLD_CACHE": str(tmp_path / "cache"),
        "OMP_NUM_THREADS": "1",
    }
    start = [sys.executable, "-m", "layerfold.cli.main"]
    options: dict[str, Any] = {"cwd": empty, "env": environment, "text": True}
    where = [sys.executable, "-c", "import layerfold; print(layerfold.__file__)"]
    assert subprocess.run(where, capture_output=True, check=True, **options).stdout.startswith(
        str(target)
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
        runs = {run["name"] for run in json.loads(get(f"{address}/api/runs"))["runs"]}
        assert runs == {card.parent.name for card in (ROOT / "models").glob("*/run.json")}
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        assert server.stdout
        server.stdout.close()
    assert list(empty.iterdir()) == []


def get(address: str) -> bytes:
    """What is at an address, asked for until the server has started."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                found: bytes = answer.read()
                return found
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {address}")
