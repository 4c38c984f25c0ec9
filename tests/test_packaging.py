"""What people install: pins, the image, the verbs, the bill of materials."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packages.sbom import bill, plain
from packaging.requirements import Requirement

from layerfold.cli import main as cli
from layerfold.settings import Settings
from tests.test_wheels import get

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
)
DOCKER = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
MEGABYTE = 1_000_000


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
    assert exact == {name: PINS[name] for name in ("torch",)}
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
    assert re.findall(r"-m build .* ([\w./]+)$", dry("wheels"), re.M) == [
        ".",
        "packages/models",
        "packages/storyteller",
    ]
    assert "-m packages.sbom hf > dist/" in dry("sbom", "ARGS=hf")


def test_ci_calls_the_verbs_that_people_call() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text("utf-8").rstrip().splitlines()
    assert lines[-4:] == [
        "make --jobs 2 --output-sync=target check &",
        "checks=$!",
        "make test",
        'wait "$checks"',
    ]


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


# What a service of the Compose specification may say, of which we say a part; a word of another
# name is an error to `docker compose config`.
SERVICE = {
    "build": dict,
    "cap_add": list,
    "cap_drop": list,
    "depends_on": list,
    "environment": dict,
    "expose": list,
    "image": str,
    "ports": list,
    "read_only": bool,
    "restart": str,
    "security_opt": list,
    "tmpfs": list,
    "volumes": list,
}
VARIABLE = re.compile(r"\$\{[A-Z_]+(?::-[^{}$]*)?\}")


def test_the_compose_file_says_what_the_specification_knows() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert "$" not in VARIABLE.sub("", text), "a variable is ${NAME} or ${NAME:-else}"
    whole = yaml.safe_load(text)
    assert set(whole) == {"services"}
    for name, service in whole["services"].items():
        for word, value in service.items():
            assert isinstance(value, SERVICE[word]), f"{name}: {word}"
        assert set(service.get("depends_on", ())) <= set(whole["services"])
        assert service["restart"] in ("no", "always", "on-failure", "unless-stopped")
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        for mount in service["volumes"]:
            assert mount.endswith(":ro"), "nothing outside is written to"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder that the image's COPY steps fill, from what the ignore file lets in."""
    folder = tmp_path / "image"
    for each in instructions("COPY"):
        *sources, target = each.split()
        for source in sources:
            there = ROOT / source
            if there.is_dir() and source != "models":
                kept = shutil.ignore_patterns("dist", "__pycache__", "*.part")
                shutil.copytree(there, folder / target, ignore=kept)
            elif there.is_dir():
                (folder / target).symlink_to(there)
            else:
                folder.mkdir(exist_ok=True)
                shutil.copy(there, folder / source)
    return folder


@pytest.mark.slow
@pytest.mark.long
def test_the_steps_of_the_image_make_a_server_that_is_healthy(image: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    packages = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    there = [part for part in sys.path if part.endswith("site-packages")]
    (packages / "tests.pth").write_text("\n".join(there), "utf-8")
    (image / "node_modules").symlink_to(ROOT / "node_modules")
    step = next(each for each in instructions("RUN") if "--editable" in each)
    words = shlex.split(step.split("&&")[0])
    assert words[:4] == ["python", "-m", "pip", "install"]
    own = ["--no-build-isolation", "--editable", "."]
    assert words[-3:] == own
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    offline = ["install", "--quiet", "--no-deps", "--no-index", *own]
    subprocess.run([python, "-m", "pip", *offline], cwd=image, env=bare, check=True)
    (image / "node_modules").unlink()
    given = dict(pair.split("=", 1) for each in instructions("ENV") for pair in shlex.split(each))
    given |= {"LAYERFOLD_PORT": "0", "LAYERFOLD_CACHE": str(tmp_path / "cache")}
    start = json.loads(instructions("CMD")[0])
    command = [str(tmp_path / "venv" / "bin" / start[0]), *start[1:]]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=image, env={**bare, **given}
    ) as server:
        try:
            assert server.stdout
            said = next(line for line in server.stdout if line.startswith("Layerfold is at "))
            port = said.split()[3].rstrip("/").rpartition(":")[2]
            check = json.loads(instructions("HEALTHCHECK")[0].partition("CMD")[2])
            check = [part.replace(":8765", f":{port}") for part in check]
            get(f"http://127.0.0.1:{port}/api/health")
            assert subprocess.run([python, *check[1:]], cwd=image, env=bare).returncode == 0
            runs = json.loads(get(f"http://127.0.0.1:{port}/api/runs"))["runs"]
            assert {run["name"] for run in runs} == {
                card.parent.name for card in (ROOT / "models").glob("*/run.json")
            }
        finally:
            server.send_signal(signal.SIGINT)


# ---- wheels


def test_the_bill_of_materials_names_all_that_is_installed_in_its_version() -> None:
    made = bill()
    named = {one["bom-ref"]: one for one in made["components"]}
    python = {one["name"]: one["version"] for ref, one in named.items() if ref.startswith("pkg:py")}
    pinned = {plain(name): number for name, number in PINS.items()}
    assert set(python) == closure("layerfold")
    assert python == {name: pinned[name] for name in python}
    assert [one["name"] for ref, one in named.items() if ref.startswith("pkg:npm/")] == ["preact"]
    assert named["pkg:npm/preact@11.2.0"]["hashes"][0]["alg"] == "SHA-512"
    assert len(named) == len(made["components"])
    refs = {*named, made["metadata"]["component"]["bom-ref"]}
    assert {one["ref"] for one in made["dependencies"]} <= refs
    assert {ref for one in made["dependencies"] for ref in one["dependsOn"]} == set(named)
    assert bill() == made, "the same packages give the same bill"
    assert {"transformers", "safetensors"} <= {one["name"] for one in bill("hf")["components"]}
